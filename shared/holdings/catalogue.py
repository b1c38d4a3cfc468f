"""The kreisweit catalogue as it stands in the holdings: a view over heads and payloads, never a copy of them.

All that is shown anywhere is read through here, so this is where a notice of the hub hides a record (see `notices`).
Which logs count, and how each is shown, comes from the sources of a catalogue note (PROTOCOL 7); its digest is computed
in `digest`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.database import in_chunks
from shared.feed.entry import Publish, Withdraw, parse_entry
from shared.holdings.logs import load_entry
from shared.holdings.notices import hidden_records
from shared.holdings.tables import catalogue_note, erased, fact, frozen, log, payload, record

HIDDEN_STATES = frozenset({"suspended", "dormant", "retired", "invited"})
"""Members in these states show nothing; the first two are also left out of the digest (PROTOCOL 7 and 8)."""


class Shown(msgspec.Struct, frozen=True):
    """One record as the catalogue shows it."""

    member: str
    rid: bytes
    kind: str
    position: int
    title: str
    commitment: bytes
    body: bytes
    is_newest: bool


def shown_query(conn: sa.Connection, origins: Sequence[str], kind: str | None) -> sa.Select[Any]:
    """Records of unfrozen and frozen logs with the payload that is shown: the newest held, else the last good one.

    Without those that a notice of these logs hides.
    """
    view = _held_query(tuple(origins), kind)
    hidden = hidden_records(conn, origins) if kind in (None, "offer") else ()
    if not hidden:
        return view
    member, rid = view.selected_columns.member, view.selected_columns.rid
    # The id alone, which is cheaper to look for, lets nearly all of them through.
    return view.where(sa.or_(rid.not_in({rid for _, rid in hidden}), sa.tuple_(member, rid).not_in(hidden)))


@lru_cache(maxsize=64)
def _held_query(origins: tuple[str, ...], kind: str | None) -> sa.Select[Any]:
    """Put the question together once for the logs that are shown: that costs more than to answer it."""
    newest, older = payload.alias("newest"), payload.alias("older")
    running = (
        sa.select(
            log.c.member, log.c.origin, record.c.rid, record.c.kind, record.c.position,
            sa.func.coalesce(newest.c.title, older.c.title).label("title"),
            sa.func.coalesce(newest.c.sort_key, older.c.sort_key).label("sort_key"),
            sa.func.coalesce(newest.c.commitment, older.c.commitment).label("commitment"),
            sa.func.coalesce(newest.c.body, older.c.body).label("body"),
            newest.c.id.is_not(None).label("is_newest"),
        )
        .select_from(
            record.join(log, log.c.id == record.c.log_id)
            .outerjoin(newest, _held(newest, record.c.log_id, record.c.commitment))
            .outerjoin(older, _held(older, record.c.log_id, record.c.fallback))
        )
        .where(log.c.fold.is_(None), record.c.live, log.c.origin.in_(origins), ~is_dead(record))
        .where(sa.or_(newest.c.id.is_not(None), older.c.id.is_not(None)))
    )  # fmt: skip
    still = payload.alias("still")
    held = (
        sa.select(
            log.c.member, log.c.origin, frozen.c.rid, frozen.c.kind, frozen.c.position, still.c.title,
            still.c.sort_key, still.c.commitment, still.c.body, sa.true().label("is_newest"),
        )
        .select_from(
            frozen.join(log, log.c.id == frozen.c.log_id).join(
                still, _held(still, frozen.c.log_id, frozen.c.commitment)
            )
        )
        .where(log.c.fold.is_not(None), log.c.origin.in_(origins), ~is_dead(frozen))
    )  # fmt: skip
    # An offer has effect only in a node's log, the hub's kinds only in the hub's (PROTOCOL 2).
    running = running.where((record.c.kind == "offer") == (log.c.member != "hub"))
    held = held.where((frozen.c.kind == "offer") == (log.c.member != "hub"))
    if kind is not None:
        running, held = running.where(record.c.kind == kind), held.where(frozen.c.kind == kind)
    both = sa.union_all(running, held).subquery("shown")
    return sa.select(both)


def _held(table: sa.FromClause, log_id: sa.Column[int], commitment: sa.Column[bytes]) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.log_id == log_id, table.c.commitment == commitment, table.c.apart_until.is_(None))


def is_dead(table: sa.Table) -> sa.ColumnElement[bool]:
    """The version that a row of this table names was erased."""
    return sa.exists(
        sa.select(sa.literal(1)).where(erased.c.log_id == table.c.log_id, erased.c.commitment == table.c.commitment)
    )


def iterate_shown(
    conn: sa.Connection, origins: Sequence[str], *, kind: str | None = "offer", start: int = 0, most: int | None = None
) -> Iterator[Shown]:
    """Yield shown records of the given logs, by title."""
    view = shown_query(conn, origins, kind)
    query = view.order_by(view.selected_columns.sort_key, view.selected_columns.rid).offset(start)
    if most is not None:
        query = query.limit(most)
    for row in conn.execute(query, execution_options={"yield_per": 200}):
        yield Shown(
            row.member, bytes(row.rid), row.kind, row.position, row.title, bytes(row.commitment), bytes(row.body),
            bool(row.is_newest),
        )  # fmt: skip


class Mark(msgspec.Struct, frozen=True):
    """Which version of a record is shown."""

    member: str
    rid: bytes
    commitment: bytes


def iterate_marks(conn: sa.Connection, origins: Sequence[str], *, kind: str | None = "offer") -> Iterator[Mark]:
    """Yield which version of each record is shown, without reading it."""
    view = shown_query(conn, origins, kind).subquery()
    query = sa.select(view.c.member, view.c.rid, view.c.commitment)
    for member, rid, commitment in conn.execute(query, execution_options={"yield_per": 2000}):
        yield Mark(member, bytes(rid), bytes(commitment))


def find_many(conn: sa.Connection, origins: Sequence[str], rids: Sequence[bytes]) -> Iterator[Shown]:
    """Yield those of the records that are shown."""
    for piece in in_chunks(rids):
        view = shown_query(conn, origins, None)
        for row in conn.execute(view.where(view.selected_columns.rid.in_(piece))):
            yield Shown(
                row.member, bytes(row.rid), row.kind, row.position, row.title, bytes(row.commitment), bytes(row.body),
                bool(row.is_newest),
            )  # fmt: skip


def change_mark(conn: sa.Connection) -> str:
    """Return a text that changes whenever what is shown may have; costs a look at the logs, not at the records."""
    rows = conn.execute(sa.select(log.c.id, log.c.size, log.c.fold, log.c.root).order_by(log.c.id)).all()
    note = conn.execute(sa.select(sa.func.max(catalogue_note.c.time))).scalar()
    newest = conn.execute(sa.select(sa.func.max(payload.c.id))).scalar()
    version = conn.execute(sa.select(fact.c.value).where(fact.c.name == "catalogue-version")).scalar()
    logs = ",".join(f"{row.id}:{row.size}:{row.fold}:{bytes(row.root).hex()[:16]}" for row in rows)
    return f"{note}/{newest}/{version}/{logs}"


def find_shown(conn: sa.Connection, origins: Sequence[str], rid: bytes) -> Shown | None:
    """Return the shown record with this id, or None."""
    view = shown_query(conn, origins, None)
    row = conn.execute(view.where(view.selected_columns.rid == rid)).first()
    if row is None:
        return None
    return Shown(
        row.member, bytes(row.rid), row.kind, row.position, row.title, bytes(row.commitment), bytes(row.body),
        bool(row.is_newest),
    )  # fmt: skip


class Ended(msgspec.Struct, frozen=True):
    """How an offer left the catalogue.  Of an erased one nothing is told, not even whose it was."""

    is_erased: bool
    member: str = ""
    reason: str = ""  # of the log: ended, paused, duplicate, mistake, other
    time: int = 0  # Unix seconds


def find_ended(conn: sa.Connection, rid: bytes) -> Ended | None:
    """Return how an offer that was published once has ended; None for one that has not, and for an unknown id.

    Asked of every log held, whoever shows it now: what existed once never becomes unknown again.
    """
    rows = conn.execute(
        sa.select(
            record.c.log_id,
            record.c.position,
            record.c.live,
            is_dead(record).label("is_dead"),
            log.c.member,
            log.c.fold,
        )
        .join(log, log.c.id == record.c.log_id)
        .where(record.c.rid == rid, record.c.kind == "offer", log.c.member != "hub")
        .order_by(record.c.log_id.desc())
    ).all()
    for row in rows:
        is_frozen_before = row.fold is not None and row.position >= row.fold
        if is_frozen_before or (row.live and not row.is_dead):
            return None
    if not rows:
        return None
    newest = rows[0]
    if newest.live:
        return Ended(is_erased=True)
    entry = parse_entry(load_entry(conn, newest.log_id, newest.position))
    if not isinstance(entry, Withdraw) or _was_erased(conn, newest.log_id, entry.prev):
        return Ended(is_erased=True)
    return Ended(is_erased=False, member=newest.member, reason=entry.reason, time=entry.time)


def _was_erased(conn: sa.Connection, log_id: int, position: int) -> bool:
    """Tell whether the version that a withdrawal ended was erased."""
    entry = parse_entry(load_entry(conn, log_id, position))
    if not isinstance(entry, Publish):
        return False
    found = sa.select(sa.literal(1)).where(erased.c.log_id == log_id, erased.c.commitment == entry.commitment)
    return conn.execute(found).first() is not None


def count_shown(conn: sa.Connection, origins: Sequence[str], *, kind: str | None = "offer") -> dict[str, int]:
    """Return how many records each member shows."""
    view = shown_query(conn, origins, kind).subquery()
    rows = conn.execute(sa.select(view.c.member, sa.func.count()).group_by(view.c.member))
    return {member: int(count) for member, count in rows}


class Named(msgspec.Struct, frozen=True):
    """A shown record by its name alone."""

    rid: bytes
    member: str
    title: str
    commitment: bytes


def load_named(conn: sa.Connection, origins: Sequence[str], rids: Sequence[bytes]) -> list[Named]:
    """Return the name of each of these offers that is shown."""
    view = shown_query(conn, origins, "offer").subquery()
    query = sa.select(view.c.rid, view.c.member, view.c.title, view.c.commitment)
    return [
        Named(bytes(row.rid), row.member, row.title, bytes(row.commitment))
        for some in in_chunks(rids)
        for row in conn.execute(query.where(view.c.rid.in_(some)))
    ]


def find_titled(conn: sa.Connection, origins: Sequence[str], words: str, *, most: int) -> list[Named]:
    """Return shown offers whose title holds this folded text, by title; costs a look at every title."""
    view = shown_query(conn, origins, "offer").subquery()
    query = sa.select(view.c.rid, view.c.member, view.c.title, view.c.commitment)
    found = query.where(view.c.sort_key.contains(words, autoescape=True)).order_by(view.c.sort_key, view.c.rid)
    rows = conn.execute(found.limit(most))
    return [Named(bytes(row.rid), row.member, row.title, bytes(row.commitment)) for row in rows]


def load_withdrawn(
    conn: sa.Connection, origins: Sequence[str], *, since: int, members: Sequence[str] = (), most: int
) -> list[tuple[bytes, int]]:
    """Return (id, time) of offers that were withdrawn since then, newest first.

    Args:
        members: only of these; empty = of all.
    """
    is_gone = sa.and_(log.c.origin.in_(origins), log.c.fold.is_(None), record.c.kind == "offer", ~record.c.live)
    query = (
        sa.select(record.c.rid, record.c.time)
        .join(log, log.c.id == record.c.log_id)
        .where(is_gone, record.c.time >= since)
    )
    if members:
        query = query.where(log.c.member.in_(members))
    rows = conn.execute(query.order_by(record.c.time.desc(), record.c.rid).limit(most))
    return [(bytes(row.rid), row.time) for row in rows]
