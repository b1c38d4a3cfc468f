"""Erasures that everybody who keeps a copy must carry out, one after the other.

A step is a place in the list of changes; its number counts within the epoch of that list.  Steps of an earlier epoch
come before all of a later one.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import erasure_step


class Step(msgspec.Struct, frozen=True):
    """One erasure: who acknowledges change `number` of the list `epoch` has carried it out."""

    id: int
    epoch: bytes
    number: int
    time: int


def add_step(conn: sa.Connection, epoch: bytes, number: int, *, time: int) -> bool:
    """Keep a step; returns False where it is known already."""
    known = sa.select(erasure_step.c.id).where(erasure_step.c.epoch == epoch, erasure_step.c.number >= number)
    if conn.execute(known.limit(1)).first() is not None:
        return False
    conn.execute(sa.insert(erasure_step).values(epoch=epoch, number=number, time=time))
    return True


def newest_step(conn: sa.Connection) -> int:
    """Return the id of the newest step; 0 before the first."""
    return int(conn.execute(sa.select(sa.func.max(erasure_step.c.id))).scalar() or 0)


def last_done(conn: sa.Connection, epoch: bytes, number: int) -> int:
    """Return the last step that everybody has carried out who has all changes of a list up to this number."""
    open_steps = sa.select(sa.func.min(erasure_step.c.id)).where(
        erasure_step.c.epoch == epoch, erasure_step.c.number > number
    )
    first_open = conn.execute(open_steps).scalar()
    return newest_step(conn) if first_open is None else int(first_open) - 1


def load_steps(conn: sa.Connection, *, after: int) -> list[Step]:
    """Return the steps that follow one, oldest first."""
    query = sa.select(erasure_step).where(erasure_step.c.id > after).order_by(erasure_step.c.id)
    return [Step(row.id, bytes(row.epoch), row.number, row.time) for row in conn.execute(query)]


def drop_done(conn: sa.Connection, *, until: int) -> None:
    """Forget steps that nobody owes any more; the newest stays, so that it is not counted twice."""
    newest = newest_step(conn)
    conn.execute(sa.delete(erasure_step).where(erasure_step.c.id <= until, erasure_step.c.id < newest))
