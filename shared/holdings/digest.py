"""The digest of the kreisweit catalogue, at the cost of what changed (PROTOCOL 7).

By definition it is a hash over a line for every record, so 100 000 records are 10 MB to hash: 6 ms.  What would cost
thirty times as much is to read and write those lines anew, so they are remembered: a log's lines, sorted, as one array
of equal lengths.  Kept in memory only; after a restart the first digest reads everything once.

What is remembered follows its log as any reader does: the new entries name the records that may have changed, and
frontier plus their leaf hashes must give the root that is held now.  Whatever does not fit (another history, another
fold, an erasure, a log that shrank) is read anew.  So it does not matter which process or thread changed the holdings,
nor whether the transaction that was looked into is committed.
"""

from __future__ import annotations

import hashlib
import threading
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.feed.catalogue_note import digest_line
from shared.feed.entry import Erase
from shared.feed.fold import parse_entries, touched_ids
from shared.feed.merkle import Frontier
from shared.holdings import logs, payloads
from shared.holdings.tables import erased, frozen, log, record

REMEMBERED_BYTES = 64 * 1024 * 1024
"""Lines kept in memory by one party: 600 000 records.  What is beyond is read anew each time."""
_LINE_BYTES = len(digest_line("", bytes(16), bytes(32)))  # beside the member's name
_NEW_ENTRIES_MAX = 20_000
_ROWS_AT_ONCE = 2000
_HASH = 32


class _Roll(msgspec.Struct):
    """The sorted lines of one log, as of one verified size and one fold."""

    log_id: int
    member: bytes
    fold: int | None
    root: bytes
    frontier: Frontier
    lines: bytearray


class CatalogueDigester:
    """Computes catalogue digests of one party's holdings; may be used from several threads and snapshots."""

    def __init__(self, *, remembered_bytes: int = REMEMBERED_BYTES) -> None:
        self._rolls: dict[str, _Roll] = {}
        self._remembered_bytes = remembered_bytes
        self._lock = threading.Lock()

    def digest(self, conn: sa.Connection, members: Mapping[str, str]) -> bytes:
        """Return the digest over the logs `members` (origin → member name) as they stand in the caller's snapshot."""
        held = conn.execute(sa.select(log).where(log.c.origin.in_(list(members)))).all()
        with self._lock:
            found = {row.origin: self._roll(conn, row, members[row.origin].encode()) for row in held}
            digest = hashlib.sha256()
            for lines in _in_order(found.values()):
                digest.update(lines)
            self._rolls = self._worth_keeping(found)
        return digest.digest()

    def _roll(self, conn: sa.Connection, row: sa.Row[Any], member: bytes) -> _Roll:
        roll = self._rolls.get(row.origin)
        is_same = roll is not None and (roll.log_id, roll.member, roll.fold) == (row.id, member, row.fold)
        if roll is not None and is_same and _advance(conn, row, roll):
            return roll
        return _read_roll(conn, row, member)

    def _worth_keeping(self, rolls: Mapping[str, _Roll]) -> dict[str, _Roll]:
        kept, left = {}, self._remembered_bytes
        for origin, roll in rolls.items():
            if len(roll.lines) <= left:
                kept[origin] = roll
                left -= len(roll.lines)
        return kept


def _in_order(rolls: Iterable[_Roll]) -> list[bytes | bytearray]:
    """Lines of all logs, sorted bytewise; several logs of one member are merged."""
    by_member: dict[bytes, bytes | bytearray] = {}
    for roll in rolls:
        before = by_member.get(roll.member)
        if before is None:
            by_member[roll.member] = roll.lines
        else:
            by_member[roll.member] = b"".join(sorted((bytes(before) + roll.lines).splitlines(keepends=True)))
    return [by_member[member] for member in sorted(by_member, key=lambda member: member + b" ")]


def _read_roll(conn: sa.Connection, row: sa.Row[Any], member: bytes) -> _Roll:
    """Read all lines of a log from its heads."""
    table, name, lines = record if row.fold is None else frozen, member.decode(), bytearray()
    dead = sa.exists(
        sa.select(sa.literal(1)).where(erased.c.log_id == table.c.log_id, erased.c.commitment == table.c.commitment)
    )
    query = sa.select(table.c.rid, table.c.commitment).where(table.c.log_id == row.id, ~dead).order_by(table.c.rid)
    if table is record:
        query = query.where(record.c.live)
    for rows in conn.execute(query, execution_options={"yield_per": _ROWS_AT_ONCE}).partitions():
        lines += b"".join([digest_line(name, rid, commitment) for rid, commitment in rows])
    frontier = logs.state_of(row, row.origin).frontier
    return _Roll(row.id, member, row.fold, bytes(row.root), frontier, lines)


def _advance(conn: sa.Connection, row: sa.Row[Any], roll: _Roll) -> bool:
    """Bring a roll to the log's present size; False when it has to be read anew."""
    if not 0 <= row.size - roll.frontier.size <= _NEW_ENTRIES_MAX:
        return False
    frontier = roll.frontier.copy()
    touched: dict[bytes, None] = {}
    while frontier.size < row.size:
        number, known = divmod(frontier.size, logs.WIDTH)
        parsed = parse_entries(logs.load_entries(conn, row.id, number)[known:])
        if not parsed or any(isinstance(entry, Erase) for entry in parsed):
            return False
        leaves = logs.load_leaves(conn, row.id, number)
        frontier.extend([leaves[i : i + _HASH] for i in range(known * _HASH, len(leaves), _HASH)])
        touched.update(dict.fromkeys(touched_ids(parsed)))
    if (frontier.root() if row.size else b"") != bytes(row.root):
        return False
    if row.fold is None and touched:
        _replace_lines(roll, _current_lines(conn, row.id, roll.member.decode(), list(touched)))
    roll.frontier, roll.root = frontier, bytes(row.root)
    return True


def _current_lines(conn: sa.Connection, log_id: int, member: str, ids: list[bytes]) -> dict[bytes, bytes]:
    """Each id's line; empty for one that is not in the catalogue."""
    live = {rid: head.commitment for rid, head in logs.load_heads(conn, log_id, ids).items() if head.live}
    dead = payloads.dead_among(conn, log_id, [commitment for commitment in live.values() if commitment is not None])
    return {
        rid: b"" if commitment is None or commitment in dead else digest_line(member, rid, commitment)
        for rid, commitment in ((rid, live.get(rid)) for rid in ids)
    }


def _replace_lines(roll: _Roll, current: Mapping[bytes, bytes]) -> None:
    """Put changed lines in place; lines that come or go cost one copy of all."""
    lines, width = roll.lines, len(roll.member) + _LINE_BYTES
    pieces: list[bytes | bytearray] = []
    done = 0
    for rid in sorted(current):
        line, key = current[rid], roll.member + b" " + rid.hex().encode()
        start = _find(lines, width, key)
        is_there = lines.startswith(key, start)
        if is_there and line:
            lines[start : start + width] = line
        elif is_there or line:
            pieces += (lines[done:start], line)
            done = start + width if is_there else start
    if pieces:
        roll.lines = bytearray().join([*pieces, lines[done:]])


def _find(lines: bytearray, width: int, key: bytes) -> int:
    """Offset of the line that begins with `key`, or of where it belongs."""
    count = len(lines) // width
    return width * bisect_left(range(count), key, key=lambda i: bytes(lines[i * width : i * width + len(key)]))
