"""How much the public pages are used: searches, views, links passed on, languages; by month, without persons.

Counted by every party for itself and reported once a day (`shared.feed.report`).  Decided here: what is added up, and
that a number under five is never told, since a single visit could be somebody's whom one knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hub.figure_tables import Cell
from hub.months import Month, months_back
from hub.party import Hub
from hub.reporting import OWN
from hub.store import reports
from shared.feed.report import SEEN_AT_LEAST
from shared.holdings import tally

MONTHS: Final = 12
KINDS: Final[Mapping[str, str]] = {
    tally.SEARCH: "Suchen",
    tally.VIEW: "Aufrufe von Angeboten",
    tally.SHARE: "Aufrufe über weitergegebene Links",
    tally.LANGUAGE: "Seiten nach Sprache",
}
"""What is counted, as the pages call it."""
FEW: Final = f"unter {SEEN_AT_LEAST}"
ALL: Final = ""
"""Every party together."""

_Key = tuple[str, Month, str, str]


@dataclass(frozen=True)
class Use:
    """What was counted in twelve months, by (party, month, kind, key); the key is a language or empty.

    Args:
        months: the twelve, the oldest first.
        days: how many days each party reported.
    """

    months: Sequence[Month]
    numbers: Mapping[_Key, int]
    days: Mapping[str, int]

    def number(self, kind: str, month: Month = "", *, party: str = ALL, key: str = "") -> int:
        """Return one number; of all months where none is named."""
        parties = [party] if party else list(self.days)
        months = [month] if month else self.months
        return sum(self.numbers.get((one, at, kind, key), 0) for one in parties for at in months)

    def is_known(self, month: Month, *, party: str = ALL) -> bool:
        """Tell whether anything was reported of a month."""
        return any(self.numbers.get((one, month, "days", ""), 0) for one in ([party] if party else self.days))

    def languages(self, *, party: str = ALL) -> list[tuple[str, int]]:
        """Return how many pages were shown in each language, the most used first."""
        found = Counter[str]()
        for (one, _, kind, key), number in self.numbers.items():
            if kind == tally.LANGUAGE and party in (ALL, one):
                found[key] += number
        return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def load_use(hub: Hub) -> Use:
    """Return what all parties counted in the last twelve months, up to yesterday."""
    months = months_back(hub.today(), MONTHS)
    numbers, days = Counter[_Key](), Counter[str]()
    with hub.db.read() as conn:
        for party, day, counted in reports.iterate_counted(conn, since=f"{months[0]}-01"):
            month = day[:7]
            days[party] += 1
            numbers[party, month, "days", ""] += 1
            numbers[party, month, tally.SEARCH, ""] += counted.searches
            numbers[party, month, tally.VIEW, ""] += counted.views
            numbers[party, month, tally.SHARE, ""] += counted.shares or 0
            for tag, number in counted.languages:
                numbers[party, month, tally.LANGUAGE, tag] += number
    return Use(months, numbers, days)


def parties_of(hub: Hub) -> list[str]:
    """Return everybody who counts: the members by name, then the hub's own pages."""
    return [*sorted(row.name for row in hub.members()), OWN]


def is_few(number: float) -> bool:
    """Tell whether a number is too small to be told."""
    return 0 < number < SEEN_AT_LEAST


COLUMNS = ("Monat", "Stelle", "Was", "Sprache", "Anzahl")


def table_rows(use: Use, parties: Mapping[str, str], languages: Mapping[str, str]) -> Iterator[tuple[Cell, ...]]:
    """Yield the rows of `COLUMNS`: every number of every month that somebody reported of.

    Args:
        parties: what each party is called.
        languages: what each language is called in German.
    """
    for month in use.months:
        for party, title in parties.items():
            if not use.is_known(month, party=party):
                continue
            for kind in (tally.SEARCH, tally.VIEW, tally.SHARE):
                yield month, title, KINDS[kind], "", _told(use.number(kind, month, party=party))
            for tag, _ in use.languages(party=party):
                number = use.number(tally.LANGUAGE, month, party=party, key=tag)
                if number:
                    yield month, title, KINDS[tally.LANGUAGE], languages.get(tag, tag), _told(number)


def _told(number: int) -> Cell:
    return FEW if is_few(number) else number
