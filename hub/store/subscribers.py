"""Subscribers: copies of the catalogue that integrators keep, and the message that waits for each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.store.tables import integrator, integrator_key, subscriber

ACTIVE, PAUSED, DISABLED = "active", "paused", "disabled"
GONE, FAILING = "gone", "failing"
"""Why a subscriber is told no more: its address said so, or did not answer for days."""


class Subscriber(msgspec.Struct, frozen=True):
    """One subscriber with its secrets; times in Unix seconds, ids as bytes."""

    id: bytes
    integrator_id: int
    url: str
    description: str
    kinds: str
    secret: bytes
    old_secret: bytes | None
    old_secret_until: int
    created: int
    state: str
    reason: str
    seen: str
    message: str
    message_time: int
    next_try: int
    failures: int
    failing_since: int | None
    test: str
    done_step: int
    acknowledged: int | None
    warned_step: int


class Owned(msgspec.Struct, frozen=True):
    """A subscriber, and whose it is."""

    name: str
    email: str
    subscriber: Subscriber


_HAS_KEY = (
    sa.select(integrator_key.c.id)
    .where(integrator_key.c.integrator_id == subscriber.c.integrator_id, integrator_key.c.revoked.is_(None))
    .exists()
)
# Made once: every tick asks.
_TOLD = sa.and_(subscriber.c.state == ACTIVE, subscriber.c.url != "", _HAS_KEY)
_ANY_TOLD = sa.select(subscriber.c.id).where(sa.or_(_TOLD, subscriber.c.test != "")).limit(1)
_UNSEEN = sa.select(subscriber).where(_TOLD, subscriber.c.seen != sa.bindparam("stamp"))
_DUE = sa.select(subscriber.c.id).where(
    sa.or_(
        sa.and_(
            _TOLD,
            subscriber.c.message != "",
            # A time further ahead than was ever set comes from a clock that ran ahead.
            sa.or_(subscriber.c.next_try <= sa.bindparam("now"), subscriber.c.next_try > sa.bindparam("furthest")),
        ),
        sa.and_(subscriber.c.test != "", _HAS_KEY),
    )
)


def _subscriber(row: sa.Row[Any]) -> Subscriber:
    values = {name: row._mapping[name] for name in Subscriber.__struct_fields__}
    binary = {name: None if values[name] is None else bytes(values[name]) for name in ("id", "secret", "old_secret")}
    return Subscriber(**{**values, **binary})


def add_subscriber(conn: sa.Connection, row: Subscriber) -> None:
    """Keep a new subscriber."""
    conn.execute(sa.insert(subscriber).values(**msgspec.structs.asdict(row)))


def load_subscriber(conn: sa.Connection, key: bytes) -> Subscriber | None:
    """Return one subscriber, whosesoever, or None."""
    row = conn.execute(sa.select(subscriber).where(subscriber.c.id == key)).first()
    return None if row is None else _subscriber(row)


def load_own(conn: sa.Connection, owner: int) -> list[Subscriber]:
    """Return the subscribers of one integrator, oldest first."""
    query = sa.select(subscriber).where(subscriber.c.integrator_id == owner)
    return [_subscriber(row) for row in conn.execute(query.order_by(subscriber.c.created, subscriber.c.id))]


def load_all(conn: sa.Connection) -> list[Owned]:
    """Return every subscriber with its owner, by the owner's name."""
    query = sa.select(subscriber, integrator.c.name, integrator.c.email).join_from(subscriber, integrator)
    rows = conn.execute(query.order_by(integrator.c.name, subscriber.c.created, subscriber.c.id))
    return [Owned(row.name, row.email, _subscriber(row)) for row in rows]


def change_subscriber(conn: sa.Connection, key: bytes, **values: object) -> None:
    """Set columns of a subscriber."""
    conn.execute(sa.update(subscriber).where(subscriber.c.id == key).values(**values))


def drop_subscriber(conn: sa.Connection, key: bytes) -> None:
    """Delete a subscriber with its log."""
    conn.execute(sa.delete(subscriber).where(subscriber.c.id == key))


# --- who is told -----------------------------------------------------------------------------------------------------


def is_anyone_told(conn: sa.Connection) -> bool:
    """Tell whether any subscriber is told of changes, or waits for a test."""
    return conn.execute(_ANY_TOLD).first() is not None


def iterate_unseen(conn: sa.Connection, stamp: str) -> Iterator[Subscriber]:
    """Yield the subscribers that are told of changes and for which this state was not looked at."""
    for row in conn.execute(_UNSEEN, {"stamp": stamp}).all():
        yield _subscriber(row)


def find_due(conn: sa.Connection, *, now: int, within: int) -> list[bytes]:
    """Return the ids of those that have a message to be sent now.

    Args:
        within: seconds ahead that a try is ever put off.
    """
    return [bytes(key) for key in conn.execute(_DUE, {"now": now, "furthest": now + within}).scalars()]
