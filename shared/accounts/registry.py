"""What every use case of accounts needs, put together once for a party."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from shared.accounts.guessing import FORGOTTEN_AFTER_SECONDS
from shared.accounts.passwords import Passwords
from shared.accounts.rights import PROVIDERS, Limit, Roles
from shared.accounts.store import accounts, guesses, sessions
from shared.clock import Clock, Dice
from shared.database import Database

IDLE_SECONDS = 8 * 3600
"""A session that is not used for so long has ended: a working day."""
LONGEST_SECONDS = 24 * 3600
"""A session ends after this time, used or not."""
HALF_WAY_SECONDS = 15 * 60
"""Between the password and the code."""
INVITATION_SECONDS = 7 * 86_400
CHANGES_KEPT_SECONDS = 3 * 366 * 86_400
"""How long it can be seen who changed what about an account; as long as alarms are kept."""
"""A one-time link can be used so long."""


@dataclass(frozen=True)
class Registry:
    """The accounts of one party.

    Args:
        member: name in the federation; names the cookie.
        title: how people call the party; stands in their authenticator app.
        totp_required: nobody gets in without a second factor.
        limit: what accounts of limited roles are bound to.
        names: what no password may be made of, beside the names of person, account and party: those of the district.
    """

    db: Database
    clock: Clock
    dice: Dice
    roles: Roles
    member: str
    title: str
    totp_required: bool = True
    passwords: Passwords = field(default_factory=Passwords)
    limit: Callable[[], Limit] = lambda: PROVIDERS
    names: Callable[[], Sequence[str]] = tuple


def forget_old(conn: sa.Connection, *, now: int) -> None:
    """Delete sessions and links that have ended, guesses older than a day, and who changed accounts years ago."""
    sessions.drop_old_sessions(conn, created_before=now - LONGEST_SECONDS, seen_before=now - IDLE_SECONDS)
    accounts.drop_old_invitations(conn, now=now)
    guesses.drop_old_guesses(conn, before=now - FORGOTTEN_AFTER_SECONDS, now=now)
    accounts.drop_old_changes(conn, before=now - CHANGES_KEPT_SECONDS)
