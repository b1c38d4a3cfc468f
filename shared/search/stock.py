"""What an index holds at one moment, to be counted across: which offers have which value, as bitmaps.

Made for tables of a whole district, where hundreds of numbers are wanted at once; what visitors ask is `finding`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from shared.search.bitmaps import from_numbers, numbers_of
from shared.search.facts import NEVER
from shared.search.shelf import FACETS, Shelf

Point = tuple[float, float]
_NOTHING: Final[Mapping[str, int]] = {}


@dataclass(frozen=True)
class Stock:
    """All entries of an index whose time is not over, each cluster once.

    Args:
        stamp: the state of the index; 0 for one that is empty or missing.
        shown: all entries.
        facets: by field (`shelf.FACETS`) and value the entries that have it.
        members: by member the entries that it publishes.
        unchecked: entries that nobody ever confirmed.
        overdue: entries whose review was due before today.
        oldest_due: by member the day number of the review that is overdue longest.
        near: by name of a circle the entries that have a place within it.
        placed: entries that have a place at all.
    """

    stamp: int = 0
    shown: int = 0
    facets: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    members: Mapping[str, int] = field(default_factory=dict)
    unchecked: int = 0
    overdue: int = 0
    oldest_due: Mapping[str, int] = field(default_factory=dict)
    near: Mapping[str, int] = field(default_factory=dict)
    placed: int = 0

    def having(self, facet: str, value: str) -> int:
        """Return the entries that have a value."""
        return self.facets.get(facet, _NOTHING).get(value, 0)


def take_stock(shelf: Shelf, today: date, circles: Mapping[str, Point], kilometres: float) -> Stock:
    """Return what a shelf holds; the bitmaps are values, so nothing that changes the shelf later changes them.

    Args:
        circles: centres by name.
        kilometres: how far around each centre.
    """
    shown, day = shelf.shown(today), today.toordinal()
    members: dict[str, list[int]] = {}
    oldest: dict[str, int] = {}
    unchecked, overdue = [], []
    reviews = shelf.reviews()
    for number in numbers_of(shown):
        due = reviews[number]
        member = shelf.member(number)
        members.setdefault(member, []).append(number)
        if due == NEVER:
            unchecked.append(number)
        elif due < day:
            overdue.append(number)
            oldest[member] = min(due, oldest.get(member, due))
    return Stock(
        stamp=shelf.stamp,
        shown=shown,
        facets={
            name: {value: left for value, bits in shelf.facets[name].items() if (left := bits & shown)}
            for name in FACETS
        },
        members={member: from_numbers(numbers) for member, numbers in members.items()},
        unchecked=from_numbers(unchecked),
        overdue=from_numbers(overdue),
        oldest_due=oldest,
        near={name: shelf.around(centre, kilometres) & shown for name, centre in circles.items()},
        placed=shelf.placed & shown,
    )
