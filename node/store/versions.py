"""The node's own records with what is held of them: what its editors see."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.holdings import logs
from shared.holdings.tables import conflict, erased, log, outbox, payload, record


class OwnRecord(msgspec.Struct, frozen=True):
    """The newest version of one own record in the log.  `title` is empty where no version is held any more."""

    rid: bytes
    position: int
    live: bool
    commitment: bytes | None
    title: str
    is_held: bool
    is_erased: bool


def own_log_ids(conn: sa.Connection) -> dict[int, str]:
    """Return id and origin of every log this node wrote: the current generation and ended ones."""
    return {row.id: row.origin for row in conn.execute(sa.select(log.c.id, log.c.origin).where(log.c.own))}


def load_own_records(conn: sa.Connection, log_id: int) -> dict[bytes, OwnRecord]:
    """Return the newest version of every offer of a log, by id."""
    newest = sa.and_(payload.c.log_id == record.c.log_id, payload.c.commitment == record.c.commitment)
    dead = sa.and_(erased.c.log_id == record.c.log_id, erased.c.commitment == record.c.commitment)
    rows = conn.execute(
        sa.select(
            record.c.rid, record.c.position, record.c.live, record.c.commitment, payload.c.title,
            payload.c.id.is_not(None).label("is_held"), erased.c.position.is_not(None).label("is_erased"),
        )
        .select_from(record.outerjoin(payload, newest).outerjoin(erased, dead))
        .where(record.c.log_id == log_id, record.c.kind == "offer")
    ).all()  # fmt: skip
    titles = _last_titles(conn, log_id) if any(row.title is None for row in rows) else {}
    found = {}
    for row in rows:
        rid = bytes(row.rid)
        commitment = None if row.commitment is None else bytes(row.commitment)
        title = row.title if row.title is not None else titles.get(rid, "")
        found[rid] = OwnRecord(
            rid, row.position, bool(row.live), commitment, title, bool(row.is_held), bool(row.is_erased)
        )
    return found


def _last_titles(conn: sa.Connection, log_id: int) -> dict[bytes, str]:
    """Titles of the last version held of each record, for those that are withdrawn or whose newest version is gone."""
    rows = conn.execute(
        sa.select(payload.c.rid, payload.c.title).where(payload.c.log_id == log_id).order_by(payload.c.id)
    )
    return {bytes(row.rid): row.title for row in rows}


def held_commitments(conn: sa.Connection, log_id: int) -> list[bytes]:
    """Return the commitments of all payloads held of a log."""
    return [bytes(c) for c in conn.execute(sa.select(payload.c.commitment).where(payload.c.log_id == log_id)).scalars()]


def positions_of(conn: sa.Connection, log_id: int, commitments: set[bytes]) -> dict[bytes, int]:
    """Return the index of the last entry that publishes each of these commitments."""
    found: dict[bytes, int] = {}
    number = 0
    while commitments and (entries := logs.load_entries(conn, log_id, number)):
        for position, entry in enumerate(parse_entries(entries), number * logs.WIDTH):
            if isinstance(entry, Publish) and entry.commitment in commitments:
                found[entry.commitment] = position
        number += 1
    return found


def erasure_times(conn: sa.Connection, log_id: int) -> dict[bytes, int]:
    """Return the records of which at least one version was erased, with the time of the last erasure."""
    rows = conn.execute(sa.select(erased.c.commitment, erased.c.time).where(erased.c.log_id == log_id))
    dead = {bytes(row.commitment): int(row.time) for row in rows}
    found: dict[bytes, int] = {}
    number = 0
    while dead and (entries := logs.load_entries(conn, log_id, number)):
        for entry in parse_entries(entries):
            if isinstance(entry, Publish) and entry.commitment in dead:
                found[entry.id] = max(found.get(entry.id, 0), dead[entry.commitment])
        number += 1
    return found


def pending_ids(conn: sa.Connection) -> set[bytes]:
    """Return the records that have a pending publish or withdrawal."""
    return {bytes(rid) for rid in conn.execute(sa.select(outbox.c.rid).where(outbox.c.rid.is_not(None))).scalars()}


def drop_lost(conn: sa.Connection, rid: bytes) -> None:
    """A lost content was given anew, or its offer withdrawn.  Edits in conflict stay until a person decided on them."""
    conn.execute(sa.delete(conflict).where(conflict.c.rid == rid, conflict.c.cause == "lost"))
