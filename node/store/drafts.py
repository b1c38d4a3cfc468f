"""Drafts and notes for staff: text that never leaves this node, and that an erasure must find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from node.store.tables import draft, staff_note
from shared.database import Database, in_chunks
from shared.holdings.prepared import Prepared

WRITING, SUBMITTED = "draft", "submitted"
_COLUMNS = ("rid", "body", "time", "state", "revision", "editor", "note", "publish_at")


class Draft(msgspec.Struct, frozen=True):
    """The version of an offer that is not published yet.

    `state` is draft or submitted; `note` what the person who gave it back wants changed; `publish_at` when it is
    published by itself (Unix seconds).
    """

    rid: bytes
    body: bytes
    time: int
    revision: int
    editor: str = ""
    state: str = WRITING
    note: str = ""
    publish_at: int | None = None


def _draft(row: sa.Row[Any]) -> Draft:
    return Draft(**{**row._mapping, "rid": bytes(row.rid), "body": bytes(row.body)})


def load_draft(conn: sa.Connection, rid: bytes) -> Draft | None:
    """Return the draft of an offer, or None."""
    row = conn.execute(sa.select(*(draft.c[name] for name in _COLUMNS)).where(draft.c.rid == rid)).first()
    return None if row is None else _draft(row)


def load_drafts(conn: sa.Connection) -> dict[bytes, Draft]:
    """Return every draft by the id of its offer."""
    rows = conn.execute(sa.select(*(draft.c[name] for name in _COLUMNS)).order_by(draft.c.rid))
    return {found.rid: found for found in map(_draft, rows)}


def iterate_drafts(conn: sa.Connection) -> Iterator[tuple[bytes, bytes]]:
    """Yield (rid, document as JSON) of every draft."""
    for row in conn.execute(sa.select(draft.c.rid, draft.c.body).order_by(draft.c.rid)):
        yield bytes(row.rid), bytes(row.body)


_DUE = Prepared(sa.select(draft.c.rid).where(draft.c.publish_at <= sa.bindparam("now")).order_by(draft.c.publish_at))


def load_due(conn: sa.Connection, now: int) -> list[bytes]:
    """Return the offers whose draft is to be published by itself by now."""
    return [bytes(rid) for rid in _DUE.run(conn, now=now).scalars()]


def save_drafts(db: Database, conn: sa.Connection, found: Sequence[Draft]) -> None:
    """Keep drafts, each in place of the one before."""
    drop_drafts(conn, [one.rid for one in found])
    db.insert_rows(conn, draft, _COLUMNS, [tuple(getattr(one, name) for name in _COLUMNS) for one in found])


def iterate_notes(conn: sa.Connection) -> Iterator[tuple[bytes, str]]:
    """Yield (rid, what the person who gave it back wants changed) where there is such a note."""
    for row in conn.execute(sa.select(draft.c.rid, draft.c.note).where(draft.c.note != "")):
        yield bytes(row.rid), row.note


def clean_drafts(conn: sa.Connection, bodies: Mapping[bytes, bytes], notes: Mapping[bytes, str], revision: int) -> None:
    """Put cleaned texts in place of those that named a person; whose they are and their state stay.

    The new revision makes an editor who still has the old text open be asked before it is saved again.
    """
    for rid, body in bodies.items():
        conn.execute(sa.update(draft).where(draft.c.rid == rid).values(body=body, revision=revision))
    for rid, note in notes.items():
        conn.execute(sa.update(draft).where(draft.c.rid == rid).values(note=note))


def drop_drafts(conn: sa.Connection, ids: Sequence[bytes]) -> int:
    """Delete drafts; returns how many there were."""
    found = 0
    for piece in in_chunks(ids):
        found += conn.execute(sa.delete(draft).where(draft.c.rid.in_(piece))).rowcount
    return found


def drop_older(conn: sa.Connection, rid: bytes, *, until: int) -> None:
    """Delete the draft of an offer if it was written by then."""
    conn.execute(sa.delete(draft).where(draft.c.rid == rid, draft.c.time <= until))


def iterate_sources(conn: sa.Connection) -> Iterator[tuple[bytes, str]]:
    """Yield (rid, note for staff) where there is one."""
    for row in conn.execute(sa.select(staff_note)):
        yield bytes(row.rid), row.source


def load_source(conn: sa.Connection, rid: bytes) -> str:
    """Return where an offer comes from, as its editors noted it; "" for nothing."""
    return str(conn.execute(sa.select(staff_note.c.source).where(staff_note.c.rid == rid)).scalar() or "")


def save_sources(db: Database, conn: sa.Connection, sources: Mapping[bytes, str]) -> None:
    """Keep where offers come from; an empty text deletes the note."""
    for piece in in_chunks(list(sources)):
        conn.execute(sa.delete(staff_note).where(staff_note.c.rid.in_(piece)))
    rows = [(rid, source) for rid, source in sources.items() if source]
    db.insert_rows(conn, staff_note, ("rid", "source"), rows)
