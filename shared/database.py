"""The database seam: one engine, writers in line, every commit error visible.

Decided here: how SQLite and PostgreSQL are opened so that both behave alike.  Writers take the write lock at BEGIN
(SQLite `BEGIN IMMEDIATE`, PostgreSQL one advisory lock), so a read-then-write transaction never fails half way; readers
see one snapshot.  Deleted means deleted in the files (PROTOCOL 10.7): `secure_delete`, and `scrub` empties the
write-ahead log.
"""

from __future__ import annotations

import errno
import itertools
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.pool import StaticPool

SQLITE_OLDEST = (3, 51, 3)
"""Below it a race in the write-ahead log can corrupt the file; FTS5 `secure-delete` needs 3.42."""

_PRAGMAS = (
    "page_size=8192",
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "wal_autocheckpoint=2000",
)
# Tables whose rows may name persons; a hub has fewer of them.
_SCRUBBED = (
    "payload", "outbox", "conflict", "draft", "history", "staff_note", "upload", "person_basis", "mail", "hint",
    "desk_setting", "link_state", "inbox", "hint_out", "tally", "subscription", "told_offer", "hub_text",
    "vocabulary_draft", "vocabulary_version",
)  # fmt: skip
_WRITER_LOCK = 0x6B726569
_IN_CLAUSE = 500
_PRAGMA_TRIES, _PRAGMA_SECONDS = 100, 0.1
_T = TypeVar("_T")


class Trouble(Enum):
    """What keeps a database from working; the values say it in German, and what to do."""

    BUSY = (
        "Die Datenbank ist gerade belegt.",
        "Gleich noch einmal versuchen; läuft ein anderer Befehl oder eine Sicherung?",
    )
    FULL = (
        "Auf der Platte ist kein Platz mehr.",
        "Platz schaffen; es ist nichts verloren und nichts halb geschrieben.",
    )
    DISK = (
        "Die Platte nimmt nichts mehr an: Sie ist voll oder defekt.",
        "Platz schaffen oder die Platte prüfen; es ist nichts halb geschrieben.",
    )
    READ_ONLY = (
        "Die Datenbank nimmt zurzeit keine Änderungen an.",
        "Ist sie auf Nur-Lesen gestellt, oder fehlen Rechte an der Datei? Danach noch einmal versuchen.",
    )
    DAMAGED = (
        "Die Datenbankdatei ist beschädigt.",
        "Aus der Sicherung zurückholen; was fehlt, kommt aus dem Verbund zurück.",
    )
    AWAY = (
        "Die Datenbank antwortet nicht.",
        "Läuft der Datenbankserver, und stimmt die Einstellung database?",
    )


# What SQLite and PostgreSQL say, special before general.
_SAID: Sequence[tuple[str, Trouble]] = (
    ("locked", Trouble.BUSY),
    ("is full", Trouble.FULL),
    ("No space left", Trouble.FULL),
    ("disk I/O error", Trouble.DISK),
    ("readonly", Trouble.READ_ONLY),
    ("read-only", Trouble.READ_ONLY),
    ("malformed", Trouble.DAMAGED),
    ("not a database", Trouble.DAMAGED),
    ("unable to open", Trouble.AWAY),
)
# Errors of what was asked, not of what was asked it of.
_OF_THE_STATEMENT = (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError, sa.exc.NotSupportedError)
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
TROUBLED: Final = (sa.exc.DBAPIError, OSError)
"""What to catch where somebody can go on in spite of a trouble; `trouble_of` tells whether it is one."""


def trouble_of(error: BaseException) -> Trouble | None:
    """Tell from an error what keeps the database or its disk from working; None where it is nothing of the kind."""
    if isinstance(error, OSError):
        return Trouble.FULL if error.errno in _NO_SPACE else None
    if not isinstance(error, sa.exc.DBAPIError) or isinstance(error, _OF_THE_STATEMENT):
        return None
    text = str(error.orig)
    said = next((trouble for words, trouble in _SAID if words in text), None)
    # SQLite calls a wrong statement an operational error too, so what it says must be known.
    is_server = isinstance(error, sa.exc.OperationalError | sa.exc.InterfaceError) and not _is_sqlite(error)
    return said or (Trouble.AWAY if is_server else None)


def _is_sqlite(error: sa.exc.DBAPIError) -> bool:
    return "sqlite" in type(error.orig).__module__


def describe_trouble(error: Exception) -> tuple[str, str] | None:
    """Say in German what keeps a database from working, and what to do; None when the error is no database's."""
    if not isinstance(error, sa.exc.DBAPIError):
        return None
    trouble = trouble_of(error)
    if trouble is None or trouble is Trouble.AWAY:
        return f"Die Datenbank antwortet nicht ({str(error.orig)[:120]}).", Trouble.AWAY.value[1]
    text, advice = trouble.value
    return text, advice


def as_database_error(connection: sa.Connection, statement: str, error: Exception) -> BaseException:
    """Return the driver's error as what Core would have raised for it; the values of the statement stay out of it."""
    dialect = connection.dialect
    driver = dialect.loaded_dbapi.Error
    return sa.exc.DBAPIError.instance(statement, None, error, driver, hide_parameters=True, dialect=dialect)


def sqlite_module() -> Any:
    """Return the DB-API module to use for SQLite: the standard library's, or the bundled newer one."""
    if sqlite3.sqlite_version_info >= SQLITE_OLDEST:
        return sqlite3
    import pysqlite3.dbapi2

    return pysqlite3.dbapi2


def _set_pragma(connection: Any, pragma: str) -> None:
    """Set one pragma; where another process makes the same new file at this moment, wait for it.

    SQLite does not wait by itself for the lock that the first change to the write-ahead log needs.
    """
    for _ in range(_PRAGMA_TRIES):
        try:
            connection.execute(f"PRAGMA {pragma}")
        except sqlite_module().OperationalError as error:
            if "locked" not in str(error):
                raise
            time.sleep(_PRAGMA_SECONDS)
        else:
            return
    connection.execute(f"PRAGMA {pragma}")


class Database:
    """One party's database.

    Args:
        url: a SQLAlchemy URL; `sqlite:///path`, `sqlite://` (memory, one connection) or `postgresql://…`.
        durable: False relaxes `synchronous` to NORMAL: for bulk loads of what can be fetched again.
    """

    def __init__(self, url: str, *, durable: bool = True) -> None:
        self.url = sa.make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._opened: tuple[int, int] | None = None
        self._counter = itertools.count(1)
        self.writes = 0
        """Counts transactions that wrote in this process; a change means: look again."""
        self.engine = self._sqlite_engine(durable) if self.is_sqlite else self._postgres_engine()
        self._reading = self.engine.execution_options(read_only=True)

    def _sqlite_engine(self, durable: bool) -> sa.Engine:
        options: dict[str, Any] = {"module": sqlite_module(), "connect_args": {"timeout": 10}}
        if self.url.database in (None, "", ":memory:"):
            # A database in memory has no write-ahead log, so the standard library's SQLite of any age will do.
            options = {"module": sqlite3, "poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        engine = sa.create_engine(self.url, **options)

        @sa.event.listens_for(engine, "connect")
        def prepare(connection: Any, _record: Any) -> None:
            self._opened = self._opened or self._identity()
            connection.isolation_level = None
            for pragma in _PRAGMAS:
                _set_pragma(connection, pragma)
            if not durable:
                connection.execute("PRAGMA synchronous=NORMAL")

        @sa.event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            word = "BEGIN" if connection.get_execution_options().get("read_only", False) else "BEGIN IMMEDIATE"
            try:
                connection.connection.cursor().execute(word)
            except connection.dialect.loaded_dbapi.Error as error:
                raise as_database_error(connection, word, error) from error

        return engine

    def _postgres_engine(self) -> sa.Engine:
        engine = sa.create_engine(self.url.set(drivername="postgresql+psycopg"), pool_pre_ping=True)

        @sa.event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            if connection.get_execution_options().get("read_only", False):
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            else:
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")

        return engine

    def _identity(self) -> tuple[int, int] | None:
        """Return what tells this database's file from any other of the same name; None where there is no file."""
        if not self.is_sqlite or self.url.database in (None, "", ":memory:"):
            return None
        try:
            found = os.stat(self.url.database)  # noqa: PTH116 - a plain name from a URL
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def was_replaced(self) -> bool:
        """Tell whether another file lies where the opened one was: somebody put a copy back under a running process."""
        found = self._identity()
        return self._opened is not None and found is not None and found != self._opened

    def reopen(self) -> None:
        """Go on with the file that lies there now; transactions under way end on the old one."""
        self._opened = None
        self.engine.dispose()

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction that may write; committed at the end, rolled back on any error, commit errors raised."""
        with self.engine.begin() as connection:
            yield connection
        self.writes = next(self._counter)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One snapshot that only reads."""
        with self._reading.connect() as connection, connection.begin():
            yield connection

    def scrub(self) -> bool:
        """Make deleted rows unreadable in the files.

        Returns False if a reader is in the way and it must be tried again.
        """
        if not self.is_sqlite:
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                held = set(sa.inspect(connection).get_table_names())
                for table in (name for name in _SCRUBBED if name in held):
                    connection.exec_driver_sql(f"VACUUM {table}")
            return True
        raw = self.engine.raw_connection()
        try:
            row = raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            raw.close()
        return bool(row is not None and row[0] == 0)

    def size_bytes(self) -> int:
        """Return how large the database is; 0 for one in memory."""
        if not self.is_sqlite:
            with self.read() as connection:
                return int(connection.exec_driver_sql("SELECT pg_database_size(current_database())").scalar_one())
        return self._file_size("") or 0

    def wal_bytes(self) -> int | None:
        """Return how large the write-ahead log beside the file is; None where there is none of our own."""
        return self._file_size("-wal") if self.is_sqlite else None

    def _file_size(self, ending: str) -> int | None:
        if self.url.database in (None, "", ":memory:"):
            return None
        try:
            return os.stat(f"{self.url.database}{ending}").st_size  # noqa: PTH116 - a plain name from a URL
        except FileNotFoundError:
            return None

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    def insert_rows(
        self, connection: sa.Connection, table: sa.Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        """Insert many rows by the driver's own batch call: a third of the cost of Core's dictionaries."""
        if not rows:
            return
        mark = "?" if self.is_sqlite else "%s"
        names = ", ".join(f'"{name}"' for name in columns)
        marks = ", ".join([mark] * len(columns))
        connection.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) VALUES ({marks})', list(rows))  # noqa: S608 - names of our own tables


def select_among(
    connection: sa.Connection, table: sa.Table, columns: Sequence[str], log_id: int, key: str, values: Sequence[Any]
) -> list[tuple[Any, ...]]:
    """Return `columns` of the rows of one log whose `key` is among `values`, straight from the driver.

    The same as Core's `in_()`, at a fifth of its cost for a bundle of 256 keys; the statement's text repeats, so the
    driver keeps it prepared.
    """
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    names = ", ".join(f'"{name}"' for name in columns)
    head = f'SELECT {names} FROM "{table.name}" WHERE log_id = {mark} AND "{key}" IN '  # noqa: S608 - names of our own tables
    rows: list[tuple[Any, ...]] = []
    cursor = connection.connection.cursor()
    try:
        for piece in in_chunks(values):
            cursor.execute(f"{head}({', '.join([mark] * len(piece))})", (log_id, *piece))
            rows += cursor.fetchall()
    finally:
        cursor.close()
    return rows


def in_chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Cut `values` so that each piece fits an IN clause on either database."""
    for start in range(0, len(values), _IN_CLAUSE):
        yield values[start : start + _IN_CLAUSE]
