"""Small named facts about this party's state, and the leases that let one worker run a job once."""

from __future__ import annotations

import sqlalchemy as sa

from shared.holdings.prepared import Prepared
from shared.holdings.tables import fact, lease

# Every tick asks for a dozen facts.
_VALUE = Prepared(sa.select(fact.c.value).where(fact.c.name == sa.bindparam("asked")))
_CHANGE = Prepared(sa.update(fact).where(fact.c.name == sa.bindparam("asked")).values(value=sa.bindparam("new")))
_ADD = Prepared(sa.insert(fact))
_FORGET = Prepared(sa.delete(fact).where(fact.c.name == sa.bindparam("asked")))

_LEASE = Prepared(sa.select(lease.c.owner, lease.c.until).where(lease.c.name == sa.bindparam("asked")))
_GIVE = Prepared(sa.insert(lease))
_KEEP = Prepared(
    sa.update(lease)
    .where(lease.c.name == sa.bindparam("asked"))
    .values(owner=sa.bindparam("new_owner"), until=sa.bindparam("new_until"))
)
_GIVE_BACK = Prepared(
    sa.delete(lease).where(lease.c.name == sa.bindparam("asked"), lease.c.owner == sa.bindparam("by"))
)


def load_fact(conn: sa.Connection, name: str, default: str = "") -> str:
    """Return the fact's value, or `default` when it was never set."""
    value = _VALUE.run(conn, asked=name).scalar()
    return default if value is None else str(value)


def load_number(conn: sa.Connection, name: str, default: int = 0) -> int:
    """Return the fact as a whole number."""
    return int(load_fact(conn, name, str(default)))


def load_facts(conn: sa.Connection, prefix: str) -> dict[str, str]:
    """Return every fact whose name begins with `prefix`, without the prefix."""
    rows = conn.execute(sa.select(fact.c.name, fact.c.value).where(fact.c.name.startswith(prefix, autoescape=True)))
    return {row.name[len(prefix) :]: row.value for row in rows}


def is_due(conn: sa.Connection, name: str, *, now: int, within: int) -> bool:
    """Tell whether the time kept under `name` has come.

    Args:
        within: seconds ahead at which the time can have been set at most; one that lies further ahead was set by a
            clock that ran ahead, and binds nobody.
    """
    return not now < load_number(conn, name) <= now + within


def has_passed(conn: sa.Connection, name: str, *, now: int, seconds: int) -> bool:
    """Tell whether so many seconds are over since the time kept under `name`; one in the future does not bind."""
    return not 0 <= now - load_number(conn, name) < seconds


def save_fact(conn: sa.Connection, name: str, value: str | int) -> None:
    """Set a fact."""
    if not _CHANGE.touch(conn, asked=name, new=str(value)):
        _ADD.touch(conn, name=name, value=str(value))


def bump_fact(conn: sa.Connection, name: str) -> int:
    """Count a fact up by one and return it: a version that never misses a change."""
    value = load_number(conn, name) + 1
    save_fact(conn, name, value)
    return value


def delete_fact(conn: sa.Connection, name: str) -> None:
    """Forget a fact."""
    _FORGET.touch(conn, asked=name)


def take_lease(conn: sa.Connection, name: str, owner: str, *, now: float, seconds: float) -> bool:
    """Take or keep the lease `name` until now + seconds; False while another owner's lease runs."""
    row = _LEASE.run(conn, asked=name).first()
    if row is None:
        _GIVE.touch(conn, name=name, owner=owner, until=now + seconds)
        return True
    # A lease that ends later than it could have been given comes from a clock that went back: it does not bind.
    if row.owner != owner and now < row.until <= now + seconds:
        return False
    _KEEP.touch(conn, asked=name, new_owner=owner, new_until=now + seconds)
    return True


def lease_owner(conn: sa.Connection, name: str, *, now: float) -> str:
    """Return who holds the lease now; empty for nobody."""
    row = _LEASE.run(conn, asked=name).first()
    return str(row.owner) if row is not None and row.until > now else ""


def is_leased(conn: sa.Connection, name: str, *, now: float) -> bool:
    """Tell whether somebody holds the lease now."""
    return bool(lease_owner(conn, name, now=now))


def release_lease(conn: sa.Connection, name: str, owner: str) -> None:
    """Give the lease back, if it is still ours."""
    _GIVE_BACK.touch(conn, asked=name, by=owner)
