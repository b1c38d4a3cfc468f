"""Room on the disk of a party's directory: how much is left, and from when on that is too little.

Doctor, alarms and the list of what is wrong all tell the same by it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec

LEAST_BYTES: Final = 200 * 1024 * 1024
"""With less than this the next backup or migration may fill the disk."""
GOOD_BYTES: Final = 1024 * 1024 * 1024
LEAST_FILES: Final = 1000

ADVICE: Final = "Platz schaffen, oder das Verzeichnis auf eine größere Platte legen."
MEANWHILE: Final = "Ist sie voll, wird weiter gelesen und gesucht, aber nichts Neues mehr angenommen."


class Room(msgspec.Struct, frozen=True):
    """What is left for a user without special rights.  `files` is None where the file system does not count them."""

    bytes: int
    files: int | None

    @property
    def is_short(self) -> bool:
        """Somebody should make room now, while writing still works."""
        return self.bytes < LEAST_BYTES or self.lacks_files

    @property
    def lacks_files(self) -> bool:
        """There is a limit to the number of files, and it is near."""
        return self.files is not None and self.files < LEAST_FILES

    def in_german(self) -> str:
        """Write what is left, the scarcer thing."""
        if self.lacks_files:
            return f"Nur noch {self.files} Dateien können angelegt werden"
        return f"{self.bytes // (1024 * 1024):,} MB frei".replace(",", ".")


def find_shortage(home: str) -> Room | None:
    """Return what is left where that is too little; None where there is enough, or for a party without a directory."""
    if not home:
        return None
    room = measure_room(Path(home))
    return room if room.is_short else None


def measure_room(home: Path) -> Room:
    """Return what is left on the disk of a directory.

    Raises:
        OSError: the directory is not there.
    """
    found = os.statvfs(home)
    return Room(found.f_bavail * found.f_frsize, found.f_favail if found.f_files else None)
