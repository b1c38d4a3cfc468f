"""Figures of years, kept as they stood on the last day of each."""

from __future__ import annotations

import sqlalchemy as sa

from hub.store.tables import year_figures


def save_year(conn: sa.Connection, year: int, body: str, *, now: int) -> None:
    """Keep the figures of a year (JSON) in place of earlier ones."""
    mine = year_figures.c.year == year
    if not conn.execute(sa.update(year_figures).where(mine).values(body=body, time=now)).rowcount:
        conn.execute(sa.insert(year_figures).values(year=year, body=body, time=now))


def load_year(conn: sa.Connection, year: int) -> tuple[str, int] | None:
    """Return the figures of a year (JSON) and when they were kept, or None."""
    row = conn.execute(sa.select(year_figures).where(year_figures.c.year == year)).first()
    return None if row is None else (row.body, row.time)


def load_years(conn: sa.Connection) -> list[int]:
    """Return the years that have figures, newest first."""
    return list(conn.execute(sa.select(year_figures.c.year).order_by(year_figures.c.year.desc())).scalars())
