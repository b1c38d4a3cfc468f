"""The publisher's own edits on their way into the log: outbox and conflict list (PROTOCOL 4 W3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.database import Database, in_chunks
from shared.holdings.prepared import Prepared
from shared.holdings.tables import conflict, outbox

NEW = -1
"""Base of an edit that creates a record."""

_COLUMNS = ("op", "kind", "rid", "base", "time", "commitment", "body", "reason", "person")

_EDITS = sa.select(outbox).order_by(outbox.c.id)
_ALL = Prepared(_EDITS)
_FIRST = Prepared(_EDITS.limit(sa.bindparam("most")))
_OF_RECORD = Prepared(sa.select(outbox).where(outbox.c.rid == sa.bindparam("asked")))
_COUNT = Prepared(sa.select(sa.func.count()).select_from(outbox))


class Edit(msgspec.Struct, frozen=True):
    """One pending edit: publish, withdraw or erase.

    `base` is the index of the version it was made on; `person` names whom a pending erasure concerns.
    """

    op: str
    kind: str
    rid: bytes | None
    base: int
    time: int
    commitment: bytes | None = None
    body: bytes | None = None
    reason: str = ""
    person: str | None = None
    id: int = 0


def _edit(row: sa.Row[Any]) -> Edit:
    return Edit(
        op=row.op, kind=row.kind, rid=None if row.rid is None else bytes(row.rid), base=row.base, time=row.time,
        commitment=None if row.commitment is None else bytes(row.commitment),
        body=None if row.body is None else bytes(row.body), reason=row.reason, person=row.person, id=row.id,
    )  # fmt: skip


def add_edit(conn: sa.Connection, edit: Edit) -> int:
    """Put an edit into the outbox; a pending edit of the same record gives way to it and lends it its base."""
    if edit.rid is not None:
        before = find_edit(conn, edit.rid)
        if before is not None:
            edit = msgspec.structs.replace(edit, base=before.base)
            conn.execute(sa.delete(outbox).where(outbox.c.rid == edit.rid))
    values = msgspec.structs.asdict(edit)
    del values["id"]
    return int(conn.execute(sa.insert(outbox).values(values).returning(outbox.c.id)).scalar_one())


def add_edits(db: Database, conn: sa.Connection, new: Sequence[Edit]) -> None:
    """Put many edits of different records into the outbox as `add_edit` does, with one look at what is pending."""
    bases = {
        bytes(rid): base
        for rid, base in conn.execute(sa.select(outbox.c.rid, outbox.c.base).where(outbox.c.rid.is_not(None)))
    }
    for rids in in_chunks([edit.rid for edit in new if edit.rid in bases]):
        conn.execute(sa.delete(outbox).where(outbox.c.rid.in_(rids)))
    rows = []
    for edit in new:
        base = edit.base if edit.rid is None else bases.get(edit.rid, edit.base)
        values = {**msgspec.structs.asdict(edit), "base": base}
        rows.append(tuple(values[name] for name in _COLUMNS))
    db.insert_rows(conn, outbox, _COLUMNS, rows)


def find_edit(conn: sa.Connection, rid: bytes) -> Edit | None:
    """Return the pending publish or withdraw of a record, or None."""
    row = _OF_RECORD.run(conn, asked=rid).first()
    return None if row is None else _edit(row)


def load_edits(conn: sa.Connection, *, most: int | None = None) -> list[Edit]:
    """Return pending edits in the order they were made."""
    rows = _ALL.run(conn) if most is None else _FIRST.run(conn, most=most)
    return [_edit(row) for row in rows]


def drop_edits(conn: sa.Connection, ids: Sequence[int]) -> None:
    """Take edits out of the outbox."""
    for start in range(0, len(ids), 500):
        conn.execute(sa.delete(outbox).where(outbox.c.id.in_(ids[start : start + 500])))


def count_edits(conn: sa.Connection) -> int:
    """Return how many edits are pending."""
    return int(_COUNT.run(conn).scalar_one())


def state_of_edits(conn: sa.Connection) -> str:
    """Return a text that changes whenever an edit is added or taken out."""
    row = conn.execute(sa.select(sa.func.count(), sa.func.max(outbox.c.id), sa.func.min(outbox.c.id))).one()
    return ":".join(str(value) for value in row)


def add_conflict(conn: sa.Connection, edit: Edit, cause: str) -> None:
    """Put an edit whose base is no longer the newest (`stale`), or a lost record (`lost`), before a person."""
    conn.execute(
        sa.insert(conflict).values(
            cause=cause, op=edit.op, kind=edit.kind, rid=edit.rid, base=edit.base, body=edit.body, reason=edit.reason,
            time=edit.time,
        )
    )  # fmt: skip


def load_conflicts(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return what waits for a person's decision, oldest first."""
    return conn.execute(sa.select(conflict).order_by(conflict.c.id)).all()


def count_conflicts(conn: sa.Connection) -> int:
    """Return how many edits wait for a person's decision."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(conflict)).scalar_one())


def drop_conflict(conn: sa.Connection, conflict_id: int) -> None:
    """A person decided."""
    conn.execute(sa.delete(conflict).where(conflict.c.id == conflict_id))


def replace_body(conn: sa.Connection, table: str, row_id: int, body: bytes, commitment: bytes | None) -> None:
    """Put cleaned bytes in place of a pending or conflicting version that named a person."""
    if table == "outbox":
        conn.execute(sa.update(outbox).where(outbox.c.id == row_id).values(body=body, commitment=commitment))
    else:
        conn.execute(sa.update(conflict).where(conflict.c.id == row_id).values(body=body))
