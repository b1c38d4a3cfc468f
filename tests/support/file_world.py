"""A small federation whose databases are files in one folder; it goes on with those that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shared.database import Database
from tests.support.world import SharingDatabase, VirtualClock, World


class FileWorld(World):
    """A federation on real files."""

    def __init__(self, folder: Path, names: Sequence[str], now: float) -> None:
        self._folder = folder
        is_new = not (folder / "hub.db").exists()
        super().__init__(names, clock=VirtualClock(now), disks=None if is_new else {}, dice_seed=int(now))

    def make_database(self, name: str) -> Database:
        return SharingDatabase(f"sqlite:///{self._folder / name}.db")

    def _disk(self, name: str, disks: Mapping[str, bytes] | None) -> Database:
        return self.make_database(name)

    def databases(self) -> list[Database]:
        return [self.hub.db, *(node.db for node in self.nodes.values())]

    def close(self) -> None:
        for db in self.databases():
            db.close()
