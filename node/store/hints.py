"""Hints from outside: text by people, which an erasure must find."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from node.store.tables import hint

OPEN, ANSWERED, CLOSED = "open", "answered", "closed"


class Hint(msgspec.Struct, frozen=True):
    """One hint about one own offer; `source` says where it was given, see node.hints."""

    id: int
    rid: bytes
    title: str
    text: str
    contact: str
    source: str
    time: int
    state: str
    note: str
    reason: str
    editor: str
    closed_at: int | None
    ref: bytes | None = None


def _hint(row: sa.Row[Any]) -> Hint:
    return Hint(**{**row._mapping, "rid": bytes(row.rid), "ref": None if row.ref is None else bytes(row.ref)})


def add_hint(
    conn: sa.Connection, *, rid: bytes, title: str, text: str, contact: str, source: str, now: int,
    ref: bytes | None = None,
) -> int:  # fmt: skip
    """Keep a new hint; returns its number."""
    query = sa.insert(hint).values(
        rid=rid, title=title, text=text, contact=contact, source=source, time=now, state=OPEN, note="", reason="",
        editor="", closed_at=None, ref=ref,
    )  # fmt: skip
    return int(conn.execute(query.returning(hint.c.id)).scalar_one())


def load_hints(conn: sa.Connection) -> list[Hint]:
    """Return every hint, newest first."""
    return [_hint(row) for row in conn.execute(sa.select(hint).order_by(hint.c.id.desc()))]


def load_hint(conn: sa.Connection, number: int) -> Hint | None:
    """Return one hint, or None."""
    row = conn.execute(sa.select(hint).where(hint.c.id == number)).first()
    return None if row is None else _hint(row)


def has_ref(conn: sa.Connection, ref: bytes) -> bool:
    """Tell whether the hint that the hub gave this id is kept already."""
    return conn.execute(sa.select(hint.c.id).where(hint.c.ref == ref)).first() is not None


def count_open(conn: sa.Connection) -> int:
    """Return how many hints wait for somebody."""
    return int(conn.execute(sa.select(sa.func.count()).where(hint.c.state == OPEN)).scalar_one())


def change_hint(conn: sa.Connection, number: int, **values: object) -> None:
    """Set columns of a hint."""
    conn.execute(sa.update(hint).where(hint.c.id == number).values(**values))


def forget_contacts(conn: sa.Connection, *, closed_before: int) -> int:
    """Delete how the writers of hints that were closed before this time can be reached; returns how many."""
    old = sa.and_(hint.c.closed_at < closed_before, hint.c.contact != "")
    return conn.execute(sa.update(hint).where(old).values(contact="")).rowcount


def drop_old(conn: sa.Connection, *, before: int) -> int:
    """Delete hints that were closed before this time, and answered ones that came before it; returns how many."""
    is_old = sa.or_(hint.c.closed_at < before, sa.and_(hint.c.state == ANSWERED, hint.c.time < before))
    return conn.execute(sa.delete(hint).where(is_old)).rowcount


def iterate_texts(conn: sa.Connection) -> Iterator[tuple[int, bytes, dict[str, str]]]:
    """Yield (number, offer, texts) of every hint."""
    for row in conn.execute(sa.select(hint.c.id, hint.c.rid, hint.c.title, hint.c.text, hint.c.contact, hint.c.note)):
        yield row.id, bytes(row.rid), {"title": row.title, "text": row.text, "email": row.contact, "note": row.note}


def replace_texts(conn: sa.Connection, number: int, texts: Mapping[str, Any]) -> None:
    """Put cleaned texts in place of those that named a person; what is left out becomes empty."""
    found = {name: str(texts.get(name, "")) for name in ("title", "text", "note")}
    change_hint(conn, number, contact=str(texts.get("email", "")), **found)
