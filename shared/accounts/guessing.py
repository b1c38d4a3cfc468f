"""Slows down guessing of passwords and codes, by account and by network.

A guess is written down before it is checked and taken back when it was right: guesses made at the same moment count
each other.  Names that no account has are slowed down alike, so the wait tells nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from shared.accounts.store import guesses
from shared.clock import Dice
from shared.holdings import facts

HOUR_SECONDS = 3600
FORGOTTEN_AFTER_SECONDS = 86_400
"""Traces of guesses are deleted after this time."""
_KEY_FACT = "guess-key"
_KEY_BYTES = 32
_HASH_BYTES = 16


@dataclass(frozen=True)
class Pace:
    """How fast may be guessed under one key."""

    free: int  # wrong guesses without waiting
    first_wait_seconds: int  # then this long, doubled with each guess
    longest_wait_seconds: int
    most_per_hour: int


ACCOUNT_PACE = Pace(free=4, first_wait_seconds=5, longest_wait_seconds=600, most_per_hour=10)
"""Ten guesses an hour at one account: a code of six digits (three are right at a time) would take years."""
NETWORK_PACE = Pace(free=30, first_wait_seconds=2, longest_wait_seconds=30, most_per_hour=100)
"""A whole town hall may stand behind one address."""


@dataclass(frozen=True)
class Guess:
    """A guess that may be checked now, or how long to wait before it may."""

    numbers: tuple[int, ...] = ()
    wait_seconds: int = 0


def wait_seconds(times: Sequence[int], pace: Pace, *, now: int) -> int:
    """Return how long to wait before the next guess.

    Args:
        times: of the wrong guesses of the last hour, oldest first; those in the future come from a clock that ran
            ahead and do not count.
    """
    counted = [time for time in times if now - HOUR_SECONDS < time <= now]
    if len(counted) < pace.free:
        return 0
    wait = min(pace.first_wait_seconds << min(len(counted) - pace.free, 20), pace.longest_wait_seconds)
    until = counted[-1] + wait
    if len(counted) >= pace.most_per_hour:
        until = max(until, counted[-pace.most_per_hour] + HOUR_SECONDS)
    return max(until - now, 0)


def begin_guess(conn: sa.Connection, dice: Dice, *, name: str, address: str, now: int) -> Guess:
    """Write a guess down, unless it is too early for one.

    Args:
        name: sign-in name as normalised, whether or not an account has it.
        address: of the client; empty where it is not known.
    """
    key = _load_key(conn, dice)
    keys = (
        (_keyed(key, f"account:{name}"), ACCOUNT_PACE),
        (_keyed(key, f"network:{network_of(address)}"), NETWORK_PACE),
    )
    since = now - HOUR_SECONDS
    wait = max(wait_seconds(guesses.guess_times(conn, hashed, since=since), pace, now=now) for hashed, pace in keys)
    if wait:
        return Guess(wait_seconds=wait)
    return Guess(tuple(guesses.add_guess(conn, hashed, now=now) for hashed, _ in keys))


def begin_submission(conn: sa.Connection, dice: Dice, *, kind: str, address: str, pace: Pace, now: int) -> int:
    """Count what an unknown visitor sends, by network; returns how long to wait first, 0 when it may be taken.

    Args:
        kind: what is sent; each kind is counted by itself.
    """
    key = _keyed(_load_key(conn, dice), f"{kind}:{network_of(address)}")
    wait = wait_seconds(guesses.guess_times(conn, key, since=now - HOUR_SECONDS), pace, now=now)
    if not wait:
        guesses.add_guess(conn, key, now=now)
    return wait


def forget_submissions(conn: sa.Connection, *, now: int) -> None:
    """Delete the traces of guesses and submissions that are older than a day."""
    guesses.drop_old_guesses(conn, before=now - FORGOTTEN_AFTER_SECONDS, now=now)


def network_of(address: str) -> str:
    """Return the network that an address is counted with: /24, or /56 of IPv6."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    length = 24 if found.version == 4 else 56
    return str(ipaddress.ip_network(f"{found}/{length}", strict=False))


def _load_key(conn: sa.Connection, dice: Dice) -> bytes:
    text = facts.load_fact(conn, _KEY_FACT)
    if text:
        return bytes.fromhex(text)
    key = dice.token(_KEY_BYTES)
    facts.save_fact(conn, _KEY_FACT, key.hex())
    return key


def _keyed(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()[:_HASH_BYTES]
