"""What a visitor asks: words and filters, as they stand in the query of a URL.

Decided here: the names of the query, which values are well formed, and the one order in which they are written, so that
equal questions have equal URLs.  Values that are malformed or unknown to the vocabularies are dropped, never an error:
a link that somebody shortened or typed still answers.  What is found is decided by `finding`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from shared.model.hours import DAYS
from shared.model.text import one_line
from shared.model.vocabulary.collection import Vocabularies

WORDS_MAX: Final = 200
"""Characters of a search text that are read; the pipeline reads at most eight words of them (THREATS T36)."""
PARTS: Final = ("vormittags", "nachmittags", "abends")
"""Parts of a day: until 12, from 12 to 17, from 17 o'clock."""
DISTANCES: Final = (2, 5, 10, 20)
"""Kilometres that a page offers; any other whole number up to 50 is understood too."""
DAY_NAMES: Final = dict(zip(("mo", "di", "mi", "do", "fr", "sa", "so"), DAYS, strict=True))
"""How days stand in a URL, and the codes of the model (MO … SU)."""
ORDERS: Final = ("treffer", "titel", "neu", "naehe")
"""By relevance, by title, newest first, nearest first (needs a postcode)."""

KEYS: Final = {
    "words": "q",
    "cities": "stadt",
    "topics": "thema",
    "open_to": "fuer",
    "especially": "besonders",
    "languages": "sprache",
    "days": "tag",
    "parts": "zeit",
    "is_free": "kostenfrei",
    "needs_no_registration": "ohne-anmeldung",
    "modes": "form",
    "accessible": "barrierefrei",
    "age": "alter",
    "postcode": "plz",
    "kilometres": "km",
    "offer_types": "art",
    "providers": "traeger",
    "order": "ordnung",
    "page": "seite",
}
"""Field of `Asked` to its name in the query, in the order in which a URL is written."""

VOCABULARIES: Final[Mapping[str, str]] = {
    "topics": "topic", "open_to": "target_group", "especially": "target_group", "languages": "language",
    "modes": "mode", "offer_types": "offer_type",
}  # fmt: skip
"""Field of `Asked` to the vocabulary that its values are codes of."""

_YES: Final = "ja"
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_POSTCODE: Final = re.compile(r"[0-9]{5}")
_VALUES_MAX: Final = 20
_OLDEST: Final = 120
_FARTHEST: Final = 50
_LAST_PAGE: Final = 100_000


@dataclass(frozen=True)
class Asked:
    """One question; the empty one asks for everything.

    Within a field any of its values will do, between fields all must hold.  `cities` are member names, `kreis` stands
    for offers of the whole district; `days` are codes of the model (MO … SU), `parts` those of `PARTS`; with both, one
    slot must fulfil both.  `providers` are keys of `facts.provider_key`.
    """

    words: str = ""
    cities: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    open_to: tuple[str, ...] = ()
    especially: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    is_free: bool = False
    needs_no_registration: bool = False
    modes: tuple[str, ...] = ()
    accessible: bool = False
    age: int | None = None
    postcode: str = ""
    kilometres: int | None = None
    offer_types: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    order: str = ""
    page: int = 1

    @property
    def is_empty(self) -> bool:
        """True when neither words nor a filter are given; order and page are neither."""
        return replace(self, order="", page=1) == Asked()

    def toggled(self, name: str, value: str) -> Asked:
        """Return the question with one value of a field of several values added, or taken out; back on page 1."""
        held: tuple[str, ...] = getattr(self, name)
        changed: Any = tuple(v for v in held if v != value) if value in held else (*held, value)
        return replace(self, **{"page": 1, name: changed})

    def without(self, *names: str) -> Asked:
        """Return the question without these fields, back on page 1."""
        empty = Asked()
        cleared: dict[str, Any] = {name: getattr(empty, name) for name in names}
        return replace(self, **{"page": 1, **cleared})

    def on_page(self, page: int) -> Asked:
        """Return the same question for another page of its answer."""
        return replace(self, page=page)

    def active(self) -> tuple[str, ...]:
        """Return the names of the filters that are set, in the order of `KEYS`; words, order and page are none."""
        empty = Asked()
        names = [name for name in KEYS if name not in ("words", "order", "page")]
        return tuple(name for name in names if getattr(self, name) != getattr(empty, name))


def parse_asked(pairs: Iterable[tuple[str, str]]) -> Asked:
    """Read a question from the pairs of a query; what is not understood is left out."""
    given: dict[str, list[str]] = {}
    for key, value in pairs:
        given.setdefault(key, []).append(value)
    of = {name: given.get(key, []) for name, key in KEYS.items()}
    kilometres = _number(of["kilometres"], 1, _FARTHEST)
    postcode = next((value.strip() for value in of["postcode"] if _POSTCODE.fullmatch(value.strip())), "")
    codes: dict[str, Any] = {name: _codes(of[name]) for name in _CODE_FIELDS}
    flags: dict[str, Any] = {name: _YES in of[name] for name in _FLAGS}
    return Asked(
        words=one_line(of["words"][0])[:WORDS_MAX].strip() if of["words"] else "",
        days=_known([DAY_NAMES.get(value, "") for value in _split(of["days"])], DAYS),
        parts=_known(_split(of["parts"]), PARTS),
        age=_number(of["age"], 0, _OLDEST),
        postcode=postcode,
        kilometres=kilometres if postcode else None,
        order=next((value for value in of["order"] if value in ORDERS), ""),
        page=_number(of["page"], 1, _LAST_PAGE) or 1,
        **codes,
        **flags,
    )


_FLAGS: Final = ("is_free", "needs_no_registration", "accessible")
_CODE_FIELDS: Final = (
    "cities", "topics", "open_to", "especially", "languages", "modes", "offer_types", "providers",
)  # fmt: skip


def format_asked(asked: Asked) -> list[tuple[str, str]]:
    """Return the pairs of a query in their one order; fields at their default are left out."""
    short = {code: name for name, code in DAY_NAMES.items()}
    pairs: list[tuple[str, str]] = []
    for field in fields(Asked):
        value, key = getattr(asked, field.name), KEYS[field.name]
        if value == field.default:
            continue
        if isinstance(value, tuple):
            pairs += [(key, short.get(entry, entry)) for entry in sorted(value, key=_position)]
        else:
            pairs.append((key, _YES if value is True else str(value)))
    return sorted(pairs, key=lambda pair: _ORDER[pair[0]])


_ORDER: Final = {key: at for at, key in enumerate(KEYS.values())}


def _position(value: str) -> tuple[int, str]:
    """Days and parts of a day stand in their own order, codes by their letters."""
    order: Sequence[str] = (*DAYS, *PARTS)
    return (order.index(value) if value in order else len(order), value)


def _split(values: Sequence[str]) -> list[str]:
    return [part.strip() for value in values[:_VALUES_MAX] for part in value.split(",")][:_VALUES_MAX]


def _known(values: Iterable[str], allowed: Sequence[str]) -> tuple[str, ...]:
    chosen = set(values)
    return tuple(value for value in allowed if value in chosen)


def _codes(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in _split(values) if _CODE.fullmatch(value)}))


def _number(values: Sequence[str], least: int, most: int) -> int | None:
    for value in values:
        text = value.strip()
        if text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most:
            return int(text)
    return None


def keep_known(asked: Asked, known: Mapping[str, frozenset[str]]) -> Asked:
    """Return the question with only those values that exist; `known` maps field names to allowed values."""
    kept: dict[str, Any] = {
        name: tuple(value for value in getattr(asked, name) if value in codes) for name, codes in known.items()
    }
    return replace(asked, **kept)


def current_asked(asked: Asked, vocabularies: Vocabularies) -> Asked:
    """Return the question under the terms that count now; an old link asks for what replaced its terms."""
    changed: dict[str, Any] = {}
    for field, name in VOCABULARIES.items():
        codes = getattr(asked, field)
        if codes and (current := vocabularies.current(name, codes)) is not codes:
            changed[field] = current
    return replace(asked, **changed) if changed else asked
