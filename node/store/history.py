"""What became of each offer, version by version, and the operations that changed many at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from node.store.tables import history, operation
from shared.database import Database

_COLUMNS = ("rid", "time", "editor", "action", "state", "body", "note", "operation_id")


class Step(msgspec.Struct, frozen=True):
    """One thing that happened to an offer.

    `state` is that of the offer afterwards: draft, submitted, published, withdrawn; `body` the document afterwards as
    JSON, None where only the state changed.
    """

    rid: bytes
    time: int
    editor: str
    action: str
    state: str
    body: bytes | None = None
    note: str = ""
    operation_id: int | None = None
    id: int = 0


class Operation(msgspec.Struct, frozen=True):
    """One change to many offers."""

    id: int
    time: int
    editor: str
    title: str
    undone_at: int | None


def _step(row: sa.Row[tuple[object, ...]]) -> Step:
    values = dict(row._mapping)
    body = values["body"]
    return Step(**{**values, "rid": bytes(values["rid"]), "body": None if body is None else bytes(body)})


def add_steps(db: Database, conn: sa.Connection, steps: Sequence[Step]) -> None:
    """Note what happened."""
    db.insert_rows(conn, history, _COLUMNS, [tuple(getattr(step, name) for name in _COLUMNS) for step in steps])


def load_steps(conn: sa.Connection, rid: bytes) -> list[Step]:
    """Return what happened to an offer, oldest first."""
    return [_step(row) for row in conn.execute(sa.select(history).where(history.c.rid == rid).order_by(history.c.id))]


def load_step(conn: sa.Connection, number: int) -> Step | None:
    """Return one step by its number, or None."""
    row = conn.execute(sa.select(history).where(history.c.id == number)).first()
    return None if row is None else _step(row)


def replace_step(conn: sa.Connection, number: int, *, time: int, body: bytes) -> None:
    """Let a later save of the same person take the place of an earlier one."""
    conn.execute(sa.update(history).where(history.c.id == number).values(time=time, body=body))


def newest_steps(conn: sa.Connection) -> dict[bytes, tuple[int, str]]:
    """Return time and editor of the last thing that happened to each offer."""
    last = sa.select(sa.func.max(history.c.id)).group_by(history.c.rid)
    rows = conn.execute(sa.select(history.c.rid, history.c.time, history.c.editor).where(history.c.id.in_(last)))
    return {bytes(row.rid): (row.time, row.editor) for row in rows}


def iterate_bodies(conn: sa.Connection) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield (number, rid, document) of every kept version."""
    rows = conn.execute(
        sa.select(history.c.id, history.c.rid, history.c.body).where(history.c.body.is_not(None)).order_by(history.c.id)
    )
    for row in rows:
        yield row.id, bytes(row.rid), bytes(row.body)


def iterate_notes(conn: sa.Connection) -> Iterator[tuple[int, bytes, str]]:
    """Yield (number, rid, note) of every step that has a note."""
    for row in conn.execute(sa.select(history.c.id, history.c.rid, history.c.note).where(history.c.note != "")):
        yield row.id, bytes(row.rid), row.note


def replace_notes(conn: sa.Connection, notes: Mapping[int, str]) -> None:
    """Put cleaned notes in place of those that named a person."""
    for number, note in notes.items():
        conn.execute(sa.update(history).where(history.c.id == number).values(note=note))


def replace_bodies(conn: sa.Connection, bodies: Mapping[int, bytes]) -> None:
    """Put cleaned documents in place of those that named a person."""
    for number, body in bodies.items():
        conn.execute(sa.update(history).where(history.c.id == number).values(body=body))


def forget_bodies(conn: sa.Connection, rid: bytes, *, until: int) -> None:
    """Delete the documents of an offer's versions up to a time; that something happened stays."""
    conn.execute(sa.update(history).where(history.c.rid == rid, history.c.time <= until).values(body=None))


def add_operation(conn: sa.Connection, *, time: int, editor: str, title: str) -> int:
    """Begin an operation; returns its number."""
    query = sa.insert(operation).values(time=time, editor=editor, title=title).returning(operation.c.id)
    return int(conn.execute(query).scalar_one())


def rename_operation(conn: sa.Connection, number: int, title: str) -> None:
    """Say what an operation did, once that is known."""
    conn.execute(sa.update(operation).where(operation.c.id == number).values(title=title))


def load_operations(conn: sa.Connection, *, most: int = 20) -> list[Operation]:
    """Return the newest operations, newest first."""
    rows = conn.execute(sa.select(operation).order_by(operation.c.id.desc()).limit(most))
    return [Operation(row.id, row.time, row.editor, row.title, row.undone_at) for row in rows]


def load_operation(conn: sa.Connection, number: int) -> Operation | None:
    """Return one operation, or None."""
    row = conn.execute(sa.select(operation).where(operation.c.id == number)).first()
    return None if row is None else Operation(row.id, row.time, row.editor, row.title, row.undone_at)


def mark_undone(conn: sa.Connection, number: int, now: int) -> None:
    """An operation was taken back."""
    conn.execute(sa.update(operation).where(operation.c.id == number).values(undone_at=now))


def load_operation_steps(conn: sa.Connection, number: int) -> list[Step]:
    """Return what an operation did to each offer."""
    query = sa.select(history).where(history.c.operation_id == number).order_by(history.c.id)
    return [_step(row) for row in conn.execute(query)]


def step_before(conn: sa.Connection, rid: bytes, number: int) -> Step | None:
    """Return the last step of an offer before this one, or None."""
    query = sa.select(history).where(history.c.rid == rid, history.c.id < number).order_by(history.c.id.desc()).limit(1)
    row = conn.execute(query).first()
    return None if row is None else _step(row)


def body_at(conn: sa.Connection, rid: bytes, number: int) -> bytes | None:
    """Return the document of an offer as it was after this step."""
    query = (
        sa.select(history.c.body)
        .where(history.c.rid == rid, history.c.id <= number, history.c.body.is_not(None))
        .order_by(history.c.id.desc())
        .limit(1)
    )
    body = conn.execute(query).scalar()
    return None if body is None else bytes(body)


def last_step(conn: sa.Connection, rid: bytes) -> Step | None:
    """Return the newest step of an offer, or None."""
    row = conn.execute(sa.select(history).where(history.c.rid == rid).order_by(history.c.id.desc()).limit(1)).first()
    return None if row is None else _step(row)


def shown_before(conn: sa.Connection, rid: bytes, number: int) -> Step | None:
    """Return the last step before this one that put an offer into the catalogue or took it out."""
    query = (
        sa.select(history)
        .where(history.c.rid == rid, history.c.id < number, history.c.state.in_(("published", "withdrawn")))
        .order_by(history.c.id.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else _step(row)


def known_ids(conn: sa.Connection) -> set[bytes]:
    """Return the offers of which anything is noted."""
    return {bytes(rid) for rid in conn.execute(sa.select(history.c.rid).distinct()).scalars()}
