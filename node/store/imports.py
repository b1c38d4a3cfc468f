"""Traces of imported rows: which row became which offer, as keyed hashes only (mapping of the CSV columns)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec
import sqlalchemy as sa

from node.store.tables import imported
from shared.clock import Dice
from shared.database import Database, in_chunks
from shared.holdings import facts
from shared.model.reimport import CellHashes

_CELL_BYTES = 8
_KEY_FACT = "import-key"
_KEY_BYTES = 32
_COLUMNS = ("key_hash", "rid", "cells", "cleaned", "withdrawn", "time")


class ImportedRow(msgspec.Struct, frozen=True):
    """One row as it was last imported."""

    key_hash: bytes
    rid: bytes
    cells: CellHashes
    cleaned: int = 0
    withdrawn: bool = False


def load_import_key(conn: sa.Connection) -> bytes | None:
    """Return the key of the hashes, or None before the first import."""
    text = facts.load_fact(conn, _KEY_FACT)
    return bytes.fromhex(text) if text else None


def make_import_key(conn: sa.Connection, dice: Dice) -> bytes:
    """Make and keep the key of the hashes."""
    key = dice.token(_KEY_BYTES)
    facts.save_fact(conn, _KEY_FACT, key.hex())
    return key


def load_imported(conn: sa.Connection) -> dict[bytes, ImportedRow]:
    """Return every remembered row, by the hash of its key."""
    rows = conn.execute(sa.select(imported)).all()
    return {
        bytes(r.key_hash): ImportedRow(bytes(r.key_hash), bytes(r.rid), _split(bytes(r.cells)), r.cleaned, r.withdrawn)
        for r in rows
    }


def _split(cells: bytes) -> CellHashes:
    return tuple(cells[i : i + _CELL_BYTES] for i in range(0, len(cells), _CELL_BYTES))


def save_imported(
    db: Database, conn: sa.Connection, rows: Sequence[ImportedRow], *, forget: Iterable[bytes] = (), now: int
) -> None:
    """Remember rows, in place of what was known under the same key or offer; forget those whose key is gone."""
    gone = [*forget, *(row.key_hash for row in rows)]
    for piece in in_chunks(gone):
        conn.execute(sa.delete(imported).where(imported.c.key_hash.in_(piece)))
    values = [(r.key_hash, r.rid, b"".join(r.cells), r.cleaned, r.withdrawn, now) for r in rows]
    db.insert_rows(conn, imported, _COLUMNS, values)


def mark_cleaned(conn: sa.Connection, rid: bytes, mask: int) -> None:
    """Remember that a person was erased from these cells of the row that became `rid`."""
    for row in conn.execute(sa.select(imported.c.key_hash, imported.c.cleaned).where(imported.c.rid == rid)).all():
        conn.execute(sa.update(imported).where(imported.c.key_hash == row.key_hash).values(cleaned=row.cleaned | mask))


def forget_imported(conn: sa.Connection, ids: Sequence[bytes]) -> None:
    """Forget the rows that became these offers, so that they can be imported again; not where a person was erased."""
    for piece in in_chunks(ids):
        conn.execute(sa.delete(imported).where(imported.c.rid.in_(piece), imported.c.cleaned == 0))
