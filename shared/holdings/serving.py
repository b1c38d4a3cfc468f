"""What a party may give out of its holdings: which payloads, and for the others the reason why not (PROTOCOL 5).

A payload is given out while it is its record's newest version, or the one that a frozen fold shows, and for an hour
after it was superseded or withdrawn.
Erased bytes and bytes kept apart are never given out, whatever else holds.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from shared.database import in_chunks
from shared.feed import limits
from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.feed.tiles import split_bundle
from shared.holdings import logs, payloads
from shared.holdings.tables import bundle, catalogue_note, erased, frozen, log, payload, record

_HASH = 32


def given_out(conn: sa.Connection, log_id: int, commitments: Collection[bytes], *, now: int) -> set[bytes]:
    """Return those of `commitments` whose bytes may be served now."""
    allowed: set[bytes] = set()
    for piece in in_chunks(list(commitments)):
        rows = conn.execute(_given_out(now).where(payload.c.log_id == log_id, payload.c.commitment.in_(piece)))
        allowed.update(bytes(row.commitment) for row in rows)
    return allowed


def _given_out(now: int) -> sa.Select[Any]:
    dead = sa.exists(
        sa.select(sa.literal(1)).where(erased.c.log_id == payload.c.log_id, erased.c.commitment == payload.c.commitment)
    )
    newest = sa.and_(record.c.live, record.c.commitment == payload.c.commitment)
    still = sa.exists(
        sa.select(sa.literal(1)).where(frozen.c.log_id == payload.c.log_id, frozen.c.commitment == payload.c.commitment)
    )
    lately = payload.c.superseded_at >= now - limits.SUPERSEDED_GRACE_SECONDS
    return (
        sa.select(payload.c.commitment)
        .select_from(
            payload.outerjoin(record, sa.and_(record.c.log_id == payload.c.log_id, record.c.rid == payload.c.rid))
        )
        .where(payload.c.apart_until.is_(None), ~dead, sa.or_(newest, lately, still))
    )


def reason_gone(conn: sa.Connection, log_id: int, commitment: bytes) -> str | None:
    """Say why a payload that is not given out is not: erased, superseded, withdrawn, withheld; None if unknown.

    `withheld` is a newest version whose bytes are not here: never arrived, refused, or the member has left.
    Costs a search through the log's bundles where the bytes are no longer held: 20 ms for 100 000 entries.
    """
    if payloads.dead_among(conn, log_id, [commitment]):
        return "erased"
    entry = _find_publish(conn, log_id, commitment)
    if entry is None:
        return None
    head = logs.load_heads(conn, log_id, [entry.id]).get(entry.id)
    if head is None or not head.live:
        return "withdrawn"
    return "withheld" if head.commitment == commitment else "superseded"


def _find_publish(conn: sa.Connection, log_id: int, commitment: bytes) -> Publish | None:
    """Return the newest publish that names this commitment."""
    needle = f"payload {commitment.hex()} ".encode()
    found = conn.execute(
        sa.select(bundle.c.entries, bundle.c.leaves).where(bundle.c.log_id == log_id).order_by(bundle.c.number.desc()),
        execution_options={"yield_per": 8},
    )
    try:
        for row in found:
            if needle in bytes(row.entries):
                parsed = parse_entries(split_bundle(bytes(row.entries), len(row.leaves) // _HASH))
                for entry in reversed(parsed):
                    if isinstance(entry, Publish) and entry.commitment == commitment:
                        return entry
    finally:
        found.close()
    return None


def change_mark(conn: sa.Connection) -> tuple[Any, ...]:
    """Return a value that changes whenever a checkpoint or the catalogue note does; cheap enough to ask often."""
    newest = conn.execute(sa.select(sa.func.max(catalogue_note.c.time))).scalar()
    rows = conn.execute(sa.select(log.c.id, log.c.size, log.c.time, log.c.cosigned_at).order_by(log.c.id))
    return (newest, *map(tuple, rows))
