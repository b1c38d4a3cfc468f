"""The district's vocabularies as its log holds them: the hub's records of the kind `vocabulary`.

Asked often, so each question starts at the hub's log, which is short, and never goes through the offers.
"""

from __future__ import annotations

from collections.abc import Hashable

import sqlalchemy as sa

from shared.holdings.catalogue import find_many
from shared.holdings.tables import frozen, log, payload, record

KIND = "vocabulary"
# Whoever else writes such a record writes without effect (PROTOCOL 2): only the hub's log is asked.
_LOGS = sa.select(log.c.id, log.c.origin, log.c.size, log.c.fold, log.c.root).where(log.c.member == "hub")
_NEWEST = sa.select(sa.func.max(payload.c.id)).where(payload.c.log_id.in_(sa.bindparam("logs", expanding=True)))
_RECORDS = (
    sa.select(record.c.rid, record.c.commitment, record.c.fallback, record.c.live, payload.c.id)
    .outerjoin_from(
        record, payload, sa.and_(payload.c.log_id == record.c.log_id, payload.c.commitment == record.c.commitment)
    )
    .where(record.c.log_id.in_(sa.bindparam("logs", expanding=True)), record.c.kind == KIND)
)
_FROZEN = sa.select(frozen.c.rid).where(
    frozen.c.log_id.in_(sa.bindparam("logs", expanding=True)), frozen.c.kind == KIND
)


def log_mark(conn: sa.Connection) -> Hashable:
    """Return a value that differs whenever the vocabularies may: one look at the hub's log and its newest payload."""
    rows = [(row.id, row.size, row.fold, bytes(row.root)) for row in conn.execute(_LOGS)]
    newest = conn.execute(_NEWEST, {"logs": [row[0] for row in rows]}).scalar()
    return newest, frozenset(rows)


def record_mark(conn: sa.Connection) -> Hashable:
    """Return which version of each record of the vocabularies is held, without reading them."""
    logs = [(row.id, row.fold) for row in conn.execute(_LOGS)]
    rows = conn.execute(_RECORDS, {"logs": [number for number, _ in logs]})
    return frozenset(logs), frozenset(
        (bytes(row.rid), bytes(row.commitment or b""), bytes(row.fallback or b""), bool(row.live), row.id)
        for row in rows
    )


def load_bodies(conn: sa.Connection) -> list[bytes]:
    """Return the payloads of all records of the vocabularies that are shown."""
    logs = [(row.id, row.origin) for row in conn.execute(_LOGS)]
    given = {"logs": [number for number, _ in logs]}
    rids = {bytes(row.rid) for query in (_RECORDS, _FROZEN) for row in conn.execute(query, given)}
    found = find_many(conn, [origin for _, origin in logs], sorted(rids))
    return [shown.body for shown in found if shown.kind == KIND]
