"""What was sent to subscribers: when, and how it ended; never what they answered."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import delivery


class Delivery(msgspec.Struct, frozen=True):
    """One attempt; `status` 0 where nothing answered, `error` the kind of the failure, empty for a success."""

    message: str
    is_test: bool
    attempt: int
    time: int
    status: int
    error: str
    milliseconds: int
    id: int = 0


def add_delivery(conn: sa.Connection, subscriber: bytes, row: Delivery) -> None:
    """Keep an attempt."""
    values = msgspec.structs.asdict(row)
    del values["id"]
    conn.execute(sa.insert(delivery).values(subscriber_id=subscriber, **values))


def load_deliveries(conn: sa.Connection, subscriber: bytes, *, before: int | None, most: int) -> list[Delivery]:
    """Return the attempts of a subscriber, newest first; with `before`, those older than that one."""
    columns = [delivery.c[name] for name in Delivery.__struct_fields__]
    query = sa.select(*columns).where(delivery.c.subscriber_id == subscriber)
    if before is not None:
        query = query.where(delivery.c.id < before)
    return [Delivery(**row._mapping) for row in conn.execute(query.order_by(delivery.c.id.desc()).limit(most))]


def newest_test(conn: sa.Connection, subscriber: bytes) -> int | None:
    """Return when a subscriber's address was tried last on request, or None."""
    mine = sa.and_(delivery.c.subscriber_id == subscriber, delivery.c.is_test)
    return conn.execute(sa.select(sa.func.max(delivery.c.time)).where(mine)).scalar()


def drop_old(conn: sa.Connection, *, before: int) -> int:
    """Delete attempts of earlier times; returns how many."""
    return conn.execute(sa.delete(delivery).where(delivery.c.time < before)).rowcount
