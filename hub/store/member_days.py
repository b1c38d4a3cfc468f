"""How members stood day by day."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.store.tables import member_day


class MemberDay(msgspec.Struct, frozen=True):
    """One day of one member: the last size and number of offers, the largest lag, the most urgent state."""

    member: str
    day: str
    size: int
    offers: int
    lag: int
    state: str


def load_days(conn: sa.Connection, member: str, *, since: str) -> list[MemberDay]:
    """Return the days of a member from one day on, oldest first."""
    query = sa.select(member_day).where(member_day.c.member == member, member_day.c.day >= since)
    return [MemberDay(**row._mapping) for row in conn.execute(query.order_by(member_day.c.day))]


def load_day(conn: sa.Connection, day: str) -> dict[str, MemberDay]:
    """Return how all members stood on a day, by name."""
    rows = conn.execute(sa.select(member_day).where(member_day.c.day == day))
    return {row.member: MemberDay(**row._mapping) for row in rows}


def save_day(conn: sa.Connection, day: str, rows: Sequence[MemberDay]) -> None:
    """Keep a day of all members; what was kept of it before is replaced."""
    conn.execute(sa.delete(member_day).where(member_day.c.day == day))
    if rows:
        conn.execute(sa.insert(member_day), [msgspec.structs.asdict(row) for row in rows])


def drop_days(conn: sa.Connection, *, before: str) -> int:
    """Delete days that are too long ago; returns how many rows went."""
    return conn.execute(sa.delete(member_day).where(member_day.c.day < before)).rowcount
