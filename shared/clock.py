"""The clock and dice seams: edges hold them, pure code takes their values."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

_ZONE = ZoneInfo("Europe/Berlin")


class Clock(Protocol):
    """Gives the time of day and a clock that never goes back."""

    def now(self) -> int:
        """Unix time in whole seconds."""

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; only differences mean anything."""


class Dice(Protocol):
    """Gives unpredictable bytes for salts, ids and tokens."""

    def token(self, size: int) -> bytes:
        """Return `size` unpredictable bytes."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return int(time.time())

    def monotonic(self) -> float:
        return time.monotonic()


class SystemDice:
    """The operating system's random source."""

    def token(self, size: int) -> bytes:
        return secrets.token_bytes(size)


def name_of_worker(kind: str, dice: Dice) -> str:
    """Return a name under which one piece of work holds leases, and nobody else.

    A process's number alone is not one: in a container it is 1, and the requests of one server share it.
    """
    return f"{kind}-{os.getpid()}-{dice.token(4).hex()}"


def in_utc(unix_time: float) -> str:
    """Return a time as programs write it (RFC 3339): `2026-01-01T00:00:00Z`."""
    return datetime.fromtimestamp(unix_time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def in_utc_with_milliseconds(unix_time: float) -> str:
    """Return a time as offers carry it (`last_modified`): `2026-01-01T00:00:00.000Z`."""
    return f"{in_utc(unix_time)[:-1]}.{int(unix_time * 1000) % 1000:03d}Z"


def in_german_time(unix_time: int) -> str:
    """Return a time as people in Germany write it: `01.01.2026, 01:00:00 Uhr`."""
    return datetime.fromtimestamp(unix_time, _ZONE).strftime("%d.%m.%Y, %H:%M:%S Uhr")
