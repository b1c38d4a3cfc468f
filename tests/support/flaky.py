"""Writes that fail: the Nth transaction of one database is rolled back, or committed and then reported as failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

import sqlalchemy as sa

from shared.database import Database


class Failure(StrEnum):
    """What becomes of a failing write: `FULL` fails unstored from the Nth write on, until healed."""

    UNSTORED = "unstored"
    STORED = "stored"
    FULL = "full"


class DiskTrouble(sa.exc.OperationalError):
    """What a database driver reports when the disk failed."""

    def __init__(self) -> None:
        super().__init__("COMMIT", None, OSError("disk I/O error"))


class FlakyWrites:
    """Counts the writes of one database, and lets one of them fail.

    Attributes:
        count: writes begun since the last `arm`.
        failed: writes that failed since then.
    """

    def __init__(self, db: Database) -> None:
        self._write = db.write
        self.count = 0
        self.failed = 0
        self._at = 0
        self._failure = Failure.UNSTORED
        db.write = self.write  # type: ignore[method-assign]

    def arm(self, at: int, failure: Failure) -> None:
        """Let write number `at` fail, counted from now; 0 = none."""
        self.count, self.failed, self._at, self._failure = 0, 0, at, failure

    def heal(self) -> None:
        """No write fails any more."""
        self._at = 0

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """A transaction as `Database.write` gives it, until it is this one's turn."""
        self.count += 1
        if not self._at or self.count < self._at or (self.count > self._at and self._failure is not Failure.FULL):
            with self._write() as conn:
                yield conn
            return
        self.failed += 1
        with self._write() as conn:
            yield conn
            if self._failure is not Failure.STORED:
                raise DiskTrouble
        raise DiskTrouble
