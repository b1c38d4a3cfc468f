"""What a person changes about the own account: password, second factor, sessions elsewhere."""

from __future__ import annotations

from shared.accounts import second_factor, sessions
from shared.accounts.keeping import make_hash, verify_new_password
from shared.accounts.registry import Registry
from shared.accounts.sessions import Opened, Session, Stage, Visit
from shared.accounts.signing_in import WRONG, Refused, check_own_password
from shared.accounts.store import accounts
from shared.accounts.store import sessions as session_store
from shared.accounts.store.sessions import SessionRow


def list_sessions(registry: Registry, session: Session) -> list[SessionRow]:
    """Return where this person is signed in, the session used last first."""
    with registry.db.read() as conn:
        return session_store.list_sessions(conn, session.account.id)


def change_password(
    registry: Registry, session: Session, *, old: str, new: str, repeated: str, visit: Visit
) -> Opened | Refused:
    """Set a new password; every other session of this person ends, and this one gets a new id.

    Raises:
        RuleError: the new password is not good enough.
    """
    verify_new_password(registry, session.account, new, repeated)
    refused = check_own_password(registry, session.account, old, visit)
    if refused is not None:
        return refused
    password_hash = make_hash(registry, new)
    with registry.db.write() as conn:
        account = sessions.owner_if_open(conn, session)
        if account is None:
            return WRONG
        accounts.save_password(conn, account.id, password_hash)
        accounts.add_change(conn, account.id, account.id, "password", "", registry.clock.now())
        session_store.drop_sessions_of(conn, account.id)
        return sessions.open_session(conn, registry, account, Stage.FULL, visit)


def begin_second_factor(registry: Registry, session: Session, password: str, visit: Visit) -> Refused | None:
    """Make a secret for another app or telephone; the one before counts until a code confirms the new one."""
    refused = check_own_password(registry, session.account, password, visit)
    if refused is None:
        with registry.db.write() as conn:
            session_store.save_pending(conn, session.row.id_hash, second_factor.make_secret(registry.dice))
    return refused


def sign_out_everywhere(registry: Registry, session: Session) -> None:
    """End every session of this person, this one too."""
    with registry.db.write() as conn:
        session_store.drop_sessions_of(conn, session.account.id)
