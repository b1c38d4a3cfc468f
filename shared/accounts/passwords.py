"""Passwords: which are good enough, and how they are checked without telling anything by time.

A check costs 64 MiB and a tenth of a second or more (Argon2id, RFC 9106 second profile), so only few run at once and
few may wait: without that, a flood of sign-ins would take every thread of the pages.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

LENGTH_MIN = 12
LENGTH_MAX = 200
"""Longer ones are refused: nobody types them, and hashing them is work for nothing."""
DIFFERENT_MIN = 5
"""Different characters that a password has at least."""
PARALLEL = 2
"""Checks at once."""
WAITING = 6
"""Checks that may wait for their turn; the next one is told to come back."""

# What many people type when twelve characters are asked for; compared without case, digits and marks at the end.
_COMMON = frozenset(
    {
        "administrator", "adminadmin", "angebote", "changeme", "dragon", "fussball", "geheim", "geheimnis", "hallo",
        "hallohallo", "iloveyou", "integration", "kreisrecklinghausen", "kreisweit", "letmein", "monkey", "passwort",
        "passwortpasswort", "password", "passwordpassword", "qwertyuiop", "qwertzuiop", "qwertzuiopü", "recklinghausen",
        "ruhrgebiet", "schalke", "sommer", "stadtverwaltung", "test", "testtest", "verwaltung", "welcome", "willkommen",
        "winter", "correcthorsebatterystaple",
    }
)  # fmt: skip
_TAIL = re.compile(r"[\W\d_]+$")
_ROWS = (
    "01234567890123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertzuiopasdfghjklyxcvbnm",
    "qwertyuiopasdfghjklzxcvbnm",
)

# Of a password that nobody knows; checked where there is no account, so that the answer takes as long.
_DUMMY_HASH = "$argon2id$v=19$m=65536,t=3,p=4$4K7HnkHG9UCW37goYXOfYA$8hMmT4uvNevrh2YnovhiApusgI1+6OOMsAtOnLU7wyc"


class BusyError(Exception):
    """Too many checks are under way; the caller is told to come back in some seconds."""


def check_password(password: str, *, names: tuple[str, ...] = ()) -> list[str]:
    """Collect what is wrong with a new password, in German; empty = good enough.

    Args:
        names: of the person, the account and the party; a password must not be made of them.
    """
    text = _folded(password)
    if len(password) < LENGTH_MIN:
        return [f"Das Passwort ist zu kurz: mindestens {LENGTH_MIN} Zeichen, gern ein ganzer Satz."]
    if len(password) > LENGTH_MAX:
        return [f"Das Passwort ist zu lang: höchstens {LENGTH_MAX} Zeichen."]
    if len(set(text)) < DIFFERENT_MIN:
        return ["Das Passwort wiederholt zu wenige Zeichen. Nehmen Sie mehrere Wörter."]
    if _TAIL.sub("", text) in _COMMON or any(text in row or text in row[::-1] for row in _ROWS):
        return ["Das Passwort ist zu bekannt. Nehmen Sie mehrere Wörter, die nur Ihnen einfallen."]
    if any(_is_made_of(text, part) for name in names for part in _parts(name)):
        return ["Das Passwort enthält fast nur einen Namen. Nehmen Sie mehrere andere Wörter."]
    return []


def _is_made_of(text: str, name: str) -> bool:
    """The password is little more than this name: without it, too little is left to guess."""
    return name in text and len(text.replace(name, "")) < LENGTH_MIN - 4


def _parts(name: str) -> list[str]:
    whole = _folded(name)
    return [part for part in {whole, *re.split(r"[\W_]+", whole)} if len(part) >= 3]


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


class Passwords:
    """Makes and checks hashes; one for each party, so that the limits hold for all its pages together."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._running = threading.BoundedSemaphore(PARALLEL)
        self._admitted = threading.BoundedSemaphore(PARALLEL + WAITING)

    def hash(self, password: str) -> str:
        """Return the hash of a password; BusyError when too many are under way."""
        with self._turn():
            return self._hasher.hash(_encoded(password))

    def is_right(self, password: str, password_hash: str) -> bool:
        """Tell whether the password fits; an empty hash takes as long as any and never fits.

        Raises:
            BusyError: too many checks are under way.
        """
        with self._turn():
            try:
                self._hasher.verify(password_hash or _DUMMY_HASH, _encoded(password)[: LENGTH_MAX * 4])
            except (VerificationError, InvalidHashError):
                return False
        return bool(password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Tell whether a hash was made with weaker settings than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._admitted.acquire(blocking=False):
            raise BusyError
        try:
            with self._running:
                yield
        finally:
            self._admitted.release()


def _encoded(password: str) -> bytes:
    """Return the bytes to hash: one spelling for each text, whatever keyboard composed it."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
