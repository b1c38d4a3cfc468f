"""Searches that found nothing, by city, as the members report them and as the hub's own pages count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.party import Hub
from hub.reporting import list_reports

DAYS = 90
HUB = "hub"
"""Name under which the hub's own pages are counted."""


@dataclass(frozen=True)
class Miss:
    """One search without a hit: how often, in all and by member."""

    term: str
    number: int
    by_member: Mapping[str, int]


@dataclass(frozen=True)
class Misses:
    """Searches without a hit, the most frequent first; `searches` and `views` count all that was asked, by member."""

    days: int
    misses: tuple[Miss, ...] = ()
    searches: Mapping[str, int] = field(default_factory=dict)
    views: Mapping[str, int] = field(default_factory=dict)

    def of(self, member: str) -> list[tuple[str, int]]:
        """Return (term, number) of what was typed on one member's pages."""
        found = [(miss.term, miss.by_member[member]) for miss in self.misses if member in miss.by_member]
        return sorted(found, key=lambda one: (-one[1], one[0]))


def load_misses(hub: Hub, *, days: int = DAYS) -> Misses:
    """Return the searches without a hit of the last days."""
    terms: dict[str, Counter[str]] = {}
    searches: Counter[str] = Counter()
    views: Counter[str] = Counter()
    for one in list_reports(hub, days=days):
        searches[one.member] += one.report.searches
        views[one.member] += one.report.views
        for term, number in one.report.terms:
            terms.setdefault(term, Counter())[one.member] += number
    found = [Miss(term, counts.total(), dict(counts)) for term, counts in terms.items()]
    found.sort(key=lambda miss: (-miss.number, miss.term))
    return Misses(days, tuple(found), dict(searches), dict(views))
