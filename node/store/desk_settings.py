"""What the city decides at its desk: named texts, and one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from node.store.tables import desk_setting
from shared.holdings import facts

LOGO = "logo"
VERSION = "settings-version"
"""Fact that counts up with every change, so that pages made before it are not shown again."""


def load_texts(conn: sa.Connection, names: Sequence[str] = ()) -> dict[str, str]:
    """Return the texts of these names that were set; of all names without any."""
    wanted = desk_setting.c.name.in_(names) if names else desk_setting.c.name != LOGO
    rows = conn.execute(sa.select(desk_setting).where(wanted))
    return {row.name: bytes(row.value).decode() for row in rows}


def save_texts(conn: sa.Connection, texts: Mapping[str, str]) -> None:
    """Set texts; an empty one is forgotten."""
    for name, text in texts.items():
        _save(conn, name, text.encode())


def load_logo(conn: sa.Connection) -> bytes:
    """Return the picture, empty for none."""
    return bytes(conn.execute(sa.select(desk_setting.c.value).where(desk_setting.c.name == LOGO)).scalar() or b"")


def save_logo(conn: sa.Connection, picture: bytes) -> None:
    """Set the picture; an empty one takes it away."""
    _save(conn, LOGO, picture)


def _save(conn: sa.Connection, name: str, value: bytes) -> None:
    conn.execute(sa.delete(desk_setting).where(desk_setting.c.name == name))
    if value:
        conn.execute(sa.insert(desk_setting).values(name=name, value=value))
    facts.bump_fact(conn, VERSION)
