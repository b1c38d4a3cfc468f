"""Alarms from their first minute to their last."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.store.tables import alarm


class AlarmRow(msgspec.Struct, frozen=True):
    """One alarm as it is kept; times in Unix seconds, None for what has not happened."""

    id: int
    cause: str
    name: str
    message: str
    command: str
    first_seen: int
    last_seen: int
    ended: int | None
    mailed: int | None
    end_mailed: int | None
    noted: int | None
    noted_by: int | None

    @property
    def is_about_member(self) -> bool:
        """It is about a member, not about the hub itself."""
        return ":" in self.cause

    @property
    def kind(self) -> str:
        """What it is about, whoever it is about."""
        return self.cause.rpartition(":")[2]


def add_alarm(conn: sa.Connection, *, cause: str, name: str, message: str, command: str, now: int) -> int:
    """Keep an alarm that begins; returns its number."""
    query = sa.insert(alarm).values(
        cause=cause, name=name, message=message, command=command, first_seen=now, last_seen=now
    )
    return int(conn.execute(query.returning(alarm.c.id)).scalar_one())


def change_alarms(conn: sa.Connection, numbers: Sequence[int], **values: object) -> None:
    """Set columns of alarms."""
    conn.execute(sa.update(alarm).where(alarm.c.id.in_(numbers)).values(**values))


def load_open(conn: sa.Connection) -> list[AlarmRow]:
    """Return the alarms that last, the newest first."""
    return _load(conn, sa.select(alarm).where(alarm.c.ended.is_(None)).order_by(alarm.c.first_seen.desc(), alarm.c.id))


def load_ended(conn: sa.Connection, *, most: int = 200) -> list[AlarmRow]:
    """Return the alarms that are over, the newest end first."""
    query = sa.select(alarm).where(alarm.c.ended.is_not(None))
    return _load(conn, query.order_by(alarm.c.ended.desc(), alarm.c.id.desc()).limit(most))


def load_of_name(conn: sa.Connection, name: str, *, most: int = 50) -> list[AlarmRow]:
    """Return the alarms of one member or matter, the newest first."""
    return _load(conn, sa.select(alarm).where(alarm.c.name == name).order_by(alarm.c.id.desc()).limit(most))


def load_alarm(conn: sa.Connection, number: int) -> AlarmRow | None:
    """Return one alarm, or None."""
    return next(iter(_load(conn, sa.select(alarm).where(alarm.c.id == number))), None)


def load_untold(conn: sa.Connection) -> list[AlarmRow]:
    """Return the alarms of which no letter said yet that they began, or that they ended."""
    query = sa.select(alarm).where(
        sa.or_(
            sa.and_(alarm.c.ended.is_(None), alarm.c.mailed.is_(None)),
            sa.and_(alarm.c.ended.is_not(None), alarm.c.mailed.is_not(None), alarm.c.end_mailed.is_(None)),
        )
    )
    return _load(conn, query.order_by(alarm.c.id))


def drop_ended(conn: sa.Connection, *, before: int) -> int:
    """Delete alarms that were over before this time; returns how many."""
    return conn.execute(sa.delete(alarm).where(alarm.c.ended < before)).rowcount


def _load(conn: sa.Connection, query: sa.Select[tuple[object, ...]]) -> list[AlarmRow]:
    return [AlarmRow(**row._mapping) for row in conn.execute(query)]
