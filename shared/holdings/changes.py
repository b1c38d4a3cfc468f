"""What a list of changes needs of the holdings: where shown versions stand, what is settled, what was erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from shared.feed.entry import Erase, Publish, parse_entry
from shared.holdings.catalogue import is_dead, shown_query
from shared.holdings.logs import load_entry
from shared.holdings.tables import erased, log, record, wanted


class Version(msgspec.Struct, frozen=True):
    """Where the shown version of a record stands in its log."""

    origin: str
    rid: bytes
    commitment: bytes
    position: int


def iterate_versions(conn: sa.Connection, origins: Sequence[str], *, kind: str = "offer") -> Iterator[Version]:
    """Yield where the shown version of each record stands, without reading it."""
    view = shown_query(origins, kind).subquery()
    query = sa.select(view.c.origin, view.c.rid, view.c.commitment, view.c.position)
    for origin, rid, commitment, position in conn.execute(query, execution_options={"yield_per": 2000}):
        yield Version(origin, bytes(rid), bytes(commitment), position)


def load_ended(conn: sa.Connection, origins: Sequence[str]) -> set[bytes]:
    """Return the offers of all logs held that were published once and are not to be shown by these logs."""
    is_there = sa.and_(log.c.origin.in_(origins), record.c.live, ~is_dead(record))
    query = (
        sa.select(record.c.rid)
        .join(log, log.c.id == record.c.log_id)
        .where(record.c.kind == "offer", log.c.member != "hub")
    )
    shown = {bytes(rid) for rid in conn.scalars(query.where(is_there))}
    return {bytes(rid) for rid in conn.scalars(query)} - shown


def settled_sizes(conn: sa.Connection, origins: Sequence[str]) -> dict[str, int]:
    """Return how far each log is shown without a gap: no entry below that index may still change what is shown.

    An entry is no longer open when its payload is held, or was superseded; a frozen fold opens all that follows it.
    """
    missing = sa.select(wanted.c.log_id, sa.func.min(wanted.c.position).label("first")).group_by(wanted.c.log_id)
    first = missing.subquery()
    query = (
        sa.select(log.c.origin, log.c.size, log.c.fold, log.c.payloads_from, first.c.first)
        .outerjoin(first, first.c.log_id == log.c.id)
        .where(log.c.origin.in_(origins))
    )
    found = {}
    for row in conn.execute(query):
        bounds = [row.size, row.fold, row.first, row.payloads_from]
        found[row.origin] = min(bound for bound in bounds if bound is not None)
    return found


class Erasure(msgspec.Struct, frozen=True):
    """One entry of a log that erased versions, and the records whose versions they were."""

    origin: str
    position: int
    rids: tuple[bytes, ...]


def load_erasures(conn: sa.Connection, origins: Sequence[str], since: Mapping[str, int]) -> list[Erasure]:
    """Return the erasures of these logs from an index on, in the order of each log.

    Args:
        since: by origin; a log that is not named is read from its beginning.
    """
    query = (
        sa.select(log.c.id, log.c.origin, erased.c.position)
        .join(log, log.c.id == erased.c.log_id)
        .where(log.c.origin.in_(origins))
        .distinct()
        .order_by(log.c.origin, erased.c.position)
    )
    return [
        Erasure(origin, position, _erased_records(conn, log_id, position))
        for log_id, origin, position in conn.execute(query).all()
        if position >= since.get(origin, 0)
    ]


def _erased_records(conn: sa.Connection, log_id: int, position: int) -> tuple[bytes, ...]:
    entry = parse_entry(load_entry(conn, log_id, position))
    if not isinstance(entry, Erase):
        return ()
    targets = [parse_entry(load_entry(conn, log_id, target)) for target in entry.targets if target < position]
    return tuple(dict.fromkeys(target.id for target in targets if isinstance(target, Publish)))
