"""Reminders of due reviews: which step an offer is at, and the links that were sent, as hashes."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from node.store.tables import review, review_link


class Reminded(msgspec.Struct, frozen=True):
    """What an offer was reminded of: the due day ("" for never checked), when first, how often."""

    due: str
    first_at: int
    step: int


class ReviewLink(msgspec.Struct, frozen=True):
    """One link of a reminder; `purpose` is confirm or change."""

    rid: bytes
    purpose: str
    expires: int
    used_at: int | None


def load_reminded(conn: sa.Connection) -> dict[bytes, Reminded]:
    """Return the offers that were reminded of a review which is still due."""
    return {bytes(row.rid): Reminded(row.due, row.first_at, row.step) for row in conn.execute(sa.select(review))}


def save_reminded(conn: sa.Connection, rid: bytes, reminded: Reminded) -> None:
    """Note a reminder, in place of the one before."""
    drop_reminded(conn, rid)
    conn.execute(sa.insert(review).values(rid=rid, due=reminded.due, first_at=reminded.first_at, step=reminded.step))


def drop_reminded(conn: sa.Connection, rid: bytes) -> None:
    """Forget that an offer was reminded: its review is done."""
    conn.execute(sa.delete(review).where(review.c.rid == rid))


def add_link(
    conn: sa.Connection, token_hash: bytes, rid: bytes, purpose: str, expires: int, *, relayed: bool = False
) -> None:
    """Keep the hash of a link that is being sent."""
    query = sa.insert(review_link)
    conn.execute(
        query.values(token_hash=token_hash, rid=rid, purpose=purpose, expires=expires, used_at=None, relayed=relayed)
    )


def has_open_relayed(conn: sa.Connection, *, now: int) -> bool:
    """Tell whether an answer may wait at the hub: a relayed link that is neither used nor ended."""
    link = review_link.c
    query = sa.select(link.rid).where(link.relayed.is_(True), link.used_at.is_(None), link.expires > now)
    return conn.execute(query.limit(1)).first() is not None


def load_link(conn: sa.Connection, token_hash: bytes) -> ReviewLink | None:
    """Return the link of this hash, or None."""
    row = conn.execute(sa.select(review_link).where(review_link.c.token_hash == token_hash)).first()
    return None if row is None else ReviewLink(bytes(row.rid), row.purpose, row.expires, row.used_at)


def use_link(conn: sa.Connection, token_hash: bytes, now: int) -> bool:
    """Use a link up; False when somebody did before."""
    unused = sa.and_(review_link.c.token_hash == token_hash, review_link.c.used_at.is_(None))
    return conn.execute(sa.update(review_link).where(unused).values(used_at=now)).rowcount == 1


def drop_old_links(conn: sa.Connection, *, before: int) -> None:
    """Forget links that ended before this time."""
    conn.execute(sa.delete(review_link).where(review_link.c.expires < before))
