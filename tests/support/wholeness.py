"""Is a database whole?  Everything that must hold of a party's holdings after any crash, checked from the bytes."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa

from shared.database import Database
from shared.feed.checkpoint import parse_checkpoint_text
from shared.feed.entry import Publish
from shared.feed.fold import fold_whole, kinds_of, parse_entries
from shared.feed.merkle import Frontier, leaf_hash
from shared.feed.note import parse_note
from shared.holdings import edits, logs, payloads
from shared.holdings.tables import bundle, erased, payload, record, wanted
from shared.seal import erase_commitments


def check_whole(db: Database) -> list[str]:
    """Collect what is wrong with a database; an empty list says it is whole."""
    problems: list[str] = []
    with db.read() as conn:
        if db.is_sqlite:
            said = conn.exec_driver_sql("PRAGMA integrity_check").scalar_one()
            problems += [] if said == "ok" else [f"integrity_check: {said}"]
        for row in logs.load_logs(conn):
            problems += [f"{row.origin}: {problem}" for problem in _check_log(conn, row)]
        problems += _check_outbox(conn)
    return problems


def _check_log(conn: sa.Connection, row: sa.Row[tuple[object, ...]]) -> list[str]:
    problems = []
    entries = _entries(conn, row.id)
    leaves = [leaf_hash(entry) for entry in entries]
    stored = b"".join(
        bytes(leaf) for (leaf,) in conn.execute(sa.select(bundle.c.leaves).where(bundle.c.log_id == row.id)
                                                .order_by(bundle.c.number))
    )  # fmt: skip
    if len(entries) != row.size or stored != b"".join(leaves):
        problems.append(f"size {row.size}, but {len(entries)} entries and {len(stored) // 32} leaf hashes")
    frontier = Frontier()
    frontier.extend(leaves)
    if row.size:
        checkpoint = parse_checkpoint_text(parse_note(bytes(row.note)).text)
        found = (frontier.size, frontier.root())
        if found != (row.size, bytes(row.root)) or found != (checkpoint.size, checkpoint.root):
            problems.append(f"entries to {frontier.size} do not give the root that is held or signed")
    problems += _check_heads(conn, row, entries)
    problems += _check_payloads(conn, row)
    return problems


def _entries(conn: sa.Connection, log_id: int) -> list[bytes]:
    numbers = conn.execute(sa.select(bundle.c.number).where(bundle.c.log_id == log_id).order_by(bundle.c.number))
    return [entry for number in numbers.scalars().all() for entry in logs.load_entries(conn, log_id, number)]


def _check_heads(conn: sa.Connection, row: sa.Row[tuple[object, ...]], entries: list[bytes]) -> list[str]:
    """The stored heads are exactly the fold of the entries."""
    heads = fold_whole(
        lambda number: entries[number * 256 : (number + 1) * 256], len(entries), kinds=kinds_of(row.member)
    )  # fmt: skip
    rids = [bytes(rid) for rid in conn.execute(sa.select(record.c.rid).where(record.c.log_id == row.id)).scalars()]
    held = logs.load_heads(conn, row.id, rids)
    return [] if held == heads else [f"{len(held)} heads stored are not the {len(heads)} of the entries"]


def _check_payloads(conn: sa.Connection, row: sa.Row[tuple[object, ...]]) -> list[str]:
    problems = []
    dead = {bytes(c) for c in conn.execute(sa.select(erased.c.commitment).where(erased.c.log_id == row.id)).scalars()}
    found = conn.execute(
        sa.select(payload.c.commitment, payload.c.body, payload.c.apart_until).where(payload.c.log_id == row.id)
    )
    for commitment, body, apart_until in found:
        if hashlib.sha256(bytes(body)).digest() != bytes(commitment):
            problems.append("a payload is not what its commitment says")
        if bytes(commitment) in dead and apart_until is None:
            problems.append("an erased payload is still held")
    if row.own and (lost := _unaccounted(conn, row)):
        problems.append(f"{lost} own payloads are missing, and nobody looks for them")
    if row.payloads_from > row.size:
        problems.append(f"payloads asked to {row.payloads_from} of {row.size}")
    return problems


def _unaccounted(conn: sa.Connection, row: sa.Row[tuple[object, ...]]) -> int:
    """Count own live versions without payload that are neither asked for, nor destroyed by an erasure that waits."""
    destroyed = {c for edit in edits.load_edits(conn) if edit.op == "erase" for c in erase_commitments(edit.body)}
    asked = {bytes(c) for c in conn.execute(sa.select(wanted.c.commitment).where(wanted.c.log_id == row.id)).scalars()}
    missing = payloads.missing_wants(conn, row.id)
    return sum(w.position < row.payloads_from and w.commitment not in destroyed | asked for w in missing)


def _check_outbox(conn: sa.Connection) -> list[str]:
    """Nothing stands both in the outbox and in the log."""
    own = logs.load_own_log(conn)
    if own is None:
        return []
    sealed = {entry.commitment for entry in parse_entries(_entries(conn, own.id)) if isinstance(entry, Publish)}
    return ["a sealed edit is still pending" for edit in edits.load_edits(conn) if edit.commitment in sealed]
