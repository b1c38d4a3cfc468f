"""Held logs: verified state, entry bundles, heads of records.

Entries are never rows: a bundle row holds the bytes that are served, beside the leaf hashes of its entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from shared.database import Database, select_among
from shared.errors import LogStateError, NotFoundError
from shared.feed import limits
from shared.feed.fold import Head
from shared.feed.merkle import Frontier, node_hash, subtree_root
from shared.feed.tiles import format_bundle, split_bundle
from shared.feed.trusted_log import Keys, LogState
from shared.holdings.prepared import Prepared
from shared.holdings.tables import bundle, frozen, log, record

WIDTH = limits.BUNDLE_WIDTH
_HASH = 32

# Every exchange asks for each log.
_LOG = Prepared(sa.select(log).where(log.c.origin == sa.bindparam("asked")))
_LOGS = Prepared(sa.select(log).order_by(log.c.origin))
_MOVE = Prepared(
    sa.update(log)
    .where(
        log.c.id == sa.bindparam("asked"),
        log.c.size == sa.bindparam("from_size"),
        log.c.time == sa.bindparam("from_time"),
    )
    .values({name: sa.bindparam(f"to_{name}") for name in ("size", "root", "frontier", "time", "note", "keys")})
)
_IS_BUNDLE = sa.and_(bundle.c.log_id == sa.bindparam("of"), bundle.c.number == sa.bindparam("asked"))
_BUNDLE = Prepared(sa.select(bundle.c.entries, bundle.c.leaves).where(_IS_BUNDLE))
_FILL_BUNDLE = Prepared(
    sa.update(bundle).where(_IS_BUNDLE).values(entries=sa.bindparam("all_entries"), leaves=sa.bindparam("all_leaves"))
)


@cache
def _setting(columns: tuple[str, ...]) -> Prepared:
    """Sets these columns of a log."""
    values: dict[str, Any] = {name: sa.bindparam(f"new_{name}") for name in columns}
    return Prepared(sa.update(log).where(log.c.id == sa.bindparam("asked")).values(values))


def find_log(conn: sa.Connection, origin: str) -> sa.Row[Any] | None:
    """Return the log's row, or None when nothing of it is held."""
    return _LOG.run(conn, asked=origin).first()


def load_log(conn: sa.Connection, origin: str) -> sa.Row[Any]:
    """Return the log's row; NotFoundError when nothing of it is held."""
    row = find_log(conn, origin)
    if row is None:
        raise NotFoundError(f"log {origin} is not held here")
    return row


def load_logs(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return all held logs, sorted by origin."""
    return _LOGS.run(conn).all()


def load_own_log(conn: sa.Connection) -> sa.Row[Any] | None:
    """Return the row of this party's current own log (the newest generation), or None before `init`."""
    return conn.execute(sa.select(log).where(log.c.own).order_by(log.c.id.desc()).limit(1)).first()


def state_of(row: sa.Row[Any] | None, origin: str) -> LogState:
    """Return the verified state of a log row; an empty state for None."""
    if row is None:
        return LogState(origin)
    return LogState(
        origin=row.origin,
        size=row.size,
        root=bytes(row.root),
        frontier=Frontier.unpack(row.size, bytes(row.frontier)),
        time=row.time,
        note=bytes(row.note),
        keys=bytes(row.keys),
    )


def create_log(conn: sa.Connection, keys: Keys, *, own: bool) -> int:
    """Make an empty log row and return its id."""
    values = {
        "origin": keys.origin, "member": keys.member, "ags": keys.ags, "own": own, "size": 0, "root": b"",
        "frontier": b"", "time": 0, "note": b"", "keys": b"", "payloads_from": 0, "fold": None, "cosigned_at": 0,
        "receipt": b"", "receipt_size": 0,
    }  # fmt: skip
    return int(conn.execute(sa.insert(log).values(values).returning(log.c.id)).scalar_one())


def save_state(conn: sa.Connection, log_id: int, state: LogState, *, expected_size: int, expected_time: int) -> None:
    """Move a log to a new verified state, if nobody moved it since it was read.

    Raises:
        LogStateError: another reader or writer was here first; read again.
    """
    moved = _MOVE.touch(
        conn, asked=log_id, from_size=expected_size, from_time=expected_time, to_size=state.size, to_root=state.root,
        to_frontier=state.frontier.pack(), to_time=state.time, to_note=state.note, to_keys=state.keys,
    )  # fmt: skip
    if moved != 1:
        raise LogStateError(f"log {state.origin} moved while it was read")


def save_columns(conn: sa.Connection, log_id: int, **values: Any) -> None:
    """Set single columns of a log row (receipt, cosigned_at, fold, payloads_from)."""
    _setting(tuple(values)).touch(conn, asked=log_id, **{f"new_{name}": value for name, value in values.items()})


# --- entries ---------------------------------------------------------------------------------------------------------


def load_bundle(conn: sa.Connection, log_id: int, number: int) -> bytes:
    """Return the bytes of entry bundle `number` as far as it is held; empty when it is not."""
    row = _BUNDLE.run(conn, of=log_id, asked=number).first()
    return b"" if row is None else bytes(row.entries)


def load_leaves(conn: sa.Connection, log_id: int, number: int) -> bytes:
    """Return the leaf hashes of bundle `number`, concatenated."""
    row = _BUNDLE.run(conn, of=log_id, asked=number).first()
    return b"" if row is None else bytes(row.leaves)


def load_entries(conn: sa.Connection, log_id: int, number: int) -> list[bytes]:
    """Return the entries of bundle `number` as far as it is held."""
    row = _BUNDLE.run(conn, of=log_id, asked=number).first()
    if row is None:
        return []
    return split_bundle(bytes(row.entries), len(row.leaves) // _HASH)


def load_entry(conn: sa.Connection, log_id: int, position: int) -> bytes:
    """Return one entry; NotFoundError beyond the end."""
    entries = load_entries(conn, log_id, position // WIDTH)
    if position % WIDTH >= len(entries):
        raise NotFoundError(f"entry {position} is not held")
    return entries[position % WIDTH]


def append_entries(
    db: Database, conn: sa.Connection, log_id: int, start: int, entries: Sequence[bytes], leaves: Sequence[bytes]
) -> None:
    """Append entries and their leaf hashes at index `start`, bundle by bundle."""
    done = 0
    while done < len(entries):
        number, offset = divmod(start + done, WIDTH)
        piece = slice(done, done + WIDTH - offset)
        data, hashes = format_bundle(entries[piece]), b"".join(leaves[piece])
        if offset:
            held = _BUNDLE.run(conn, of=log_id, asked=number).one()
            if len(held.leaves) != offset * _HASH:
                raise LogStateError(f"bundle {number} holds {len(held.leaves) // _HASH} entries, {offset} expected")
            _FILL_BUNDLE.touch(
                conn, of=log_id, asked=number, all_entries=bytes(held.entries) + data,
                all_leaves=bytes(held.leaves) + hashes,
            )  # fmt: skip
        else:
            db.insert_rows(conn, bundle, ("log_id", "number", "entries", "leaves"), [(log_id, number, data, hashes)])
        done += WIDTH - offset


class TreeReader:
    """Reads hashes of complete subtrees of one held log, for proofs and hash tiles."""

    def __init__(self, conn: sa.Connection, log_id: int) -> None:
        self._conn = conn
        self._log_id = log_id
        self._cache: dict[tuple[int, int], bytes] = {}

    def __call__(self, level: int, index: int) -> bytes:
        """Return the hash of the complete subtree of 2**level leaves that begins at leaf index * 2**level."""
        known = self._cache.get((level, index))
        if known is None:
            known = self._leaf_level(level, index) if level <= 8 else self._above(level, index)
            self._cache[level, index] = known
        return known

    def _leaf_level(self, level: int, index: int) -> bytes:
        first = index << level
        number, offset = divmod(first, WIDTH)
        data = self._cache.get((-1, number))
        if data is None:
            data = load_leaves(self._conn, self._log_id, number)
            self._cache[-1, number] = data
        leaves = [data[i * _HASH : (i + 1) * _HASH] for i in range(offset, offset + (1 << level))]
        if not leaves or len(leaves[-1]) != _HASH:
            raise NotFoundError(f"no complete subtree of level {level} at {index}")
        return subtree_root(leaves)

    def _above(self, level: int, index: int) -> bytes:
        return node_hash(self(level - 1, 2 * index), self(level - 1, 2 * index + 1))


# --- heads -----------------------------------------------------------------------------------------------------------


def load_heads(conn: sa.Connection, log_id: int, ids: Sequence[bytes]) -> dict[bytes, Head]:
    """Return the heads of those `ids` that the log knows."""
    columns = ("rid", "kind", "position", "live", "commitment", "length", "time")
    rows = select_among(conn, record, columns, log_id, "rid", ids)
    return {
        rid: Head(kind, position, bool(live), commitment, length, time)
        for rid, kind, position, live, commitment, length, time in rows
    }


_RECORD_COLUMNS = ("log_id", "rid", "kind", "position", "live", "commitment", "length", "time", "fallback")
_CHANGE_HEAD = Prepared(
    sa.update(record)
    .where(record.c.log_id == sa.bindparam("of"), record.c.rid == sa.bindparam("asked"))
    .values({name: sa.bindparam(f"new_{name}") for name in _RECORD_COLUMNS[2:]})
)


def save_heads(
    db: Database,
    conn: sa.Connection,
    log_id: int,
    before: Mapping[bytes, Head],
    after: Mapping[bytes, Head],
    fallbacks: Mapping[bytes, bytes | None],
) -> None:
    """Store changed heads: new ones in one sorted batch, changed ones by key."""
    fresh = sorted(rid for rid in after if rid not in before)
    rows = [
        (log_id, rid, head.kind, head.position, head.live, head.commitment, head.length, head.time, None)
        for rid, head in ((rid, after[rid]) for rid in fresh)
    ]
    db.insert_rows(conn, record, _RECORD_COLUMNS, rows)
    changed = [
        {
            "of": log_id, "asked": rid, "new_kind": head.kind, "new_position": head.position, "new_live": head.live,
            "new_commitment": head.commitment, "new_length": head.length, "new_time": head.time,
            "new_fallback": fallbacks.get(rid),
        }
        for rid, head in sorted(after.items())
        if rid in before
    ]  # fmt: skip
    _CHANGE_HEAD.touch_each(conn, changed)


def load_fallbacks(conn: sa.Connection, log_id: int, ids: Sequence[bytes]) -> dict[bytes, bytes | None]:
    """Return the fallback commitment of each of `ids`."""
    return dict(select_among(conn, record, ("rid", "fallback"), log_id, "rid", ids))


def count_live(conn: sa.Connection, log_id: int, *, kind: str | None = None) -> int:
    """Return how many records' newest entry is a publish (erased ones included)."""
    query = sa.select(sa.func.count()).select_from(record).where(record.c.log_id == log_id, record.c.live)
    if kind is not None:
        query = query.where(record.c.kind == kind)
    return int(conn.execute(query).scalar_one())


def freeze_fold(conn: sa.Connection, log_id: int, fold: int, heads: Iterable[tuple[bytes, Head]]) -> None:
    """Freeze what is shown of a log at its first `fold` entries (PROTOCOL 6.12)."""
    conn.execute(sa.delete(frozen).where(frozen.c.log_id == log_id))
    rows = [
        {"log_id": log_id, "rid": rid, "kind": head.kind, "position": head.position, "commitment": head.commitment}
        for rid, head in heads
        if head.live
    ]
    if rows:
        conn.execute(sa.insert(frozen), rows)
    save_columns(conn, log_id, fold=fold)


def thaw_fold(conn: sa.Connection, log_id: int) -> None:
    """Show the whole log again."""
    conn.execute(sa.delete(frozen).where(frozen.c.log_id == log_id))
    save_columns(conn, log_id, fold=None)


def drop_log(conn: sa.Connection, log_id: int) -> None:
    """Forget a log with everything held of it."""
    conn.execute(sa.delete(log).where(log.c.id == log_id))


def load_fold(conn: sa.Connection, log_id: int) -> int | None:
    """Return after how many entries the shown fold is frozen, or None."""
    return conn.execute(sa.select(log.c.fold).where(log.c.id == log_id)).scalar_one()  # type: ignore[no-any-return]
