"""The filters of a question as sets of entries, and how many entries each further choice would leave.

A filter's own choice is left out when its values are counted: within a filter any value will do, so choosing another
one widens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Final

from shared.model.hours import DAYS
from shared.model.postcodes import TownPostcodes
from shared.search.asking import DISTANCES, PARTS, Asked
from shared.search.facts import WHOLE_DISTRICT
from shared.search.found import Count
from shared.search.shelf import FACETS, FLAGS, YES, Shelf

PROVIDERS_COUNTED: Final = 40
"""The largest providers are counted, and those that are chosen; there may be thousands."""
_KM_PER_DEGREE: Final = 111.195


@dataclass(frozen=True)
class Active:
    """The set of entries for each filter of a question that is set."""

    sets: Mapping[str, int]

    def together(self, entries: int, *, without: str = "") -> int:
        """Return those of the entries that fulfil all filters, but for one."""
        for name, bits in self.sets.items():
            if name != without:
                entries &= bits
        return entries


class Filters:
    """Sets and counts over one shelf."""

    def __init__(self, shelf: Shelf, postcodes: TownPostcodes) -> None:
        self._shelf = shelf
        self._postcodes = postcodes

    def centre(self, asked: Asked) -> tuple[float, float] | None:
        """Return the centre of the postcode of a question, None where none is given or it is outside the district."""
        found = self._postcodes.get(asked.postcode) if asked.postcode else None
        return None if found is None else (found.latitude, found.longitude)

    def active(self, asked: Asked) -> Active:
        """Return the set of each filter that is set; days and parts of days are one, under the name `days`."""
        sets: dict[str, int] = {}
        for name in FACETS:
            if chosen := getattr(asked, name):
                values = self._shelf.facets[name]
                sets[name] = _any_of(values.get(value, 0) for value in chosen)
        for name in FLAGS:
            if getattr(asked, name):
                sets[name] = self._shelf.facets[name].get(YES, 0)
        if asked.days or asked.parts:
            sets["days"] = self._at(asked.days, asked.parts)
        if asked.age is not None:
            sets["age"] = self._shelf.of_age(asked.age)
        if asked.providers:
            sets["providers"] = _any_of(self._provider(key) for key in asked.providers)
        if asked.kilometres is not None and asked.postcode:
            sets["kilometres"] = self._within(asked, asked.kilometres)
        return Active(sets)

    def _at(self, days: Iterable[str], parts: Iterable[str]) -> int:
        """Entries with one slot on one of these days and in one of these parts; none given means any."""
        wanted_days, wanted_parts = frozenset(days), frozenset(parts)
        return _any_of(
            bits
            for (day, part), bits in self._shelf.slots.items()
            if (not wanted_days or day in wanted_days) and (not wanted_parts or part in wanted_parts)
        )

    def _provider(self, key: str) -> int:
        return self._shelf.of_provider(key)

    def _within(self, asked: Asked, kilometres: int) -> int:
        """Entries with a place near enough; those without any by their towns, and those for the whole district."""
        centre = self.centre(asked)
        if centre is None:
            return 0
        near = {
            one.member
            for one in self._postcodes.postcodes
            if _apart(centre, (one.latitude, one.longitude)) <= kilometres
        }
        cities = self._shelf.facets["cities"]
        by_town = _any_of(cities.get(name, 0) for name in (*near, WHOLE_DISTRICT)) & ~self._shelf.placed
        return self._shelf.within(centre, kilometres) | by_town

    def counts(self, asked: Asked, active: Active, entries: int) -> dict[str, tuple[Count, ...]]:
        """Return the values of every filter with how many of the entries each would leave."""
        found: dict[str, tuple[Count, ...]] = {}
        for name in FACETS:
            base = active.together(entries, without=name)
            found[name] = _counted(self._shelf.facets[name], base, frozenset(getattr(asked, name)))
        for name in FLAGS:
            base = active.together(entries, without=name)
            bits = self._shelf.facets[name].get(YES, 0)
            found[name] = _counted({YES: bits}, base, frozenset([YES] if getattr(asked, name) else ()))
        base = active.together(entries, without="days")
        by_day = {day: self._at((day,), asked.parts) for day in DAYS}
        by_part = {part: self._at(asked.days, (part,)) for part in PARTS}
        found["days"] = _counted(by_day, base, frozenset(asked.days), is_ordered=True)
        found["parts"] = _counted(by_part, base, frozenset(asked.parts), is_ordered=True)
        found["providers"] = self._providers(asked, active.together(entries, without="providers"))
        if self.centre(asked) is not None:
            base = active.together(entries, without="kilometres")
            circles = {str(km): self._within(asked, km) for km in _distances(asked)}
            chosen = frozenset() if asked.kilometres is None else frozenset([str(asked.kilometres)])
            found["kilometres"] = _counted(circles, base, chosen, is_ordered=True)
        return found

    def _providers(self, asked: Asked, base: int) -> tuple[Count, ...]:
        sizes = self._shelf.providers
        values = dict(self._shelf.largest_providers(PROVIDERS_COUNTED))
        values.update({key: self._provider(key) for key in asked.providers if key in sizes})
        return _counted(values, base, frozenset(asked.providers))


def _distances(asked: Asked) -> list[int]:
    return sorted({*DISTANCES, *([] if asked.kilometres is None else [asked.kilometres])})


def _counted(
    values: Mapping[str, int], base: int, chosen: frozenset[str], *, is_ordered: bool = False
) -> tuple[Count, ...]:
    """Count each value; the most frequent first, unless the values have an order of their own."""
    found = [Count(value, (bits & base).bit_count(), value in chosen) for value, bits in values.items()]
    found += [Count(value, 0, is_on=True) for value in sorted(chosen - values.keys())]
    kept = [count for count in found if count.number or count.is_on]
    return tuple(kept if is_ordered else sorted(kept, key=lambda count: (-count.number, count.value)))


def _any_of(sets: Iterable[int]) -> int:
    found = 0
    for bits in sets:
        found |= bits
    return found


def _apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Kilometres between two points of a district: flat enough."""
    return _KM_PER_DEGREE * hypot(one[0] - other[0], (one[1] - other[1]) * cos(radians(one[0])))
