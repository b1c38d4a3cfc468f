"""Keeps the outputs in step with the catalogue that a party shows, and numbers what changed.

Compared are marks: which version of which record is shown, and what the outputs took.  Only what differs is read and
made anew, in batches; while nothing changed that costs one look at the logs.  A crash in between leaves outputs that
are behind, never ones that are wrong: the next look takes up what is missing.

When a service counts as modified.  At the moment this party first shows that version, not when its owner wrote it: a
change that was long on its way still comes after whatever a reader saw before, so that asking with `modified_after`
misses nothing.  When the file is made anew, that moment is lost: versions whose owner wrote them in the last seven days
count as modified now, older ones when their owner says; so of services that did not change that time alone may differ
from what a reader holds.

What is erased leaves the file in the same run, and its remains leave it with `purge`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa

from shared.clock import Clock, in_utc_with_milliseconds
from shared.database import Database
from shared.holdings import catalogue, changes
from shared.holdings.changes import Version
from shared.holdings.clusters import load_clusters
from shared.model.offer import OfferDoc, read_offer_line
from shared.outputs.cursor import origin_key
from shared.outputs.making import RowMaker
from shared.outputs.store import Gone, Held, OpenOutputs, Row, Writer, in_batches

BATCH: Final = 200
FRESH_DAYS: Final = 7
_MARK, _MAKER, _ERASURES, _NEWEST_ERASURE = "mark", "maker", "erasures", "newest-erasure"


class OutputsKeeper:
    """Writes the outputs of one party.

    Args:
        path: the file.
        make_maker: returns what makes rows as the party is set up now.
    """

    def __init__(self, db: Database, clock: Clock, path: Path, make_maker: Callable[[], RowMaker]) -> None:
        self._db = db
        self._clock = clock
        self._make_maker = make_maker
        self._writer = Writer(path)
        self._seen = ""
        self._lock = threading.Lock()

    @property
    def path(self) -> Path:
        """The file."""
        return self._writer.path

    def catch_up(self, origins: Sequence[str]) -> int:
        """Bring the outputs level with what these logs show; returns how many records changed."""
        with self._lock:
            with self._db.read() as conn:
                mark = f"{catalogue.change_mark(conn)}/{'+'.join(sorted(origins))}"
            if mark == self._seen and self.path.exists():
                return 0
            changed = self._take(_Round(self._db, self._clock, self._writer, self._make_maker(), origins, mark))
            self._seen = mark
            return changed

    def _take(self, work: _Round) -> int:
        with self._writer.opened() as outputs:
            is_first = outputs.meta(_MAKER) is None
            is_remade = outputs.meta(_MAKER) != work.maker.version()
            if outputs.meta(_MARK) == work.mark and not is_remade:
                return 0
            held, ended = outputs.held(), outputs.ended()
            seen = msgspec.msgpack.decode(outputs.meta(_ERASURES, b"\x80"), type=dict[str, int])
        return work.take(held, ended, seen, is_first=is_first, is_remade=is_remade)

    def rebuild(self, origins: Sequence[str]) -> int:
        """Make all rows anew; what reads as before keeps its number.  Returns how many records changed."""
        with self._lock:
            with self._writer.opened() as outputs:
                outputs.save_meta(_MARK, "")
                if outputs.meta(_MAKER) is not None:
                    outputs.save_meta(_MAKER, b"")
            self._seen = ""
        return self.catch_up(origins)

    def purge(self) -> bool:
        """Leave no remains of what was taken out in the files; False where it must be tried again."""
        return self._writer.purge()


class _Round:
    """One look at the catalogue, and the work that follows from it."""

    def __init__(
        self, db: Database, clock: Clock, writer: Writer, maker: RowMaker, origins: Sequence[str], mark: str
    ) -> None:
        self.maker = maker
        self.mark = mark
        self._db = db
        self._clock = clock
        self._writer = writer
        self._origins = origins

    def take(
        self,
        held: Mapping[bytes, Held],
        ended: Mapping[bytes, bool],
        seen: Mapping[str, int],
        *,
        is_first: bool,
        is_remade: bool,
    ) -> int:
        """Each batch is a transaction of its own; the mark comes last, so that a crash only delays."""
        with self._db.read() as conn:
            versions = {one.rid: one for one in changes.iterate_versions(conn, self._origins)}
            kin = _kin(conn, self._origins, versions.keys())
            sizes = changes.settled_sizes(conn, self._origins)
            erasures = changes.load_erasures(conn, self._origins, seen)
            # What was erased after it had been withdrawn is told again, as erased.
            again = {rid for one in erasures for rid in one.rids if ended.get(rid) is False}
            # A list that is made anew names all that ever ended: its readers may hold it from a list before.
            before = changes.load_ended(conn, self._origins) - ended.keys() if is_first else set[bytes]()
            gone = [self._gone(conn, rid) for rid in sorted((held.keys() | again | before) - versions.keys())]
        # On a list that is made anew nobody knows of versions that were erased before.
        erased = frozenset(rid for one in erasures for rid in one.rids) if not is_first else frozenset[bytes]()
        due = [
            version
            for rid, version in versions.items()
            if is_remade or rid in erased or rid not in held or held[rid].mark != self.maker.mark(version, kin(rid))
        ]
        changed = self._remove(gone)
        for batch in in_batches(due, BATCH):
            changed += self._apply(batch, kin, held, erased, is_first=is_first)
        self._finish(sizes, {one.origin: one.position + 1 for one in erasures}, seen)
        if gone or erased:
            self._writer.purge()
        return changed

    def _remove(self, gone: Sequence[Gone]) -> int:
        if not gone:
            return 0
        with self._writer.opened() as outputs:
            removed = outputs.remove(gone)
            outputs.note_change(in_utc_with_milliseconds(self._clock.now()))
            if any(one.is_erased for one in gone):
                self._note_erasure(outputs)
        return removed

    def _apply(
        self,
        batch: Sequence[Version],
        kin: Callable[[bytes], Sequence[bytes]],
        held: Mapping[bytes, Held],
        erased: frozenset[bytes],
        *,
        is_first: bool,
    ) -> int:
        rows = self._rows(batch, kin, held, is_first=is_first)
        with self._writer.opened() as outputs:
            changed = outputs.apply(rows, erased)
            if changed:
                outputs.note_change(in_utc_with_milliseconds(self._clock.now()))
            if any(row.rid in erased for row in rows):
                self._note_erasure(outputs)
        return changed

    def _rows(
        self,
        batch: Sequence[Version],
        kin: Callable[[bytes], Sequence[bytes]],
        held: Mapping[bytes, Held],
        *,
        is_first: bool,
    ) -> list[Row]:
        by_rid = {one.rid: one for one in batch}
        with self._db.read() as conn:
            shown = list(catalogue.find_many(conn, self._origins, list(by_rid)))
        now = self._clock.now()
        rows = []
        for one in shown:
            version, doc = by_rid[one.rid], read_offer_line(one.body)
            # Another version came in between, or it cannot be read here: the next look takes it.
            if doc is None or one.commitment != version.commitment:
                continue
            before = held.get(one.rid)
            if before is not None and before.mark == self.maker.mark(version, kin(one.rid)):
                modified = before.modified
            else:
                modified = _modified(doc, now, is_first=is_first)
            rows.append(self.maker.row(one.member, doc, version, modified=modified, same_as=kin(one.rid)))
        return rows

    def _gone(self, conn: sa.Connection, rid: bytes) -> Gone:
        found = catalogue.find_ended(conn, rid)
        if found is None:
            return Gone(rid, is_erased=False, reason="hidden", time=in_utc_with_milliseconds(self._clock.now()))
        time = in_utc_with_milliseconds(found.time or self._clock.now())
        return Gone(rid, found.is_erased, "" if found.is_erased else found.reason, time)

    def _note_erasure(self, outputs: OpenOutputs) -> None:
        """Remember the newest change that everybody who keeps a copy must carry out."""
        outputs.save_meta(_NEWEST_ERASURE, msgspec.msgpack.encode((outputs.meta("number"), self._clock.now())))

    def _finish(self, sizes: Mapping[str, int], erasures: Mapping[str, int], seen: Mapping[str, int]) -> None:
        with self._writer.opened() as outputs:
            outputs.save_state({origin_key(origin): size for origin, size in sizes.items()})
            outputs.save_meta(_ERASURES, msgspec.msgpack.encode({**seen, **erasures}))
            outputs.save_meta(_MAKER, self.maker.version())
            outputs.save_meta(_MARK, self.mark)


def _modified(doc: OfferDoc, now: float, *, is_first: bool) -> str:
    fresh = in_utc_with_milliseconds(now - timedelta(days=FRESH_DAYS).total_seconds())
    is_old = is_first and bool(doc.last_modified) and doc.last_modified < fresh
    return doc.last_modified if is_old else in_utc_with_milliseconds(now)


def _kin(conn: sa.Connection, origins: Sequence[str], shown: Iterable[bytes]) -> Callable[[bytes], Sequence[bytes]]:
    """Return what gives the other shown records of a record's cluster; of two clusters the first one has it."""
    known, found = set(shown), dict[bytes, tuple[bytes, ...]]()
    for rids in load_clusters(conn, origins):
        members = [rid for rid in rids if rid in known and rid not in found]
        if len(members) > 1:
            found.update({rid: tuple(other for other in members if other != rid) for rid in members})
    return lambda rid: found.get(rid, ())
