"""Reads a static export of a log (`export DIR`, PROTOCOL 5) from a directory, as if it were served.

The directory may come from anywhere (a stick, a download): nothing in it can point outside of it.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from shared.errors import FetchError, reason_of
from shared.net.fetcher import Fetched, answer_from_bytes, verify_path

_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FOLDER = _ROOT | os.O_NOFOLLOW
_FILE = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC  # NONBLOCK: a pipe must not hang us


class DirectoryFetcher:
    """Reads files below `root`.  Symbolic links and anything but regular files are refused (kind address).

    The deadline is not kept: a local disk that hangs cannot be interrupted.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        names = verify_path(path).split("/")
        try:
            folder = os.open(self._root, _ROOT)
        except OSError as error:
            raise FetchError(f"Ausfuhrverzeichnis: {reason_of(error)}", kind="connect") from error
        try:
            body = _read_below(folder, names, max_bytes)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return Fetched(404)
        except OSError as error:
            raise FetchError(f"{path}: {reason_of(error)}", kind="connect") from error
        return answer_from_bytes(body, etag)


def _read_below(folder: int, names: list[str], max_bytes: int) -> bytes:
    """Read a file, opening each name inside the folder just opened, so that no link is followed on the way.

    Closes `folder`.
    """
    try:
        _refuse_link(folder, names[0])
        if len(names) > 1:
            return _read_below(os.open(names[0], _FOLDER, dir_fd=folder), names[1:], max_bytes)
        descriptor = os.open(names[0], _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        return _read_regular(descriptor, names[0], max_bytes)
    finally:
        os.close(descriptor)


def _refuse_link(folder: int, name: str) -> None:
    """Name the reason; that no link is followed is assured by O_NOFOLLOW, not here."""
    if stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        raise FetchError(f"{name} ist ein symbolischer Verweis; dem wird nicht gefolgt", kind="address")


def _read_regular(descriptor: int, name: str, max_bytes: int) -> bytes:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if not stat.S_ISREG(mode):
        raise FetchError(f"{name} ist keine gewöhnliche Datei", kind="address")
    with open(descriptor, "rb", closefd=False) as file:
        body = file.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise FetchError(f"{name} hat mehr als {max_bytes} Bytes", kind="oversize")
    return body
