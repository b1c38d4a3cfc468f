"""Subscriptions to searches, the titles that their letters told of, and how often somebody asked for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.database import in_chunks
from shared.holdings.prepared import Prepared
from shared.holdings.tables import erased
from shared.mailing.tables import mail, subscription, subscription_visit, told_offer

WAITING, ACTIVE = "waiting", "active"
DAILY, WEEKLY = "daily", "weekly"
MONTHLY = "monthly"
"""The newsletter, which follows no search; its letters are written when an issue is released."""

# Every party asks for these each minute.
_HAS_COME = sa.or_(subscription.c.due <= sa.bindparam("now"), subscription.c.due > sa.bindparam("no_later"))
_DUE = Prepared(
    sa.select(subscription)
    .where(subscription.c.state == ACTIVE, subscription.c.rhythm != MONTHLY, _HAS_COME)
    .order_by(subscription.c.due)
    .limit(sa.bindparam("most"))
)
_GETS_NEWSLETTER = sa.and_(subscription.c.state == ACTIVE, subscription.c.rhythm == MONTHLY)
_UNCONFIRMED = Prepared(
    sa.select(subscription.c.id).where(subscription.c.state == WAITING, subscription.c.created < sa.bindparam("before"))
)
_IS_GONE = told_offer.c.commitment.in_(sa.select(erased.c.commitment))
_DROP_TOLD = Prepared(sa.delete(told_offer).where(sa.or_(told_offer.c.time < sa.bindparam("before"), _IS_GONE)))
_visited = subscription_visit.c.time
_DROP_VISITS = Prepared(
    sa.delete(subscription_visit).where(sa.or_(_visited < sa.bindparam("before"), _visited > sa.bindparam("now")))
)


class Subscription(msgspec.Struct, frozen=True):
    """Who wants letters about which search, or the newsletter; times in Unix seconds."""

    id: bytes
    address: str
    query: str
    language: str
    rhythm: str
    state: str
    confirm_hash: bytes
    end_hash: bytes
    created: int
    confirmed: int | None
    told: int | None
    due: int
    seen: bytes

    @property
    def is_newsletter(self) -> bool:
        """Tell whether this is the newsletter and no search."""
        return self.rhythm == MONTHLY


class Told(msgspec.Struct, frozen=True):
    """One offer that subscribers know of."""

    rid: bytes
    member: str
    title: str
    commitment: bytes


def _subscription(row: sa.Row[Any]) -> Subscription:
    raw = {name: bytes(row._mapping[name]) for name in ("id", "confirm_hash", "end_hash", "seen")}
    return Subscription(**{**row._mapping, **raw})


def add_subscription(conn: sa.Connection, row: Subscription) -> None:
    """Keep a subscription."""
    conn.execute(sa.insert(subscription).values(**msgspec.structs.asdict(row)))


def find_by_confirmation(conn: sa.Connection, confirm_hash: bytes) -> Subscription | None:
    """Return the subscription that a link confirms, or None."""
    return _first(conn, subscription.c.confirm_hash == confirm_hash)


def find_by_end(conn: sa.Connection, end_hash: bytes) -> Subscription | None:
    """Return the subscription that a link ends, or None."""
    return _first(conn, subscription.c.end_hash == end_hash)


def _first(conn: sa.Connection, condition: sa.ColumnElement[bool]) -> Subscription | None:
    row = conn.execute(sa.select(subscription).where(condition)).first()
    return None if row is None else _subscription(row)


def load_subscription(conn: sa.Connection, number: bytes) -> Subscription | None:
    """Return one subscription, or None."""
    return _first(conn, subscription.c.id == number)


def load_of_address(conn: sa.Connection, address: str) -> list[Subscription]:
    """Return the subscriptions of one address."""
    rows = conn.execute(sa.select(subscription).where(subscription.c.address == address))
    return [_subscription(row) for row in rows]


def load_due(conn: sa.Connection, *, now: int, within: int, most: int) -> list[Subscription]:
    """Return active subscriptions whose time has come; a time that nobody can have set binds nobody."""
    return [_subscription(row) for row in _DUE.run(conn, now=now, no_later=now + within, most=most)]


def change_subscription(conn: sa.Connection, number: bytes, **values: object) -> None:
    """Set columns of a subscription."""
    conn.execute(sa.update(subscription).where(subscription.c.id == number).values(**values))


def drop_subscriptions(conn: sa.Connection, numbers: Sequence[bytes]) -> None:
    """Delete subscriptions with every letter to them that has not left."""
    for some in in_chunks(numbers):
        conn.execute(sa.delete(mail).where(mail.c.subscription.in_(some)))
        conn.execute(sa.delete(subscription).where(subscription.c.id.in_(some)))


def unconfirmed_before(conn: sa.Connection, time: int) -> list[bytes]:
    """Return the numbers of subscriptions that were asked for before this time and never confirmed."""
    return [bytes(number) for number in _UNCONFIRMED.run(conn, before=time).scalars()]


def count_subscriptions(conn: sa.Connection) -> dict[str, int]:
    """Count subscriptions by state."""
    rows = conn.execute(sa.select(subscription.c.state, sa.func.count()).group_by(subscription.c.state)).all()
    return {row[0]: row[1] for row in rows}


def count_searches(conn: sa.Connection, *, least: int, most: int) -> list[tuple[str, int]]:
    """Return the searches that at least so many people follow, with their number, most followed first."""
    number = sa.func.count(sa.distinct(subscription.c.address))
    is_search = sa.and_(subscription.c.state == ACTIVE, subscription.c.rhythm != MONTHLY)
    query = sa.select(subscription.c.query, number).where(is_search)
    grouped = query.group_by(subscription.c.query).having(number >= least)
    rows = conn.execute(grouped.order_by(number.desc(), subscription.c.query).limit(most)).all()
    return [(row[0], row[1]) for row in rows]


def load_newsletter(conn: sa.Connection, *, after: bytes, most: int) -> list[Subscription]:
    """Return confirmed subscriptions of the newsletter beyond a number, in the order of their numbers."""
    wanted = sa.and_(_GETS_NEWSLETTER, subscription.c.id > after)
    query = sa.select(subscription).where(wanted).order_by(subscription.c.id).limit(most)
    return [_subscription(row) for row in conn.execute(query)]


def count_newsletter(conn: sa.Connection) -> int:
    """Count the confirmed subscriptions of the newsletter."""
    query = sa.select(sa.func.count()).select_from(subscription).where(_GETS_NEWSLETTER)
    return int(conn.execute(query).scalar_one())


def iterate_texts(conn: sa.Connection) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Yield (number, texts) of every subscription."""
    for row in conn.execute(sa.select(subscription.c.id, subscription.c.address, subscription.c.query)):
        yield bytes(row.id), {"email": row.address, "query": row.query}


# --- titles ----------------------------------------------------------------------------------------------------------


def load_told(conn: sa.Connection, rids: Sequence[bytes]) -> dict[bytes, tuple[Told, int]]:
    """Return what is known of these offers by id, with the time at which it was noted."""
    found = {}
    for some in in_chunks(rids):
        for row in conn.execute(sa.select(told_offer).where(told_offer.c.rid.in_(some))):
            found[bytes(row.rid)] = (Told(bytes(row.rid), row.member, row.title, bytes(row.commitment)), row.time)
    return found


def save_told(conn: sa.Connection, offers: Sequence[Told], *, now: int) -> None:
    """Note the titles of offers, in place of what was noted of them."""
    for some in in_chunks(offers):
        conn.execute(sa.delete(told_offer).where(told_offer.c.rid.in_([one.rid for one in some])))
        conn.execute(sa.insert(told_offer), [{**msgspec.structs.asdict(one), "time": now} for one in some])


def drop_told(conn: sa.Connection, *, before: int) -> int:
    """Forget titles that nobody asked for since, and those of versions that were erased; returns how many."""
    return _DROP_TOLD.touch(conn, before=before)


def iterate_told(conn: sa.Connection) -> Iterator[Mapping[str, Any]]:
    """Yield `rid` and `title` of every offer that subscribers know of."""
    for row in conn.execute(sa.select(told_offer.c.rid, told_offer.c.title)):
        yield {"rid": bytes(row.rid), "title": row.title}


def forget_told(conn: sa.Connection, rids: Sequence[bytes]) -> None:
    """Forget the titles of these offers."""
    for some in in_chunks(rids):
        conn.execute(sa.delete(told_offer).where(told_offer.c.rid.in_(some)))


# --- pace ------------------------------------------------------------------------------------------------------------


def visit_times(conn: sa.Connection, key_hash: bytes, *, since: int) -> list[int]:
    """Return when something was counted under a key, oldest first."""
    seen = subscription_visit
    query = sa.select(seen.c.time).where(seen.c.key_hash == key_hash, seen.c.time > since)
    return list(conn.execute(query.order_by(seen.c.time)).scalars())


def add_visit(conn: sa.Connection, key_hash: bytes, now: int) -> None:
    """Count something under a key."""
    conn.execute(sa.insert(subscription_visit).values(key_hash=key_hash, time=now))


def drop_visits(conn: sa.Connection, *, before: int, now: int) -> None:
    """Forget what was counted long ago, and what a clock noted that ran ahead."""
    _DROP_VISITS.touch(conn, before=before, now=now)
