"""Accounts, their invitations, and the list of what was changed about them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.accounts.tables import account, account_change, invitation


class AccountRow(msgspec.Struct, frozen=True):
    """One account as it is kept."""

    id: int
    name: str
    display: str
    role: str
    providers: tuple[str, ...]
    password_hash: str
    totp_secret: str
    totp_step: int
    created: int
    disabled_at: int

    @property
    def is_enabled(self) -> bool:
        """The account may sign in."""
        return not self.disabled_at


class InvitationRow(msgspec.Struct, frozen=True):
    """An open one-time link."""

    account_id: int
    expires: int


class ChangeRow(msgspec.Struct, frozen=True):
    """One line of who did what; the actor is empty for the command line."""

    time: int
    actor: str
    action: str
    detail: str


def load_account(conn: sa.Connection, account_id: int) -> AccountRow | None:
    """Return an account by its number."""
    row = conn.execute(sa.select(account).where(account.c.id == account_id)).first()
    return None if row is None else read_account(row)


def find_account(conn: sa.Connection, name: str) -> AccountRow | None:
    """Return the account of a sign-in name."""
    row = conn.execute(sa.select(account).where(account.c.name == name)).first()
    return None if row is None else read_account(row)


def list_accounts(conn: sa.Connection) -> list[AccountRow]:
    """Return every account by name."""
    return [read_account(row) for row in conn.execute(sa.select(account).order_by(account.c.name))]


def read_account(row: sa.Row[Any]) -> AccountRow:
    """Make an account from a row that has its columns."""
    values = {name: getattr(row, name) for name in AccountRow.__struct_fields__}
    return AccountRow(**{**values, "providers": tuple(json.loads(row.providers))})


def add_account(conn: sa.Connection, name: str, display: str, role: str, providers: Sequence[str], now: int) -> int:
    """Keep a new account without password; returns its number."""
    values = {
        "name": name, "display": display, "role": role, "providers": _pack(providers), "password_hash": "",
        "totp_secret": "", "totp_step": 0, "created": now, "disabled_at": 0,
    }  # fmt: skip
    return int(conn.execute(sa.insert(account).values(values).returning(account.c.id)).scalar_one())


def save_profile(conn: sa.Connection, account_id: int, display: str, role: str, providers: Sequence[str]) -> None:
    """Change how an account is called and what it may do."""
    values = {"display": display, "role": role, "providers": _pack(providers)}
    conn.execute(sa.update(account).where(account.c.id == account_id).values(values))


def save_password(conn: sa.Connection, account_id: int, password_hash: str) -> None:
    """Set the hash of the password; empty = none, nobody can sign in."""
    conn.execute(sa.update(account).where(account.c.id == account_id).values(password_hash=password_hash))


def save_second_factor(conn: sa.Connection, account_id: int, secret: str, step: int) -> None:
    """Set the secret of the second factor and the step that was used last."""
    conn.execute(sa.update(account).where(account.c.id == account_id).values(totp_secret=secret, totp_step=step))


def save_disabled(conn: sa.Connection, account_id: int, disabled_at: int) -> None:
    """Disable an account, or enable it with 0."""
    conn.execute(sa.update(account).where(account.c.id == account_id).values(disabled_at=disabled_at))


def count_usable(conn: sa.Connection, roles: Sequence[str], *, without: int) -> int:
    """Count the accounts of these roles that can sign in, leaving one out."""
    usable = sa.and_(account.c.disabled_at == 0, account.c.password_hash != "", account.c.role.in_(roles))
    found = conn.execute(sa.select(sa.func.count()).select_from(account).where(usable, account.c.id != without))
    return int(found.scalar_one())


def _pack(providers: Sequence[str]) -> str:
    return json.dumps(list(providers), ensure_ascii=False)


# --- invitations ------------------------------------------------------------------------------------------------------


def save_invitation(conn: sa.Connection, account_id: int, token_hash: bytes, expires: int) -> None:
    """Keep a one-time link in place of the one before."""
    drop_invitations(conn, account_id)
    conn.execute(sa.insert(invitation).values(token_hash=token_hash, account_id=account_id, expires=expires))


def load_invitation(conn: sa.Connection, token_hash: bytes) -> InvitationRow | None:
    """Return the open link of this token."""
    row = conn.execute(sa.select(invitation).where(invitation.c.token_hash == token_hash)).first()
    return None if row is None else InvitationRow(row.account_id, row.expires)


def open_invitations(conn: sa.Connection) -> dict[int, int]:
    """Return until when the link of each invited account lasts."""
    return {row.account_id: row.expires for row in conn.execute(sa.select(invitation))}


def drop_invitations(conn: sa.Connection, account_id: int) -> None:
    """Let no open link of this account count any more."""
    conn.execute(sa.delete(invitation).where(invitation.c.account_id == account_id))


def drop_old_invitations(conn: sa.Connection, *, now: int) -> None:
    """Forget links that have expired."""
    conn.execute(sa.delete(invitation).where(invitation.c.expires <= now))


# --- changes ----------------------------------------------------------------------------------------------------------


def add_change(conn: sa.Connection, account_id: int, actor_id: int, action: str, detail: str, now: int) -> None:
    """Note who changed what about an account."""
    values = {"account_id": account_id, "actor_id": actor_id, "action": action, "detail": detail, "time": now}
    conn.execute(sa.insert(account_change).values(values))


def drop_old_changes(conn: sa.Connection, *, before: int) -> None:
    """Forget what was changed before this time."""
    conn.execute(sa.delete(account_change).where(account_change.c.time < before))


def list_changes(conn: sa.Connection, account_id: int) -> list[ChangeRow]:
    """Return what was changed about an account, newest first."""
    actor = account.alias()
    joined = account_change.outerjoin(actor, actor.c.id == account_change.c.actor_id)
    rows = conn.execute(
        sa.select(account_change.c.time, actor.c.display, account_change.c.action, account_change.c.detail)
        .select_from(joined)
        .where(account_change.c.account_id == account_id)
        .order_by(account_change.c.id.desc())
    )
    return [ChangeRow(row.time, row.display or "", row.action, row.detail) for row in rows]
