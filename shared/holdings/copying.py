"""A copy of a database in use, and a copy put in its place: SQLite by its own backup, PostgreSQL by its tools.

Every copy is checked before anybody relies on it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from shared.database import Database, sqlite_module
from shared.errors import ConfigError
from shared.holdings import logs
from shared.holdings.migrating import schema_of

SQLITE_NAME: Final = "database.db"
POSTGRES_NAME: Final = "database.dump"
_PAGES: Final = 2000
"""Copied at a time; writers have their turn in between."""
_PAUSE_SECONDS: Final = 0.01
_TOOL_SECONDS: Final = 3600
_DAMAGED: Final = "Eine andere Sicherung nehmen; was seitdem veröffentlicht wurde, kommt aus dem Verbund zurück."


def copy_name(db: Database) -> str:
    """Return how the copy of a database is called in a backup."""
    return SQLITE_NAME if db.is_sqlite else POSTGRES_NAME


def copy_database(db: Database, target: Path) -> None:
    """Write a whole copy of a database in use to a new file.

    Raises:
        ConfigError: the copy does not pass SQLite's integrity check, or PostgreSQL's tools are missing or fail.
    """
    if not db.is_sqlite:
        _run_tool("pg_dump", ["--format=custom", "--no-owner", f"--file={target}"], db)
        return
    copy = sqlite_module().connect(str(target))
    try:
        target.chmod(0o600)
        raw = db.engine.raw_connection()
        try:
            raw.driver_connection.backup(copy, pages=_PAGES, sleep=_PAUSE_SECONDS)  # type: ignore[union-attr]
        finally:
            raw.close()
        copy.execute("PRAGMA journal_mode=DELETE")
    finally:
        copy.close()
    check_copy(target)


def check_copy(path: Path) -> None:
    """Return when a copy is whole; ConfigError otherwise."""
    if path.name == POSTGRES_NAME:
        _run_tool("pg_restore", ["--list", str(path)])
        return
    sqlite = sqlite_module()
    try:
        connection = sqlite.connect(f"file:{path}?mode=ro", uri=True)
        try:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
        finally:
            connection.close()
    except sqlite.DatabaseError as error:
        raise ConfigError(f"Die Kopie der Datenbank ist beschädigt: {error}", advice=_DAMAGED) from error
    if found != ["ok"]:
        raise ConfigError(f"Die Kopie der Datenbank ist beschädigt: {'; '.join(found)[:300]}", advice=_DAMAGED)


def find_damage(db: Database) -> str:
    """Return what SQLite finds wrong with a whole file; empty for nothing.  PostgreSQL checks its pages as it reads."""
    if not db.is_sqlite:
        return ""
    with db.read() as conn:
        found = [str(row[0]) for row in conn.exec_driver_sql("PRAGMA quick_check(3)")]
    return "" if found == ["ok"] else "; ".join(found)[:300]


def describe_database(db: Database) -> tuple[str, int]:
    """Return the number of a database's newest migration, and the size of its own log (0 for none)."""
    schema = schema_of(db)
    with db.read() as conn:
        own = logs.load_own_log(conn) if schema else None
    return schema, 0 if own is None else int(own.size)


def put_in_place(copy: Path, db: Database) -> None:
    """Let a checked copy be the database; what was there before is gone.

    SQLite: one rename, so that a crash leaves the old or the new one.  PostgreSQL: emptied, then filled in one
    transaction; a crash in between leaves an empty database, into which the same copy can be put again.
    """
    if not db.is_sqlite:
        with db.write() as conn:
            conn.exec_driver_sql("DROP SCHEMA public CASCADE")
            conn.exec_driver_sql("CREATE SCHEMA public")
        db.close()
        _run_tool("pg_restore", ["--no-owner", "--single-transaction", f"--dbname={db.url.database}", str(copy)], db)
        return
    target = Path(str(db.url.database))
    db.close()
    for ending in ("-wal", "-shm"):
        # Else SQLite would play the old file's journal into the new one.
        target.with_name(target.name + ending).unlink(missing_ok=True)
    copy.replace(target)


def _run_tool(name: str, arguments: list[str], db: Database | None = None) -> None:
    """Run one of PostgreSQL's tools; the password travels in its environment, which only its owner can read."""
    tool = shutil.which(name)
    if tool is None:
        raise ConfigError(
            f"Das Programm {name} fehlt", advice="Das Paket postgresql-client in der Fassung des Servers einspielen."
        )
    environment = {**os.environ, **({} if db is None else _place_of(db))}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [tool, *arguments], capture_output=True, text=True, timeout=_TOOL_SECONDS, check=False, env=environment
    )
    if done.returncode:
        raise ConfigError(f"{name} ist gescheitert: {done.stderr.strip()[:300]}")


def _place_of(db: Database) -> dict[str, str]:
    """Return where a database is, in the variables that PostgreSQL's tools read."""
    url = db.url
    given = {
        "PGHOST": str(url.query.get("host") or url.host or ""), "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "", "PGPASSWORD": str(url.password or ""), "PGDATABASE": url.database or "",
    }  # fmt: skip
    return {name: value for name, value in given.items() if value}
