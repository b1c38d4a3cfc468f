"""A fresh database brought up by migrations is the schema that the program works with, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.store.migrate import hub_metadata, migrations
from shared.database import Database
from shared.errors import ConfigError
from shared.holdings.migrating import check_schema, migrate, revisions
from tests.support.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path / 'hub.db'}" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url)
    yield opened
    opened.close()


def test_fresh_migrated_database_equals_the_tables_of_the_program(db: Database) -> None:
    migrate(db, migrations())

    assert check_schema(db, hub_metadata()) == []


def test_second_start_changes_nothing(db: Database) -> None:
    first = migrate(db, migrations())

    second = migrate(db, migrations())

    assert (first, second) == (len(revisions(migrations())), 0)


def test_two_processes_that_start_at_once_migrate_once(db: Database) -> None:
    errors: list[BaseException] = []

    def start() -> None:
        other = Database(db.url.render_as_string(hide_password=False))
        try:
            migrate(other, migrations())
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            errors.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=start) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert check_schema(db, hub_metadata()) == []


def test_database_with_foreign_tables_is_refused(db: Database) -> None:
    with db.write() as conn:
        conn.execute(sa.text("CREATE TABLE somebody (id INTEGER)"))

    with pytest.raises(ConfigError, match="nicht von diesem Programm"):
        migrate(db, migrations())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("ALTER TABLE invite ADD COLUMN colour TEXT", "colour"),
        ("ALTER TABLE invite DROP COLUMN title", "title"),
        ("DROP TABLE evidence", "evidence"),
        ("DROP INDEX ix_payload_superseded", "ix_payload_superseded"),
        ("CREATE TABLE colour (id INTEGER)", "colour"),
    ],
)
def test_check_names_every_difference(db: Database, change: str, named: str) -> None:
    migrate(db, migrations())
    with db.write() as conn:
        conn.execute(sa.text(change))

    assert any(named in problem for problem in check_schema(db, hub_metadata()))


def test_check_sees_a_lost_primary_key_and_rowid_option(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'hub.db'}")
    migrate(db, migrations())
    with db.write() as conn:
        conn.execute(sa.text("DROP TABLE erased"))
        conn.execute(
            sa.text(
                "CREATE TABLE erased (log_id INTEGER NOT NULL REFERENCES log (id) ON DELETE CASCADE,"
                " commitment BLOB NOT NULL, position INTEGER NOT NULL, time INTEGER NOT NULL)"
            )
        )

    problems = check_schema(db, hub_metadata())
    db.close()

    assert any("primary key of erased" in problem for problem in problems)
    assert any("WITHOUT ROWID is missing" in problem for problem in problems)


def test_migration_that_rebuilds_a_table_keeps_the_rows_that_refer_to_it(tmp_path: Path) -> None:
    """SQLite deletes referring rows when a table is dropped while foreign keys are on."""
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako"):
        (folder / name).write_text((migrations() / name).read_text("utf-8"), "utf-8")
    first = "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
    (folder / "versions" / "r0001_begin.py").write_text(
        first + "def upgrade():\n"
        "    op.create_table('parent', sa.Column('id', sa.Integer, primary_key=True), sa.Column('a', sa.Integer))\n"
        "    op.create_table('child', sa.Column('parent_id', sa.Integer, "
        "sa.ForeignKey('parent.id', ondelete='CASCADE')))\n",
        "utf-8",
    )
    db = Database(f"sqlite:///{tmp_path / 'any.db'}")
    migrate(db, folder)
    with db.write() as conn:
        conn.execute(sa.text("INSERT INTO parent VALUES (1, 2)"))
        conn.execute(sa.text("INSERT INTO child VALUES (1)"))
    (folder / "versions" / "r0002_rebuild.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0002'\ndown_revision = '0001'\n"
        "def upgrade():\n"
        "    with op.batch_alter_table('parent', recreate='always') as batch:\n"
        "        batch.alter_column('a', type_=sa.String(20))\n",
        "utf-8",
    )

    migrate(db, folder)

    with db.read() as conn:
        assert conn.execute(sa.text("SELECT count(*) FROM child")).scalar() == 1
        assert conn.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    db.close()


def test_failing_migration_leaves_nothing_of_itself(tmp_path: Path) -> None:
    folder = tmp_path / "migrations"
    (folder / "versions").mkdir(parents=True)
    (folder / "env.py").write_text((migrations() / "env.py").read_text("utf-8"), "utf-8")
    (folder / "versions" / "r0001_begin.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
        "def upgrade():\n"
        "    op.create_table('parent', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    raise RuntimeError('power cut')\n",
        "utf-8",
    )
    db = Database(f"sqlite:///{tmp_path / 'any.db'}")

    with pytest.raises(RuntimeError, match="power cut"):
        migrate(db, folder)

    with db.read() as conn:
        assert sa.inspect(conn).get_table_names() == []
    db.close()
