"""Integrators and their keys: who may manage subscribers over HTTP, and how a key is known again.

A key is 32 random bytes behind `kwk_`; it is shown once and kept as a hash.  Several keys of one integrator are worth
the same, so that one can be replaced without a gap.  Whoever has no valid key left is told of no changes any more; what
it has to erase stays listed until the district removes it.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

import msgspec

from hub.party import Hub
from hub.store import keys, subscribers
from hub.store.keys import Integrator, Key
from shared.accounts.guessing import Pace, begin_submission
from shared.accounts.links import format_token, parse_token
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.feed import limits
from shared.holdings import facts
from shared.mail import is_address
from shared.model.text import one_line, text_problems

PREFIX: Final = "kwk_"
PACE: Final = Pace(free=10, first_wait_seconds=5, longest_wait_seconds=600, most_per_hour=60)
"""Of requests without a valid key, by network: a program that was set up wrongly asks a few times."""
_NAME_MIN, _NAME_MAX = 2, 120
_BEGINNING = 10
_SECRET_BYTES = 32
_BEARER = re.compile(r"bearer +(\S{1,200})", re.IGNORECASE)
_USE_NOTED_SECONDS = limits.HOUR


# --- the district ----------------------------------------------------------------------------------------------------


def add_key(hub: Hub, name: str, email: str) -> tuple[str, Key]:
    """Make a key for an integrator, which may be known already; returns the key itself, which nobody can show again.

    Raises:
        RuleError: name or address cannot be used.
    """
    name, email = one_line(name), email.strip()
    if problems := _problems(name, email):
        raise RuleError("Der Schlüssel wurde nicht angelegt", problems)
    text = PREFIX + format_token(hub.dice.token(_SECRET_BYTES))
    now = hub.clock.now()
    with hub.db.write() as conn:
        owner = keys.save_integrator(conn, name, email, now=now)
        number = keys.add_key(conn, owner, _hash(text), text[:_BEGINNING], now=now)
        made = keys.load_key(conn, number)
    if made is None:
        raise NotFoundError(f"Den Schlüssel {number} gibt es nicht")
    return text, made


def _problems(name: str, email: str) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if found := text_problems(name, is_name=True):
        problems["name"] = found
    elif not _NAME_MIN <= len(name) <= _NAME_MAX:
        problems["name"] = [f"muss {_NAME_MIN} bis {_NAME_MAX} Zeichen haben"]
    if not is_address(email):
        problems["email"] = ["ist keine E-Mail-Adresse; nötig ist ein Funktionspostfach wie technik@anbieter.example"]
    return problems


def list_keys(hub: Hub) -> list[Key]:
    """Return all keys, revoked ones included."""
    with hub.db.read() as conn:
        return keys.load_keys(conn)


def list_integrators(hub: Hub) -> list[Integrator]:
    """Return all integrators, by name."""
    with hub.db.read() as conn:
        return keys.load_integrators(conn)


class Copy(msgspec.Struct, frozen=True):
    """One subscriber as the district sees it; `reason` says why it is told no more: gone or failing."""

    name: str
    subscriber: str
    description: str
    url: str
    state: str
    reason: str
    failing_since: int | None
    acknowledged: int | None


def list_subscribers(hub: Hub) -> list[Copy]:
    """Return the subscribers of all integrators, by the integrator's name."""
    with hub.db.read() as conn:
        everyone = subscribers.load_all(conn)
    return [
        Copy(
            owned.name, row.id.hex(), row.description, row.url, row.state, row.reason, row.failing_since,
            row.acknowledged,
        )
        for owned in everyone
        for row in (owned.subscriber,)
    ]  # fmt: skip


def revoke_key(hub: Hub, number: int) -> Key:
    """Make a key useless at once.

    Raises:
        NotFoundError: there is no such key.
        ConflictError: it is revoked already.
    """
    with hub.db.write() as conn:
        known = keys.load_key(conn, number)
        if known is None:
            raise NotFoundError(
                f"Den Schlüssel {number} gibt es nicht",
                advice="Alle Schlüssel zeigt kreisweit-hub integrators key list.",
            )
        if known.revoked is not None:
            raise ConflictError(f"Der Schlüssel {number} ist schon gesperrt")
        keys.revoke_key(conn, number, now=hub.clock.now())
    return known


def remove_integrator(hub: Hub, name: str) -> None:
    """Delete an integrator with all that belongs to it, also from the list of those behind an erasure.

    Raises:
        NotFoundError: there is none of this name.
    """
    with hub.db.write() as conn:
        if not keys.drop_integrator(conn, one_line(name)):
            raise NotFoundError(
                f"Einen Integrator {name} gibt es nicht", advice="Alle zeigt kreisweit-hub integrators list."
            )
        facts.save_fact(conn, "scrub-due", 1)


# --- programs --------------------------------------------------------------------------------------------------------


def find_owner(hub: Hub, authorization: str) -> int | None:
    """Return the integrator whose key stands in an Authorization header; None for any other header.

    A key has 256 random bits and is looked up by its hash, so that nothing can be learned from how long it takes.
    """
    match = _BEARER.fullmatch(authorization.strip())
    if match is None or parse_token(match[1].removeprefix(PREFIX)) is None or not match[1].startswith(PREFIX):
        return None
    now = hub.clock.now()
    with hub.db.read() as conn:
        found = keys.find_owner(conn, _hash(match[1]))
    if found is None:
        return None
    number, owner, used = found
    if used is None or not 0 <= now - used < _USE_NOTED_SECONDS:
        with hub.db.write() as conn:
            keys.note_use(conn, number, now=now)
    return owner


def count_stranger(hub: Hub, address: str) -> int:
    """Count a request without a valid key; returns how many seconds its network has to wait, 0 for not yet."""
    with hub.db.write() as conn:
        return begin_submission(
            conn, hub.dice, kind="integrator", address=address, pace=PACE, now=hub.clock.now()
        )  # fmt: skip


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
