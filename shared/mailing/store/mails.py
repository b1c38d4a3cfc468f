"""Letters that wait, were sent or could not be: text that an erasure must find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.holdings.prepared import Prepared
from shared.mailing.tables import mail

WAITING, SENDING, SENT, FAILED, UNCLEAR, EXPIRED = "waiting", "sending", "sent", "failed", "unclear", "expired"

# Every party asks for these each second or minute.
_DUE = Prepared(
    sa.select(mail)
    .where(mail.c.state == WAITING, mail.c.next_try <= sa.bindparam("now"))
    .order_by(mail.c.next_try, mail.c.id)
    .limit(1)
)
_STUCK = sa.and_(mail.c.state == SENDING, mail.c.next_try < sa.bindparam("before"))
_SEND_AGAIN = Prepared(
    sa.update(mail).where(_STUCK, mail.c.subscription.is_not(None)).values(state=WAITING, error=sa.bindparam("why"))
)
_LEAVE_UNCLEAR = Prepared(sa.update(mail).where(_STUCK).values(state=UNCLEAR, error=sa.bindparam("why")))
_DROP_OLD = Prepared(
    sa.delete(mail).where(
        mail.c.state != SENDING,
        sa.or_(
            sa.and_(mail.c.state.in_((SENT, EXPIRED)), mail.c.time < sa.bindparam("before")),
            mail.c.time < sa.bindparam("any_before"),
        ),
    )
)


class Mail(msgspec.Struct, frozen=True):
    """One letter; times in Unix seconds, `expires` None for a letter that never gets too old."""

    id: int
    kind: str
    rid: bytes | None
    subscription: bytes | None
    recipient: str
    subject: str
    body: str
    unsubscribe: str
    state: str
    time: int
    tries: int
    next_try: int
    expires: int | None
    error: str


def _mail(row: sa.Row[Any]) -> Mail:
    ids = {name: None if (key := row._mapping[name]) is None else bytes(key) for name in ("rid", "subscription")}
    return Mail(**{**row._mapping, **ids})


def add_mail(
    conn: sa.Connection, *, kind: str, recipient: str, subject: str, body: str, now: int, rid: bytes | None = None,
    expires: int | None = None,
) -> int:  # fmt: skip
    """Put a letter into the outbox; returns its number."""
    query = sa.insert(mail).values(
        kind=kind, rid=rid, subscription=None, recipient=recipient, subject=subject, body=body, unsubscribe="",
        state=WAITING, time=now, tries=0, next_try=now, expires=expires, error="",
    )  # fmt: skip
    return int(conn.execute(query.returning(mail.c.id)).scalar_one())


def add_to_subscriber(
    conn: sa.Connection, subscription: bytes, *, kind: str, recipient: str, letter: tuple[str, str], unsubscribe: str,
    now: int, expires: int | None = None,
) -> None:  # fmt: skip
    """Put a letter to a subscriber into the outbox: subject, text, and the address that ends the subscription."""
    subject, body = letter
    conn.execute(
        sa.insert(mail).values(
            kind=kind, rid=None, subscription=subscription, recipient=recipient, subject=subject, body=body,
            unsubscribe=unsubscribe, state=WAITING, time=now, tries=0, next_try=now, expires=expires, error="",
        )
    )  # fmt: skip


def load_mails(conn: sa.Connection, *, most: int = 500) -> list[Mail]:
    """Return letters, newest first; those to subscribers are nobody's to read."""
    query = sa.select(mail).where(mail.c.subscription.is_(None)).order_by(mail.c.id.desc()).limit(most)
    return [_mail(row) for row in conn.execute(query)]


def load_mail(conn: sa.Connection, number: int) -> Mail | None:
    """Return one letter, or None; one to a subscriber is nobody's to read."""
    row = conn.execute(sa.select(mail).where(mail.c.id == number, mail.c.subscription.is_(None))).first()
    return None if row is None else _mail(row)


def find_due(conn: sa.Connection, now: int) -> Mail | None:
    """Return the letter that waits longest and may be tried now, or None."""
    row = _DUE.run(conn, now=now).first()
    return None if row is None else _mail(row)


def change_mail(conn: sa.Connection, number: int, **values: object) -> None:
    """Set columns of a letter."""
    conn.execute(sa.update(mail).where(mail.c.id == number).values(**values))


def mark_interrupted(conn: sa.Connection, error: str, *, before: int) -> None:
    """Say of letters whose sending began before this time and never ended that nobody knows what became of them.

    Those to subscribers are sent again: a letter twice is better than none, and nobody sees them to decide.
    """
    _SEND_AGAIN.touch(conn, before=before, why=error)
    _LEAVE_UNCLEAR.touch(conn, before=before, why=error)


def drop_mails(conn: sa.Connection, numbers: Sequence[int]) -> None:
    """Delete letters."""
    conn.execute(sa.delete(mail).where(mail.c.id.in_(numbers)))


def drop_old(conn: sa.Connection, *, before: int, any_before: int) -> int:
    """Delete letters that are done with and older; returns how many.

    Args:
        any_before: what is older than this goes, whether or not it left.
    """
    return _DROP_OLD.touch(conn, before=before, any_before=any_before)


def drop_of_offer(conn: sa.Connection, rid: bytes, kind: str) -> None:
    """Delete letters of one kind about an offer that have not left yet: they are answered already."""
    unsent = (WAITING, FAILED, UNCLEAR)
    conn.execute(sa.delete(mail).where(mail.c.rid == rid, mail.c.kind == kind, mail.c.state.in_(unsent)))


def drop_of_subscription(conn: sa.Connection, subscription: bytes) -> int:
    """Delete every letter to a subscriber; returns how many."""
    return conn.execute(sa.delete(mail).where(mail.c.subscription == subscription)).rowcount


def states_of_subscription(conn: sa.Connection, subscription: bytes) -> set[str]:
    """Return the states of the letters to a subscriber that have not left."""
    return set(conn.execute(sa.select(mail.c.state).where(mail.c.subscription == subscription)).scalars())


def count_mails(conn: sa.Connection, *, to_subscribers: bool = False) -> dict[str, int]:
    """Count letters by state: those that staff see, or those to subscribers."""
    is_theirs = mail.c.subscription.is_not(None) if to_subscribers else mail.c.subscription.is_(None)
    rows = conn.execute(sa.select(mail.c.state, sa.func.count()).where(is_theirs).group_by(mail.c.state)).all()
    return {row[0]: row[1] for row in rows}


def count_of_kind(conn: sa.Connection, kind: str) -> int:
    """Count the letters of one kind that have not left."""
    is_theirs = sa.and_(mail.c.kind == kind, mail.c.state.in_((WAITING, SENDING)))
    return int(conn.execute(sa.select(sa.func.count()).select_from(mail).where(is_theirs)).scalar_one())


def iterate_texts(conn: sa.Connection) -> Iterator[tuple[int, bytes | None, dict[str, str]]]:
    """Yield (number, offer, texts) of every letter."""
    for row in conn.execute(sa.select(mail.c.id, mail.c.rid, mail.c.recipient, mail.c.subject, mail.c.body)):
        texts = {"email": row.recipient, "subject": row.subject, "body": row.body}
        yield row.id, None if row.rid is None else bytes(row.rid), texts
