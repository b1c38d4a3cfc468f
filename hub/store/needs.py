"""Needs that case managers reported."""

from __future__ import annotations

from collections.abc import Collection

import msgspec
import sqlalchemy as sa

from hub.store.tables import need


class NeedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One reported need; `state` is new, open or done, `decided` when somebody at the district judged it."""

    id: int = 0
    account_id: int
    city: str
    topic: str
    language: str = ""
    target_group: str = ""
    number: int
    text: str = ""
    created: int
    state: str = "new"
    answer: bytes | None = None
    decided: int | None = None


def add_need(conn: sa.Connection, row: NeedRow) -> int:
    """Keep a need; returns its number."""
    values = msgspec.structs.asdict(row)
    del values["id"]
    return int(conn.execute(sa.insert(need).values(values).returning(need.c.id)).scalar_one())


def load_need(conn: sa.Connection, number: int) -> NeedRow | None:
    """Return one need, or None."""
    row = conn.execute(sa.select(need).where(need.c.id == number)).first()
    return None if row is None else NeedRow(**row._mapping)


def load_needs(conn: sa.Connection, cities: Collection[str] | None = None, *, since: int = 0) -> list[NeedRow]:
    """Return the needs of these cities, or of all, reported since then, newest first."""
    query = sa.select(need).where(need.c.created >= since)
    if cities is not None:
        query = query.where(need.c.city.in_(list(cities)))
    return [NeedRow(**row._mapping) for row in conn.execute(query.order_by(need.c.created.desc(), need.c.id.desc()))]


def save_state(conn: sa.Connection, number: int, state: str, answer: bytes | None, decided: int | None) -> None:
    """Keep what was decided about a need."""
    conn.execute(sa.update(need).where(need.c.id == number).values(state=state, answer=answer, decided=decided))


def drop_need(conn: sa.Connection, number: int) -> None:
    """Delete a need."""
    conn.execute(sa.delete(need).where(need.c.id == number))


def drop_old(conn: sa.Connection, *, before: int) -> int:
    """Delete needs that were reported before a time; returns how many."""
    return conn.execute(sa.delete(need).where(need.c.created < before)).rowcount
