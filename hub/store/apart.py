"""Queries over payloads that the erasure guard keeps apart."""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.tables import payload


def count_apart(conn: sa.Connection, log_id: int) -> int:
    """Return how many erased payloads of a log wait for their destruction."""
    query = sa.select(sa.func.count()).select_from(payload)
    return int(conn.execute(query.where(payload.c.log_id == log_id, payload.c.apart_until.is_not(None))).scalar_one())
