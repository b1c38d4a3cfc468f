"""What was decided at the desk about offers that may be the same, what was put off, and what owners were told."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
import sqlalchemy as sa

from hub.store.tables import decision, hint_sent, skipped_pair
from shared.database import in_chunks


class Step(msgspec.Struct, frozen=True):
    """One decision; `before` and `after` are JSON: the documents it touched by id, null for one that did not stand."""

    account_id: int
    time: int
    verb: str
    a: bytes
    b: bytes
    before: str
    after: str
    undone: int | None = None
    id: int = 0


def _step(row: sa.Row[Any]) -> Step:
    return Step(**{**row._mapping, "a": bytes(row.a), "b": bytes(row.b)})


def add_step(conn: sa.Connection, step: Step) -> int:
    """Keep a decision; returns its number."""
    values = msgspec.structs.asdict(step)
    del values["id"]
    return int(conn.execute(sa.insert(decision).values(**values).returning(decision.c.id)).scalar_one())


def load_step(conn: sa.Connection, number: int) -> Step | None:
    """Return one decision, or None."""
    row = conn.execute(sa.select(decision).where(decision.c.id == number)).first()
    return None if row is None else _step(row)


def load_last_step(conn: sa.Connection, account_id: int, *, since: int) -> Step | None:
    """Return the newest decision of somebody that was not taken back; None for none since this time."""
    query = (
        sa.select(decision)
        .where(decision.c.account_id == account_id, decision.c.undone.is_(None), decision.c.time >= since)
        .order_by(decision.c.id.desc())
        .limit(1)
    )
    row = conn.execute(query).first()
    return None if row is None else _step(row)


def save_undone(conn: sa.Connection, number: int, now: int) -> None:
    """Note that a decision was taken back."""
    conn.execute(sa.update(decision).where(decision.c.id == number).values(undone=now))


def drop_old_steps(conn: sa.Connection, *, until: int) -> None:
    """Forget who decided what up to this time; the records in the log stay."""
    conn.execute(sa.delete(decision).where(decision.c.time <= until))


# --- put off ---------------------------------------------------------------------------------------------------------


def add_skipped(conn: sa.Connection, account_id: int, a: bytes, b: bytes, now: int) -> None:
    """Put a pair behind all others for somebody."""
    drop_skipped(conn, account_id, a, b)
    conn.execute(sa.insert(skipped_pair).values(account_id=account_id, a=a, b=b, time=now))


def drop_skipped(conn: sa.Connection, account_id: int, a: bytes, b: bytes) -> None:
    """Forget that somebody put a pair off."""
    t = skipped_pair.c
    conn.execute(sa.delete(skipped_pair).where(t.account_id == account_id, t.a == a, t.b == b))


def drop_old_skipped(conn: sa.Connection, *, until: int) -> None:
    """Forget what anybody put off up to this time."""
    conn.execute(sa.delete(skipped_pair).where(skipped_pair.c.time <= until))


def load_skipped(conn: sa.Connection, account_id: int, *, since: int) -> list[tuple[bytes, bytes]]:
    """Return the pairs that somebody put off since this time, the first one first."""
    t = skipped_pair.c
    query = sa.select(t.a, t.b).where(t.account_id == account_id, t.time >= since).order_by(t.time, t.a, t.b)
    return [(bytes(row.a), bytes(row.b)) for row in conn.execute(query)]


# --- told ------------------------------------------------------------------------------------------------------------


def load_told(conn: sa.Connection, differences: Collection[bytes]) -> dict[bytes, int]:
    """Return when owners were told of each of these differences; those never told of are left out."""
    return {
        bytes(row.difference): int(row.time)
        for some in in_chunks(list(differences))
        for row in conn.execute(sa.select(hint_sent).where(hint_sent.c.difference.in_(some)))
    }


def save_told(conn: sa.Connection, differences: Iterable[bytes], now: int) -> None:
    """Note that the owners were told of these differences, which they had not been told of."""
    conn.execute(sa.insert(hint_sent), [{"difference": one, "time": now} for one in differences])
