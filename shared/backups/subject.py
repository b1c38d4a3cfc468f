"""Whose backup it is: what backups need to know of a party."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from shared.clock import Clock
from shared.database import Database


@dataclass(frozen=True)
class Subject:
    """A party, whether or not its database can be opened.

    Args:
        room: node or hub.
        name: the member's name.
        home: its directory.
        files: names of the settings files in it; those that are missing are left out.
        derived: names of files that are made again from the database.
        migrate: brings a database to the schema of this program.
        show_nothing: keeps a restored database from showing anything until the party has heard what was erased.
        forget_erased: takes what an erasure ended out of tables that only this room has; is given the log's number.
    """

    room: str
    name: str
    origin: str
    home: Path
    db: Database
    clock: Clock
    files: Sequence[str]
    derived: Sequence[str]
    migrate: Callable[[Database], object]
    show_nothing: Callable[[sa.Connection], None]
    forget_erased: Callable[[sa.Connection, int], None]

    @property
    def keys(self) -> Path:
        """Where the key files are."""
        return self.home / "keys"
