"""Of which refused versions their owners were told."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import told_refusal


class ToldRefusal(msgspec.Struct, frozen=True):
    """A refused version that was told, when, and under which id it went into the inbox."""

    member: str
    rid: bytes
    position: int
    ref: bytes
    time: int


def load_told(conn: sa.Connection) -> dict[tuple[str, bytes, int], ToldRefusal]:
    """Return what was told, by member, record and version."""
    rows = conn.execute(sa.select(told_refusal))
    found = (ToldRefusal(row.member, bytes(row.rid), row.position, bytes(row.ref), row.time) for row in rows)
    return {(one.member, one.rid, one.position): one for one in found}


def add_told(conn: sa.Connection, told: ToldRefusal) -> None:
    """Remember that a version was told."""
    conn.execute(sa.insert(told_refusal).values(**msgspec.structs.asdict(told)))


def drop_told(conn: sa.Connection, *, before: int) -> int:
    """Forget what was told before this time; returns how many rows went."""
    return conn.execute(sa.delete(told_refusal).where(told_refusal.c.time < before)).rowcount
