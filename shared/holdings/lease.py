"""Whether persons may be shown: recovering parties and overdue copies mask them (PROTOCOL 4 W6 and 10.5)."""

from __future__ import annotations

import sqlalchemy as sa

from shared.feed import limits
from shared.holdings import facts, papers


def note_time_seen(conn: sa.Connection, time: int) -> None:
    """Remember the largest time ever seen, so that a clock that goes back does not renew a lease."""
    if time > facts.load_number(conn, "latest-time"):
        facts.save_fact(conn, "latest-time", time)


def masks_persons(conn: sa.Connection, *, now: int, is_own: bool) -> bool:
    """Tell whether persons of a record are masked.

    Args:
        is_own: the record is of the party's own log; it has no lease, only recovery masks it.
    """
    if facts.load_number(conn, "recovering-since"):
        return True
    if is_own:
        return False
    newest = papers.load_catalogue_note(conn)
    latest = max(now, facts.load_number(conn, "latest-time"))
    return newest is None or latest - newest[0] > limits.LEASE_SECONDS
