"""Long answers: written to a file that has no name, then sent from it at whatever pace the reader takes.

So a slow reader holds neither the catalogue nor memory, and a fast one is not kept by a slow one: what everybody asks
for is written once for each state of the catalogue.  The files have no name in the directory, and so they are gone
with the process; and with their last reader, soon after the catalogue has changed: an erasure leaves none behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import anyio.to_thread
from litestar.response import Stream

from shared.outputs.formats.format import SCRATCH_PREFIX

_PIECE_BYTES: Final = 256 * 1024
_KEPT_MAX: Final = 24
LOOK_SECONDS: Final = 60.0

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
    """Writes long answers, and keeps those that everybody asks for as long as they are what the catalogue says.

    Args:
        directory: on the disk that holds the party's files; None: the system's own place for such files.
        stamp: returns what changes with every change of the catalogue.
        look_seconds: how often is looked whether it did: what was erased stays on the disk no longer than that, and
            until the last reader of an older answer has gone.
    """

    directory: Path | None
    stamp: Callable[[], Hashable]
    look_seconds: float = LOOK_SECONDS
    _kept: dict[Hashable, Kept] = field(default_factory=dict)
    _state: tuple[Hashable, Hashable] | None = None
    _locks: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _watch: threading.Timer | None = None

    def sweep(self) -> None:
        """Delete what a program that was killed left behind; for the start, while nothing is written."""
        if self.directory is not None:
            for left in self.directory.glob(f"{SCRATCH_PREFIX}*/"):
                shutil.rmtree(left, ignore_errors=True)

    def write_once(self, write: WriteFile) -> Kept:
        """Write an answer that nobody else will ask for."""
        with tempfile.TemporaryFile(dir=self.directory, prefix=SCRATCH_PREFIX) as file:
            write(file)
            return Kept(file)

    def find(self, key: Hashable, state: tuple[Hashable, Hashable]) -> Kept | None:
        """Return the answer of a key if one was written for this state."""
        with self._lock:
            return self._kept.get(key) if state == self._state else None

    def keep(self, key: Hashable, state: tuple[Hashable, Hashable], write: WriteFile) -> Kept:
        """Return the answer of a key for a state, written once; what belongs to another state is let go.

        Args:
            state: the stamp of the catalogue, and whatever else the answer depends on.
        """
        with self._lock:
            if state != self._state:
                self._kept.clear()
                self._locks.clear()
                self._state = state
            making = self._locks.setdefault(key, threading.Lock())
        with making:
            if (kept := self.find(key, state)) is not None:
                return kept
            kept = self.write_once(write)
            with self._lock:
                if state == self._state and len(self._kept) < _KEPT_MAX:
                    self._kept[key] = kept
                    self._look_later()
            return kept

    def forget(self) -> None:
        """Let all kept answers go."""
        with self._lock:
            self._kept.clear()
            self._state = None
            if self._watch is not None:
                self._watch.cancel()
                self._watch = None

    def _look_later(self) -> None:
        if self._watch is None:
            self._watch = threading.Timer(self.look_seconds, self._look)
            self._watch.daemon = True
            self._watch.start()

    def _look(self) -> None:
        """Let all go unless they are known to be what the catalogue says."""
        is_current = False
        try:
            stamp = self.stamp()
            with self._lock:
                is_current = self._state is not None and self._state[0] == stamp
                self._watch = None
                if is_current:
                    self._look_later()
        finally:
            if not is_current:
                self.forget()


def file_response(kept: Kept, media_type: str, *, headers: Mapping[str, str] | None = None) -> Stream:
    """Send a finished answer piece by piece."""

    async def pieces() -> AsyncIterator[bytes]:
        start = 0
        while start < kept.size:
            piece = await anyio.to_thread.run_sync(kept.read, start)
            start += len(piece)
            yield piece

    # The type is a header here: the framework would add a second charset to it.
    given = {
        "Cache-Control": "no-cache", "Content-Length": str(kept.size), "Content-Type": media_type, **(headers or {}),
    }  # fmt: skip
    return Stream(pieces(), media_type=media_type, headers=given)
