"""How the freshness of the offers went over the last months: noted once a day, shown month by month.

Of days before the first note the members' own reports are taken, which count the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.freshness import Checks, standings_of
from hub.months import months_back
from hub.party import Hub
from hub.store import figures, reports
from hub.store.figures import DayOfChecks
from shared.holdings import facts

MONTHS = 12
_NOTED = "freshness-day"
_DAYS_OF_MONTH = 31


@dataclass(frozen=True)
class MonthOfChecks:
    """The last known state of a month.

    Args:
        month: such as 2026-11.
        offers: 0 where nothing is known.
        overdue: how many of them want a check.
        median_days: None where it is not known.
    """

    month: str
    offers: int
    overdue: int
    median_days: int | None

    @property
    def share(self) -> float | None:
        """Percent of the offers that want a check; None where nothing is known."""
        return 100 * self.overdue / self.offers if self.offers else None


def note_day(hub: Hub) -> bool:
    """Note today's figures, once a day; returns whether that was done now.  A repeated day replaces itself."""
    today = hub.today().isoformat()
    with hub.db.read() as conn:
        if facts.load_fact(conn, _NOTED) == today:
            return False
    names = [row.name for row in hub.members()]
    found = standings_of(names, hub.kept(Checks).offers(), hub.today())
    rows = [DayOfChecks(one.member, today, one.offers, one.overdue, one.never, one.median_days) for one in found]
    oldest = hub.today() - timedelta(days=_DAYS_OF_MONTH * (MONTHS + 1))
    with hub.db.write() as conn:
        figures.save_days(conn, rows)
        figures.drop_days(conn, before=oldest.isoformat())
        facts.save_fact(conn, _NOTED, today)
    return True


def load_trend(hub: Hub) -> list[DayOfChecks]:
    """Return what is known of each day of the last twelve months, the oldest first."""
    since = f"{months_back(hub.today(), MONTHS)[0]}-01"
    with hub.db.read() as conn:
        noted = figures.load_days(conn, since=since)
        first = noted[0].day if noted else hub.today().isoformat()
        told = reports.load_overdue(conn, since=since, before=first) if first > since else []
    return [DayOfChecks(one.member, one.day, one.offers, one.overdue, 0, None) for one in told] + noted


def by_month(days: Iterable[DayOfChecks], today: date, *, member: str = "") -> list[MonthOfChecks]:
    """Return twelve months up to today's, each by the last day of it that is known of each member.

    Args:
        member: only of this one; empty = all members together, then without a median.
    """
    last: dict[str, dict[str, DayOfChecks]] = {}
    for day in days:
        if not member or day.member == member:
            last.setdefault(day.day[:7], {})[day.member] = day
    return [_month(name, list(last.get(name, {}).values()), is_one=bool(member)) for name in months_back(today, MONTHS)]


def _month(name: str, rows: Sequence[DayOfChecks], *, is_one: bool) -> MonthOfChecks:
    return MonthOfChecks(
        name, sum(row.offers for row in rows), sum(row.overdue for row in rows),
        rows[0].median_days if is_one and rows else None,
    )  # fmt: skip
