"""An integrator: follows the hub's catalogue with nothing but the shared consumer, as others would."""

from __future__ import annotations

from shared.clock import Clock
from shared.consume import Consumer, mirror_path
from shared.errors import FetchError, KreisweitError
from shared.feed import limits
from shared.feed.roster import Pins
from shared.follow import Reader
from shared.holdings.tables import metadata
from shared.judges import judges
from shared.net.fetcher import PrefixFetcher, WebAccess
from shared.rosterbook import RosterBook
from shared.sources import FetchedSource
from tests.simulation.disks import SimulatedDisk

_HUB = "http://hub"


class Follower:
    """Reads `/catalogue` and the mirrors it names."""

    def __init__(self, disk: SimulatedDisk, clock: Clock, web: WebAccess, pins: Pins, *, is_new: bool) -> None:
        self.db = disk
        self.clock = clock
        self.web = web
        if is_new:
            metadata.create_all(disk.engine)
        self.book = RosterBook(disk, pins)
        self.reader = Reader(disk, clock, judges().schema)
        self.consumer = Consumer(disk, clock, self.reader, self.book)
        self._etag = ""

    def tick(self) -> None:
        """Read the note, and what it names; whatever fails is tried again at the next tick."""
        try:
            answer = self.web.get(
                f"{_HUB}/catalogue", max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=20.0, etag=self._etag
            )
            said = self.consumer.accept(answer.body, self._roster) if answer.status == 200 else self.consumer.newest()
            if said is not None:
                self.consumer.follow(said, self._source)
            self._etag = answer.etag if answer.status in (200, 304) else ""
        except KreisweitError:
            self._etag = ""

    def _roster(self, version: int) -> bytes | None:
        try:
            answer = self.web.get(
                f"{_HUB}/roster/{version}", max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=20.0
            )
        except FetchError:
            return None
        return answer.body if answer.status == 200 else None

    def _source(self, origin: str) -> FetchedSource:
        prefix = f"{_HUB}/{mirror_path(origin)}"
        return FetchedSource(PrefixFetcher(self.web, prefix), prefix)
