"""Brings the database of a party up to its program: looked at, backed up, then each step in a transaction of its own.

It happens by itself when a party is opened, and by the command `upgrade`.  A crash leaves the database before or after
a whole step; the next start goes on.  Migrations only ever add, so a program that is older than its database works too,
and the way back is to install the older program again.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec

from shared.backups.making import folder_of, make_backup
from shared.backups.subject import BackupPlan, Subject
from shared.errors import ConfigError, reason_of
from shared.holdings.copying import find_damage
from shared.holdings.migrating import migrate, revisions, schema_of

_COPIES: Final = 3
"""A database is there as a copy, packed and locked for a moment, and a step may write every page of it once more."""
_LEAST_BYTES: Final = 50 * 1024 * 1024


class Outlook(msgspec.Struct, frozen=True):
    """What an upgrade would do.

    Attributes:
        held: number of the database's newest migration; empty for a database without tables.
        newest: that of the program.
        missing: the steps between them, oldest first.
        free: bytes on the disk of the home directory.
        needed: bytes that the upgrade may take, with its backup.
        backup: folder into which is backed up before; empty where nothing is, since no recipient is set.
        blocked: what must be mended first, in German; nothing is changed while something stands here.
    """

    held: str
    newest: str
    missing: tuple[str, ...]
    free: int
    needed: int
    backup: str
    blocked: tuple[str, ...]


class Upgraded(msgspec.Struct, frozen=True):
    """What an upgrade did: the steps, and the backup that was made before them (empty for none)."""

    held: str
    newest: str
    steps: tuple[str, ...]
    backup: str


def look_ahead(subject: Subject, plan: BackupPlan) -> Outlook:
    """Say what an upgrade would do and what is in its way; changes nothing."""
    held, steps = schema_of(subject.db), revisions(subject.migrations)
    missing = tuple(number for number in steps if number > held)
    free = shutil.disk_usage(subject.home).free
    needed = (
        (subject.db.size_bytes() + (subject.db.wal_bytes() or 0)) * _COPIES + _LEAST_BYTES if held and missing else 0
    )
    folder = folder_of(subject.home, plan.backup_folder) if plan.backup_recipient else None
    blocked = []
    if held and missing:
        blocked = [*_lack_of_room(free, needed), *_damage(subject), *_closed(folder)]
    return Outlook(held, steps[-1], missing, free, needed, str(folder or ""), tuple(blocked))


def upgrade(subject: Subject, plan: BackupPlan, *, without_backup: bool = False) -> Upgraded:
    """Back up and bring up to date; of two processes that start at once, one does it and the other waits.

    An empty database gets all tables.  Nothing is backed up where nobody is set for whom, and nothing is then lost
    either: a step that fails leaves the database as it was.

    Raises:
        ConfigError: the backup cannot be made, or a step fails; the database is as it was before that step.
    """
    with _alone(subject.home):
        held = schema_of(subject.db)
        missing = tuple(number for number in revisions(subject.migrations) if number > held)
        backup = ""
        if held and missing and plan.backup_recipient and not without_backup:
            backup = _back_up(subject, plan)
        migrate(subject.db, subject.migrations)
        return Upgraded(held, subject.newest_schema, missing, backup)


def _back_up(subject: Subject, plan: BackupPlan) -> str:
    folder = folder_of(subject.home, plan.backup_folder)
    advice = "Den Befehl upgrade als Betreiber aufrufen; mit --without-backup geht es ohne Sicherung."
    try:
        return make_backup(subject, folder, plan.backup_recipient, keep_days=plan.backup_keep_days).path
    except OSError as error:
        text = f"Vor der Umstellung der Datenbank konnte nicht nach {folder} gesichert werden: {reason_of(error)}"
        raise ConfigError(text, advice=advice) from error
    except ConfigError as error:
        text = f"Vor der Umstellung der Datenbank konnte nicht gesichert werden: {error.message}"
        raise ConfigError(text, advice=error.advice or advice) from error


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Keep other processes of this party from upgrading at the same time."""
    folder = os.open(home, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _lack_of_room(free: int, needed: int) -> list[str]:
    if free >= needed:
        return []
    return [f"Es sind {free // 1_000_000} MB frei, gebraucht werden etwa {needed // 1_000_000}: Platz schaffen"]


def _damage(subject: Subject) -> list[str]:
    found = find_damage(subject.db)
    return [f"Die Datenbank ist beschädigt ({found}): zuerst eine Sicherung zurückholen (restore)"] if found else []


def _closed(folder: Path | None) -> list[str]:
    """A folder that does not exist yet is made when it is needed, below one that must be open."""
    if folder is None:
        return []
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    is_open = nearest.is_dir() and os.access(nearest, os.W_OK)
    return [] if is_open else [f"In {folder} darf nicht geschrieben werden: Rechte prüfen"]
