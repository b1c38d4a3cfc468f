"""Sessions: how they begin, what they say about a person, and when they end.

The cookie's token is 32 random bytes; kept is its SHA-256.  An id that was not given out here is never taken over, and
every step on the way in gets a new one, so an id that somebody planted in a browser is worth nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from shared.accounts.registry import HALF_WAY_SECONDS, IDLE_SECONDS, LONGEST_SECONDS, Registry
from shared.accounts.rights import Right, Role
from shared.accounts.store import sessions as store
from shared.accounts.store.accounts import AccountRow
from shared.accounts.store.sessions import SessionRow
from shared.database import TROUBLED, trouble_of

TOKEN_BYTES = 32
_TOUCH_SECONDS = 60
_SKEW_SECONDS = 60  # so far may the clock be set back without ending a session


class Stage(StrEnum):
    """How far in a session is."""

    CODE = "code"  # the password was right, the code is missing
    ENROL = "enrol"  # the password was right, the second factor must be set up first
    FULL = "full"


@dataclass(frozen=True)
class Visit:
    """Where a request comes from."""

    address: str = ""  # of the client; kept only as a keyed hash of its network
    device: str = ""  # browser and system in a word each
    held: bytes = b""  # hash of the session id that the browser sent, if it is one of ours


@dataclass(frozen=True)
class SignedIn:
    """Who asks, as handlers and templates see it."""

    account_id: int
    name: str
    display_name: str
    role: Role
    rights: frozenset[Right]
    organisations: tuple[str, ...]  # names of the providers this person is limited to
    is_limited: bool  # may touch offers of these organisations alone; without any: none
    csrf_token: str

    def may(self, right: Right) -> bool:
        """Tell whether this person has the right."""
        return right in self.rights

    def may_touch(self, provider: str) -> bool:
        """Tell whether offers of this provider are within this person's limits."""
        return not self.is_limited or provider.casefold() in {name.casefold() for name in self.organisations}


@dataclass(frozen=True)
class Session:
    """One session that counts now."""

    row: SessionRow
    account: AccountRow
    stage: Stage
    signed_in: SignedIn


@dataclass(frozen=True)
class Opened:
    """A session begins; the token goes into the browser's cookie and is kept nowhere else."""

    token: bytes
    stage: Stage


def hash_token(token: bytes) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token).digest()


def csrf_token_of(token: bytes) -> str:
    """Return the word that forms of this session must bring: it follows from the id and does not tell it."""
    digest = hmac.new(token, b"kreisweit form", hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def find_session(registry: Registry, token: bytes) -> Session | None:
    """Return the session of a token if it counts now; notes once a minute that it is used.

    Does not count: an id that was never given out, one that has ended, one that is too old or was not used for too
    long, one of an account that is disabled.
    """
    now, id_hash = registry.clock.now(), hash_token(token)
    with registry.db.read() as conn:
        found = store.load_session(conn, id_hash)
    if found is None or not found[1].is_enabled or not _counts(found[0], now):
        return None
    row, account = found
    if now - row.seen >= _TOUCH_SECONDS:
        _note(registry, lambda conn: store.save_seen(conn, id_hash, now))
    return Session(row, account, Stage(row.stage), describe(registry, account, csrf_token_of(token)))


def _note(registry: Registry, write: Callable[[sa.Connection], None]) -> None:
    """Store what no page waits for: where the database takes nothing now, pages are shown all the same."""
    try:
        with registry.db.write() as conn:
            write(conn)
    except TROUBLED as error:
        if trouble_of(error) is None:
            raise


def describe(registry: Registry, account: AccountRow, csrf_token: str = "") -> SignedIn:
    """Say who an account is and what it may do."""
    role = registry.roles.of(account.role)
    return SignedIn(
        account.id, account.name, account.display, role, role.rights, account.providers,
        is_limited=role.is_limited or bool(account.providers), csrf_token=csrf_token,
    )  # fmt: skip


def _counts(row: SessionRow, now: int) -> bool:
    longest = LONGEST_SECONDS if row.stage == Stage.FULL else HALF_WAY_SECONDS
    age, idle = now - row.created, now - row.seen
    return -_SKEW_SECONDS <= age < longest and -_SKEW_SECONDS <= idle < IDLE_SECONDS


def open_session(
    conn: sa.Connection, registry: Registry, account: AccountRow, stage: Stage, visit: Visit, *, pending: str = ""
) -> Opened:
    """Begin a session under a new id and end the one that the browser held."""
    if visit.held:
        store.drop_session(conn, visit.held)
    token, now = registry.dice.token(TOKEN_BYTES), registry.clock.now()
    device = visit.device[:40]
    store.add_session(conn, SessionRow(hash_token(token), account.id, stage, now, now, device, pending))
    return Opened(token, stage)


def owner_if_open(conn: sa.Connection, session: Session) -> AccountRow | None:
    """Return the account as it is now, or None when the session ended since the request began."""
    found = store.load_session(conn, session.row.id_hash)
    return found[1] if found is not None and found[1].is_enabled else None


def end_session(registry: Registry, id_hash: bytes) -> None:
    """Sign out."""
    with registry.db.write() as conn:
        store.drop_session(conn, id_hash)


def leave_message(registry: Registry, session: Session, kind: str, text: str) -> None:
    """Keep a message for the next page of this session; kind is success, info, warning or danger."""
    with registry.db.write() as conn:
        store.save_flash(conn, session.row.id_hash, f"{kind} {text}")


def leave_message_for(registry: Registry, opened: Opened, kind: str, text: str) -> None:
    """Keep a message for the first page of a session that has just begun."""
    with registry.db.write() as conn:
        store.save_flash(conn, hash_token(opened.token), f"{kind} {text}")


def take_message(registry: Registry, session: Session) -> tuple[str, str] | None:
    """Return the message for this page as (kind, text), once."""
    if not session.row.flash:
        return None
    _note(registry, lambda conn: store.save_flash(conn, session.row.id_hash, ""))
    kind, _, text = session.row.flash.partition(" ")
    return kind, text
