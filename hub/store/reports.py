"""What members reported, a row for each of their days."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables import report


def save_report(conn: sa.Connection, member: str, day: str, body: str, *, now: int) -> None:
    """Keep a report (JSON) in place of an earlier one of the same day."""
    mine = sa.and_(report.c.member == member, report.c.day == day)
    if not conn.execute(sa.update(report).where(mine).values(body=body, time=now)).rowcount:
        conn.execute(sa.insert(report).values(member=member, day=day, body=body, time=now))


def load_reports(conn: sa.Connection, *, since: str) -> list[tuple[str, str]]:
    """Return (member, body) of every report since a day, that day included."""
    return [(row.member, row.body) for row in conn.execute(sa.select(report).where(report.c.day >= since))]


def drop_reports(conn: sa.Connection, *, before: str) -> None:
    """Delete reports of earlier days."""
    conn.execute(sa.delete(report).where(report.c.day < before))
