"""Queries over invites and applications by name; beside those in `hub.store.standings`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hub.store.tables import application, invite


def find_invite_of(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    """Return the newest invite for a name, used or not, or None."""
    return conn.execute(sa.select(invite).where(invite.c.name == name)).first()


def load_applications(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return the applications that wait for a decision, by name."""
    return conn.execute(sa.select(application).order_by(application.c.name)).all()


def drop_invite(conn: sa.Connection, name: str) -> None:
    """Forget the invite for a name: its code opens nothing any more."""
    conn.execute(sa.delete(invite).where(invite.c.name == name))
