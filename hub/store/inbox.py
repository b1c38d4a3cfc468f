"""What waits for members at the hub."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.store.tables import inbox


class Waiting(msgspec.Struct, frozen=True):
    """One thing that waits for a member; `body` is JSON."""

    id: bytes
    member: str
    kind: str
    rid: bytes
    body: str
    created: int


def add_waiting(conn: sa.Connection, row: Waiting) -> None:
    """Keep something for a member."""
    conn.execute(sa.insert(inbox).values(**msgspec.structs.asdict(row)))


def load_waiting(conn: sa.Connection, member: str, *, most: int) -> list[Waiting]:
    """Return what waits for a member, oldest first."""
    query = sa.select(inbox).where(inbox.c.member == member).order_by(inbox.c.created, inbox.c.id).limit(most)
    return [
        Waiting(bytes(row.id), row.member, row.kind, bytes(row.rid), row.body, row.created)
        for row in conn.execute(query)
    ]


def load_bodies(conn: sa.Connection, member: str, rid: bytes) -> list[str]:
    """Return the bodies of what waits about one offer of a member."""
    query = sa.select(inbox.c.body).where(inbox.c.rid == rid, inbox.c.member == member)
    return list(conn.execute(query).scalars())


def is_waiting(conn: sa.Connection, number: bytes) -> bool:
    """Tell whether something of this id waits, for whomever."""
    return conn.execute(sa.select(inbox.c.id).where(inbox.c.id == number)).first() is not None


def count_waiting(conn: sa.Connection, member: str) -> int:
    """Return how much waits for a member."""
    return int(conn.execute(sa.select(sa.func.count()).where(inbox.c.member == member)).scalar_one())


def drop_waiting(conn: sa.Connection, member: str, ids: Sequence[bytes]) -> int:
    """Delete what a member has dealt with, never what waits for another; returns how many rows went."""
    return conn.execute(sa.delete(inbox).where(inbox.c.member == member, inbox.c.id.in_(ids))).rowcount


def drop_old(conn: sa.Connection, *, until: int) -> int:
    """Delete what nobody asked for since this time; returns how many rows went."""
    return conn.execute(sa.delete(inbox).where(inbox.c.created <= until)).rowcount
