"""Where the case management of a city is reached."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import office


class OfficeRow(msgspec.Struct, frozen=True):
    """The office of one city: a function, never a person."""

    city: str
    name: str = ""
    phone: str = ""
    email: str = ""
    changed: int = 0


def load_offices(conn: sa.Connection) -> dict[str, OfficeRow]:
    """Return the offices by city."""
    return {row.city: OfficeRow(**row._mapping) for row in conn.execute(sa.select(office))}


def save_office(conn: sa.Connection, row: OfficeRow) -> None:
    """Keep the office of a city in place of what stood there."""
    conn.execute(sa.delete(office).where(office.c.city == row.city))
    if row.name or row.phone or row.email:
        conn.execute(sa.insert(office).values(msgspec.structs.asdict(row)))
