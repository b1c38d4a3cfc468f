"""Questions to the HSDS API: which parameters each list knows, what they mean, which values are refused.

All parameters hold together (AND); one that is given several times, or as a comma list, asks for any of its values.  A
parameter that nobody knows is ignored and named in a header, so that a mistyped one can be noticed.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from shared.errors import QueryError
from shared.hsds.pages import PER_PAGE, PER_PAGE_MAX
from shared.model.hours import DAYS

FORMATS: Final = ("json", "ndjson")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_POSTCODE: Final = re.compile(r"[0-9]{5}")
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_CLOCK: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_AGS: Final = re.compile(r"[0-9]{5}|[0-9]{8}")
_TAG: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")
_PROXIMITY_MAX: Final = 50_000
_OLDEST: Final = 120
_SEARCH_MAX: Final = 200


class ListQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader asks a list for; every field at its default asks for everything."""

    page: int = 1
    per_page: int = PER_PAGE
    format: str = "json"
    search: str = ""
    taxonomy_term_id: tuple[str, ...] = ()  # 32 hex digits
    taxonomy_id: str = ""
    organization_id: str = ""
    parent_id: str = ""
    top_only: bool = False
    modified_after: str = ""  # in UTC with milliseconds, as the model writes times
    minimal: bool = False
    full: bool = False
    full_service: bool = False
    postcode: str = ""
    proximity: int | None = None  # metres
    minimum_age: int | None = None
    maximum_age: int | None = None
    day: tuple[str, ...] = ()
    start_time: str = ""
    end_time: str = ""
    target_group: tuple[str, ...] = ()
    especially_for: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    city: tuple[str, ...] = ()
    free: bool = False
    access: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    lang: str = ""


@dataclass(frozen=True)
class Reader:
    """How a parameter is read, and the same as JSON Schema for the description of the API."""

    read: Callable[[Sequence[str]], Any]
    schema: Mapping[str, Any]


_PAGED: Final = ("page", "per_page", "format", "search")
_EXTRAS: Final = (
    "minimum_age", "maximum_age", "day", "start_time", "end_time", "target_group", "especially_for", "language", "city",
    "free", "access", "mode", "lang",
)  # fmt: skip
PARAMETERS: Final[Mapping[str, tuple[str, ...]]] = {
    "services": (
        *_PAGED, "taxonomy_term_id", "taxonomy_id", "organization_id", "modified_after", "minimal", "full", "postcode",
        "proximity", *_EXTRAS,
    ),
    "taxonomies": _PAGED,
    "taxonomy_terms": (*_PAGED, "taxonomy_id", "top_only", "parent_id"),
    "organizations": (*_PAGED, "full_service", "full", "taxonomy_term_id", "taxonomy_id"),
    "service_at_locations": (
        *_PAGED, "taxonomy_term_id", "taxonomy_id", "organization_id", "modified_after", "full", "postcode",
        "proximity", *_EXTRAS,
    ),
    "service": ("lang",),
    "service_at_location": ("lang",),
    "organization": ("full_service", "full"),
    "": (),
}  # fmt: skip
"""The parameters of each list, in the order in which they are documented; of one object; of what knows none."""


class _ProblemError(Exception):
    """A value cannot be understood; never leaves this module."""


def parse_query(name: str, pairs: Iterable[tuple[str, str]]) -> tuple[ListQuery, list[str]]:
    """Read the query of a list; returns it with the names of parameters that this list does not know.

    Raises:
        QueryError: a value is refused; carries every problem by parameter.
    """
    given: dict[str, list[str]] = {}
    for key, value in pairs:
        given.setdefault(key, []).append(value)
    known = PARAMETERS[name]
    values: dict[str, Any] = {}
    problems: dict[str, list[str]] = {}
    for key in known:
        if key in given:
            try:
                values[key] = READERS[key].read(given[key])
            except _ProblemError as error:
                problems[key] = [str(error)]
    if "proximity" in values and not values.get("postcode") and "postcode" not in problems:
        problems["proximity"] = ["needs a postcode from which to measure"]
    if problems:
        raise QueryError("a parameter of the query is not valid", problems)
    return ListQuery(**values), sorted(set(given) - set(known))


def _one(values: Sequence[str]) -> str:
    if len(set(values)) > 1:
        raise _ProblemError("is given twice with different values")
    return values[0].strip()


def _number(least: int, most: int) -> Reader:
    def read(values: Sequence[str]) -> int:
        text = _one(values)
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            raise _ProblemError(f"is not a whole number from {least} to {most}")
        return int(text)

    return Reader(read, {"type": "integer", "minimum": least, "maximum": most})


def _read_flag(values: Sequence[str]) -> bool:
    text = _one(values).lower()
    if text not in ("true", "false", "1", "0", ""):
        raise _ProblemError("is not true or false")
    return text in ("true", "1", "")


def _choice(*allowed: str) -> Reader:
    def read(values: Sequence[str]) -> str:
        text = _one(values)
        if text not in allowed:
            raise _ProblemError(f"is not one of {', '.join(allowed)}")
        return text

    return Reader(read, {"type": "string", "enum": list(allowed)})


def _matching(pattern: re.Pattern[str], what: str) -> Reader:
    def read(values: Sequence[str]) -> str:
        text = _one(values)
        if not pattern.fullmatch(text):
            raise _ProblemError(f"is not {what}")
        return text

    return Reader(read, {"type": "string", "pattern": _whole(pattern)})


def _several(pattern: re.Pattern[str], what: str) -> Reader:
    def read(values: Sequence[str]) -> tuple[str, ...]:
        parts = [part.strip() for value in values for part in value.split(",")]
        if not all(pattern.fullmatch(part) for part in parts):
            raise _ProblemError(f"is not {what}")
        return tuple(dict.fromkeys(parts))

    return Reader(read, _list_of({"type": "string", "pattern": _whole(pattern)}))


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def _list_of(items: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"type": "array", "items": items, "minItems": 1}


def _read_id(values: Sequence[str]) -> str:
    return _hex(_one(values))


def _read_ids(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_hex(part.strip()) for value in values for part in value.split(",")))


def _hex(text: str) -> str:
    """Read a UUID in its usual spelling; braces, prefixes and other spellings are none."""
    if not re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise _ProblemError("is not a UUID")
    return uuid.UUID(text).hex


def _read_days(values: Sequence[str]) -> tuple[str, ...]:
    parts = [part.strip().upper() for value in values for part in value.split(",")]
    if not all(part in DAYS for part in parts):
        raise _ProblemError(f"is not one of {', '.join(DAYS)}")
    return tuple(dict.fromkeys(parts))


def _read_moment(values: Sequence[str]) -> str:
    """Read a day or a time with an offset (RFC 3339); without an offset it is UTC."""
    text = _one(values).replace(" ", "+")  # a plus sign that was not encoded
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _ProblemError("is not a time such as 2026-11-26T08:00:00Z") from error
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _read_text(values: Sequence[str]) -> str:
    text = _one(values)
    if len(text) > _SEARCH_MAX:
        raise _ProblemError(f"is longer than {_SEARCH_MAX} characters")
    return text


_UUID: Final = {"type": "string", "format": "uuid"}
_FLAG: Final = Reader(_read_flag, {"type": "boolean"})
_CODES: Final = _several(_CODE, "a code of the vocabulary")
_ID: Final = Reader(_read_id, _UUID)
READERS: Final[Mapping[str, Reader]] = {
    "page": _number(1, 1_000_000),
    "per_page": _number(1, PER_PAGE_MAX),
    "format": _choice(*FORMATS),
    "search": Reader(_read_text, {"type": "string", "maxLength": _SEARCH_MAX}),
    "taxonomy_term_id": Reader(_read_ids, _list_of(_UUID)),
    "taxonomy_id": _ID,
    "organization_id": _ID,
    "parent_id": _ID,
    "top_only": _FLAG,
    "modified_after": Reader(
        _read_moment,
        {"type": "string", "anyOf": [{"format": "date-time"}, {"format": "date"}]},
    ),
    "minimal": _FLAG,
    "full": _FLAG,
    "full_service": _FLAG,
    "postcode": _matching(_POSTCODE, "a postcode of five digits"),
    "proximity": _number(0, _PROXIMITY_MAX),
    "minimum_age": _number(0, _OLDEST),
    "maximum_age": _number(0, _OLDEST),
    "day": Reader(_read_days, _list_of({"type": "string", "enum": list(DAYS)})),
    "start_time": _matching(_CLOCK, "a time such as 09:00"),
    "end_time": _matching(_CLOCK, "a time such as 17:00"),
    "target_group": _CODES,
    "especially_for": _CODES,
    "language": _CODES,
    "city": _several(_AGS, "a municipality key of eight digits"),
    "free": _FLAG,
    "access": _CODES,
    "mode": _CODES,
    "lang": _matching(_TAG, "a language tag such as ar or de-simple"),
}
"""By name of the parameter."""
