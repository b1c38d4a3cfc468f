"""Sessions of signed-in people, and of those on their way in."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from shared.accounts.store.accounts import AccountRow, read_account
from shared.accounts.tables import account, account_session


class SessionRow(msgspec.Struct, frozen=True):
    """One session as it is kept."""

    id_hash: bytes
    account_id: int
    stage: str
    created: int
    seen: int
    device: str
    pending: str = ""
    flash: str = ""


def add_session(conn: sa.Connection, row: SessionRow) -> None:
    """Keep a new session."""
    conn.execute(sa.insert(account_session).values(msgspec.structs.asdict(row)))


def load_session(conn: sa.Connection, id_hash: bytes) -> tuple[SessionRow, AccountRow] | None:
    """Return a session with its account, or None for an id that was never given out or has ended."""
    row = conn.execute(sa.select(account_session).where(account_session.c.id_hash == id_hash)).first()
    if row is None:
        return None
    owner = conn.execute(sa.select(account).where(account.c.id == row.account_id)).one()
    return _read(row), read_account(owner)


def list_sessions(conn: sa.Connection, account_id: int) -> list[SessionRow]:
    """Return the sessions of an account, the one used last first."""
    wanted = sa.select(account_session).where(account_session.c.account_id == account_id)
    return [_read(row) for row in conn.execute(wanted.order_by(account_session.c.seen.desc()))]


def save_seen(conn: sa.Connection, id_hash: bytes, seen: int) -> None:
    """Note that a session was used."""
    conn.execute(sa.update(account_session).where(account_session.c.id_hash == id_hash).values(seen=seen))


def save_pending(conn: sa.Connection, id_hash: bytes, secret: str) -> None:
    """Keep the secret of a second factor that is being set up."""
    conn.execute(sa.update(account_session).where(account_session.c.id_hash == id_hash).values(pending=secret))


def save_flash(conn: sa.Connection, id_hash: bytes, flash: str) -> None:
    """Keep the message for the next page; empty = none."""
    conn.execute(sa.update(account_session).where(account_session.c.id_hash == id_hash).values(flash=flash))


def drop_session(conn: sa.Connection, id_hash: bytes) -> int:
    """End one session; returns how many there were."""
    return conn.execute(sa.delete(account_session).where(account_session.c.id_hash == id_hash)).rowcount


def drop_sessions_of(conn: sa.Connection, account_id: int) -> None:
    """End every session of an account."""
    conn.execute(sa.delete(account_session).where(account_session.c.account_id == account_id))


def drop_old_sessions(conn: sa.Connection, *, created_before: int, seen_before: int) -> None:
    """Forget sessions that have lasted too long or were not used."""
    is_old = sa.or_(account_session.c.created <= created_before, account_session.c.seen <= seen_before)
    conn.execute(sa.delete(account_session).where(is_old))


def _read(row: sa.Row[tuple[object, ...]]) -> SessionRow:
    values = {name: getattr(row, name) for name in SessionRow.__struct_fields__}
    return SessionRow(**{**values, "id_hash": bytes(values["id_hash"])})
