"""The file of the outputs: every shown offer as finished JSON, what it can be asked by, and the list of changes.

Derived data in a SQLite file of its own beside the party's database, the same whatever that is; it can be thrown away
at any time, and readers of changes go on with the sizes in their cursors.  It holds what the catalogue shows, contacts
included: what leaves the catalogue is overwritten (`secure_delete`), and `purge` empties the write-ahead log too.

The list of changes has one row for each record, shown or gone, numbered anew with each change; so it never grows beyond
the number of records, and whoever reads it from the beginning gets each of them once.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.database import sqlite_module
from shared.outputs.cursor import EPOCH_BYTES

FILE_NAME: Final = "outputs.db"
FORMAT: Final = 2
"""Of the tables; a file of another format is thrown away."""
_PRAGMAS: Final = ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "busy_timeout=10000")
_STATES_KEPT: Final = 5000
# Rows with a body have a row number of their own.  In a table without one SQLite reads a row that is longer than a
# quarter of a page to its end, only to compare its key.  What lists are filtered by stands in the index of their order
# as well, so that rows before a page, and rows that are only counted, are not read at all.
_TABLES: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE service (
        rid BLOB NOT NULL, mark BLOB NOT NULL, commitment BLOB NOT NULL, origin BLOB NOT NULL,
        position INTEGER NOT NULL, modified TEXT NOT NULL, created INTEGER NOT NULL, number INTEGER NOT NULL,
        erases INTEGER NOT NULL, free INTEGER NOT NULL, youngest INTEGER NOT NULL, oldest INTEGER NOT NULL,
        item BLOB NOT NULL, whole BLOB NOT NULL, masked BLOB
    )""",
    "CREATE UNIQUE INDEX service_rid ON service (rid)",
    "CREATE INDEX service_held ON service (rid, mark, commitment, modified)",
    "CREATE INDEX service_order ON service (modified, rid, free, youngest, oldest)",
    "CREATE UNIQUE INDEX service_number ON service (number)",
    """CREATE TABLE gone (
        rid BLOB PRIMARY KEY, number INTEGER NOT NULL, created INTEGER NOT NULL, is_erased INTEGER NOT NULL,
        reason TEXT NOT NULL, time TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX gone_number ON gone (number)",
    "CREATE TABLE link (kind TEXT, value TEXT, rid BLOB, PRIMARY KEY (kind, value, rid)) WITHOUT ROWID",
    "CREATE INDEX link_rid ON link (rid)",
    "CREATE TABLE slot (rid BLOB NOT NULL, day TEXT NOT NULL, opens TEXT NOT NULL, closes TEXT NOT NULL)",
    "CREATE INDEX slot_rid ON slot (rid)",
    """CREATE TABLE place (
        id BLOB NOT NULL, rid BLOB NOT NULL, modified TEXT NOT NULL, latitude REAL, longitude REAL, body BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX place_id ON place (id)",
    "CREATE INDEX place_rid ON place (rid)",
    "CREATE UNIQUE INDEX place_order ON place (modified, id)",
    """CREATE TABLE provider (
        organization BLOB NOT NULL, rid BLOB NOT NULL, modified TEXT NOT NULL, leads INTEGER NOT NULL,
        body BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX provider_order ON provider (organization, modified, rid)",
    "CREATE INDEX provider_rid ON provider (rid)",
    """CREATE TABLE organization (
        id BLOB PRIMARY KEY, modified TEXT NOT NULL, name TEXT NOT NULL, body BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX organization_order ON organization (modified, id)",
    "CREATE TABLE state (number INTEGER PRIMARY KEY, sizes BLOB NOT NULL)",
)


class Slot(msgspec.Struct, frozen=True, array_like=True):
    """One time slot as it can be asked for; times HH:MM, empty where open."""

    day: str
    opens: str
    closes: str


class PlaceRow(msgspec.Struct, frozen=True):
    """One place of an offer, as JSON without its service; coordinates as they can be asked for."""

    id: bytes
    latitude: float | None
    longitude: float | None
    body: bytes


class ProviderRow(msgspec.Struct, frozen=True):
    """One provider of an offer, as JSON."""

    organization: bytes
    leads: bool
    body: bytes


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One shown offer as the file takes it.

    Args:
        mark: changes with everything that the row is made from.
        commitment: of the shown version.
        origin: short name of the log, see `cursor.origin_key`.
        position: where the shown version stands in the log.
        item: JSON as an item of a list; it never leads to a person.
        whole: JSON of the compiled service.
        masked: the same without what leads to a person; None where nothing does.
    """

    rid: bytes
    mark: bytes
    commitment: bytes
    origin: bytes
    position: int
    modified: str
    is_free: bool
    ages: tuple[int, int]
    item: bytes
    whole: bytes
    masked: bytes | None
    links: frozenset[tuple[str, str]]
    slots: tuple[Slot, ...]
    places: tuple[PlaceRow, ...]
    providers: tuple[ProviderRow, ...]


class Held(msgspec.Struct, frozen=True):
    """What is known of a row without reading it."""

    mark: bytes
    commitment: bytes
    modified: str


class Gone(msgspec.Struct, frozen=True):
    """A record that is shown no more; `reason` is that of the log, or `hidden` where its owner's offers are hidden."""

    rid: bytes
    is_erased: bool
    reason: str
    time: str


@contextmanager
def transaction(connection: Any, begin: str = "BEGIN") -> Iterator[None]:
    """One transaction; an error takes all of it back."""
    connection.execute(begin)
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def connect(path: Path, *, is_writer: bool) -> Any:
    """Open the file; a reader never makes one."""
    if is_writer:
        # Nobody else on the machine needs it; SQLite gives its other files the mode of this one.
        path.touch(mode=0o600)
    mode = "rwc" if is_writer else "rw"
    connection = sqlite_module().connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=10
    )
    try:
        for pragma in _PRAGMAS if is_writer else ("query_only=ON", "busy_timeout=10000", "cache_size=-2048"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite_module().Error:
        connection.close()
        raise
    return connection


def delete_file(path: Path) -> None:
    """Throw the outputs away."""
    for name in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + name).unlink(missing_ok=True)


class Writer:
    """Changes the file of one path; opens it for each piece of work, so that nothing is held open in between."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def opened(self) -> Iterator[OpenOutputs]:
        """One transaction; a file that is damaged, foreign or of another format is made anew."""
        connection = self._open()
        try:
            with transaction(connection, "BEGIN IMMEDIATE"):
                yield OpenOutputs(connection)
        finally:
            connection.close()

    def _open(self) -> Any:
        if self.path.exists():
            connection = None
            try:
                connection = connect(self.path, is_writer=True)
                if connection.execute("SELECT value FROM meta WHERE name = 'format'").fetchone() == (FORMAT,):
                    return connection
            except sqlite_module().DatabaseError as error:
                if not _is_broken(error):
                    raise
            if connection is not None:
                connection.close()
            delete_file(self.path)
        connection = connect(self.path, is_writer=True)
        with transaction(connection, "BEGIN IMMEDIATE"):
            for table in _TABLES:
                connection.execute(table)
            values = {"format": FORMAT, "epoch": secrets.token_bytes(EPOCH_BYTES), "number": 0, "mark": ""}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        return connection

    def purge(self) -> bool:
        """Leave no remains of what was deleted in the write-ahead log; False where a reader is in the way."""
        if not self.path.exists():
            return True
        connection = connect(self.path, is_writer=True)
        try:
            row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        return bool(row is not None and row[0] == 0)


def _is_broken(error: Exception) -> bool:
    """Tell whether an error says that the file is damaged or none of ours, not merely busy or out of space."""
    text = str(error)
    return any(word in text for word in ("malformed", "not a database", "no such table", "no such column"))


class OpenOutputs:
    """The file within one writing transaction."""

    def __init__(self, connection: Any) -> None:
        self._conn = connection

    # --- what is held ------------------------------------------------------------------------------------------------

    def meta(self, name: str, default: Any = None) -> Any:
        """Return a value that was kept by its name."""
        row = self._conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return default if row is None else row[0]

    def save_meta(self, name: str, value: Any) -> None:
        """Keep a value by its name."""
        self._conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def held(self) -> dict[bytes, Held]:
        """Return what is known of every shown offer, by its rid."""
        rows = self._conn.execute("SELECT rid, mark, commitment, modified FROM service")
        return {rid: Held(mark, commitment, modified) for rid, mark, commitment, modified in rows}

    def save_state(self, sizes: Mapping[bytes, int]) -> None:
        """Keep how far each log is shown by all changes up to now; the oldest states are forgotten."""
        self._conn.execute(
            "INSERT OR REPLACE INTO state VALUES (?, ?)", (self.meta("number"), msgspec.msgpack.encode(dict(sizes)))
        )
        self._conn.execute(
            "DELETE FROM state WHERE number <= (SELECT number FROM state ORDER BY number DESC LIMIT 1 OFFSET ?)",
            (_STATES_KEPT,),
        )

    # --- changes -----------------------------------------------------------------------------------------------------

    def apply(self, rows: Iterable[Row], erased: frozenset[bytes] = frozenset()) -> int:
        """Put offers in, in place of what stands under their rids; returns how many of them read differently now.

        Args:
            erased: records of which a version was erased: they count as changed whatever their bytes say.
        """
        changed = 0
        touched: set[bytes] = set()
        for row in rows:
            before = self._conn.execute(
                "SELECT whole, created, number, erases, item FROM service WHERE rid = ?", (row.rid,)
            ).fetchone()
            is_same = before is not None and before[0] == row.whole and before[4] == row.item
            if before is not None and is_same and row.rid not in erased:
                created, number, erases = before[1:4]
            else:
                number, changed = self._next_number(), changed + 1
                erases = int(row.rid in erased)
                created = before[1] if before is not None else number
            touched |= self._forget(row.rid)
            self._save(row, created, number, erases)
            touched |= {provider.organization for provider in row.providers}
            self._conn.execute("DELETE FROM gone WHERE rid = ?", (row.rid,))
        self._keep_organizations(touched)
        return changed

    def remove(self, gone: Iterable[Gone]) -> int:
        """Take offers out and say how they ended; returns how many that were."""
        touched: set[bytes] = set()
        removed = 0
        for one in gone:
            row = self._conn.execute(
                "SELECT created FROM service WHERE rid = ? UNION ALL SELECT created FROM gone WHERE rid = ?",
                (one.rid, one.rid),
            ).fetchone()
            number = self._next_number()
            touched |= self._forget(one.rid)
            self._conn.execute(
                "INSERT OR REPLACE INTO gone VALUES (?, ?, ?, ?, ?, ?)",
                (one.rid, number, number if row is None else row[0], int(one.is_erased), one.reason, one.time),
            )
            removed += 1
        self._keep_organizations(touched)
        return removed

    def ended(self) -> dict[bytes, bool]:
        """Return the records that are gone, and whether they were erased."""
        return {rid: bool(is_erased) for rid, is_erased in self._conn.execute("SELECT rid, is_erased FROM gone")}

    def note_change(self, time: str) -> None:
        """Remember when the outputs changed last, in UTC with milliseconds."""
        self.save_meta("changed-at", time)

    def _next_number(self) -> int:
        number = int(self.meta("number")) + 1
        self._conn.execute("UPDATE meta SET value = ? WHERE name = 'number'", (number,))
        return number

    def _save(self, row: Row, created: int, number: int, erases: int) -> None:
        conn, rid = self._conn, row.rid
        conn.execute(
            "INSERT INTO service VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                rid, row.mark, row.commitment, row.origin, row.position, row.modified, created, number, erases,
                int(row.is_free), *row.ages, row.item, row.whole, row.masked,
            ),
        )  # fmt: skip
        conn.executemany("INSERT INTO link VALUES (?, ?, ?)", [(kind, value, rid) for kind, value in sorted(row.links)])
        conn.executemany(
            "INSERT INTO slot VALUES (?, ?, ?, ?)", [(rid, slot.day, slot.opens, slot.closes) for slot in row.slots]
        )
        conn.executemany(
            "INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?, ?, ?)",
            [(one.id, rid, row.modified, one.latitude, one.longitude, one.body) for one in row.places],
        )
        conn.executemany(
            "INSERT OR REPLACE INTO provider VALUES (?, ?, ?, ?, ?)",
            [(one.organization, rid, row.modified, int(one.leads), one.body) for one in row.providers],
        )

    def _forget(self, rid: bytes) -> set[bytes]:
        """Delete all rows of an offer; returns the organizations that it named."""
        named = {row[0] for row in self._conn.execute("SELECT organization FROM provider WHERE rid = ?", (rid,))}
        for table in ("service", "link", "slot", "place", "provider"):
            self._conn.execute(f"DELETE FROM {table} WHERE rid = ?", (rid,))  # noqa: S608 - names of our own tables
        return named

    def _keep_organizations(self, organizations: Iterable[bytes]) -> None:
        """What an organization says of itself is taken from the offer that was changed last."""
        for own in sorted(organizations):
            newest = self._conn.execute(
                "SELECT body, modified FROM provider WHERE organization = ? ORDER BY modified DESC, rid DESC LIMIT 1",
                (own,),
            ).fetchone()
            if newest is None:
                self._conn.execute("DELETE FROM organization WHERE id = ?", (own,))
            else:
                body, modified = newest
                name = str(msgspec.json.decode(body)["name"])
                self._conn.execute(
                    "INSERT OR REPLACE INTO organization VALUES (?, ?, ?, ?)", (own, modified, name, body)
                )


def in_batches(values: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Yield pieces of at most `size` values."""
    for start in range(0, len(values), size):
        yield values[start : start + size]
