"""What a restored database must take over from the one it replaces: who may not sign in any more (THREATS T39)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from shared.accounts.tables import account, account_session, invitation

_CARRIED = (
    account.c.name, account.c.display, account.c.role, account.c.providers, account.c.password_hash,
    account.c.totp_secret, account.c.totp_step, account.c.created, account.c.disabled_at,
)  # fmt: skip


def load_standing_accounts(conn: sa.Connection) -> dict[str, dict[str, Any]]:
    """Return every account as it is now, by name."""
    return {row.name: dict(row._mapping) for row in conn.execute(sa.select(*_CARRIED))}


def carry_accounts(conn: sa.Connection, standing: dict[str, dict[str, Any]], *, now: int) -> None:
    """Let accounts be as they stood: changed passwords, roles and locks count; one that was gone may not sign in."""
    held = set(conn.execute(sa.select(account.c.name)).scalars())
    for name, values in standing.items():
        if name in held:
            conn.execute(sa.update(account).where(account.c.name == name).values(values))
        else:
            conn.execute(sa.insert(account).values(values))
    gone = sorted(held - standing.keys())
    is_gone = sa.and_(account.c.name.in_(gone), account.c.disabled_at == 0)
    conn.execute(sa.update(account).where(is_gone).values(disabled_at=now))


def end_all_access(conn: sa.Connection) -> None:
    """End every session and every open invitation: those of a restored database are those of another day."""
    conn.execute(sa.delete(account_session))
    conn.execute(sa.delete(invitation))
