"""Pairs of offers that may be the same, and the keys by which they were found; derived from the catalogue.

Of an offer only digests of its keys are kept: no title, no telephone number, nothing that an erasure has to look for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from hub.store.tables import candidate, likeness, likeness_block
from shared.database import Database, in_chunks

_NOT_YET = b""


class Pair(msgspec.Struct, frozen=True):
    """One pair, the smaller id first; `reasons` is JSON."""

    a: bytes
    b: bytes
    score: float
    grade: str
    is_across: bool
    reasons: str


def load_compared(conn: sa.Connection) -> dict[bytes, bytes]:
    """Return which version of each record was compared; empty for one that is not yet."""
    rows = conn.execute(sa.select(likeness.c.rid, likeness.c.commitment), execution_options={"yield_per": 2000})
    return {bytes(row.rid): bytes(row.commitment) for row in rows}


def load_members(conn: sa.Connection) -> dict[bytes, str]:
    """Return who publishes each record that is compared."""
    return {bytes(row.rid): row.member for row in conn.execute(sa.select(likeness.c.rid, likeness.c.member))}


def save_blocks(
    db: Database, conn: sa.Connection, blocks: Mapping[bytes, Collection[bytes]], members: Mapping[bytes, str]
) -> None:
    """Replace the keys of records; they count as not compared until `save_pairs`."""
    _drop_blocks(conn, list(blocks))
    db.insert_rows(
        conn, likeness, ("rid", "member", "commitment"), [(rid, members[rid], _NOT_YET) for rid in blocks]
    )  # fmt: skip
    rows = [(block, rid) for rid, keys in blocks.items() for block in sorted(keys)]
    db.insert_rows(conn, likeness_block, ("block", "rid"), rows)


def load_partners(
    conn: sa.Connection, blocks: Mapping[bytes, Collection[bytes]], *, most: int, frequent: set[bytes]
) -> dict[bytes, dict[bytes, float]]:
    """Return for each record who shares keys with it, and how much: a key counts the more the fewer have it.

    Args:
        most: a key that more records have is left out.
        frequent: keys that are known to be left out; more are added.
    """
    owners: dict[bytes, list[bytes]] = {}
    for rid, keys in blocks.items():
        for key in keys:
            if key not in frequent:
                owners.setdefault(key, []).append(rid)
    found: dict[bytes, dict[bytes, float]] = {rid: {} for rid in blocks}
    for piece in in_chunks(list(owners)):
        for key, rids in _in_blocks(conn, piece, most, frequent):
            worth = 1 / len(rids)
            for one in owners[key]:
                beside = found[one]
                for other in rids:
                    if one != other:
                        beside[other] = beside.get(other, 0.0) + worth
    return found


def _in_blocks(
    conn: sa.Connection, keys: Sequence[bytes], most: int, frequent: set[bytes]
) -> Iterable[tuple[bytes, list[bytes]]]:
    count = sa.func.count()
    sizes = conn.execute(
        sa.select(likeness_block.c.block, count)
        .where(likeness_block.c.block.in_(keys))
        .group_by(likeness_block.c.block)
    ).all()
    frequent.update(bytes(block) for block, size in sizes if size > most)
    few = [block for block, size in sizes if 1 < size <= most]
    members: dict[bytes, list[bytes]] = {}
    query = sa.select(likeness_block.c.block, likeness_block.c.rid).where(likeness_block.c.block.in_(few))
    for block, rid in conn.execute(query) if few else ():
        members.setdefault(bytes(block), []).append(bytes(rid))
    return members.items()


def save_pairs(
    db: Database, conn: sa.Connection, compared: Mapping[bytes, bytes], pairs: Sequence[Pair]
) -> None:  # fmt: skip
    """Replace all pairs of these records, and note the versions that were compared."""
    rids = list(compared)
    _drop_pairs(conn, rids)
    columns = ("a", "b", "score", "grade", "is_across", "reasons")
    db.insert_rows(conn, candidate, columns, [msgspec.structs.astuple(pair) for pair in pairs])
    mine = likeness.c.rid == sa.bindparam("asked")
    conn.execute(
        sa.update(likeness).where(mine).values(commitment=sa.bindparam("version")),
        [{"asked": rid, "version": version} for rid, version in compared.items()],
    )


def drop_records(conn: sa.Connection, rids: Sequence[bytes]) -> None:
    """Forget records with their keys and pairs."""
    _drop_blocks(conn, rids)
    _drop_pairs(conn, rids)


def drop_all(conn: sa.Connection) -> None:
    """Forget everything, to be made anew."""
    for table in (candidate, likeness_block, likeness):
        conn.execute(sa.delete(table))


def load_pairs(conn: sa.Connection) -> list[Pair]:
    """Return all pairs: those across members first, then by grade and score."""
    order = (candidate.c.is_across.desc(), candidate.c.grade, candidate.c.score.desc(), candidate.c.a, candidate.c.b)
    return [_pair(row) for row in conn.execute(sa.select(candidate).order_by(*order))]


def find_pair(conn: sa.Connection, a: bytes, b: bytes) -> Pair | None:
    """Return the pair of two records, the smaller id first."""
    row = conn.execute(sa.select(candidate).where(candidate.c.a == a, candidate.c.b == b)).first()
    return None if row is None else _pair(row)


def _pair(row: sa.Row[tuple[bytes, bytes, float, str, bool, str]]) -> Pair:
    return Pair(bytes(row.a), bytes(row.b), row.score, row.grade, bool(row.is_across), row.reasons)


def _drop_blocks(conn: sa.Connection, rids: Sequence[bytes]) -> None:
    for piece in in_chunks(rids):
        conn.execute(sa.delete(likeness_block).where(likeness_block.c.rid.in_(piece)))
        conn.execute(sa.delete(likeness).where(likeness.c.rid.in_(piece)))


def _drop_pairs(conn: sa.Connection, rids: Sequence[bytes]) -> None:
    for piece in in_chunks(rids):
        conn.execute(sa.delete(candidate).where(sa.or_(candidate.c.a.in_(piece), candidate.c.b.in_(piece))))
