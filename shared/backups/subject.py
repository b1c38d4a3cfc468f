"""Whose backup it is: what backups need to know of a party, and what it decided about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa

from shared.clock import Clock
from shared.database import Database
from shared.holdings.migrating import revisions, schema_of


class BackupPlan(Protocol):
    """What the settings of a party say about backups."""

    @property
    def backup_folder(self) -> str:
        """Where backups go; empty = a folder in the home directory."""

    @property
    def backup_recipient(self) -> str:
        """For whom they are locked; empty = nobody yet."""

    @property
    def backup_keep_days(self) -> int:
        """How long they are kept."""


@dataclass(frozen=True)
class Subject:
    """A party, whether or not its database can be opened.

    Args:
        room: node or hub.
        name: the member's name.
        home: its directory.
        files: names of the settings files in it; those that are missing are left out.
        derived: names of files that are made again from the database.
        migrations: folder of the migrations that bring a database to the schema of this program.
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
    migrations: Traversable
    show_nothing: Callable[[sa.Connection], None]
    forget_erased: Callable[[sa.Connection, int], None]

    @property
    def keys(self) -> Path:
        """Where the key files are."""
        return self.home / "keys"

    def is_behind(self) -> bool:
        """Tell whether the database lacks steps of this program."""
        return schema_of(self.db) < self.newest_schema

    @property
    def newest_schema(self) -> str:
        """Number of this program's newest migration."""
        return revisions(self.migrations)[-1]
