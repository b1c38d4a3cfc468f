"""What members reported, a row for each of their days."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import sqlalchemy as sa

from hub.store.tables import report


class ToldOverdue(msgspec.Struct, frozen=True):
    """What a member said of its offers on a day; `overdue` want a check or never had one."""

    member: str
    day: str
    offers: int
    overdue: int


class Counted(msgspec.Struct, frozen=True):
    """What the pages of a member were asked on a day; older reports lack the last two."""

    searches: int = 0
    views: int = 0
    shares: int | None = None
    languages: tuple[tuple[str, int], ...] = ()


class _Overdue(msgspec.Struct, frozen=True):
    offers: int = 0
    overdue: int = 0


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


def load_overdue(conn: sa.Connection, *, since: str, before: str) -> list[ToldOverdue]:
    """Return what members said of their offers from one day to before another, the oldest first."""
    is_asked = sa.and_(report.c.day >= since, report.c.day < before)
    query = sa.select(report.c.member, report.c.day, report.c.body).where(is_asked).order_by(report.c.day)
    rows = [(row.member, row.day, msgspec.json.decode(row.body, type=_Overdue)) for row in conn.execute(query)]
    return [ToldOverdue(member, day, told.offers, told.overdue) for member, day, told in rows]


def load_newest(conn: sa.Connection, member: str) -> str | None:
    """Return the body of the last day that a member reported, or None."""
    query = sa.select(report.c.body).where(report.c.member == member).order_by(report.c.day.desc()).limit(1)
    body = conn.execute(query).scalar()
    return None if body is None else str(body)


def iterate_counted(conn: sa.Connection, *, since: str) -> Iterator[tuple[str, str, Counted]]:
    """Yield (member, day, counts) of every report since a day, that day included, read quickly: we wrote them."""
    decoder = msgspec.json.Decoder(Counted)
    query = sa.select(report.c.member, report.c.day, report.c.body).where(report.c.day >= since)
    for row in conn.execute(query):
        yield row.member, row.day, decoder.decode(row.body)
