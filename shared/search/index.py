"""The index file: which offers hold which tokens, and their facts; derived data that can be made again at any time.

A SQLite file of its own beside the party's database, the same whatever that is.  Postings are bitmaps over dense entry
numbers, in chunks, one row for each token, column and chunk.  FTS5 with the same tokens was measured first: at 50 000
offers it takes 49 ms to name the offers of a common word and 139 ms for a common beginning, this takes below one; that
is what makes ranking and all counts of a page cheap.

The file holds no readable text, but words apart from each other, sort keys of titles, and names of providers.  What is
deleted is overwritten (`secure_delete`); `purge` empties the write-ahead log too.
"""

from __future__ import annotations

import secrets
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.database import in_chunks, sqlite_module
from shared.search.analysis import COLUMNS, Tokens
from shared.search.bitmaps import CHUNK, numbers_of, pack_chunk, unpack_chunk
from shared.search.facts import Facts

FILE_NAME: Final = "search.db"
FORMAT: Final = 1
"""Of the tables; a file of another format is thrown away."""
_PRAGMAS: Final = ("page_size=8192", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON", "busy_timeout=10000")
_TABLES: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID",
    """CREATE TABLE entry (
        number INTEGER PRIMARY KEY, rid BLOB, mark BLOB, sort TEXT, facts BLOB, tokens BLOB, stamp INTEGER NOT NULL
    )""",
    "CREATE UNIQUE INDEX entry_rid ON entry (rid) WHERE rid IS NOT NULL",
    "CREATE INDEX entry_sort ON entry (sort, rid) WHERE rid IS NOT NULL",
    "CREATE INDEX entry_stamp ON entry (stamp)",
    "CREATE TABLE alias (rid BLOB PRIMARY KEY, number INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX alias_number ON alias (number)",
    "CREATE TABLE token (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, shown TEXT NOT NULL)",
    """CREATE TABLE posting (
        token INTEGER, col INTEGER, chunk INTEGER, bits BLOB NOT NULL, PRIMARY KEY (token, col, chunk)
    ) WITHOUT ROWID""",
)
_FACTS: Final = msgspec.msgpack.Decoder(Facts)
_PREFIX_TOKENS: Final = 500
_END: Final = "\U0010ffff"
_LOADED_AT_ONCE: Final = 1000

Key = tuple[int, int, int]


class Entry(msgspec.Struct, frozen=True):
    """One card of the catalogue as the index takes it: `mark` changes whenever anything of it does."""

    rid: bytes
    mark: bytes
    facts: Facts
    tokens: tuple[Tokens, ...]


def is_broken(error: Exception) -> bool:
    """Tell whether an error says that the file is damaged or is no index, not merely busy or out of space."""
    module = sqlite_module()
    if not isinstance(error, module.DatabaseError):
        return False
    text = str(error)
    return "malformed" in text or "not a database" in text or "no such table" in text or "no such column" in text


def delete_file(path: Path) -> None:
    """Throw an index away."""
    for name in ("", "-wal", "-shm", "-journal"):
        path.with_name(path.name + name).unlink(missing_ok=True)


def _connect(path: Path, *, is_writer: bool) -> Any:
    if is_writer:
        # Nobody else on the machine needs it; SQLite gives its other files the mode of this one.
        path.touch(mode=0o600)
    mode = "rwc" if is_writer else "rw"
    connection = sqlite_module().connect(
        f"{path.absolute().as_uri()}?mode={mode}", uri=True, isolation_level=None, check_same_thread=False, timeout=10
    )
    try:
        for pragma in _PRAGMAS if is_writer else ("query_only=ON", "busy_timeout=10000", "cache_size=-1024"):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite_module().Error:
        connection.close()
        raise
    return connection


@contextmanager
def _transaction(connection: Any, begin: str) -> Iterator[None]:
    connection.execute(begin)
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


class IndexWriter:
    """Changes the index of one path; opens it for each piece of work, so that nothing is held open in between."""

    def __init__(self, path: Path, analysis: str) -> None:
        self.path = path
        self.analysis = analysis

    @contextmanager
    def opened(self) -> Iterator[OpenIndex]:
        """One transaction on the index; a file that is damaged, foreign or of another format is made anew."""
        connection = self._open()
        try:
            with _transaction(connection, "BEGIN IMMEDIATE"):
                yield OpenIndex(connection)
        finally:
            connection.close()

    def _open(self) -> Any:
        if self.path.exists():
            connection = None
            try:
                connection = _connect(self.path, is_writer=True)
                found = dict(connection.execute("SELECT name, value FROM meta"))
                if (found.get("format"), found.get("analysis")) == (FORMAT, self.analysis):
                    return connection
            except sqlite_module().DatabaseError as error:
                if not is_broken(error):
                    raise
            if connection is not None:
                connection.close()
            delete_file(self.path)
        connection = _connect(self.path, is_writer=True)
        with _transaction(connection, "BEGIN IMMEDIATE"):
            for table in _TABLES:
                connection.execute(table)
            # No stamp ever stands for two states, also not when a file was lost and made again.
            values = {"format": FORMAT, "analysis": self.analysis, "stamp": secrets.randbits(44) << 16, "mark": ""}
            connection.executemany("INSERT INTO meta VALUES (?, ?)", values.items())
        return connection

    def purge(self) -> bool:
        """Leave no remains of what was deleted in the write-ahead log; False where a reader is in the way."""
        if not self.path.exists():
            return True
        connection = _connect(self.path, is_writer=True)
        try:
            row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        finally:
            connection.close()
        return bool(row is not None and row[0] == 0)


class OpenIndex:
    """The index within one writing transaction."""

    def __init__(self, connection: Any) -> None:
        self._conn = connection

    def mark(self) -> str:
        """Return what `save_mark` kept: the state of the catalogue that the index shows."""
        return str(self._meta("mark"))

    def save_mark(self, mark: str) -> None:
        """Keep which state of the catalogue the index shows."""
        self._conn.execute("UPDATE meta SET value = ? WHERE name = 'mark'", (mark,))

    def marks(self) -> dict[bytes, bytes]:
        """Return the mark of every entry, by its rid."""
        return dict(self._conn.execute("SELECT rid, mark FROM entry WHERE rid IS NOT NULL"))

    def facts(self) -> Iterator[tuple[bytes, Facts]]:
        """Yield the facts of every entry, with its rid."""
        for rid, facts in self._conn.execute("SELECT rid, facts FROM entry WHERE rid IS NOT NULL"):
            yield rid, _FACTS.decode(facts)

    def save_analysis(self, analysis: str) -> None:
        """Keep how the entries were analysed; until then the file counts as one of before."""
        self._conn.execute("UPDATE meta SET value = ? WHERE name = 'analysis'", (analysis,))

    def clear(self) -> None:
        """Empty the index."""
        for table in ("posting", "token", "alias", "entry"):
            self._conn.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own tables
        self._bump("epoch")

    def apply(self, entries: Sequence[Entry], gone: Iterable[bytes] = ()) -> None:
        """Put entries in, in place of what stands under their rids, and take others out."""
        stamp = self._bump("stamp")
        changes = _Changes(self._conn)
        for rid in gone:
            number, tokens = self._find(rid)
            if number is not None:
                changes.move(number, tokens, ())
                self._conn.execute(
                    "UPDATE entry SET rid = NULL, mark = NULL, sort = NULL, facts = NULL, tokens = NULL, stamp = ?"
                    " WHERE number = ?",
                    (stamp, number),
                )
                self._conn.execute("DELETE FROM alias WHERE number = ?", (number,))
        free = self._free_numbers()
        for entry in entries:
            number, before = self._find(entry.rid)
            number = next(free) if number is None else number
            tokens = changes.token_ids(entry.tokens)
            changes.move(number, before, tokens)
            self._save(number, entry, tokens, stamp)
        changes.write()

    def _save(self, number: int, entry: Entry, tokens: Sequence[bytes], stamp: int) -> None:
        row = (
            number, entry.rid, entry.mark, entry.facts.sort_key, msgspec.msgpack.encode(entry.facts),
            msgspec.msgpack.encode(tokens), stamp,
        )  # fmt: skip
        self._conn.execute("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        self._conn.execute("DELETE FROM alias WHERE number = ?", (number,))
        self._conn.executemany(
            "INSERT OR REPLACE INTO alias VALUES (?, ?)", [(rid, number) for _, rid in entry.facts.others]
        )

    def _find(self, rid: bytes) -> tuple[int | None, tuple[bytes, ...]]:
        row = self._conn.execute("SELECT number, tokens FROM entry WHERE rid = ?", (rid,)).fetchone()
        return (None, ()) if row is None else (row[0], msgspec.msgpack.decode(row[1], type=tuple[bytes, ...]))

    def _free_numbers(self) -> Iterator[int]:
        """Yield numbers nobody has, those given back first, so that bitmaps stay dense."""
        free = [row[0] for row in self._conn.execute("SELECT number FROM entry WHERE rid IS NULL ORDER BY number")]
        highest = self._conn.execute("SELECT max(number) FROM entry").fetchone()[0]
        yield from free
        following = 0 if highest is None else highest + 1
        while True:
            yield following
            following += 1

    def _meta(self, name: str) -> Any:
        row = self._conn.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return 0 if row is None else row[0]

    def _bump(self, name: str) -> int:
        value = int(self._meta(name)) + 1
        self._conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))
        return value


class _Changes:
    """Changes of postings, collected so that each row is read and written once."""

    def __init__(self, connection: Any) -> None:
        self._conn = connection
        self._ids: dict[str, int] = {}
        self._added: dict[Key, set[int]] = {}
        self._removed: dict[Key, set[int]] = {}

    def token_ids(self, columns: Sequence[Tokens]) -> tuple[bytes, ...]:
        return tuple(array("I", sorted([self._id(t, shown) for t, shown in one.items()])).tobytes() for one in columns)

    def _id(self, text: str, shown: str) -> int:
        known = self._ids.get(text)
        if known is None:
            row = self._conn.execute("SELECT id, shown FROM token WHERE text = ?", (text,)).fetchone()
            if row is None:
                row = (self._conn.execute("INSERT INTO token (text, shown) VALUES (?, ?)", (text, shown)).lastrowid,)
            elif len(shown) < len(row[1]):
                # The shortest form is nearest to what a dictionary has.
                self._conn.execute("UPDATE token SET shown = ? WHERE id = ?", (shown, row[0]))
            known = self._ids[text] = int(row[0])
        return known

    def move(self, number: int, before: Sequence[bytes], after: Sequence[bytes]) -> None:
        """Note that entry `number` holds other tokens from now on."""
        chunk, place = divmod(number, CHUNK)
        for column in range(len(COLUMNS)):
            old = set(array("I", before[column])) if before else set[int]()
            new = set(array("I", after[column])) if after else set[int]()
            for token in old - new:
                self._note(self._removed, self._added, (token, column, chunk), place)
            for token in new - old:
                self._note(self._added, self._removed, (token, column, chunk), place)

    @staticmethod
    def _note(into: dict[Key, set[int]], out_of: dict[Key, set[int]], key: Key, place: int) -> None:
        into.setdefault(key, set()).add(place)
        if key in out_of:
            out_of[key].discard(place)

    def write(self) -> None:
        emptied: set[int] = set()
        for key in sorted(self._added.keys() | self._removed.keys()):
            row = self._conn.execute(
                "SELECT bits FROM posting WHERE token = ? AND col = ? AND chunk = ?", key
            ).fetchone()
            held = set() if row is None else set(numbers_of(unpack_chunk(row[0])))
            after = (held - self._removed.get(key, set())) | self._added.get(key, set())
            if after and after != held:
                self._conn.execute("INSERT OR REPLACE INTO posting VALUES (?, ?, ?, ?)", (*key, pack_chunk(after)))
            elif held and not after:
                self._conn.execute("DELETE FROM posting WHERE token = ? AND col = ? AND chunk = ?", key)
                emptied.add(key[0])
        # A word that no offer holds any more is forgotten.
        self._conn.executemany(
            "DELETE FROM token WHERE id = ? AND NOT EXISTS (SELECT 1 FROM posting WHERE token = ?)",
            [(token, token) for token in sorted(emptied)],
        )


class IndexReader:
    """Reads the index of one path; not for several threads at once.  A missing, old or broken file reads as empty."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._conn: Any = None
        self._file: tuple[int, int] | None = None
        self.opened = 0

    def close(self) -> None:
        """Give the file back."""
        if self._conn is not None:
            self._conn.close()
            self._conn = None

    def reopen_if_replaced(self) -> bool:
        """Open the file that lies there now; False where there is none that can be read."""
        if self._path is None:
            return False
        try:
            found = self._path.stat()
        except OSError:
            self.close()
            return False
        identity = (found.st_dev, found.st_ino)
        if self._conn is not None and identity == self._file:
            return True
        self.close()
        try:
            self._conn = _connect(self._path, is_writer=False)
            row = self._conn.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
        except sqlite_module().DatabaseError:
            self.close()
            return False
        if row is None or row[0] != FORMAT:
            self.close()
            return False
        self._file = identity
        self.opened += 1
        return True

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One state of the index for several reads."""
        with _transaction(self._conn, "BEGIN"):
            yield

    def stamp(self) -> int:
        """Return the state of the index."""
        return int(self._conn.execute("SELECT value FROM meta WHERE name = 'stamp'").fetchone()[0])

    def epoch(self) -> int:
        """Return a number that changes when the index was emptied."""
        row = self._conn.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()
        return 0 if row is None else int(row[0])

    def changed(self, since: int) -> Iterator[tuple[int, bytes | None, Facts | None]]:
        """Yield number, rid and facts of every entry changed after stamp `since`; None for one that is gone."""
        rows = self._conn.execute("SELECT number, rid, facts FROM entry WHERE stamp > ? ORDER BY number", (since,))
        while found := rows.fetchmany(_LOADED_AT_ONCE):
            for number, rid, facts in found:
                yield number, rid, None if facts is None else _FACTS.decode(facts)

    def count_changed(self, since: int) -> int:
        """Return how many entries changed after stamp `since`."""
        return int(self._conn.execute("SELECT count(*) FROM entry WHERE stamp > ?", (since,)).fetchone()[0])

    def in_title_order(self) -> array[int]:
        """Return the numbers of all entries, by title."""
        rows = self._conn.execute("SELECT number FROM entry WHERE rid IS NOT NULL ORDER BY sort, rid")
        return array("I", [row[0] for row in rows])

    def number_of(self, rid: bytes) -> int | None:
        """Return the number under which an offer is found, alone or in its cluster."""
        query = "SELECT number FROM entry WHERE rid = ? UNION ALL SELECT number FROM alias WHERE rid = ?"
        row = self._conn.execute(query, (rid, rid)).fetchone()
        return None if row is None else int(row[0])

    def records(self, numbers: Sequence[int]) -> Iterator[bytes]:
        """Yield the rids of entries, and those of the others in their clusters."""
        for table in ("entry", "alias"):
            for piece in in_chunks(numbers):
                marks = ", ".join("?" * len(piece))
                sql = f"SELECT rid FROM {table} WHERE rid IS NOT NULL AND number IN ({marks})"  # noqa: S608 - tables of ours
                for row in self._conn.execute(sql, piece):
                    yield row[0]

    def facts(self, numbers: Sequence[int]) -> dict[int, Facts]:
        """Return the facts of entries."""
        return {row[0]: _FACTS.decode(row[1]) for row in self._rows("facts", numbers) if row[1] is not None}

    def tokens(self, numbers: Sequence[int]) -> dict[int, tuple[array[int], ...]]:
        """Return the ids of the tokens of entries, for each column."""
        decode = msgspec.msgpack.Decoder(tuple[bytes, ...]).decode
        rows = self._rows("tokens", numbers)
        return {row[0]: tuple(array("I", one) for one in decode(row[1])) for row in rows if row[1] is not None}

    def _rows(self, column: str, numbers: Sequence[int]) -> Iterator[tuple[Any, ...]]:
        for piece in in_chunks(numbers):
            marks = ", ".join("?" * len(piece))
            yield from self._conn.execute(f"SELECT number, {column} FROM entry WHERE number IN ({marks})", piece)  # noqa: S608 - a column of ours

    def words(self, ids: Sequence[int]) -> dict[int, tuple[str, str]]:
        """Return text and written form of tokens."""
        found: dict[int, tuple[str, str]] = {}
        for piece in in_chunks(ids):
            marks = ", ".join("?" * len(piece))
            rows = self._conn.execute(f"SELECT id, text, shown FROM token WHERE id IN ({marks})", piece)  # noqa: S608 - marks only
            found.update({row[0]: (row[1], row[2]) for row in rows})
        return found

    def postings(self, text: str) -> dict[int, int]:
        """Return the entries that hold a token, by column."""
        return _gather(
            self._conn.execute(
                "SELECT col, chunk, bits FROM posting WHERE token = (SELECT id FROM token WHERE text = ?)", (text,)
            )
        )

    def beginning(self, text: str) -> dict[int, int]:
        """Return the entries that hold a whole word which begins like this, by column; of very many words, some."""
        return _gather(
            self._conn.execute(
                "SELECT col, chunk, bits FROM posting JOIN"
                " (SELECT id FROM token WHERE text > ? AND text < ? ORDER BY text LIMIT ?) ON token = id",
                (text, text + _END, _PREFIX_TOKENS),
            )
        )

    def vocabulary(self, shortest: int, longest: int) -> Iterator[tuple[str, str]]:
        """Yield text and written form of the whole words of these lengths."""
        yield from self._conn.execute(
            "SELECT text, shown FROM token WHERE length(text) BETWEEN ? AND ? AND shown != ''", (shortest, longest)
        )


def _gather(rows: Iterable[tuple[int, int, bytes]]) -> dict[int, int]:
    """Join pieces of many tokens: first within each chunk, where numbers are small, then the chunks."""
    pieces: dict[tuple[int, int], int] = {}
    for column, chunk, data in rows:
        key = (column, chunk)
        pieces[key] = pieces.get(key, 0) | unpack_chunk(data)
    found: dict[int, int] = {}
    for (column, chunk), bits in pieces.items():
        found[column] = found.get(column, 0) | (bits << (chunk * CHUNK))
    return found
