"""A newer program on an older database: backed up first, nothing lost, and said beforehand what is in the way."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa

from hub.backups import subject_of
from hub.cli import run
from hub.enrolment import invite
from hub.opening import close_hub, init_hub, new_settings, open_hub
from hub.settings import load_settings, save_settings
from hub.store.migrate import hub_metadata
from hub.store.migrate import migrations as hub_migrations
from node.editing import save_offer
from node.opening import close_node, open_node
from node.sealing import seal_offline
from node.store.migrate import migrations as node_migrations
from node.store.migrate import node_metadata
from shared.backups import locking
from shared.backups.making import list_backups
from shared.backups.restoring import check_backup
from shared.backups.upgrading import upgrade
from shared.clock import SystemDice
from shared.database import Database
from shared.holdings import logs
from shared.holdings.migrating import check_schema, migrate, revisions, schema_of
from shared.version import VERSION
from tests.support import released
from tests.support.lone_node import offer
from tests.support.old_schema import copy_until
from tests.support.postgres import postgres_server, postgres_url
from tests.support.wholeness import check_whole
from tests.support.world import VirtualClock

__all__ = ["postgres_server", "postgres_url"]

PASSPHRASE = b"zwei alte Karren knarren"
ROOMS: Mapping[str, tuple[Callable[[], Traversable], Callable[[], sa.MetaData]]] = {
    "node": (node_migrations, node_metadata),
    "hub": (hub_migrations, hub_metadata),
}
STARTS = [(room, number) for room, (found, _) in ROOMS.items() for number in revisions(found())]
OLD = revisions(hub_migrations())[4]


# --- rows of every table, whatever the revision -----------------------------------------------------------------------


def some_value(column: sa.engine.interfaces.ReflectedColumn) -> object:
    kind = column["type"]
    if isinstance(kind, sa.Boolean):
        return True
    if isinstance(kind, sa.LargeBinary):
        return b"\x01" * min(kind.length or 32, 32)
    if isinstance(kind, sa.Integer | sa.Numeric | sa.Float):
        return 1
    return "x" * min(getattr(kind, "length", 0) or 8, 8)


def fill(db: Database) -> dict[str, dict[str, object]]:
    """Put one row into every table, referring to each other where they must; returns them by table."""
    rows: dict[str, dict[str, object]] = {}
    with db.write() as conn:
        inspector = sa.inspect(conn)
        for name, _ in inspector.get_sorted_table_and_fkc_names():
            if name is None or name == "alembic_version":
                continue
            columns = inspector.get_columns(name)
            row = {str(column["name"]): some_value(column) for column in columns}
            table = sa.Table(name, sa.MetaData(), *(sa.Column(one["name"], one["type"]) for one in columns))
            conn.execute(table.insert().values(row))
            rows[name] = row
    return rows


def held(db: Database, rows: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, object]]:
    """What is there now of these columns."""
    with db.read() as conn:
        return {
            name: dict(conn.execute(sa.select(*map(sa.column, row)).select_from(sa.table(name))).mappings().one())
            for name, row in rows.items()
        }


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'any.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    yield opened
    opened.close()


@pytest.mark.parametrize(("room", "number"), STARTS)
def test_every_row_of_every_older_database_is_kept(db: Database, tmp_path: Path, room: str, number: str) -> None:
    migrations, metadata = ROOMS[room]
    copy_until(migrations(), number, tmp_path / "old")
    migrate(db, tmp_path / "old")
    rows = fill(db)

    migrate(db, migrations())

    assert check_schema(db, metadata()) == []
    assert held(db, rows) == rows


# --- a hub that is opened by a newer program --------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A hub's directory as an older program left it, with an invitation in its database."""
    home = tmp_path / "hub"
    settings = new_settings(home, "hub.kreisweit.example", "https://hub.kreisweit.example")
    hub = init_hub(settings, PASSPHRASE, clock=VirtualClock())
    invite(hub, "herten", "05562020", "Stadt Herten")
    make_older(hub.db, tmp_path)
    close_hub(hub)
    return home


def make_older(db: Database, tmp_path: Path) -> None:
    """Take away what later migrations added."""
    copy_until(hub_migrations(), OLD, tmp_path / "old-migrations")
    older = Database(f"sqlite:///{tmp_path / 'older.db'}")
    migrate(older, tmp_path / "old-migrations")
    with older.read() as conn:
        kept = set(sa.inspect(conn).get_table_names())
    older.close()
    with db.write() as conn:
        for name in set(sa.inspect(conn).get_table_names()) - kept:
            conn.exec_driver_sql(f"DROP TABLE {name}")
        conn.execute(sa.text("UPDATE alembic_version SET version_num = :old"), {"old": OLD})


@pytest.fixture
def identity(home: Path, tmp_path: Path) -> Any:
    """The key of the backups, for which the settings lock them from now on."""
    file = tmp_path / "identity.age"
    recipient = locking.make_identity(file, PASSPHRASE.decode(), SystemDice())
    save_settings(msgspec.structs.replace(load_settings(home), backup_recipient=recipient))
    return locking.load_identity(file, PASSPHRASE.decode())


def schema(home: Path) -> str:
    db = Database(load_settings(home).database_url)
    try:
        return schema_of(db)
    finally:
        db.close()


def invited(home: Path) -> list[str]:
    hub = open_hub(home, clock=VirtualClock())
    try:
        with hub.db.read() as conn:
            return [row[0] for row in conn.exec_driver_sql("SELECT name FROM invite")]
    finally:
        close_hub(hub)


def command(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    code = run(["--home", str(home), *words])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_opened_hub_is_brought_up_to_date_after_a_backup_of_what_it_was(home: Path, identity: Any) -> None:
    assert invited(home) == ["herten"]

    assert schema(home) == revisions(hub_migrations())[-1]
    subject = subject_of(load_settings(home), VirtualClock())
    (made,) = list_backups(subject, home / "backups")
    assert check_backup(subject, Path(made.path), identity, newest_schema=subject.newest_schema).schema == OLD
    subject.db.close()


def test_hub_without_a_key_for_backups_is_brought_up_to_date_all_the_same(home: Path) -> None:
    assert invited(home) == ["herten"]

    assert schema(home) == revisions(hub_migrations())[-1]
    assert not (home / "backups").exists()


def test_check_says_what_would_happen_and_changes_nothing(
    home: Path, identity: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, _ = command(capsys, home, "upgrade", "--check", "--json")

    outlook = json.loads(said)
    assert code == 0
    assert (outlook["held"], outlook["missing"]) == (OLD, revisions(hub_migrations())[5:])
    assert (outlook["blocked"], outlook["backup"]) == ([], str(home / "backups"))
    assert 0 < outlook["needed"] < outlook["free"]
    assert schema(home) == OLD
    assert not (home / "backups").exists()


def test_check_remarks_that_nothing_would_be_backed_up(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = command(capsys, home, "upgrade", "--check")

    assert code == 3
    assert "Sicherung: keine" in said


def test_check_names_a_folder_that_is_closed(home: Path, identity: Any, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "a-file").touch()
    save_settings(msgspec.structs.replace(load_settings(home), backup_folder=str(home / "a-file" / "below")))

    refused, said, _ = command(capsys, home, "upgrade", "--check")

    assert refused == 1
    assert f"In {home / 'a-file' / 'below'} darf nicht geschrieben werden" in said


def test_upgrade_that_cannot_back_up_changes_nothing_until_told_to_go_without(
    home: Path, identity: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    (home / "a-file").touch()
    save_settings(msgspec.structs.replace(load_settings(home), backup_folder=str(home / "a-file" / "below")))

    refused, _, why = command(capsys, home, "status")
    assert refused == 1
    assert "konnte nicht" in why
    assert "--without-backup" in why
    assert schema(home) == OLD

    done, said, _ = command(capsys, home, "upgrade", "--without-backup")
    assert done == 0
    assert "4 Schritte" in said
    assert command(capsys, home, "upgrade")[1].startswith("Die Datenbank ist schon auf Stand")


def test_two_processes_that_start_at_once_make_one_backup(home: Path, identity: Any) -> None:
    settings, errors = load_settings(home), list[BaseException]()

    def start() -> None:
        subject = subject_of(settings, VirtualClock())
        try:
            upgrade(subject, settings)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            subject.db.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert len(list((home / "backups").iterdir())) == 1
    assert schema(home) == revisions(hub_migrations())[-1]


def test_older_program_works_on_the_newer_database(home: Path) -> None:
    assert invited(home) == ["herten"]
    db = Database(load_settings(home).database_url)
    with db.write() as conn:
        conn.exec_driver_sql("CREATE TABLE of_the_future (id INTEGER PRIMARY KEY)")
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    db.close()

    assert invited(home) == ["herten"]
    assert schema(home) == "9999"
    shutil.rmtree(home)


# --- what released versions left --------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", released.versions())
def test_databases_of_a_released_version_are_opened_show_the_same_and_are_written_on(
    tmp_path: Path, version: str
) -> None:
    said = released.unpack(version, tmp_path)
    now = said.pop("time")

    found = released.describe(tmp_path)
    found.pop("time")
    node = open_node(tmp_path / "node", clock=VirtualClock(now + 60))
    save_offer(node, offer("Danach"))
    seal_offline(node)

    assert found == said
    assert check_schema(node.db, node_metadata()) == []
    assert check_whole(node.db) == []
    with node.db.read() as conn:
        assert logs.load_log(conn, node.settings.origin).size == said["node"]["size"] + 1
    close_node(node)


def test_every_version_that_the_changelog_calls_released_has_its_databases() -> None:
    text = (Path(__file__).parents[2] / "CHANGELOG.md").read_text("utf-8")
    assert set(re.findall(r"^## \[([0-9.]+)\]", text, re.MULTILINE)) <= set(released.versions())
    assert VERSION in released.versions()
