"""How members stood over the last year, a row for each day: for the chart on a member's page.

A day is one in the district.  Each hour the day's row is written anew: size and offers as they are, the largest lag and
the most urgent state since midnight, so that trouble of an hour is seen on its day.  Kept for 400 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from hub import overview
from hub.notes import newest_note
from hub.overview import Member
from hub.party import Hub
from hub.store.member_days import MemberDay, drop_days, load_day, load_days, save_day
from shared.consume import shown_origins
from shared.feed.outcomes import PRECEDENCE, State
from shared.holdings import catalogue, facts

KEPT_DAYS = 400
SPANS: Mapping[int, str] = {30: "30 Tage", 365: "ein Jahr"}
"""What the page offers to look back at."""
Span = Literal[30, 365]
_EVERY_SECONDS = 3600
_WRITTEN = "member-days-written-at"


def care(hub: Hub) -> None:
    """Write how the members stand today, once an hour; nothing while recovering, what we hold may be old."""
    now = hub.clock.now()
    with hub.db.read() as conn:
        is_due = facts.has_passed(conn, _WRITTEN, now=now, seconds=_EVERY_SECONDS)
        recovering = bool(facts.load_number(conn, "recovering-since"))
    if not is_due or recovering:
        return
    members, today = overview.members(hub), hub.today()
    with hub.db.write() as conn:
        facts.save_fact(conn, _WRITTEN, now)
        said, before = newest_note(conn), load_day(conn, today.isoformat())
        offers = catalogue.count_shown(conn, shown_origins(said)) if said else {}
        rows = [_day_of(one, offers.get(one.name, 0), today, before.get(one.name)) for one in members]
        save_day(conn, today.isoformat(), rows)
        drop_days(conn, before=(today - timedelta(days=KEPT_DAYS)).isoformat())


def _day_of(member: Member, offers: int, today: date, before: MemberDay | None) -> MemberDay:
    lag, state = member.lag, member.state
    if before is not None:
        lag, state = max(lag, before.lag), _more_urgent(state, before.state)
    return MemberDay(member.name, today.isoformat(), member.size, offers, lag, state)


def _more_urgent(one: str, other: str) -> str:
    return one if PRECEDENCE.index(State(one)) <= PRECEDENCE.index(State(other)) else other


def load_course(hub: Hub, name: str, days: int) -> Sequence[MemberDay | date]:
    """Return each of the last days of a member, oldest first; a bare date where nothing was written."""
    today = hub.today()
    first = today - timedelta(days=days - 1)
    with hub.db.read() as conn:
        known = {row.day: row for row in load_days(conn, name, since=first.isoformat())}
    dates = (first + timedelta(days=number) for number in range(days))
    return [known.get(day.isoformat(), day) for day in dates]
