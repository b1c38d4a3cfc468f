"""Texts of the hub's own pages, each with the one before it."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from hub.store.tables import hub_text
from shared.holdings import facts

VERSION = "texts-version"
"""Fact that counts up with every change, so that pages made before it are not shown again."""


class HubText(msgspec.Struct, frozen=True):
    """One text; `before` is None where nothing had been set."""

    name: str
    text: str
    before: str | None
    editor: str
    changed: int


def load_texts(conn: sa.Connection) -> dict[str, HubText]:
    """Return the texts that were set, by name."""
    rows = conn.execute(sa.select(hub_text))
    return {row.name: HubText(row.name, row.text, row.before, row.editor, row.changed) for row in rows}


def save_text(conn: sa.Connection, text: HubText) -> None:
    """Set a text in place of the one that is there."""
    conn.execute(sa.delete(hub_text).where(hub_text.c.name == text.name))
    conn.execute(sa.insert(hub_text).values(msgspec.structs.asdict(text)))
    facts.bump_fact(conn, VERSION)
