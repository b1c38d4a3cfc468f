"""Brings a database to the schema of this program, one transaction for each migration.

A room keeps its migrations in a folder of its own: `env.py`, `script.py.mako` and `versions/r<number>_<subject>.py`.
Decided here: order, locking and transactions; what a migration does stands in its file, as explicit DDL.  They only
ever add (old code must run on the new schema), so a database newer than this program is left as it is.

A crash leaves the database before or after a whole migration.  Two processes that start at once do each of them once:
every migration runs under the write lock and is skipped when it turns out to be done.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources.abc import Traversable
from types import ModuleType
from typing import TYPE_CHECKING

import sqlalchemy as sa

from shared.database import Database
from shared.errors import ConfigError
from shared.holdings.tables import NAMING

if TYPE_CHECKING:
    from alembic.config import Config

VERSION_TABLE = "alembic_version"
_FILE = re.compile(r"r([0-9]{4})_[a-z0-9_]+\.py")


def migrate(db: Database, migrations: Traversable) -> int:
    """Apply the migrations that a database lacks; returns how many.

    Args:
        migrations: folder of the room's migrations; loads Alembic only when something is to be done.
    Raises:
        ConfigError: the database holds tables, but not by these migrations; or a migration leaves dangling references.
    """
    held = schema_of(db)
    missing = [number for number in revisions(migrations) if number > held]
    for number in missing:
        _upgrade(db, migrations, number)
    return len(missing)


def revisions(migrations: Traversable) -> list[str]:
    """Return the numbers of a room's migrations, oldest first: four digits, so that text order is their order."""
    matches = [_FILE.fullmatch(file.name) for file in (migrations / "versions").iterdir()]
    return sorted(match[1] for match in matches if match is not None)


def schema_of(db: Database) -> str:
    """Return the number of the newest migration applied; empty for a database without tables."""
    with db.read() as conn:
        names = sa.inspect(conn).get_table_names()
        if VERSION_TABLE in names:
            return str(conn.execute(sa.text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar() or "")  # noqa: S608
    if names:
        raise ConfigError(
            f"In der Datenbank {db.url.render_as_string()} stehen Tabellen, die nicht von diesem Programm sind",
            advice="Eine leere Datenbank angeben, oder die richtige.",
        )
    return ""


def _upgrade(db: Database, migrations: Traversable, number: str) -> None:
    from alembic import command

    config = _config(migrations)
    with _write_without_cascades(db) as conn:
        config.attributes["connection"] = conn
        command.upgrade(config, number)


def _config(migrations: Traversable) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "r%%(rev)s_%%(slug)s")
    return config


@contextmanager
def _write_without_cascades(db: Database) -> Iterator[sa.Connection]:
    """One write transaction in which SQLite may rebuild a table without deleting the rows that refer to it.

    `foreign_keys` can only be switched outside a transaction, and belongs to one connection.
    """
    if not db.is_sqlite:
        with db.write() as conn:
            yield conn
        return
    with db.engine.connect() as conn:
        raw = conn.connection.driver_connection
        raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        try:
            with conn.begin():
                yield conn
                if conn.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise ConfigError(
                        "Die Umstellung der Datenbank ließe Zeilen ohne ihren Bezug zurück; nichts wurde geändert"
                    )
        finally:
            raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


# --- what a schema should be ---------------------------------------------------------------------------------------


def metadata_of(*modules: ModuleType) -> sa.MetaData:
    """Return the tables that these modules define, without what other rooms added to the metadata they share."""
    metadata = sa.MetaData(naming_convention=NAMING)
    for module in modules:
        for table in vars(module).values():
            if isinstance(table, sa.Table):
                table.to_metadata(metadata)
    return metadata


def check_schema(db: Database, metadata: sa.MetaData) -> list[str]:
    """Collect every difference between a database and the tables as the program knows them.

    Compared: tables, columns, types, null, indexes, unique constraints, foreign keys, primary keys; on SQLite also
    AUTOINCREMENT and WITHOUT ROWID.  Not compared: check constraints (there are none).
    """
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with db.read() as conn:
        context = MigrationContext.configure(conn, opts={"compare_type": True, "compare_server_default": True})
        problems = [str(difference) for difference in compare_metadata(context, metadata)]
        problems += list(_key_problems(conn, metadata))
        if db.is_sqlite:
            problems += list(_sqlite_problems(conn, metadata))
    return problems


def _key_problems(conn: sa.Connection, metadata: sa.MetaData) -> Iterator[str]:
    inspector = sa.inspect(conn)
    for table in metadata.sorted_tables:
        if not inspector.has_table(table.name):
            continue
        wanted = [column.name for column in table.primary_key.columns]
        found = inspector.get_pk_constraint(table.name)["constrained_columns"]
        if found != wanted:
            yield f"primary key of {table.name}: {found}, {wanted} expected"


def _sqlite_problems(conn: sa.Connection, metadata: sa.MetaData) -> Iterator[str]:
    rows = conn.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'")
    texts = {row[0]: str(row[1]).upper() for row in rows}
    for table in metadata.sorted_tables:
        options = table.dialect_options["sqlite"]
        text = texts.get(table.name, "")
        for word, wanted in (
            ("AUTOINCREMENT", bool(options["autoincrement"])),
            ("WITHOUT ROWID", not options["with_rowid"]),
        ):
            if text and (word in text) != wanted:
                yield f"{table.name}: {word} is {'missing' if wanted else 'not expected'}"


# --- for developers ------------------------------------------------------------------------------------------------


def draft_migration(migrations: Traversable, metadata: sa.MetaData, subject: str) -> str:
    """Write the next migration from what the tables lack, to be read and corrected by hand; returns its path."""
    from alembic import command

    config = _config(migrations)
    config.attributes["metadata"] = metadata
    number = int(max(revisions(migrations), default="0")) + 1
    db = Database("sqlite://")
    try:
        migrate(db, migrations)
        with db.write() as conn:
            config.attributes["connection"] = conn
            script = command.revision(config, message=subject, autogenerate=True, rev_id=f"{number:04}")
    finally:
        db.close()
    return str(getattr(script, "path", ""))
