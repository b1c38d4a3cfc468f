"""On what basis a person is named: local, never published, under a keyed hash instead of the name.

The hash cannot be made again without the key, which never leaves the node; an erasure deletes the rows.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from node.store.tables import person_basis
from shared.clock import Dice
from shared.holdings import facts

_KEY_FACT = "person-key"
_KEY_BYTES = 32


class Basis(msgspec.Struct, frozen=True):
    """Why a person may be named: `kind` is funktion, einwilligung or gesetz; `since` a day as ISO text or empty."""

    key: bytes
    kind: str
    since: str = ""
    note: str = ""


def load_secret(conn: sa.Connection) -> bytes | None:
    """Return the key of the hashes, or None before the first use."""
    text = facts.load_fact(conn, _KEY_FACT)
    return bytes.fromhex(text) if text else None


def make_secret(conn: sa.Connection, dice: Dice) -> bytes:
    """Return the key of the hashes, made and kept when there is none yet."""
    known = load_secret(conn)
    if known is None:
        known = dice.token(_KEY_BYTES)
        facts.save_fact(conn, _KEY_FACT, known.hex())
    return known


def load_bases(conn: sa.Connection) -> dict[bytes, Basis]:
    """Return every legal basis by the key of its person."""
    rows = conn.execute(sa.select(person_basis))
    return {bytes(row.key_hash): Basis(bytes(row.key_hash), row.kind, row.since, row.note) for row in rows}


def save_basis(conn: sa.Connection, basis: Basis) -> None:
    """Keep a legal basis in place of the one before."""
    drop_bases(conn, [basis.key])
    values = {"key_hash": basis.key, "kind": basis.kind, "since": basis.since, "note": basis.note}
    conn.execute(sa.insert(person_basis).values(values))


def drop_bases(conn: sa.Connection, keys: Collection[bytes]) -> None:
    """Forget legal bases."""
    for key in keys:
        conn.execute(sa.delete(person_basis).where(person_basis.c.key_hash == key))
