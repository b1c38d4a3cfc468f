"""Who keeps a copy must erase what cities erased; here it is known who has not said so in time (Art. 19 GDPR).

Each erasure is a step.  A subscriber acknowledges a cursor: that everything up to it was carried out.  It has as long
as any copy may go on without word from the hub (PROTOCOL 10.5); then it is listed for the district, with one alarm, and
its integrator gets one letter.  What is acknowledged is believed: nobody can look into a copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.integrator_letters import write_behind
from hub.party import Hub
from hub.store import erasure_steps
from hub.store import subscribers as stored
from hub.store.erasure_steps import Step
from hub.store.subscribers import Owned, Subscriber
from shared.errors import ConflictError, NotFoundError, ParseError, RuleError
from shared.feed import limits
from shared.holdings import facts
from shared.outputs import changes
from shared.outputs.cursor import parse_cursor

BOUND_SECONDS: Final = limits.LEASE_SECONDS
"""How long a copy may hold what was erased: a long weekend."""
_EVERY_SECONDS = 60


class Behind(msgspec.Struct, frozen=True):
    """One line of `integrators behind --json`: a subscriber that has not carried out an erasure in time."""

    name: str
    email: str
    subscriber: str
    description: str
    since: int  # of the oldest erasure that it has not acknowledged
    due: int
    acknowledged: int | None  # when it said last what it has


def list_behind(hub: Hub) -> list[Behind]:
    """Return the subscribers behind an erasure, by integrator."""
    with hub.db.read() as conn:
        return find_behind(conn, now=hub.clock.now())


def find_behind(conn: sa.Connection, *, now: int) -> list[Behind]:
    """The same as seen by one transaction."""
    return [
        Behind(
            owned.name, owned.email, owned.subscriber.id.hex(), owned.subscriber.description, step.time,
            step.time + BOUND_SECONDS, owned.subscriber.acknowledged,
        )
        for owned, step in _late(conn, now)
    ]  # fmt: skip


def _late(conn: sa.Connection, now: int) -> list[tuple[Owned, Step]]:
    everyone = stored.load_all(conn)
    steps = _open_steps(conn, [owned.subscriber for owned in everyone])
    found = ((owned, _first_open(owned.subscriber, steps)) for owned in everyone)
    return [(owned, step) for owned, step in found if step is not None and step.time + BOUND_SECONDS <= now]


def _open_steps(conn: sa.Connection, rows: Sequence[Subscriber]) -> list[Step]:
    return erasure_steps.load_steps(conn, after=min(row.done_step for row in rows)) if rows else []


def _first_open(row: Subscriber, steps: Sequence[Step]) -> Step | None:
    return next((step for step in steps if step.id > row.done_step), None)


def find_owed(conn: sa.Connection, row: Subscriber) -> Step | None:
    """Return the oldest erasure that a subscriber has not acknowledged, in time or not; None: it owes nothing."""
    return _first_open(row, _open_steps(conn, [row]))


# --- what subscribers say --------------------------------------------------------------------------------------------


def acknowledge(hub: Hub, owner: int, key: bytes, text: str) -> Subscriber:
    """Take a subscriber's word that everything up to a cursor was carried out; an older word changes nothing.

    Raises:
        RuleError: the cursor is none of ours.
        ConflictError: the cursor belongs to another list, or to a walk that is not over; so it is not known what its
            holder has.
        NotFoundError: the integrator has no such subscriber.
        NoOutputsError: there is no list now.
    """
    try:
        cursor = parse_cursor(text)
    except ParseError as error:
        raise RuleError("the cursor cannot be read", {"cursor": [error.message]}) from error
    number = changes.number_of(hub.outputs.reader, cursor)
    with hub.db.write() as conn:
        row = stored.load_subscriber(conn, key)
        if row is None or row.integrator_id != owner:
            raise NotFoundError(f"there is no subscriber {key.hex()}")
        if number is None:
            raise ConflictError(
                "the cursor does not say what its holder has of the present list",
                advice="Go on with GET /changes?after=<cursor> until `more` is false, and acknowledge the last cursor.",
            )
        note_step(hub, conn)
        done = max(row.done_step, erasure_steps.last_done(conn, cursor.epoch, number))
        values = {"done_step": done, "acknowledged": hub.clock.now()}
        stored.change_subscriber(conn, key, **values)
    return msgspec.structs.replace(row, **values)


# --- by itself -------------------------------------------------------------------------------------------------------


def last_step(hub: Hub, conn: sa.Connection) -> int:
    """Return the newest step there is; whoever begins now owes it nothing."""
    note_step(hub, conn)
    return erasure_steps.newest_step(conn)


def note_step(hub: Hub, conn: sa.Connection) -> None:
    """Keep the newest erasure of the list as a step."""
    newest = changes.newest_step(hub.outputs.reader)
    if newest is not None:
        erasure_steps.add_step(conn, newest[0], newest[1], time=int(newest[2]))


def care(hub: Hub) -> None:
    """Once a minute: note erasures, forget those that nobody owes, write to those who are behind, once per cause."""
    if hub.outputs_path is None:
        return
    now = hub.clock.now()
    with hub.db.read() as conn:
        if not facts.has_passed(conn, "duty-cared-at", now=now, seconds=_EVERY_SECONDS):
            return
    with hub.db.write() as conn:
        facts.save_fact(conn, "duty-cared-at", now)
        note_step(hub, conn)
        everyone = stored.load_all(conn)
        least = min((owned.subscriber.done_step for owned in everyone), default=erasure_steps.newest_step(conn))
        erasure_steps.drop_done(conn, until=least)
        for owned, step in _late(conn, now):
            if owned.subscriber.warned_step < step.id and write_behind(hub, conn, owned, since=step.time):
                stored.change_subscriber(conn, owned.subscriber.id, warned_step=step.id)
