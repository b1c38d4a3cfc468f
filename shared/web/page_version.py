"""When pages that were made before may no longer be shown: the version that `kept_pages` asks for.

A change that this process wrote counts at once.  What another process wrote (the command line, the hub's worker) is
noticed within a quarter of a second: so long one look into the database is trusted while nothing was written here.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import anyio
import anyio.to_thread

from shared.clock import Clock
from shared.database import Database
from shared.holdings.showing import shown_state

TRUSTED_SECONDS = 0.25
"""How long what was seen in the database counts while this process writes nothing."""
_MINUTE = 60


class PageVersion:
    """Tells what pages depend on: the catalogue as held, the party's own settings, and the minute of the clock.

    The minute is in it since pages say "heute geöffnet" and "vor 3 Minuten".

    Args:
        names: facts that pages depend on beside the holdings.
        beside: asked with the database, such as the stamp of the search index.
        more: further values that cost nothing to ask.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        *,
        names: Sequence[str] = (),
        beside: Sequence[Callable[[], Hashable]] = (),
        more: Sequence[Callable[[], Hashable]] = (),
    ) -> None:
        self._db = db
        self._clock = clock
        self._names = tuple(names)
        self._beside = tuple(beside)
        self._more = tuple(more)
        self._seen: tuple[int, float, Hashable] | None = None
        self._is_looking = False
        # A thread of its own: pages that are being made must not delay those that are kept.
        self._reading = anyio.CapacityLimiter(1)

    async def __call__(self) -> Hashable:
        """Return the version now."""
        return await self.held(), self._clock.now() // _MINUTE, *(ask() for ask in self._more)

    async def held(self) -> Hashable:
        """Return the version of what names no time of asking: all of it but the minute."""
        writes, now = self._db.writes, self._clock.monotonic()
        if self._seen is not None:
            writes_then, then, state = self._seen
            if writes_then == writes and (0 <= now - then < TRUSTED_SECONDS or self._is_looking):
                return state
        self._is_looking = True
        try:
            state = await anyio.to_thread.run_sync(self._load, limiter=self._reading)
        finally:
            self._is_looking = False
        self._seen = (writes, now, state)
        return state

    def _load(self) -> Hashable:
        with self._db.read() as conn:
            state = shown_state(conn, self._names)
        return state, *(ask() for ask in self._beside)
