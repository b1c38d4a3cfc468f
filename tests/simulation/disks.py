"""Databases that can crash: in memory, with a hook at each end of a writing transaction.

A crash is a `BaseException`, so no handler of the product swallows it.  From then on the disk refuses every
transaction: what `finally` clauses still try is lost, as it would be.  What was committed is what the next process
finds.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa

from shared.database import Database

Hook = Callable[["SimulatedDisk", str], None]


class Crash(BaseException):
    """The process of one party is gone."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


_PRAGMAS = ("secure_delete=ON", "foreign_keys=ON")
"""What `deserialize` sets back."""


@cache
def _spare_engines() -> list[sa.Engine]:
    """Engines of disks that are no longer in use: a used one has its statements compiled already."""
    return []


@cache
def _empty_image() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.execute("PRAGMA page_size=8192")
    connection.execute("CREATE TABLE t (a)")
    connection.execute("DROP TABLE t")
    return bytes(connection.serialize())


class SimulatedDisk(Database):
    """One party's database in one run of its process.

    Args:
        hook: told `before-commit` and `after-commit` of every writing transaction; may raise `Crash`.
    """

    def __init__(self, name: str, hook: Hook) -> None:
        super().__init__("sqlite://")
        self.name = name
        self.is_dead = False
        self._hook = hook
        connection = self.engine.raw_connection()
        self.driver: sqlite3.Connection = connection.driver_connection  # type: ignore[assignment]
        connection.close()
        self._reader, self._writer = self._reading.connect(), self.engine.connect()
        self.load(_empty_image())

    def _sqlite_engine(self, durable: bool) -> sa.Engine:
        spare = _spare_engines()
        return spare.pop() if spare else super()._sqlite_engine(durable)

    def close(self) -> None:
        """Give the engine to the next disk; what this one held is gone when that one is made."""
        self.is_dead = True
        self._reader.close()
        self._writer.close()
        if all(engine is not self.engine for engine in _spare_engines()):
            _spare_engines().append(self.engine)

    def verify_alive(self) -> None:
        """Return while the process runs; Crash afterwards."""
        if self.is_dead:
            raise Crash(self.name)

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        self.verify_alive()
        with self._writer.begin():
            yield self._writer
            self._hook(self, "before-commit")
        self.writes += 1
        self._hook(self, "after-commit")

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        self.verify_alive()
        with self._reader.begin():
            yield self._reader

    def rows(self, query: str, *values: Any) -> list[Any]:
        """Ask past the product's own code; only between transactions."""
        return self.driver.execute(query, values).fetchall()

    def image(self) -> bytes:
        """Copy what is committed."""
        return bytes(self.driver.serialize())

    def load(self, image: bytes) -> None:
        """Put other contents under the running process."""
        self.driver.deserialize(image)
        for pragma in _PRAGMAS:
            self.driver.execute(f"PRAGMA {pragma}")
