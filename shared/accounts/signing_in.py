"""The way in: password, then code, or the second factor set up first; each step begins a new session.

No answer tells whether an account exists: unknown names cost the same time, count as guesses, and are refused in the
same words.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from shared.accounts import guessing, second_factor, sessions
from shared.accounts.guessing import Guess
from shared.accounts.passwords import BusyError
from shared.accounts.registry import Registry, forget_old
from shared.accounts.sessions import Opened, Session, Stage, Visit
from shared.accounts.store import accounts, guesses
from shared.accounts.store.accounts import AccountRow

BUSY_SECONDS = 5


class Reason(StrEnum):
    """Why somebody is not let in."""

    WRONG = "wrong"
    TOO_MANY = "too-many"
    BUSY = "busy"


@dataclass(frozen=True)
class Refused:
    """Not let in; `wait_seconds` says when trying again makes sense."""

    reason: Reason
    wait_seconds: int = 0


WRONG = Refused(Reason.WRONG)


def normalise_name(text: str) -> str:
    """Return a sign-in name in the one spelling that is kept."""
    return unicodedata.normalize("NFKC", text).strip().casefold()[:200]


def sign_in(registry: Registry, name: str, password: str, visit: Visit) -> Opened | Refused:
    """Check name and password; the session that begins still lacks the code.

    Order: the guess is written down, the password checked outside any transaction, then the guess taken back and the
    session begun in one.  A crash in between leaves a guess that counts for an hour.
    """
    name = normalise_name(name)
    guess = _begin(registry, name, visit)
    if guess.wait_seconds:
        return Refused(Reason.TOO_MANY, guess.wait_seconds)
    with registry.db.read() as conn:
        account = accounts.find_account(conn, name)
    try:
        known_hash = account.password_hash if account is not None and account.is_enabled else ""
        if not registry.passwords.is_right(password, known_hash) or account is None:
            return WRONG
        new_hash = registry.passwords.hash(password) if registry.passwords.is_outdated(known_hash) else ""
    except BusyError:
        return _take_back(registry, guess)
    with registry.db.write() as conn:
        # Between the check and now somebody may have disabled the account or changed the password.
        current = accounts.load_account(conn, account.id)
        if current is None or not current.is_enabled or current.password_hash != known_hash:
            return WRONG
        guesses.drop_guesses(conn, guess.numbers)
        if new_hash:
            accounts.save_password(conn, account.id, new_hash)
        return begin_half_way(conn, registry, current, visit)


def begin_half_way(conn: sa.Connection, registry: Registry, account: AccountRow, visit: Visit) -> Opened:
    """Begin the session of somebody who has shown the first factor, at the stage that comes next."""
    if account.totp_secret:
        return sessions.open_session(conn, registry, account, Stage.CODE, visit)
    if registry.totp_required:
        secret = second_factor.make_secret(registry.dice)
        return sessions.open_session(conn, registry, account, Stage.ENROL, visit, pending=secret)
    return sessions.open_session(conn, registry, account, Stage.FULL, visit)


def give_code(registry: Registry, session: Session, code: str, visit: Visit) -> Opened | Refused:
    """Check the code of somebody whose password was right; a code works once."""
    guess = _begin(registry, session.account.name, visit)
    if guess.wait_seconds:
        return Refused(Reason.TOO_MANY, guess.wait_seconds)
    with registry.db.write() as conn:
        account = sessions.owner_if_open(conn, session)
        if account is None:
            return WRONG
        now = registry.clock.now()
        step = second_factor.used_step(account.totp_secret, code, last_step=account.totp_step, now=now)
        if step is None:
            return WRONG
        guesses.drop_guesses(conn, guess.numbers)
        accounts.save_second_factor(conn, account.id, account.totp_secret, step)
        return sessions.open_session(conn, registry, account, Stage.FULL, visit)


def confirm_second_factor(registry: Registry, session: Session, code: str, visit: Visit) -> Opened | Refused:
    """Take over the second factor that was shown, once a code proves that the app has it; then the person is in."""
    secret, now = session.row.pending, registry.clock.now()
    guess = _begin(registry, session.account.name, visit)
    if guess.wait_seconds:
        return Refused(Reason.TOO_MANY, guess.wait_seconds)
    step = second_factor.used_step(secret, code, last_step=0, now=now)
    if step is None:
        return WRONG
    with registry.db.write() as conn:
        account = sessions.owner_if_open(conn, session)
        # Somebody on the way in must not replace a second factor that was set up meanwhile.
        if account is None or (session.stage is Stage.ENROL and account.totp_secret):
            return WRONG
        guesses.drop_guesses(conn, guess.numbers)
        accounts.save_second_factor(conn, account.id, secret, step)
        accounts.add_change(conn, account.id, account.id, "second_factor", "", now)
        return sessions.open_session(conn, registry, account, Stage.FULL, visit)


def check_own_password(registry: Registry, account: AccountRow, password: str, visit: Visit) -> Refused | None:
    """Ask a person who is in for the password once more; None = it was right."""
    guess = _begin(registry, account.name, visit)
    if guess.wait_seconds:
        return Refused(Reason.TOO_MANY, guess.wait_seconds)
    try:
        if not registry.passwords.is_right(password, account.password_hash):
            return WRONG
    except BusyError:
        return _take_back(registry, guess)
    with registry.db.write() as conn:
        guesses.drop_guesses(conn, guess.numbers)
    return None


def _begin(registry: Registry, name: str, visit: Visit) -> Guess:
    now = registry.clock.now()
    with registry.db.write() as conn:
        forget_old(conn, now=now)
        return guessing.begin_guess(conn, registry.dice, name=name, address=visit.address, now=now)


def _take_back(registry: Registry, guess: Guess) -> Refused:
    """Nothing was checked, so nothing counts."""
    with registry.db.write() as conn:
        guesses.drop_guesses(conn, guess.numbers)
    return Refused(Reason.BUSY, BUSY_SECONDS)
