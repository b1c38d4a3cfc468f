"""What runs beside the hub's web pages, or in a worker process of its own: a tick each second, members in parallel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from hub import comparing, upkeep
from hub.derived import derived_of
from hub.party import Hub
from shared.clock import name_of_worker
from shared.database import Trouble
from shared.indexing import IndexKeeper
from shared.logs import Log, describe_exception, open_log
from shared.ticking import Ticker, run_until_signal

PARALLEL_TELLING = 4
"""Integrators that are told at once; one that does not answer holds its thread for five seconds."""
PARALLEL_ASKED = 2
"""Members that are read at once because somebody at the desk asked; others wait their turn."""
PARALLEL_MEMBERS = 8
"""Members that are read or pushed to at once: a slow one keeps nobody waiting, and the database has a turn for each."""


_PAIRS_SECONDS = 5.0
"""Between two looks for pairs of offers; nobody waits for them as for the index."""


class Parallel:
    """Begins independent jobs in threads and does not wait for them; an error of one goes to the log."""

    def __init__(self, log: Log, most: int = PARALLEL_MEMBERS) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="member")
        self._log = log

    def __call__(self, jobs: Sequence[Callable[[], None]]) -> None:
        for job in jobs:
            self._pool.submit(job).add_done_callback(self._note)

    def _note(self, done: Future[None]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None:
            self._log.error("member_job_failed", **describe_exception(error))

    def close(self, *, wait: bool = False) -> None:
        """Give the threads back; jobs that have not begun are dropped, unless they are waited for."""
        self._pool.shutdown(wait=wait, cancel_futures=not wait)


class Jobs:
    """All that a serving or working hub does by itself."""

    def __init__(self, hub: Hub, log: Log) -> None:
        self._hub = hub
        self._parallel = Parallel(log)
        self._telling = Parallel(log, PARALLEL_TELLING)
        self._index = IndexKeeper(lambda: derived_of(hub).catch_up(), lambda: self.ticker.is_leader, log)
        self._pairs = IndexKeeper(
            lambda: comparing.catch_up(hub),
            lambda: self.ticker.is_leader,
            log,
            idle_seconds=_PAIRS_SECONDS,
            name="pairs",
        )
        self.ticker = Ticker(
            hub.db,
            hub.clock,
            log,
            start=self._begin,
            tick=lambda name: upkeep.tick(hub, name),
            owner=name_of_worker("hub", hub.dice),
        )

    def _begin(self) -> None:
        self._hub.run_all = self._parallel
        self._hub.run_telling = self._telling
        upkeep.start(self._hub)
        self._index.start()
        self._pairs.start()

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the work from storing anything."""
        return self.ticker.trouble

    async def start(self) -> None:
        """Begin ticking."""
        await self.ticker.start()

    async def stop(self) -> None:
        """End ticking and give the threads back."""
        await self.ticker.stop()
        self.close()

    def close(self) -> None:
        """Give the threads back."""
        self._index.stop()
        self._pairs.stop()
        self._parallel.close()
        self._telling.close()


def run_worker(hub: Hub, log: Log | None = None, *, on_ready: Callable[[], None] | None = None) -> None:
    """Work until the process is told to end; `serve` beside it answers requests, whoever has the lease works.

    Args:
        on_ready: called once the work has begun.
    """
    jobs = Jobs(hub, log or open_log(sys.stderr, hub.clock, party="hub"))
    try:
        run_until_signal(jobs.ticker, on_ready)
    finally:
        jobs.close()
