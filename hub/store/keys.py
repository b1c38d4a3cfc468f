"""Integrators and the keys with which their programs manage their subscribers."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from hub.store.tables import integrator, integrator_key


class Integrator(msgspec.Struct, frozen=True):
    """Who keeps a copy of the catalogue: an organisation and its function mailbox."""

    id: int
    name: str
    email: str
    created: int


class Key(msgspec.Struct, frozen=True):
    """One key, as it can be told from others; the key itself is nowhere."""

    id: int
    name: str
    email: str
    beginning: str
    created: int
    used: int | None
    revoked: int | None


_KEYS = sa.select(
    integrator_key.c.id, integrator.c.name, integrator.c.email, integrator_key.c.beginning, integrator_key.c.created,
    integrator_key.c.used, integrator_key.c.revoked,
).join_from(integrator_key, integrator)  # fmt: skip


def save_integrator(conn: sa.Connection, name: str, email: str, *, now: int) -> int:
    """Keep an integrator, or the new mailbox of a known one; returns its number."""
    known = conn.execute(
        sa.update(integrator).where(integrator.c.name == name).values(email=email).returning(integrator.c.id)
    ).scalar()
    if known is not None:
        return int(known)
    added = sa.insert(integrator).values(name=name, email=email, created=now).returning(integrator.c.id)
    return int(conn.execute(added).scalar_one())


def load_integrators(conn: sa.Connection) -> list[Integrator]:
    """Return all integrators, by name."""
    return [Integrator(**row._mapping) for row in conn.execute(sa.select(integrator).order_by(integrator.c.name))]


def drop_integrator(conn: sa.Connection, name: str) -> bool:
    """Delete an integrator with keys, subscribers and their log; returns whether there was one."""
    return conn.execute(sa.delete(integrator).where(integrator.c.name == name)).rowcount > 0


def add_key(conn: sa.Connection, owner: int, key_hash: bytes, beginning: str, *, now: int) -> int:
    """Keep a key's hash; returns its number."""
    values: dict[str, Any] = {"integrator_id": owner, "key_hash": key_hash, "beginning": beginning, "created": now}
    return int(conn.execute(sa.insert(integrator_key).values(**values).returning(integrator_key.c.id)).scalar_one())


def load_keys(conn: sa.Connection) -> list[Key]:
    """Return all keys, those of one integrator together, oldest first."""
    return [Key(**row._mapping) for row in conn.execute(_KEYS.order_by(integrator.c.name, integrator_key.c.id))]


def load_key(conn: sa.Connection, number: int) -> Key | None:
    """Return one key, or None."""
    row = conn.execute(_KEYS.where(integrator_key.c.id == number)).first()
    return None if row is None else Key(**row._mapping)


def find_owner(conn: sa.Connection, key_hash: bytes) -> tuple[int, int, int | None] | None:
    """Return key, integrator and last use of a key that is not revoked; None for any other hash."""
    query = sa.select(integrator_key.c.id, integrator_key.c.integrator_id, integrator_key.c.used)
    row = conn.execute(query.where(integrator_key.c.key_hash == key_hash, integrator_key.c.revoked.is_(None))).first()
    return None if row is None else (row.id, row.integrator_id, row.used)


def note_use(conn: sa.Connection, number: int, *, now: int) -> None:
    """Remember when a key was used."""
    conn.execute(sa.update(integrator_key).where(integrator_key.c.id == number).values(used=now))


def revoke_key(conn: sa.Connection, number: int, *, now: int) -> None:
    """Make a key useless."""
    conn.execute(sa.update(integrator_key).where(integrator_key.c.id == number).values(revoked=now))
