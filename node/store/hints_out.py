"""Hints about offers of others on their way to the hub: text by people, which an erasure must find."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from node.store.tables import hint_out
from shared.feed.passed_hints import PassedHint


def add_out(conn: sa.Connection, passed: PassedHint, *, now: int) -> None:
    """Keep a hint until the hub has it."""
    conn.execute(
        sa.insert(hint_out).values(
            id=passed.id, rid=passed.rid, text=passed.text, contact=passed.contact, created=now, tries=0
        )
    )


def load_out(conn: sa.Connection, *, most: int) -> list[PassedHint]:
    """Return what is to be sent next: what was sent least, the oldest first."""
    query = sa.select(hint_out).order_by(hint_out.c.tries, hint_out.c.created, hint_out.c.id).limit(most)
    return [PassedHint(bytes(row.id), bytes(row.rid), row.text, row.contact) for row in conn.execute(query)]


def count_out(conn: sa.Connection) -> int:
    """Return how many hints wait for the hub."""
    return int(conn.execute(sa.select(sa.func.count()).select_from(hint_out)).scalar_one())


def note_sent(conn: sa.Connection, ids: Collection[bytes]) -> None:
    """Count one more try."""
    conn.execute(sa.update(hint_out).where(hint_out.c.id.in_(ids)).values(tries=hint_out.c.tries + 1))


def drop_out(conn: sa.Connection, ids: Collection[bytes]) -> int:
    """Delete what the hub has; returns how many rows went."""
    return conn.execute(sa.delete(hint_out).where(hint_out.c.id.in_(ids))).rowcount


def drop_old_out(conn: sa.Connection, *, until: int) -> int:
    """Delete what the hub did not take since this time; returns how many rows went."""
    return conn.execute(sa.delete(hint_out).where(hint_out.c.created <= until)).rowcount


def iterate_texts(conn: sa.Connection) -> Iterator[tuple[bytes, bytes, dict[str, str]]]:
    """Yield (id, offer, texts) of every hint."""
    for row in conn.execute(sa.select(hint_out)):
        yield bytes(row.id), bytes(row.rid), {"text": row.text, "email": row.contact}


def replace_texts(conn: sa.Connection, number: bytes, texts: Mapping[str, Any]) -> None:
    """Put cleaned texts in place of those that named a person; what is left out becomes empty."""
    found = {"text": str(texts.get("text", "")), "contact": str(texts.get("email", ""))}
    conn.execute(sa.update(hint_out).where(hint_out.c.id == number).values(**found))
