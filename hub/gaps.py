"""Gaps of the district: how many offers there are for each city and topic, language or target group, and where none is.

Decided here: what counts.  A cluster counts once.  An offer counts for every city in which it takes place or for
which it is valid, else for the city that publishes it; one for the whole district is told apart ("kreisweit") and
counts for no single city.  A topic counts what stands below it too.  What is over does not count.

The numbers come from the search index, as one value of bitmaps that is made once for each state of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Final
from zoneinfo import ZoneInfo

from hub.party import Hub
from hub.store.needs import NeedRow
from shared.model.district import DistrictMember
from shared.model.shipped import shipped_vocabularies
from shared.model.vocabulary.terms import UNKNOWN, Vocabulary
from shared.search.facts import WHOLE_DISTRICT
from shared.search.stock import Stock

KILOMETRES: Final = 5
"""So far may somebody have to go before a place counts as without an offer."""
CITIES, TOPICS, LANGUAGES, GROUPS = "cities", "topics", "languages", "open_to"
WHOLE: Final = "kreisweit"
_VOCABULARIES: Final[Mapping[str, str]] = {TOPICS: "topic", LANGUAGES: "language", GROUPS: "target_group"}
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
    """One line or column: a city, a topic, a language or a target group; `depth` counts what stands above a topic."""

    code: str
    label: str
    depth: int = 0


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
                for other, second in values.items():
                    if one != other and first and second:
                        self._pairs[row.city, one, first, other, second] += row.number
                        self._pairs["", one, first, other, second] += row.number

    def of(self, city: str, facet: str, code: str) -> int:
        """Return how often a value was asked for in a city."""
        return self._pairs[city, facet, code, "", ""]

    def between(self, city: str, one: tuple[str, str], other: tuple[str, str]) -> int:
        """Return how often two values were asked for together; in the whole district without a city."""
        return self._pairs[city, *one, *other]


class Gaps:
    """Counts what the district has and lacks.

    Args:
        vocabularies: by name; those that ship where none are given.
    """

    def __init__(self, hub: Hub, vocabularies: Mapping[str, Vocabulary] | None = None) -> None:
        self.hub = hub
        self.district = hub.district
        self._vocabularies = vocabularies or shipped_vocabularies()
        self._kept: tuple[date, Stock] | None = None

    # --- what is counted ---------------------------------------------------------------------------------------------

    def today(self) -> date:
        """Return the day in the district."""
        return datetime.fromtimestamp(self.hub.clock.now(), ZoneInfo(self.district.timezone)).date()

    def stock(self) -> Stock:
        """Return what the index holds now; made anew only when it or the day changed."""
        today, stamp = self.today(), self.hub.finder.stamp
        kept = self._kept
        if kept is not None and kept[0] == today and kept[1].stamp == stamp:
            return kept[1]
        circles = {
            centre.code: (centre.latitude, centre.longitude)
            for member in self.cities
            for centre in member.postcodes
        }  # fmt: skip
        made = self.hub.finder.stock(today=today, circles=circles, kilometres=KILOMETRES)
        self._kept = (today, made)
        return made

    @cached_property
    def cities(self) -> tuple[DistrictMember, ...]:
        """The towns, in the order of the profile."""
        return tuple(member for member in self.district.members if member.town)

    def city(self, name: str) -> DistrictMember | None:
        """Return the town of this member name, or None."""
        return next((member for member in self.cities if member.name == name), None)

    def town(self, name: str) -> str:
        """Return how a town is called; the district for an empty name."""
        member = self.city(name)
        return member.town if member is not None else name or self.district.name

    def values(self, facet: str) -> tuple[Value, ...]:
        """Return the lines of a table about cities, topics, languages or target groups."""
        if facet == CITIES:
            return tuple(Value(member.name, member.town) for member in self.cities)
        return self._terms[facet]

    @cached_property
    def _terms(self) -> Mapping[str, tuple[Value, ...]]:
        found = {}
        for facet, name in _VOCABULARIES.items():
            vocabulary = self._vocabularies[name]
            found[facet] = tuple(
                Value(term.code, term.label, len(vocabulary.ancestors(term.code)))
                for term in vocabulary.terms
                if term.code != UNKNOWN and not (facet == LANGUAGES and "-" in term.code)
            )
        return found

    def label(self, facet: str, code: str) -> str:
        """Return how a value is called."""
        return next((value.label for value in self.values(facet) if value.code == code), code)

    def _whole(self, stock: Stock) -> int:
        """Return the offers of the whole district."""
        return stock.having(CITIES, WHOLE_DISTRICT) | self._of_district(stock)

    def _of_district(self, stock: Stock) -> int:
        found = 0
        for member in self.district.members:
            if not member.town:
                found |= stock.having(CITIES, member.name)
        return found

    # --- tables ------------------------------------------------------------------------------------------------------

    def matrix(self, code: str, needs: Needs, city: str = "") -> Matrix:
        """Return a view with its numbers.

        Args:
            code: of `VIEWS`.
            city: for a view of one city; empty for all offers of the district.
        """
        view, stock = VIEWS[code], self.stock()
        columns = self.values(view.columns)
        base, whole = self.base(city) if view.is_of_one_city else (stock.shown, self._whole(stock))
        held = [stock.having(view.columns, column.code) for column in columns]
        rows = []
        for value in self.values(view.rows):
            bits = stock.having(view.rows, value.code)
            cells = tuple(
                Cell(
                    (bits & base & column).bit_count(),
                    (bits & whole & ~column if not view.is_of_one_city else bits & whole & column).bit_count(),
                    self._needs(needs, view, city, value.code, one.code),
                )
                for one, column in zip(columns, held, strict=True)
            )
            empty = sum(not cell.number for cell in cells)
            rows.append(
                Row(value, cells, (bits & whole).bit_count(), (bits & (base | whole)).bit_count(), empty)
            )  # fmt: skip
        return Matrix(
            view, city, columns, tuple(rows), totals=tuple((base & bits).bit_count() for bits in held),
            empties=tuple(sum(not row.cells[at].number for row in rows) for at in range(len(columns))),
            whole=whole.bit_count(), total=(base | whole).bit_count(),
        )  # fmt: skip

    def base(self, city: str) -> tuple[int, int]:
        """Return the offers of a city, and those of the whole district beside them, as bitmaps of the stock.

        Without a city these are all, and none.
        """
        stock = self.stock()
        if not city:
            return stock.shown, 0
        base = stock.having(CITIES, city)
        return base, self._whole(stock) & ~base

    @staticmethod
    def _needs(needs: Needs, view: View, city: str, row: str, column: str) -> int:
        if view.is_of_one_city:
            return needs.between(city, (view.rows, row), (view.columns, column))
        return needs.of(column, view.rows, row)

    def lines(self, facet: str, city: str, needs: Needs) -> list[Line]:
        """Return every topic, language or target group with its numbers in one city."""
        stock = self.stock()
        base, whole = self.base(city)
        return [
            Line(
                value,
                Cell(
                    (bits & base).bit_count(), (bits & whole).bit_count(), needs.of(city, facet, value.code)
                ),
            )
            for value in self.values(facet)
            for bits in (stock.having(facet, value.code),)
        ]  # fmt: skip

    def count_offers(self, city: str = "") -> tuple[int, int]:
        """Return how many offers a city has, and how many hold for the whole district beside them."""
        base, whole = self.base(city)
        return base.bit_count(), whole.bit_count()

    def freshness(self) -> list[Freshness]:
        """Return how current the offers of each publisher are, the district's own last."""
        stock, found = self.stock(), []
        for member in sorted(self.district.members, key=lambda one: not one.town):
            bits = stock.members.get(member.name, 0)
            overdue, unchecked = (bits & stock.overdue).bit_count(), (bits & stock.unchecked).bit_count()
            oldest = stock.oldest_due.get(member.name)
            found.append(
                Freshness(
                    member, bits.bit_count(), bits.bit_count() - overdue - unchecked, overdue, unchecked,
                    date.fromordinal(oldest) if oldest else None,
                )
            )  # fmt: skip
        return found

    def ways(self, topic: str = "", city: str = "") -> list[Way]:
        """Return every postcode with the number of offers within `KILOMETRES`.

        Args:
            topic: count these alone; without one each postcode names the topics that it has nothing of.
            city: of this one alone.
        """
        stock = self.stock()
        wanted = stock.having(TOPICS, topic) if topic else stock.shown
        return [
            Way(
                centre.code, member.town, member.name, (near & wanted).bit_count(),
                () if topic else self._missing(stock, near),
            )
            for member in self.cities
            if city in ("", member.name)
            for centre in member.postcodes
            for near in (stock.near.get(centre.code, 0),)
        ]  # fmt: skip

    def _missing(self, stock: Stock, near: int) -> tuple[Value, ...]:
        """Topics of the first level without an offer; those below a missing one go without saying."""
        return tuple(
            value for value in self.values(TOPICS) if not value.depth and not stock.having(TOPICS, value.code) & near
        )  # fmt: skip

    def count_without_place(self) -> int:
        """Return how many offers have no place that is known: by telephone, online, or kept secret."""
        stock = self.stock()
        return (stock.shown & ~stock.placed).bit_count()
