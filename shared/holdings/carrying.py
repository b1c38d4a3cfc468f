"""What a restored database must take over from the one it replaces: what was erased since (PROTOCOL 10.6)."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from shared.holdings import logs, payloads
from shared.holdings.tables import erased, log

ERASURES_UNKNOWN = "erasures-unknown"
"""Fact of a party that was restored without its last database: what was erased since must be heard before it shows."""


class KnownErasure(msgspec.Struct, frozen=True):
    """One version that is dead for ever, whatever a backup holds."""

    origin: str
    commitment: bytes
    position: int
    time: int


def has_tables(conn: sa.Connection) -> bool:
    """Tell whether this is a database of ours at all; an empty one is not."""
    return sa.inspect(conn).has_table(erased.name)


def load_known_erasures(conn: sa.Connection) -> list[KnownErasure]:
    """Return every erasure that this database knows of."""
    query = sa.select(log.c.origin, erased.c.commitment, erased.c.position, erased.c.time)
    rows = conn.execute(query.join(log, log.c.id == erased.c.log_id))
    return [KnownErasure(row.origin, bytes(row.commitment), row.position, row.time) for row in rows]


def apply_known_erasures(conn: sa.Connection, known: Sequence[KnownErasure]) -> dict[int, int]:
    """Destroy what is known to be erased; returns by number of the log how many versions were new to it.

    The entries themselves come back with the log, from its other holders; marked here, no version named in them is
    shown, served or taken again until then.
    """
    found: dict[int, int] = {}
    for origin in sorted({one.origin for one in known}):
        row = logs.find_log(conn, origin)
        if row is None:
            continue
        dead = [(one.commitment, one.position, one.time) for one in known if one.origin == origin]
        before = payloads.dead_among(conn, row.id, [commitment for commitment, _, _ in dead])
        payloads.mark_erased(conn, row.id, dead)
        payloads.destroy_payloads(conn, row.id, [commitment for commitment, _, _ in dead])
        if new := len(dead) - len(before):
            found[row.id] = new
    return found
