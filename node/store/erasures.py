"""What is kept of erasures: when, how much, and which size of the own log covers them; never whom."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from node.store.tables import erasure
from shared.feed.entry import Erase
from shared.feed.fold import parse_entries
from shared.holdings import logs


class Erasure(msgspec.Struct, frozen=True):
    """One erasure; `size` is that of the own log with it, None until it is known."""

    id: int
    time: int
    offers: int
    versions: int
    cleaned: int
    size: int | None = None


def add_erasure(conn: sa.Connection, time: int, *, offers: int, versions: int, cleaned: int) -> int:
    """Keep that a person was erased; returns the number of the record."""
    values = {"time": time, "offers": offers, "versions": versions, "cleaned": cleaned}
    return int(conn.execute(sa.insert(erasure).values(values).returning(erasure.c.id)).scalar_one())


def load_erasures(conn: sa.Connection, *, most: int = 50) -> list[Erasure]:
    """Return the newest erasures, newest first."""
    return [_read(row) for row in conn.execute(sa.select(erasure).order_by(erasure.c.id.desc()).limit(most))]


def load_erasure(conn: sa.Connection, number: int) -> Erasure | None:
    """Return one erasure, or None."""
    row = conn.execute(sa.select(erasure).where(erasure.c.id == number)).first()
    return None if row is None else _read(row)


def save_size(conn: sa.Connection, number: int, size: int) -> None:
    """Note the size of the own log that covers an erasure."""
    conn.execute(sa.update(erasure).where(erasure.c.id == number).values(size=size))


def _read(row: sa.Row[tuple[object, ...]]) -> Erasure:
    return Erasure(**dict(row._mapping))


def covering_size(conn: sa.Connection, log_id: int, size: int) -> int:
    """Return the size of the log that covers its last erasure, 0 when there is none in it."""
    for number in range(size // logs.WIDTH, -1, -1):
        entries = parse_entries(logs.load_entries(conn, log_id, number))
        for at in range(len(entries) - 1, -1, -1):
            if isinstance(entries[at], Erase):
                return number * logs.WIDTH + at + 1
    return 0
