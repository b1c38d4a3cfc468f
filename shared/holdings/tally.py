"""Counts of what the public pages were asked, by day, kind and key; nothing in them leads to a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from shared.feed.report import SEEN_AT_LEAST
from shared.holdings.tables import tally

SEARCH, NOTHING, VIEW, LANGUAGE, FILTER, SHARE = "search", "nothing", "view", "language", "filter", "share"
TERMS_A_DAY = 20_000
"""Different words without a hit that are kept until the day ends; what comes after them is a machine's."""

Tally = tuple[str, str, str]
"""Day (ISO), kind, key."""


def add_up(conn: sa.Connection, counts: Mapping[Tally, int]) -> None:
    """Add numbers to those already kept; two processes that add at once lose nothing."""
    if not counts:
        return
    full = {day for day in {day for day, kind, _ in counts if kind == NOTHING} if _count_terms(conn, day) > TERMS_A_DAY}
    rows = [
        {"day": day, "kind": kind, "key": key, "number": number}
        for (day, kind, key), number in sorted(counts.items())
        if kind != NOTHING or day not in full
    ]
    if not rows:
        return
    if conn.dialect.name == "sqlite":
        lite = sqlite.insert(tally)
        added = tally.c.number + lite.excluded.number
        conn.execute(lite.on_conflict_do_update(index_elements=_KEY, set_={"number": added}), rows)
    else:
        other = postgresql.insert(tally)
        added = tally.c.number + other.excluded.number
        conn.execute(other.on_conflict_do_update(index_elements=_KEY, set_={"number": added}), rows)


_KEY = ("day", "kind", "key")


def _count_terms(conn: sa.Connection, day: str) -> int:
    query = sa.select(sa.func.count()).where(tally.c.day == day, tally.c.kind == NOTHING)
    return int(conn.execute(query).scalar_one())


def close_days(conn: sa.Connection, *, today: str, oldest: str) -> int:
    """Delete rare words of days that ended, and all counts of days before `oldest`; returns how many rows went."""
    rare = sa.and_(tally.c.kind == NOTHING, tally.c.day < today, tally.c.number < SEEN_AT_LEAST)
    return conn.execute(sa.delete(tally).where(sa.or_(rare, tally.c.day < oldest))).rowcount


def load_terms(conn: sa.Connection) -> list[str]:
    """Return all words without a hit that are kept, rare ones too."""
    return list(conn.execute(sa.select(tally.c.key).where(tally.c.kind == NOTHING).distinct()).scalars())


def drop_terms(conn: sa.Connection, terms: Sequence[str]) -> None:
    """Forget words without a hit."""
    for term in terms:
        conn.execute(sa.delete(tally).where(tally.c.kind == NOTHING, tally.c.key == term))


def by_day(conn: sa.Connection, kind: str, *, since: str, until: str) -> dict[str, int]:
    """Return the sum of a kind by day; both ends included."""
    query = sa.select(tally.c.day, sa.func.sum(tally.c.number)).where(
        tally.c.kind == kind, tally.c.day >= since, tally.c.day <= until
    )
    return {day: int(number) for day, number in conn.execute(query.group_by(tally.c.day))}


def by_key(conn: sa.Connection, kind: str, *, since: str, until: str, most: int) -> list[tuple[str, int]]:
    """Return the largest sums of a kind by key; of words without a hit only days on which they were typed often."""
    number = sa.func.sum(tally.c.number)
    query = sa.select(tally.c.key, number).where(tally.c.kind == kind, tally.c.day >= since, tally.c.day <= until)
    if kind == NOTHING:
        query = query.where(tally.c.number >= SEEN_AT_LEAST)
    query = query.group_by(tally.c.key).order_by(number.desc(), tally.c.key).limit(most)
    return [(key, int(found)) for key, found in conn.execute(query)]


def rows_of(conn: sa.Connection, *, since: str, until: str) -> Sequence[tuple[str, str, str, int]]:
    """Return (day, kind, key, number) of every count, rare words aside."""
    rare = sa.and_(tally.c.kind == NOTHING, tally.c.number < SEEN_AT_LEAST)
    query = sa.select(tally).where(tally.c.day >= since, tally.c.day <= until, sa.not_(rare))
    query = query.order_by(tally.c.day, tally.c.kind, tally.c.key)
    return [(row.day, row.kind, row.key, int(row.number)) for row in conn.execute(query)]
