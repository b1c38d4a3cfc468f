"""What is killed (`dying`): a hub's database of an older program comes up to the schema of this one."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hub.store.migrate import hub_metadata, migrate_database, migrations
from shared.database import Database
from shared.holdings.migrating import check_schema, migrate, revisions, schema_of
from tests.support.file_world import FileWorld
from tests.support.old_schema import copy_until
from tests.support.wholeness import check_whole
from tests.support.world import publish, titles

OLD: Final = "0005"
_NAMES = ("herten", "marl")
_BEGIN = 1_767_225_600.0
_TITLES = ["Erstes", "Zweites"]


class Migration:
    """From a middle revision, with the rows of a settled federation, to the newest."""

    watched = "hub"
    most = 16

    def make(self, folder: Path) -> None:
        world = FileWorld(folder, _NAMES, _BEGIN)
        for title in _TITLES:
            publish(world.nodes["herten"], title)
        world.settle()
        (folder / "now").write_text(str(world.clock.time), "ascii")
        world.close()
        make_old(folder / "hub.db", OLD)
        (folder / "counts").write_text(json.dumps(count_rows(folder / "hub.db")), "ascii")

    def act(self, folder: Path, arm: Callable[[], None], disarm: Callable[[], None]) -> None:
        db = Database(f"sqlite:///{folder / 'hub.db'}")
        arm()
        migrate_database(db)
        disarm()
        db.close()

    def go_on(self, folder: Path) -> None:
        """A whole revision is there, every row is; the next start brings it up, and the hub works on it."""
        db = Database(f"sqlite:///{folder / 'hub.db'}")
        assert check_whole(db) == []
        assert schema_of(db) in [number for number in revisions(migrations()) if number >= OLD]
        migrate_database(db)
        assert check_schema(db, hub_metadata()) == []
        db.close()
        if not (folder / "works").exists():  # once it has worked on them, rows come and go
            counts = count_rows(folder / "hub.db")
            assert json.loads((folder / "counts").read_text("ascii")).items() <= counts.items()
        (folder / "works").touch()

        world = FileWorld(folder, _NAMES, float((folder / "now").read_text("ascii")) + 10)
        world.start_all()
        publish(world.nodes["marl"], "Danach")
        world.settle()
        assert titles(world.nodes["herten"]) == ["Danach", *_TITLES]
        world.close()


def make_old(path: Path, number: str) -> None:
    """Replace a hub's database by one of an older revision with the same rows, as far as that revision has tables."""
    newest, folder = path.with_name("newest.db"), path.with_name("migrations")
    path.rename(newest)
    copy_until(migrations(), number, folder)
    db = Database(f"sqlite:///{path}")
    migrate(db, folder)
    db.close()
    shutil.rmtree(folder)
    copy = sqlite3.connect(path)
    copy.execute("ATTACH ? AS newest", (str(newest),))
    for table in _tables(copy):
        names = ", ".join(f'"{row[1]}"' for row in copy.execute(f'PRAGMA table_info("{table}")'))
        copy.execute(f'INSERT INTO main."{table}" ({names}) SELECT {names} FROM newest."{table}"')  # noqa: S608 - our own tables
    copy.commit()
    copy.close()
    newest.unlink()


def count_rows(path: Path) -> dict[str, int]:
    """Return how many rows each table holds that has any."""
    connection = sqlite3.connect(path)
    counts = {
        table: connection.execute(f'SELECT COUNT(*) FROM "{table}"').fetchone()[0]  # noqa: S608 - our own tables
        for table in _tables(connection)
    }
    connection.close()
    return {table: count for table, count in counts.items() if count}


def _tables(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows if not name.startswith("sqlite_") and name != "alembic_version"]
