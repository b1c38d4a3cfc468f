"""Figures that the hub notes once a day: how many offers of each member want a check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.store.tables import freshness


class DayOfChecks(msgspec.Struct, frozen=True):
    """One day of one member; `overdue` counts the never checked too, `median_days` is None where none was checked."""

    member: str
    day: str
    offers: int
    overdue: int
    never: int
    median_days: int | None


def save_days(conn: sa.Connection, rows: Sequence[DayOfChecks]) -> None:
    """Keep figures of days, in place of what was noted of the same days before."""
    for row in rows:
        mine = sa.and_(freshness.c.member == row.member, freshness.c.day == row.day)
        values: dict[str, Any] = msgspec.structs.asdict(row)
        if not conn.execute(sa.update(freshness).where(mine).values(**values)).rowcount:
            conn.execute(sa.insert(freshness).values(**values))


def load_days(conn: sa.Connection, *, since: str) -> list[DayOfChecks]:
    """Return the figures since a day, that day included, the oldest first."""
    query = sa.select(freshness).where(freshness.c.day >= since).order_by(freshness.c.day, freshness.c.member)
    return [DayOfChecks(**row._mapping) for row in conn.execute(query)]


def drop_days(conn: sa.Connection, *, before: str) -> None:
    """Forget earlier days."""
    conn.execute(sa.delete(freshness).where(freshness.c.day < before))
