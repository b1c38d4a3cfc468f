"""Bodies of `POST /federation/report`: what a city's pages were asked in a day, and what its offers lack (PROTOCOL 14).

Numbers, names of gaps, and searches without a hit that were typed often; nothing that leads to a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import msgspec

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.strict_json import decode_strict, read_count, read_list, read_object, read_text

PATH = "/federation/report"
SEEN_AT_LEAST = 5
"""A term that fewer people typed in a day may say who typed it."""
TERM_MAX = 60
_DIGITS_TOLD = 5
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GAP = re.compile(r"[a-z_][a-z_.]{0,39}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z]{2,8})?")
_FIELDS = frozenset({"day", "searches", "terms", "views", "offers", "overdue", "gaps"})
_LATER = frozenset({"shares", "languages"})
"""Fields that reports did not have at first: a hub that does not know them refuses them, see `format_report`."""

_NUMBERS = ("searches", "views", "offers", "overdue", "shares")

Counts = tuple[tuple[str, int], ...]


class Report(msgspec.Struct, frozen=True):
    """One day of one party; `terms` were searched without a hit, `gaps` are names of `shared.model.completeness`.

    `shares` counts visits by links that somebody passed on, `languages` the pages shown in each language.
    """

    day: date
    searches: int = 0
    views: int = 0
    offers: int = 0
    overdue: int = 0
    terms: Counts = ()
    gaps: Counts = ()
    shares: int = 0
    languages: Counts = ()


def may_be_kept(term: str) -> bool:
    """Tell whether a search may be counted by its words: no address, no number of a person, no letter in full."""
    digits = sum(character.isdecimal() for character in term)
    return 0 < len(term) <= TERM_MAX and "@" not in term and digits < _DIGITS_TOLD


def format_report(report: Report, *, is_first_form: bool = False) -> bytes:
    """Return the body of a request.

    Args:
        is_first_form: without the fields that older hubs refuse.
    """
    if not is_first_form:
        return msgspec.json.encode(report)
    known = {name: getattr(report, name) for name in report.__struct_fields__ if name not in _LATER}
    return msgspec.json.encode(known)


def parse_report(body: bytes) -> Report:
    """Read a report strictly; ParseError."""
    if len(body) > limits.REPORT_MAX_BYTES:
        raise ParseError(f"report of {len(body)} bytes, at most {limits.REPORT_MAX_BYTES} allowed")
    value = read_object(decode_strict(body), "report", required=_FIELDS, optional=_LATER)
    terms, gaps = _read_counts(value["terms"], "terms"), _read_counts(value["gaps"], "gaps")
    if any(number < SEEN_AT_LEAST or not may_be_kept(term) for term, number in terms):
        raise ParseError(f"a term that was seen less than {SEEN_AT_LEAST} times, or that may name a person")
    if not all(_GAP.fullmatch(name) for name, _ in gaps):
        raise ParseError("a gap that is no name of a field")
    languages = _read_counts(value.get("languages", []), "languages")
    if not all(_LANGUAGE.fullmatch(tag) for tag, _ in languages):
        raise ParseError("a language that is no tag of one")
    numbers = {name: read_count(value.get(name, 0), name) for name in _NUMBERS}
    return Report(day=_read_day(value["day"]), terms=terms, gaps=gaps, languages=languages, **numbers)


def _read_day(value: object) -> date:
    text = read_text(value, "day", max_length=10)
    try:
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError as error:
        raise ParseError("the day of a report is not a day") from error


def _read_counts(value: object, what: str) -> Counts:
    rows = read_list(value, what)
    if len(rows) > limits.REPORT_COUNTS_MAX:
        raise ParseError(f"{len(rows)} {what}, at most {limits.REPORT_COUNTS_MAX} allowed")
    found = tuple(_read_pair(row, what) for row in rows)
    if len({name for name, _ in found}) != len(found):
        raise ParseError(f"one of the {what} stands twice")
    return found


def _read_pair(row: object, what: str) -> tuple[str, int]:
    pair: Sequence[object] = read_list(row, what)
    if len(pair) != 2:
        raise ParseError(f"{what} of {len(pair)} fields, 2 expected")
    return read_text(pair[0], what, max_length=TERM_MAX), read_count(pair[1], what)
