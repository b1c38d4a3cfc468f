"""The district's vocabularies as its log holds them: the hub's records of the kind `vocabulary`."""

from __future__ import annotations

from collections.abc import Hashable

import sqlalchemy as sa

from shared.holdings.catalogue import iterate_marks, iterate_shown
from shared.holdings.tables import log, payload

KIND = "vocabulary"
_HUB = "hub"


def log_mark(conn: sa.Connection) -> Hashable:
    """Return a value that differs whenever the vocabularies may: one look at the hub's log and the newest payload."""
    rows = conn.execute(sa.select(log.c.id, log.c.size, log.c.fold, log.c.root).where(log.c.member == _HUB))
    newest = conn.execute(sa.select(sa.func.max(payload.c.id))).scalar()
    return newest, frozenset((row.id, row.size, row.fold, bytes(row.root)) for row in rows)


def record_mark(conn: sa.Connection) -> Hashable:
    """Return which version of each record of the vocabularies is held, without reading them."""
    marks = iterate_marks(conn, _origins(conn), kind=KIND)
    return frozenset((mark.rid, mark.commitment) for mark in marks)


def load_bodies(conn: sa.Connection) -> list[bytes]:
    """Return the payloads of all records of the vocabularies."""
    return [shown.body for shown in iterate_shown(conn, _origins(conn), kind=KIND)]


def _origins(conn: sa.Connection) -> list[str]:
    # Whoever else writes such a record writes without effect (PROTOCOL 2): only the hub's log is asked.
    return list(conn.scalars(sa.select(log.c.origin).where(log.c.member == _HUB)))
