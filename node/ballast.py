"""Room kept free in advance, so that an erasure also works on a full disk (PROTOCOL 10.7), and a start."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from shared.database import Database, Trouble, trouble_of

FILE_NAME = "ballast"
SIZE_BYTES = 8 * 1024 * 1024
_OPENING_BYTES = 1024 * 1024

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
_T = TypeVar("_T")


def load_ballast(home: Path) -> bool:
    """Make the file where it is missing or too small; False when there is no room for it yet."""
    path = home / FILE_NAME
    if path.exists() and path.stat().st_size >= SIZE_BYTES:
        return True
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, SIZE_BYTES)
    except OSError as error:
        path.unlink(missing_ok=True)
        if error.errno in _NO_SPACE:
            return False
        raise
    return True


def renew_ballast(home: Path) -> bool:
    """Make a missing file again as soon as that does not take the last room from those who write."""
    return shutil.disk_usage(home).free >= 2 * SIZE_BYTES and load_ballast(home)


def drop_ballast(home: Path) -> bool:
    """Give the room back to the disk; False when it was given back already."""
    path = home / FILE_NAME
    if not path.exists():
        return False
    path.unlink()
    return True


def write_even_when_full(home: Path, write: Callable[[], _T]) -> _T:
    """Run `write`; where the disk is full, run it once more in the room that the ballast leaves.

    `write` must be one transaction: the first attempt has then left nothing.
    """
    return _even_when_full(write, lambda: drop_ballast(home))


def open_even_when_full(home: Path, db: Database) -> None:
    """Open a database; where the disk is full, once more in a small part of the ballast's room.

    Even to read, SQLite makes files beside a database.  The larger part stays for an erasure.
    """
    _even_when_full(lambda: _open(db), lambda: _shrink_ballast(home))


def _open(db: Database) -> None:
    with db.read():
        return


def _even_when_full(act: Callable[[], _T], make_room: Callable[[], bool]) -> _T:
    try:
        return act()
    except (OSError, sa.exc.OperationalError) as error:
        if trouble_of(error) not in (Trouble.FULL, Trouble.DISK) or not make_room():
            raise
    return act()


def _shrink_ballast(home: Path) -> bool:
    """Give a part of the room back to the disk; False when only the part for an erasure is left."""
    path = home / FILE_NAME
    if not path.exists() or (size := path.stat().st_size) - _OPENING_BYTES < SIZE_BYTES // 2:
        return False
    os.truncate(path, size - _OPENING_BYTES)
    return True
