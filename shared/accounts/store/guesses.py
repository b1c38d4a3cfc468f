"""Guesses at passwords and codes, under keyed hashes; forgotten after a day."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from shared.accounts.tables import login_attempt


def guess_times(conn: sa.Connection, key_hash: bytes, *, since: int) -> list[int]:
    """Return the times of the guesses under one key, oldest first."""
    wanted = sa.select(login_attempt.c.time).where(login_attempt.c.key_hash == key_hash, login_attempt.c.time > since)
    return list(conn.execute(wanted.order_by(login_attempt.c.time)).scalars())


def add_guess(conn: sa.Connection, key_hash: bytes, *, now: int) -> int:
    """Keep a guess; returns its number."""
    added = sa.insert(login_attempt).values(key_hash=key_hash, time=now).returning(login_attempt.c.id)
    return int(conn.execute(added).scalar_one())


def drop_guesses(conn: sa.Connection, numbers: Sequence[int]) -> None:
    """Forget guesses that turned out to be right."""
    conn.execute(sa.delete(login_attempt).where(login_attempt.c.id.in_(numbers)))


def drop_old_guesses(conn: sa.Connection, *, before: int, now: int) -> None:
    """Forget guesses that are old, and those of a clock that ran ahead."""
    conn.execute(sa.delete(login_attempt).where(sa.or_(login_attempt.c.time <= before, login_attempt.c.time > now)))
