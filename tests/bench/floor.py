"""The floor: the least that any reader of the feed has to do, as plain as Python can do it, measured in the same run.

`issue_floor`: SHA-256 of the same payload bytes and one raw insert per row.
`decode_floor`: besides, the leaf hash of the entry, its share of the tree, and a decode into a Struct of seven fields.
`p5_floor` (goal P5, the gate): leaf and node hash, decode with the offer's full validation, and the same rows that the
product stores, into the same tables and indexes.  Payloads are stored as they are: the product has no compressed
bodies, so neither has its floor.

All use the driver and the pragmas that the product uses.  Reading the files is part of the work, as reading the network
is part of the product's.
"""

from __future__ import annotations

import hashlib
import resource
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from tests.bench.material import Material

ROWS_PER_TRANSACTION = 2048
BUNDLE_WIDTH = 256
# As shared/database.py, which is not imported: its SQLAlchemy would be counted.
PRAGMAS = (
    "page_size=8192",
    "journal_mode=WAL",
    "synchronous=FULL",
    "secure_delete=ON",
    "foreign_keys=ON",
    "busy_timeout=10000",
    "wal_autocheckpoint=2000",
)
SQLITE_OLDEST = (3, 51, 3)
_DATABASE = "floor.sqlite3"

_TABLES = """
CREATE TABLE bundle (
    log_id INTEGER NOT NULL, number INTEGER NOT NULL, entries BLOB NOT NULL, leaves BLOB NOT NULL,
    PRIMARY KEY (log_id, number)
);
CREATE TABLE record (
    log_id INTEGER NOT NULL, rid BLOB NOT NULL, kind VARCHAR(16) NOT NULL, position INTEGER NOT NULL,
    live BOOLEAN NOT NULL, commitment BLOB, length INTEGER NOT NULL, time INTEGER NOT NULL, fallback BLOB,
    PRIMARY KEY (log_id, rid)
) WITHOUT ROWID;
CREATE TABLE payload (
    id INTEGER PRIMARY KEY, log_id INTEGER NOT NULL, commitment BLOB NOT NULL, rid BLOB NOT NULL, title TEXT NOT NULL,
    superseded_at INTEGER, apart_until INTEGER, body BLOB NOT NULL,
    UNIQUE (log_id, commitment)
);
"""

Row = tuple[Any, ...]


class SevenFields(msgspec.Struct):
    """What a reader needs of a document to place it in a catalogue."""

    id: str
    owner: str
    name: str
    summary: str
    topics: tuple[str, ...]
    target_groups: tuple[str, ...]
    last_modified: str


class Envelope(msgspec.Struct):
    doc: SevenFields
    salt: str


class Frontier:
    """Roots of the complete subtrees of a growing RFC 6962 tree, largest first."""

    def __init__(self) -> None:
        self.hashes: list[bytes] = []
        self.size = 0

    def append(self, leaf: bytes) -> None:
        """Add a leaf; costs one node hash on average."""
        size = self.size
        while size & 1:
            leaf = hashlib.sha256(b"\x01" + self.hashes.pop() + leaf).digest()
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Root over all leaves so far (at least one)."""
        *left, root = self.hashes
        for subtree in reversed(left):
            root = hashlib.sha256(b"\x01" + subtree + root).digest()
        return root


def sqlite_driver() -> Any:
    """The standard library's driver, or the bundled newer one where that is too old."""
    if sqlite3.sqlite_version_info >= SQLITE_OLDEST:
        return sqlite3
    import pysqlite3.dbapi2

    return pysqlite3.dbapi2


def issue_floor(directory: Path, size: int, seed: int) -> dict[str, float]:
    """SHA-256 and insert of every payload; figures of the work alone, without the interpreter's start."""
    del seed  # the material in the directory is of it already
    rows = ((hashlib.sha256(line).digest(), line) for line in Material(directory).payload_lines())
    return _timed_insert(directory, "payload (commitment BLOB NOT NULL, body BLOB NOT NULL)", rows, size)


def decode_floor(directory: Path, size: int, seed: int) -> dict[str, float]:
    """The issue's floor, and leaf hash, node hash and a minimal decode of every change."""
    del seed
    table = "payload (commitment BLOB NOT NULL, rid BLOB NOT NULL, leaf BLOB NOT NULL, body BLOB NOT NULL)"
    return _timed_insert(directory, table, _verified_rows(Material(directory), Frontier()), size)


def _verified_rows(material: Material, frontier: Frontier) -> Iterator[Row]:
    decode = msgspec.json.Decoder(Envelope).decode
    for entry, line in zip(material.entry_texts(), material.payload_lines(), strict=True):
        leaf = hashlib.sha256(b"\x00" + entry).digest()
        frontier.append(leaf)
        yield hashlib.sha256(line).digest(), bytes.fromhex(decode(line).doc.id), leaf, line
    frontier.root()


def p5_floor(directory: Path, size: int, seed: int) -> dict[str, float]:
    """Verify, validate in full and store every change as the product does, without anything around it."""
    del seed
    return _timed(directory, size, _TABLES, lambda connection: _store_changes(connection, Material(directory)))


def _store_changes(connection: Any, material: Material) -> None:
    from shared.model.offer import OfferPayload  # the one thing that is shared: what a valid offer is

    decode, frontier = msgspec.json.Decoder(OfferPayload).decode, Frontier()
    changes = enumerate(zip(material.entry_texts(), material.payload_lines(), strict=True))
    while batch := list(islice(changes, ROWS_PER_TRANSACTION)):
        payloads, records, bundles = [], [], []
        leaves = [hashlib.sha256(b"\x00" + entry).digest() for _, (entry, _) in batch]
        for leaf, (index, (_, line)) in zip(leaves, batch, strict=True):
            frontier.append(leaf)
            doc, commitment = decode(line).doc, hashlib.sha256(line).digest()
            rid = bytes.fromhex(doc.id)
            payloads.append((1, commitment, rid, doc.name, None, None, line))
            records.append((1, rid, "offer", index, True, commitment, len(line), 0, None))
        for start in range(0, len(batch), BUNDLE_WIDTH):
            part = slice(start, start + BUNDLE_WIDTH)
            entries = b"".join([len(entry).to_bytes(2, "big") + entry for _, (entry, _) in batch[part]])
            bundles.append((1, (batch[0][0] + start) // BUNDLE_WIDTH, entries, b"".join(leaves[part])))
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO bundle VALUES (?,?,?,?)", bundles)
        connection.executemany("INSERT INTO record VALUES (?,?,?,?,?,?,?,?,?)", sorted(records))
        connection.executemany(
            "INSERT INTO payload (log_id, commitment, rid, title, superseded_at, apart_until, body)"
            " VALUES (?,?,?,?,?,?,?)",
            sorted(payloads),
        )
        connection.execute("COMMIT")
    frontier.root()


def _timed_insert(directory: Path, table: str, rows: Iterable[Row], size: int) -> dict[str, float]:
    """Insert rows of one table."""
    return _timed(
        directory, size, f"CREATE TABLE {table};", lambda connection: _insert_in_batches(connection, table, iter(rows))
    )


def _timed(directory: Path, size: int, tables: str, store: Callable[[Any], None]) -> dict[str, float]:
    """Store into a fresh database; refuses to report a figure for anything but a payload for every change."""
    path = directory / _DATABASE
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)
    before = _own_cpu_seconds()
    with closing(sqlite_driver().connect(path, isolation_level=None)) as connection:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(tables)
        store(connection)
        stored = connection.execute("SELECT count(*) FROM payload").fetchone()[0]
    spent = _own_cpu_seconds() - before  # closing moves the rest of the write-ahead log: that is work, too
    if stored != size:
        raise RuntimeError(f"floor stored {stored} rows, {size} wanted")
    return {"changes": size, "work_cpu_seconds": spent}


def _insert_in_batches(connection: Any, table: str, rows: Iterator[Row]) -> None:
    statement = f"INSERT INTO payload VALUES ({','.join('?' * (table.count(',') + 1))})"
    while batch := list(islice(rows, ROWS_PER_TRANSACTION)):
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, batch)
        connection.execute("COMMIT")


def _own_cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
