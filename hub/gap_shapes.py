"""The shapes in which gaps are told: views, lines and fields of tables, and needs counted for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hub.store.needs import NeedRow
from shared.model.district import DistrictMember

KILOMETRES: Final = 5
"""So far may somebody have to go before a place counts as without an offer."""
CITIES, TOPICS, LANGUAGES, GROUPS = "cities", "topics", "languages", "open_to"
WHOLE: Final = "kreisweit"
UNSTATED: Final = "ohne-angabe"
"""Stands for offers that name no language or no target group at all."""
VOCABULARIES: Final[Mapping[str, str]] = {TOPICS: "topic", LANGUAGES: "language", GROUPS: "target_group"}
FACET_TITLES: Final[Mapping[str, str]] = {
    CITIES: "Stadt", TOPICS: "Thema", LANGUAGES: "Sprache", GROUPS: "Zielgruppe",
}  # fmt: skip


@dataclass(frozen=True)
class View:
    """What is set against what; without cities in it the view is of one city, or of the whole district."""

    title: str
    rows: str
    columns: str

    @property
    def is_of_one_city(self) -> bool:
        """The view asks for a city to look at."""
        return self.columns != CITIES


VIEWS: Final[Mapping[str, View]] = {
    "stadt-thema": View("Stadt und Thema", TOPICS, CITIES),
    "stadt-sprache": View("Stadt und Sprache", LANGUAGES, CITIES),
    "stadt-zielgruppe": View("Stadt und Zielgruppe", GROUPS, CITIES),
    "thema-sprache": View("Thema und Sprache", TOPICS, LANGUAGES),
    "thema-zielgruppe": View("Thema und Zielgruppe", TOPICS, GROUPS),
}


@dataclass(frozen=True)
class Value:
    """One line or column: a city, a topic, a language or a target group; `depth` counts what stands above a topic.

    `is_usual` is false for a language that is told only where somebody names it.
    """

    code: str
    label: str
    depth: int = 0
    is_usual: bool = True

    @property
    def is_unstated(self) -> bool:
        """The line of offers that do not say: no gap of the district, but of what is known about it."""
        return self.code == UNSTATED


@dataclass(frozen=True)
class Cell:
    """One field: offers of the city, offers of the whole district, and how often a need for it was reported."""

    number: int
    whole: int = 0
    needs: int = 0


@dataclass(frozen=True)
class Row:
    """One line; `total` counts each offer once, whole district included, `empty` the fields without any of a city."""

    value: Value
    cells: tuple[Cell, ...]
    whole: int
    total: int
    empty: int


@dataclass(frozen=True)
class Matrix:
    """A view with its numbers; `totals` and `empties` are of the columns."""

    view: View
    city: str
    columns: tuple[Value, ...]
    rows: tuple[Row, ...]
    totals: tuple[int, ...]
    empties: tuple[int, ...]
    whole: int
    total: int


@dataclass(frozen=True)
class Line:
    """One value in one city."""

    value: Value
    cell: Cell


@dataclass(frozen=True)
class Freshness:
    """How current the offers of one publisher are; `oldest` is the review that is overdue longest."""

    member: DistrictMember
    offers: int
    in_time: int
    overdue: int
    unchecked: int
    oldest: date | None

    @property
    def share(self) -> int | None:
        """Per cent that were checked in time; None without offers."""
        return round(100 * self.in_time / self.offers) if self.offers else None


@dataclass(frozen=True)
class Way:
    """One postcode: offers with a place within the distance, by topic where none is."""

    code: str
    town: str
    city: str
    offers: int
    missing: tuple[Value, ...] = ()


class Needs:
    """Open needs, counted by what they ask for."""

    def __init__(self, rows: Sequence[NeedRow] = ()) -> None:
        self._pairs: Counter[tuple[str, str, str, str, str]] = Counter()
        for row in rows:
            if row.state == "done":
                continue
            values = {CITIES: row.city, TOPICS: row.topic, LANGUAGES: row.language, GROUPS: row.target_group}
            for one, first in values.items():
                self._pairs[row.city, one, first, "", ""] += row.number
                self._pairs["", one, first, "", ""] += row.number
                for other, second in values.items():
                    if one != other and first and second:
                        self._pairs[row.city, one, first, other, second] += row.number
                        self._pairs["", one, first, other, second] += row.number

    def asked(self, facet: str, code: str) -> bool:
        """Tell whether anybody asked for a value."""
        return any(one == facet and first == code for _, one, first, _, _ in self._pairs)

    def of(self, city: str, facet: str, code: str) -> int:
        """Return how often a value was asked for in a city; in the whole district without one."""
        return self._pairs[city, facet, code, "", ""]

    def between(self, city: str, one: tuple[str, str], other: tuple[str, str]) -> int:
        """Return how often two values were asked for together; in the whole district without a city."""
        return self._pairs[city, *one, *other]
