"""Long answers: written to a file that has no name, then sent from it at whatever pace the reader takes.

So a slow reader holds neither the catalogue nor memory, and a fast one is not kept by a slow one: what everybody asks
for is written once for each state of the catalogue.  The files have no name in the directory, and so they are gone
with the process, and with the last reader once the catalogue has changed: an erasure leaves none behind.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import anyio.to_thread
from litestar.response import Stream

_PIECE_BYTES: Final = 256 * 1024
_KEPT_MAX: Final = 24

WriteFile = Callable[[IO[bytes]], object]


class Kept:
    """One finished answer; its file is closed with the last reference to it."""

    def __init__(self, file: IO[bytes]) -> None:
        file.flush()
        self._number = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._number)
        self.size = os.fstat(self._number).st_size

    def read(self, start: int) -> bytes:
        """Return the next piece from a place on; several readers do not disturb each other."""
        return os.pread(self._number, _PIECE_BYTES, start)


@dataclass
class Spool:
    """Writes long answers, and keeps those that everybody asks for.

    Args:
        directory: on the disk that holds the party's files; None: the system's own place for such files.
    """

    directory: Path | None
    _kept: dict[Hashable, Kept] = field(default_factory=dict)
    _state: Hashable = None
    _locks: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write_once(self, write: WriteFile) -> Kept:
        """Write an answer that nobody else will ask for."""
        with tempfile.TemporaryFile(dir=self.directory, prefix="kreisweit-") as file:
            write(file)
            return Kept(file)

    def keep(self, key: Hashable, state: Hashable, write: WriteFile) -> Kept:
        """Return the answer of a key for a state of the catalogue, written once.

        What belongs to another state is let go.
        """
        with self._lock:
            if state != self._state:
                self._kept.clear()
                self._locks.clear()
                self._state = state
            making = self._locks.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if state == self._state and key in self._kept:
                    return self._kept[key]
            kept = self.write_once(write)
            with self._lock:
                if state == self._state and len(self._kept) < _KEPT_MAX:
                    self._kept[key] = kept
            return kept

    def forget(self) -> None:
        """Let all kept answers go."""
        with self._lock:
            self._kept.clear()
            self._state = None


def file_response(kept: Kept, media_type: str, *, headers: Mapping[str, str] | None = None) -> Stream:
    """Send a finished answer piece by piece."""

    async def pieces() -> AsyncIterator[bytes]:
        start = 0
        while start < kept.size:
            piece = await anyio.to_thread.run_sync(kept.read, start)
            start += len(piece)
            yield piece

    given: dict[str, Any] = {"Cache-Control": "no-cache", "Content-Length": str(kept.size), **(headers or {})}
    return Stream(pieces(), media_type=media_type, headers=given)
