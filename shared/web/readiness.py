"""What a party looks at when it is asked whether it is ready: own log, clock, schema, keys, and its work.

Every check reads a few rows or two small files and writes nothing.  None of them is about others: a hub that cannot be
reached, a recovery under way or a member that is late are no reason to take a party for broken, and `status` tells of
them.  A full disk is told and makes nobody unready either, since reads go on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final, Protocol

from shared.clock import Clock
from shared.database import Database, Trouble
from shared.errors import ConfigError
from shared.feed.trusted_log import Keys
from shared.holdings import facts, logs
from shared.holdings.migrating import revisions, schema_of
from shared.keyring import Keyring
from shared.rosterbook import RosterBook
from shared.seal import Signer
from shared.ticking import LEASE

OK: Final = "ok"
FULL: Final = "disk-full"
FINE: Final = frozenset({OK, FULL})
"""Results that leave a party ready."""
IDLE_SECONDS: Final = 120
"""The work beside the pages tidies up each minute; when nobody does it, that is told after this time."""
STUCK_SECONDS: Final = 900
"""A round of the work may wait for slow peers, but not so long."""
_ROOM_BYTES: Final = 1024 * 1024
"""With less room than this SQLite may not be able to store even a lease."""
_STORES_NOTHING: Final = frozenset({Trouble.FULL, Trouble.DISK, Trouble.READ_ONLY})

Check = Callable[[], str]
"""Looks at one thing this party needs; returns "ok" or a code that says what is wrong."""


class Settings(Protocol):
    """What is asked of a party's settings."""

    @property
    def home(self) -> str:
        """Directory of the party's files; empty for one without files."""

    @property
    def origin(self) -> str:
        """Origin of the own log."""

    @property
    def generation(self) -> int:
        """Generation of the own log."""

    @property
    def key_folder(self) -> Path:
        """Where the key files are."""


class Party(Protocol):
    """What is asked of a node or a hub."""

    @property
    def settings(self) -> Settings:
        """What the operator decided."""

    @property
    def db(self) -> Database:
        """Its database."""

    @property
    def clock(self) -> Clock:
        """Its clock."""

    @property
    def signer(self) -> Signer:
        """The keys that are open; another one after a rotation."""

    @property
    def book(self) -> RosterBook:
        """The rosters it holds."""


def ready_checks(party: Party, migrations: Traversable, trouble: Callable[[], Trouble | None]) -> dict[str, Check]:
    """Return the checks that both rooms need, by name.

    Args:
        migrations: folder of the room's migrations.
        trouble: what keeps the work of this process from storing anything, as far as it knows.
    """
    newest = revisions(migrations)[-1]
    started = party.clock.now()
    return {
        "log": lambda: check_log(party),
        "clock": lambda: check_clock(party),
        "migrations": lambda: check_migrations(party.db, newest),
        "keys": lambda: check_keys(party),
        "queue": lambda: check_queue(party, started, trouble),
    }


def check_log(party: Party) -> str:
    """Whether the database answers and holds the own log."""
    with party.db.read() as conn:
        own = logs.load_own_log(conn)
    return OK if own is not None and own.size else "empty"


def check_clock(party: Party) -> str:
    """Whether the own last signature lies in the past (PROTOCOL 4 W4)."""
    with party.db.read() as conn:
        own = logs.load_own_log(conn)
    return OK if own is None or own.time <= party.clock.now() else "E_OWN_CLOCK"


def check_migrations(db: Database, newest: str) -> str:
    """Whether the database has every table and column of this program; a newer one has them too."""
    return OK if schema_of(db) >= newest else "older"


def check_keys(party: Party) -> str:
    """Whether the keys that are open lie on the disk too, and the roster, where it names this log, names them."""
    signer, settings = party.signer, party.settings
    if settings.home:
        keyring = Keyring(settings.key_folder)
        try:
            log_keys, witness = keyring.log_keys(settings.generation), keyring.witness_key()
        except (ConfigError, OSError):
            return "unreadable"
        if not log_keys:
            return "missing"
        # During a rotation the disk may be a second ahead of the process.
        if witness != signer.witness or not set(signer.log_keys) & set(log_keys):
            return "changed"
    named = party.book.keys_for(settings.origin, as_mirror=False)
    return OK if named is None or _are_named(signer, named) else "not-in-roster"


def _are_named(signer: Signer, named: Keys) -> bool:
    open_keys = {key.verifying for key in signer.log_keys}
    return bool(open_keys & set(named.log_keys)) and signer.witness.verifying in named.witness_keys


def check_queue(party: Party, started: int, trouble: Callable[[], Trouble | None]) -> str:
    """Whether the work beside the pages is done: each round ends with tidying, at least once a minute.

    Args:
        started: when this process began; what waited before it is not late yet.
    """
    now = party.clock.now()
    with party.db.read() as conn:
        waits = now - max(facts.load_number(conn, "tidied-at"), started)
        is_worked_on = facts.is_leased(conn, LEASE, now=now)
    if waits <= (STUCK_SECONDS if is_worked_on else IDLE_SECONDS):
        return OK
    if trouble() in _STORES_NOTHING or _has_no_room(party.db):
        return FULL
    return "stuck" if is_worked_on else "no-worker"


def _has_no_room(db: Database) -> bool:
    """Tell whether the disk of a SQLite file takes nothing more; a server's disk is not seen from here."""
    name = db.url.database
    if not db.is_sqlite or name in (None, "", ":memory:"):
        return False
    found = os.statvfs(Path(name).parent)
    return bool(found.f_flag & os.ST_RDONLY) or found.f_bavail * found.f_frsize < _ROOM_BYTES


def is_ready(results: Sequence[str]) -> bool:
    """Tell whether the results of all checks leave the party ready."""
    return FINE.issuperset(results)
