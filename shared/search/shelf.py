"""The facts of all entries in memory, laid out for filters and counts: a bitmap for every value, an array for the rest.

Brought level with the index by what changed since its last stamp.  A few hundred bytes for an offer; nothing here is
text that people read.
"""

from __future__ import annotations

import math
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from heapq import nlargest
from typing import Any, Final, TypeVar

from shared.search.bitmaps import from_numbers
from shared.search.facts import NEVER, Facts
from shared.search.index import IndexReader

STALE_AFTER_DAYS: Final = 30
"""Days after its review was due that an offer moves back."""
FACETS: Final = (
    "cities", "topics", "open_to", "especially", "languages", "modes", "offer_types",
)  # fmt: skip
FLAGS: Final = ("is_free", "needs_no_registration", "accessible")
YES: Final = "ja"

_RID: Final = 16
_KEPT_MAX: Final = 32
_KM_PER_DEGREE: Final = 111.195
_K = TypeVar("_K")
_AT_ONCE: Final = 4
"""When more than one entry in so many changed, all are read anew."""


class Shelf:
    """All entries of one index; not for several threads at once."""

    def __init__(self, own_member: str, latitude: float) -> None:
        self.stamp = -1
        self._source = (-1, -1)
        self._own = own_member
        self._narrowing = math.cos(math.radians(latitude))
        self._clear()

    def _clear(self) -> None:
        self.all = 0
        self.own = 0
        self.facets: dict[str, dict[str, int]] = {name: {} for name in (*FACETS, *FLAGS)}
        self.slots: dict[tuple[str, str], int] = {}
        self.providers: dict[str, array[int]] = {}
        self.members: list[str] = []
        self._rids = bytearray()
        self._member = array("H")
        self._review = array("i")
        self._until = array("i")
        self._oldest = array("B")
        self._youngest = array("B")
        self.modified = array("q")
        self._where = array("I")
        self._north = array("d")
        self._east = array("d")
        self.clustered = 0
        self.title_order = array("I")
        self.title_position = array("I")
        self._kept: OrderedDict[Any, Any] = OrderedDict()

    def load(self, index: IndexReader) -> bool:
        """Take up what changed; True when anything did."""
        stamp, source = index.stamp(), (index.opened, index.epoch())
        if (stamp, source) == (self.stamp, self._source):
            return False
        is_same = source == self._source
        if not is_same or index.count_changed(self.stamp) * _AT_ONCE > len(self._member):
            self._clear()
            self._load(index.changed(-1))
        else:
            changed = list(index.changed(self.stamp))
            self._forget([number for number, _, _ in changed])
            self._load(changed)
        self.title_order = index.in_title_order()
        self.title_position = array("I", bytes(4 * len(self._member)))
        for at, number in enumerate(self.title_order):
            self.title_position[number] = at
        self.stamp, self._source, self._kept = stamp, source, OrderedDict()
        return True

    def _forget(self, numbers: Iterable[int]) -> None:
        gone = set(numbers)
        bits = from_numbers(list(gone))
        keep = ~bits
        self.all, self.own, self.clustered = self.all & keep, self.own & keep, self.clustered & keep
        self.facets = {name: _left(values, keep) for name, values in self.facets.items()}
        self.slots = _left(self.slots, keep)
        for key, held in list(self.providers.items()):
            if not gone.isdisjoint(held):
                self.providers[key] = array("I", [number for number in held if number not in gone])
                if not self.providers[key]:
                    del self.providers[key]
        left = [at for at, number in enumerate(self._where) if number not in gone]
        self._where = array("I", [self._where[at] for at in left])
        self._north = array("d", [self._north[at] for at in left])
        self._east = array("d", [self._east[at] for at in left])

    def _load(self, entries: Iterable[tuple[int, bytes | None, Facts | None]]) -> None:
        new: dict[Any, list[int]] = {}
        members = {name: at for at, name in enumerate(self.members)}
        for number, rid, facts in entries:
            self._grow(number)
            if rid is None or facts is None:
                continue
            if facts.member not in members:
                members[facts.member] = len(self.members)
                self.members.append(facts.member)
            self._place(number, rid, facts, members[facts.member])
            for key in _keys(facts):
                new.setdefault(key, []).append(number)
            new.setdefault("all", []).append(number)
            if self._own and (facts.member == self._own or self._own in facts.cities):
                new.setdefault("own", []).append(number)
            if facts.others:
                new.setdefault("clustered", []).append(number)
            for one in facts.providers:
                self.providers.setdefault(one.key, array("I")).append(number)
        self._take_bits(new)

    def _take_bits(self, new: dict[Any, list[int]]) -> None:
        for key, numbers in new.items():
            bits = from_numbers(numbers)
            if isinstance(key, str):
                setattr(self, key, getattr(self, key) | bits)
            else:
                values: dict[Any, int] = self.slots if key[0] == "slots" else self.facets[key[0]]
                values[key[1]] = values.get(key[1], 0) | bits

    def _grow(self, number: int) -> None:
        missing = number + 1 - len(self._member)
        if missing > 0:
            self._rids.extend(bytes(_RID * missing))
            for column in (
                self._member, self._review, self._until, self._oldest, self._youngest, self.modified,
            ):  # fmt: skip
                column.extend([0] * missing)

    def _place(self, number: int, rid: bytes, facts: Facts, member: int) -> None:
        self._rids[number * _RID : (number + 1) * _RID] = rid
        self._member[number] = member
        self._review[number] = facts.review_due
        self._until[number] = facts.valid_to
        self._youngest[number] = min((low for low, _ in facts.ages), default=0)
        self._oldest[number] = max((high for _, high in facts.ages), default=255)
        self.modified[number] = facts.last_modified
        for latitude, longitude in facts.points:
            self._where.append(number)
            self._north.append(latitude * _KM_PER_DEGREE)
            self._east.append(longitude * _KM_PER_DEGREE * self._narrowing)

    def rid(self, number: int) -> bytes:
        """Return the record of an entry."""
        return bytes(self._rids[number * _RID : (number + 1) * _RID])

    def member(self, number: int) -> str:
        """Return who publishes it."""
        return self.members[self._member[number]]

    # --- what depends on a day, an age or a place, worked out once for a state of the index ------------------------

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = make()
        self._kept[key] = made
        if len(self._kept) > _KEPT_MAX:
            self._kept.popitem(last=False)
        return made

    def shown(self, today: date) -> int:
        """Return the entries whose time is not over."""
        day = today.toordinal()
        return int(self._once(("shown", day), lambda: self.all & ~self._before(self._until, day)))

    def stale(self, today: date) -> int:
        """Return the entries whose review is long overdue."""
        day = today.toordinal() - STALE_AFTER_DAYS
        return int(self._once(("stale", day), lambda: self._before(self._review, day)))

    @staticmethod
    def _before(days: array[int], day: int) -> int:
        return from_numbers([number for number, one in enumerate(days) if NEVER < one < day])

    def of_age(self, age: int) -> int:
        """Return the entries that are open to somebody of this age."""
        low, high = self._youngest, self._oldest
        return int(
            self._once(("age", age), lambda: from_numbers([n for n in range(len(low)) if low[n] <= age <= high[n]]))
        )

    def within(self, centre: tuple[float, float], kilometres: int) -> int:
        """Return the entries that have a place within so many kilometres of a point."""
        return int(self._once(("within", centre, kilometres), lambda: self._circle(centre, kilometres)))

    def _circle(self, centre: tuple[float, float], kilometres: int) -> int:
        return from_numbers([number for number, far in enumerate(self.nearest(centre)) if far <= kilometres])

    def around(self, centre: tuple[float, float], kilometres: float) -> int:
        """Return the entries with a place within so many kilometres of a point; unlike `within` it keeps nothing."""
        north, most = centre[0] * _KM_PER_DEGREE, kilometres * kilometres
        east = centre[1] * _KM_PER_DEGREE * self._narrowing
        places = zip(self._where, self._north, self._east, strict=True)
        return from_numbers([at for at, n, e in places if (n - north) ** 2 + (e - east) ** 2 <= most])

    def reviews(self) -> array[int]:
        """Return of each entry the day number on which its review is due."""
        return self._review

    def nearest(self, centre: tuple[float, float]) -> array[float]:
        """Return kilometres from a point to the nearest place of each entry; infinite for one that has none."""
        found: array[float] = self._once(("nearest", centre), lambda: self._nearest(centre))
        return found

    def _nearest(self, centre: tuple[float, float]) -> array[float]:
        north = centre[0] * _KM_PER_DEGREE
        east = centre[1] * _KM_PER_DEGREE * self._narrowing
        squares = [(n - north) ** 2 + (e - east) ** 2 for n, e in zip(self._north, self._east, strict=True)]
        found = [math.inf] * len(self._member)
        for number, square in zip(self._where, squares, strict=True):
            if square < found[number]:  # noqa: PLR1730 - min() costs three times as much, for each place of each offer
                found[number] = square
        return array("f", map(math.sqrt, found))

    def by_distance(self, centre: tuple[float, float]) -> array[int]:
        """Return all entries, the nearest first, equally near ones and those without a place by title."""
        far = self.nearest(centre)
        order: array[int] = self._once(
            ("by distance", centre), lambda: array("I", sorted(self.title_order, key=far.__getitem__))
        )
        return order

    def newest_first(self) -> array[int]:
        """Return all entries, those changed last first."""
        modified = self.modified
        order: array[int] = self._once(
            "newest", lambda: array("I", sorted(self.title_order, key=modified.__getitem__, reverse=True))
        )
        return order

    def of_provider(self, key: str) -> int:
        """Return the entries of a provider."""
        return from_numbers(self.providers.get(key, array("I")))

    def largest_providers(self, most: int) -> Mapping[str, int]:
        """Return the providers with the most entries, and those entries."""
        found: Mapping[str, int] = self._once(
            ("largest", most),
            lambda: {
                key: self.of_provider(key)
                for key in nlargest(most, self.providers, lambda key: len(self.providers[key]))
            },
        )
        return found

    @property
    def placed(self) -> int:
        """Return the entries that have a place at all."""
        return int(self._once("placed", lambda: from_numbers(self._where)))


def _left(values: Mapping[_K, int], keep: int) -> dict[_K, int]:
    return {value: left for value, bits in values.items() if (left := bits & keep)}


def _keys(facts: Facts) -> Iterable[tuple[str, Any]]:
    for name in FACETS:
        for value in getattr(facts, name):
            yield name, value
    for name in FLAGS:
        if getattr(facts, name):
            yield name, YES
    for slot in facts.slots:
        yield "slots", slot
