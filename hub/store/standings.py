"""Queries over enrolment and members' standing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from hub.store.tables import application, invite, standing
from shared.holdings.prepared import Prepared

# Each look at a member begins here.
_STANDING = Prepared(sa.select(standing).where(standing.c.origin == sa.bindparam("asked")))
_STANDINGS = Prepared(sa.select(standing))
_DROP_STANDING = Prepared(sa.delete(standing).where(standing.c.origin == sa.bindparam("asked")))
_ADD_STANDING = Prepared(sa.insert(standing))


def load_standing(conn: sa.Connection, origin: str, name: str) -> dict[str, Any]:
    """Return how a member's log stands; a fresh standing for one never read."""
    row = _STANDING.run(conn, asked=origin).mappings().first()
    return fresh_standing(origin, name) if row is None else dict(row)


def load_standings(conn: sa.Connection) -> dict[str, dict[str, Any]]:
    """Return how every log stands that was read before, by origin."""
    return {row["origin"]: dict(row) for row in _STANDINGS.run(conn).mappings()}


def fresh_standing(origin: str, name: str) -> dict[str, Any]:
    """Return the standing of a log that was never read."""
    return {
        "origin": origin, "name": name, "is_established": False, "forked": False, "rolled_back": False,
        "quarantine": "", "throttled_until": 0, "hold": "", "failures": 0, "refusals": 0, "oversizes": 0,
        "next_poll": 0, "last_poll": 0, "last_good": 0, "code": "", "message": "", "oddities": "",
        "pushed_note": 0, "push_failures": 0, "next_push": 0, "heard_at": 0,
    }  # fmt: skip


def save_standing(conn: sa.Connection, values: dict[str, Any]) -> None:
    """Keep how a member's log stands."""
    _DROP_STANDING.touch(conn, asked=values["origin"])
    _ADD_STANDING.touch(conn, **values)


def update_standing(conn: sa.Connection, origin: str, name: str, **changes: Any) -> None:
    """Change single columns of a standing."""
    save_standing(conn, {**load_standing(conn, origin, name), **changes})


def forget_heard(conn: sa.Connection) -> None:
    """Nobody counts as heard: from now on every member must speak anew."""
    conn.execute(sa.update(standing).values(heard_at=0))


def release_from_quarantine(conn: sa.Connection, origin: str, code: str, *, as_code: str) -> None:
    """Take back a quarantine that was for this one code."""
    conn.execute(
        sa.update(standing)
        .where(standing.c.origin == origin, standing.c.quarantine == code)
        .values(quarantine="", code=as_code)
    )


def save_invite(conn: sa.Connection, name: str, ags: str, title: str, token_sha256: bytes, expires: int) -> None:
    """Keep an invite; a new one for the same name replaces the old one and what was applied for with it."""
    conn.execute(sa.delete(invite).where(invite.c.name == name))
    conn.execute(sa.delete(application).where(application.c.name == name, application.c.purpose == "join"))
    conn.execute(
        sa.insert(invite).values(
            name=name, ags=ags, title=title, token_sha256=token_sha256, expires=expires, used=False
        )
    )  # fmt: skip


def find_invite(conn: sa.Connection, token_sha256: bytes) -> sa.Row[Any] | None:
    """Return the invite of a token, or None."""
    return conn.execute(sa.select(invite).where(invite.c.token_sha256 == token_sha256)).first()


def load_invites(conn: sa.Connection) -> Sequence[sa.Row[Any]]:
    """Return all invites by name."""
    return conn.execute(sa.select(invite).order_by(invite.c.name)).all()


def use_invite(conn: sa.Connection, name: str) -> None:
    """Approval uses an invite up."""
    conn.execute(sa.update(invite).where(invite.c.name == name).values(used=True))


def find_application(conn: sa.Connection, name: str) -> sa.Row[Any] | None:
    """Return the keys that somebody sent for this name, or None."""
    return conn.execute(sa.select(application).where(application.c.name == name)).first()


def save_application(
    conn: sa.Connection, name: str, log_vkey: str, witness_vkey: str, url: str, purpose: str, now: int
) -> None:
    """Keep what a node sent to be enrolled with."""
    conn.execute(sa.delete(application).where(application.c.name == name))
    conn.execute(
        sa.insert(application).values(
            name=name, log_vkey=log_vkey, witness_vkey=witness_vkey, url=url, purpose=purpose, time=now
        )
    )  # fmt: skip


def drop_application(conn: sa.Connection, name: str) -> None:
    """An application was decided."""
    conn.execute(sa.delete(application).where(application.c.name == name))
