"""Gaps of the district: how many offers there are for each city and topic, language or target group, and where none is.

Decided here: what counts.  A cluster counts once.  An offer counts for every city in which it takes place or for
which it is valid, else for the city that publishes it; one for the whole district is told apart ("kreisweit") and
counts for no single city.  A topic counts what stands below it too.  What is over does not count.

The numbers come from the search index, as one value of bitmaps that is made once for each state of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property, reduce
from operator import or_
from typing import Final

from hub.gap_shapes import (
    CITIES,
    KILOMETRES,
    LANGUAGES,
    TOPICS,
    UNSTATED,
    VIEWS,
    VOCABULARIES,
    Cell,
    Freshness,
    Line,
    Matrix,
    Needs,
    Row,
    Value,
    View,
    Way,
)  # fmt: skip
from hub.misses import Misses, load_misses
from hub.party import Hub
from shared.model.district import DistrictMember
from shared.model.vocabulary.collection import Vocabularies
from shared.model.vocabulary.terms import UNKNOWN
from shared.search.facts import WHOLE_DISTRICT
from shared.search.stock import Stock

_MISSES_SECONDS: Final = 60
_USUAL_PRIORITY: Final = 2
"""Languages beyond it are told only where an offer or a need names them."""


class Gaps:
    """Counts what the district of a hub has and lacks."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.district = hub.district
        self._terms: tuple[Vocabularies, Mapping[str, tuple[Value, ...]]] | None = None
        self._kept: tuple[date, Stock] | None = None
        self._misses: tuple[int, Misses] | None = None

    # --- what is counted ---------------------------------------------------------------------------------------------

    def today(self) -> date:
        """Return the day in the district."""
        return self.hub.today()

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

    def misses(self) -> Misses:
        """Return the searches without a hit; members report once a day, so the answer holds for a minute."""
        now = self.hub.clock.now()
        kept = self._misses
        if kept is not None and 0 <= now - kept[0] < _MISSES_SECONDS:
            return kept[1]
        made = load_misses(self.hub)
        self._misses = (now, made)
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
        """Return the lines of a table about cities, topics, languages or target groups; what was retired is no line."""
        if facet == CITIES:
            return tuple(Value(member.name, member.town) for member in self.cities)
        vocabularies = self.hub.vocabularies()
        if self._terms is None or self._terms[0] is not vocabularies:
            self._terms = (vocabularies, _terms_of(vocabularies))
        return self._terms[1][facet]

    def axis(self, facet: str, needs: Needs) -> tuple[Value, ...]:
        """Return the lines of a table: rare languages only where somebody names them, and a line for those unstated."""
        found = self.values(facet)
        if facet == LANGUAGES:
            stock = self.stock()
            found = tuple(
                value
                for value in found
                if value.is_usual or stock.having(facet, value.code) or needs.asked(facet, value.code)
            )
        return found if facet in (CITIES, TOPICS) else (*found, Value(UNSTATED, "ohne Angabe"))

    def current(self, facet: str, code: str) -> str:
        """Return what a code counts as: itself, or what replaced it."""
        name = VOCABULARIES.get(facet)
        return code if name is None or not code else self.hub.vocabularies().current(name, (code,))[0]

    def bits(self, facet: str, code: str) -> int:
        """Return the offers that have a value, as a bitmap of the stock."""
        stock = self.stock()
        if code != UNSTATED:
            return stock.having(facet, code)
        return stock.shown & ~reduce(or_, stock.facets.get(facet, {}).values(), 0)

    def label(self, facet: str, code: str) -> str:
        """Return how a value is called; empty for none."""
        if not code or facet == CITIES:
            return self.town(code) if code else ""
        return self.hub.vocabularies()[VOCABULARIES[facet]].label(code)

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
        columns = self.axis(view.columns, needs)
        base, whole = self.base(city) if view.is_of_one_city else (stock.shown, self._whole(stock))
        held = [self.bits(view.columns, column.code) for column in columns]
        rows = []
        for value in self.axis(view.rows, needs):
            bits = self.bits(view.rows, value.code)
            cells = tuple(
                Cell(
                    (bits & base & column).bit_count(),
                    (bits & whole & (column if view.is_of_one_city else ~column)).bit_count(),
                    _asked(needs, view, city, value.code, one.code),
                )
                for one, column in zip(columns, held, strict=True)
            )
            rows.append(
                Row(
                    value, cells, (bits & whole).bit_count(), (bits & (base | whole)).bit_count(),
                    _count_empty((value, one, cell) for one, cell in zip(columns, cells, strict=True)),
                )
            )  # fmt: skip
        return Matrix(
            view, city, columns, tuple(rows), totals=tuple((base & bits).bit_count() for bits in held),
            empties=tuple(
                _count_empty((row.value, column, row.cells[at]) for row in rows) for at, column in enumerate(columns)
            ),
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

    def lines(self, facet: str, city: str, needs: Needs) -> list[Line]:
        """Return every topic, language or target group with its numbers in one city."""
        base, whole = self.base(city)
        return [
            Line(
                value,
                Cell(
                    (bits & base).bit_count(), (bits & whole).bit_count(), needs.of(city, facet, value.code)
                ),
            )
            for value in self.axis(facet, needs)
            for bits in (self.bits(facet, value.code),)
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


def _terms_of(vocabularies: Vocabularies) -> Mapping[str, tuple[Value, ...]]:
    return {
        facet: tuple(
            Value(
                term.code, term.label, len(vocabularies[name].ancestors(term.code)),
                is_usual=(term.priority or _USUAL_PRIORITY) <= _USUAL_PRIORITY,
            )
            for term in vocabularies[name].terms
            if not term.retired and term.code != UNKNOWN and not (facet == LANGUAGES and "-" in term.code)
        )
        for facet, name in VOCABULARIES.items()
    }  # fmt: skip


def _asked(needs: Needs, view: View, city: str, row: str, column: str) -> int:
    if view.is_of_one_city:
        return needs.between(city, (view.rows, row), (view.columns, column))
    return needs.of(column, view.rows, row)


def _count_empty(fields: Iterable[tuple[Value, Value, Cell]]) -> int:
    """Count fields without an offer; that nobody left something unsaid is no gap."""
    return sum(not cell.number for row, column, cell in fields if not (row.is_unstated or column.is_unstated))
