"""Makes backups: of what a party holds, and of its keys, each in a file of its own.

Order: copy of the database, contents, locked file under another name, its final name.  A crash leaves no half backup;
what it left of the copy and of the locked file goes with the next run.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from shared.backups import archive, locking
from shared.backups.archive import Contents, describe
from shared.backups.subject import Subject
from shared.errors import ConfigError
from shared.holdings.copying import copy_database, copy_name, describe_database
from shared.settings import KEEP_DAYS_MAX
from shared.version import VERSION

WORK_PREFIX: Final = ".backup-"
_DAY: Final = 86_400
_ENDING: Final = ".backup.age"
_DRAFT: Final = ".part"
_ROOT_KEY: Final = "root.key"
_STAMP: Final = "%Y%m%dT%H%M%SZ"


class Made(msgspec.Struct, frozen=True):
    """A backup that was made.

    `size` is that of the file in bytes, `entries` of the own log in it; `dropped` names older backups that went.
    """

    path: str
    size: int
    entries: int
    schema: str
    dropped: tuple[str, ...] = ()


class Kept(msgspec.Struct, frozen=True):
    """A backup that lies in a folder; `made` is Unix seconds, `size` in bytes."""

    path: str
    made: int
    size: int


def folder_of(home: Path, chosen: str) -> Path:
    """Return where the backups of a party go: the folder of the settings, or the one in the home directory."""
    return Path(chosen) if chosen else home / "backups"


def make_backup(subject: Subject, folder: Path, recipient: str, *, keep_days: int) -> Made:
    """Copy database and settings of a running party into one locked file, and delete those that are too old.

    Not in it: keys (see `make_key_backup`), and what can be made again from the database.

    Raises:
        ConfigError: the copy is damaged, the folder cannot be used, or `keep_days` is more than 30.
    """
    if not 1 <= keep_days <= KEEP_DAYS_MAX:
        raise ConfigError(f"Sicherungen werden 1 bis {KEEP_DAYS_MAX} Tage aufbewahrt, nicht {keep_days}")
    now = subject.clock.now()
    with _workplace(subject.home) as work:
        name = copy_name(subject.db)
        paths = {name: work / name}
        copy_database(subject.db, paths[name])
        paths |= {one: subject.home / one for one in subject.files if (subject.home / one).is_file()}
        schema, entries = describe_database(subject.db)
        contents = _contents(subject, paths, database=name, schema=schema, entries=entries)
        drop_leftovers(folder, f"kreisweit-{subject.name}-*{_DRAFT}")
        target = _write(work, contents, paths, _path(subject, folder, now, _ENDING), recipient)
    dropped = _drop_old(subject, folder, until=now - keep_days * _DAY, keep=target)
    return Made(str(target), target.stat().st_size, entries, schema, dropped)


def make_key_backup(subject: Subject, folder: Path, recipient: str) -> Made:
    """Copy the keys into one locked file; the root key of the federation is left out, it has a place of its own.

    Raises:
        ConfigError: there are no keys.
    """
    files = sorted(file for file in subject.keys.glob("*.key") if file.name != _ROOT_KEY)
    if not files:
        raise ConfigError(f"In {subject.keys} sind keine Schlüssel")
    paths = {file.name: file for file in files}
    with _workplace(subject.home) as work:
        contents = _contents(subject, paths, database="", schema="", entries=0)
        target = _write(work, contents, paths, _path(subject, folder, subject.clock.now(), ".keys.age"), recipient)
    return Made(str(target), target.stat().st_size, 0, "")


def _contents(subject: Subject, paths: Mapping[str, Path], *, database: str, schema: str, entries: int) -> Contents:
    return Contents(
        format=archive.FORMAT, room=subject.room, name=subject.name, origin=subject.origin, made=subject.clock.now(),
        version=VERSION, schema=schema, size=entries, database=database,
        files=tuple(describe(path, name) for name, path in paths.items()),
    )  # fmt: skip


def _write(work: Path, contents: Contents, paths: Mapping[str, Path], target: Path, recipient: str) -> Path:
    packed = work / "packed"
    with packed.open("xb") as file:
        archive.pack(file, contents, paths)
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = target.with_name(target.name + _DRAFT)
    with packed.open("rb") as plain, draft.open("wb") as locked:
        draft.chmod(0o600)
        locking.lock(plain, locked, recipient)
        locked.flush()
        os.fsync(locked.fileno())
    draft.replace(target)
    return target


@contextmanager
def _workplace(home: Path) -> Iterator[Path]:
    """A private folder beside the database: what passes through it is not locked yet."""
    drop_leftovers(home, f"{WORK_PREFIX}*")
    with tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=home) as name:
        yield Path(name)


def drop_leftovers(folder: Path, pattern: str) -> None:
    """Delete what a process that died left of its work, so that it outlives no erasure and no `keep_days`."""
    for left in folder.glob(pattern):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _path(subject: Subject, folder: Path, now: int, ending: str) -> Path:
    return folder / f"kreisweit-{subject.name}-{datetime.fromtimestamp(now, UTC).strftime(_STAMP)}{ending}"


def list_backups(subject: Subject, folder: Path) -> list[Kept]:
    """Return the backups of a party in a folder, the newest first; files of other names are not touched or told."""
    form = re.compile(rf"kreisweit-{re.escape(subject.name)}-([0-9]{{8}}T[0-9]{{6}}Z){re.escape(_ENDING)}")
    found = []
    for path in folder.glob(f"*{_ENDING}") if folder.is_dir() else ():
        if match := form.fullmatch(path.name):
            made = datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
            found.append(Kept(str(path), int(made.timestamp()), path.stat().st_size))
    return sorted(found, key=lambda one: one.made, reverse=True)


def _drop_old(subject: Subject, folder: Path, *, until: int, keep: Path) -> tuple[str, ...]:
    old = [one.path for one in list_backups(subject, folder) if one.made < until and one.path != str(keep)]
    for path in old:
        Path(path).unlink(missing_ok=True)
    return tuple(old)
