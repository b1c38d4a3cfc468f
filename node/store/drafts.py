"""Drafts and notes for staff: text that never leaves this node, and that an erasure must find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import sqlalchemy as sa

from node.store.tables import draft, staff_note
from shared.database import Database, in_chunks


def load_draft(conn: sa.Connection, rid: bytes) -> bytes | None:
    """Return the draft of an offer as JSON, or None."""
    body = conn.execute(sa.select(draft.c.body).where(draft.c.rid == rid)).scalar()
    return None if body is None else bytes(body)


def iterate_drafts(conn: sa.Connection) -> Iterator[tuple[bytes, bytes]]:
    """Yield (rid, document as JSON) of every draft."""
    for row in conn.execute(sa.select(draft.c.rid, draft.c.body).order_by(draft.c.rid)):
        yield bytes(row.rid), bytes(row.body)


def draft_ids(conn: sa.Connection) -> set[bytes]:
    """Return the ids of all drafts."""
    return {bytes(rid) for rid in conn.execute(sa.select(draft.c.rid)).scalars()}


def save_drafts(db: Database, conn: sa.Connection, bodies: Mapping[bytes, bytes], *, now: int) -> None:
    """Keep drafts, each in place of the one before."""
    drop_drafts(conn, list(bodies))
    db.insert_rows(conn, draft, ("rid", "body", "time"), [(rid, body, now) for rid, body in bodies.items()])


def drop_drafts(conn: sa.Connection, ids: Sequence[bytes]) -> int:
    """Delete drafts; returns how many there were."""
    found = 0
    for piece in in_chunks(ids):
        found += conn.execute(sa.delete(draft).where(draft.c.rid.in_(piece))).rowcount
    return found


def iterate_sources(conn: sa.Connection) -> Iterator[tuple[bytes, str]]:
    """Yield (rid, note for staff) where there is one."""
    for row in conn.execute(sa.select(staff_note)):
        yield bytes(row.rid), row.source


def save_sources(db: Database, conn: sa.Connection, sources: Mapping[bytes, str]) -> None:
    """Keep where offers come from; an empty text deletes the note."""
    for piece in in_chunks(list(sources)):
        conn.execute(sa.delete(staff_note).where(staff_note.c.rid.in_(piece)))
    rows = [(rid, source) for rid, source in sources.items() if source]
    db.insert_rows(conn, staff_note, ("rid", "source"), rows)
