"""What a list of changes needs of the holdings: where shown versions stand, what is settled, what was erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from shared.database import in_chunks
from shared.errors import ParseError
from shared.feed.entry import Erase, Publish, Withdraw, parse_entry
from shared.feed.tiles import WIDTH
from shared.holdings.catalogue import is_dead, shown_query
from shared.holdings.logs import load_entries, load_entry
from shared.holdings.notices import hidden_records
from shared.holdings.tables import erased, log, record, wanted

_VERSIONS_MAX: Final = 200


class Version(msgspec.Struct, frozen=True):
    """Where the shown version of a record stands in its log."""

    origin: str
    rid: bytes
    commitment: bytes
    position: int


def iterate_versions(conn: sa.Connection, origins: Sequence[str], *, kind: str = "offer") -> Iterator[Version]:
    """Yield where the shown version of each record stands, without reading it."""
    view = shown_query(conn, origins, kind).subquery()
    query = sa.select(view.c.origin, view.c.rid, view.c.commitment, view.c.position)
    for origin, rid, commitment, position in conn.execute(query, execution_options={"yield_per": 2000}):
        yield Version(origin, bytes(rid), bytes(commitment), position)


def load_first_times(conn: sa.Connection, origins: Sequence[str], rids: Sequence[bytes]) -> dict[bytes, int]:
    """Return when the first version of each shown record was published, as the log says that holds it.

    Costs a look into a bundle for each version; of a record with very many the last of them are looked through.
    """
    found = {}
    view = shown_query(conn, origins, "offer").subquery()
    for piece in in_chunks(rids):
        query = sa.select(view.c.rid, view.c.position, log.c.id).join(log, log.c.origin == view.c.origin)
        for rid, position, log_id in conn.execute(query.where(view.c.rid.in_(piece))).all():
            if (time := _first_time(conn, log_id, position)) is not None:
                found[bytes(rid)] = time
    return found


def _first_time(conn: sa.Connection, log_id: int, position: int) -> int | None:
    time: int | None = None
    for _ in range(_VERSIONS_MAX):
        try:
            entry = parse_entry(load_entry(conn, log_id, position))
        except ParseError:
            break
        if not isinstance(entry, Publish | Withdraw):
            break
        time = entry.time
        # What a publisher says of the version before is its word alone; only backwards there is an end.
        if entry.prev is None or not 0 <= entry.prev < position:
            break
        position = entry.prev
    return time


class Turnover(msgspec.Struct, frozen=True):
    """How many offers a member published for the first time, and how many it took back, in a stretch of time."""

    new: int = 0
    ended: int = 0


def count_turnover(conn: sa.Connection, origins: Sequence[str], *, since: int, until: int) -> dict[str, Turnover]:
    """Return how much came and went by member, as the logs say, since one time and before another (Unix seconds).

    Reads every entry of these logs: for a page of the year, not for one of the day.
    """
    found = {}
    rows = conn.execute(sa.select(log.c.id, log.c.member, log.c.size).where(log.c.origin.in_(origins))).all()
    for row in rows:
        if row.member != "hub":
            found[row.member] = _turnover(conn, row.id, row.size, since, until)
    return found


def _turnover(conn: sa.Connection, log_id: int, size: int, since: int, until: int) -> Turnover:
    new = ended = 0
    for number in range(-(-size // WIDTH)):
        for data in load_entries(conn, log_id, number):
            entry = parse_entry(data)
            if not isinstance(entry, Publish | Withdraw) or entry.kind != "offer" or not since <= entry.time < until:
                continue
            ended += isinstance(entry, Withdraw)
            new += isinstance(entry, Publish) and entry.prev is None
    return Turnover(new, ended)


def load_ended(conn: sa.Connection, origins: Sequence[str]) -> set[bytes]:
    """Return the offers of all logs held that were published once and are not to be shown by these logs."""
    is_there = sa.and_(log.c.origin.in_(origins), record.c.live, ~is_dead(record))
    query = (
        sa.select(record.c.rid)
        .join(log, log.c.id == record.c.log_id)
        .where(record.c.kind == "offer", log.c.member != "hub")
    )
    shown = {bytes(rid) for rid in conn.scalars(query.where(is_there))}
    hidden = {rid for _, rid in hidden_records(conn, origins)}
    return {bytes(rid) for rid in conn.scalars(query)} - (shown - hidden)


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
