"""The clock of a long-running process: wakes its party each second, one process at a time.

APScheduler is only the alarm clock; what is due stands in the database, and a lease there decides which process acts.
The lease is renewed apart from the ticks, so that a tick that reads slow peers for a minute does not lose it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from shared.clock import Clock
from shared.database import Database, Trouble, trouble_of
from shared.holdings import facts
from shared.logs import Log, describe_exception
from shared.notifying import notifier_from_environment

LEASE = "jobs"
LEASE_SECONDS = 10.0
_RENEW_SECONDS = 3
_STOP_SECONDS = 10.0
_MISFIRE_SECONDS = 3600
_AGAIN_SECONDS = 60.0


class Failures:
    """Tells of failures that come again each second: at once, and then once a minute as long as they last."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._told: dict[str, tuple[str, float]] = {}

    def tell(self, action: str, error: Exception) -> None:
        """Log a failure unless the same one was logged within the last minute; a trouble of the disk by its name."""
        trouble = trouble_of(error)
        what = trouble.name.lower() if trouble is not None else type(error).__name__
        said, when = self._told.get(action, ("", 0.0))
        moment = time.monotonic()
        if said == what and moment - when < _AGAIN_SECONDS:
            return
        self._told[action] = what, moment
        self._log.error(action, **({"trouble": what} if trouble else {}), **describe_exception(error))

    def forget(self, action: str) -> None:
        """It went well again; that is logged too, where a failure was."""
        if self._told.pop(action, None) is not None:
            self._log.info("went_well_again", after=action)


class Ticker:
    """Calls `tick` each second in a thread of its own, while this process holds the lease.

    Args:
        start: called once before the first tick.
        tick: does what is due; is given the name of this process.
        owner: names this process in leases.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        log: Log,
        *,
        start: Callable[[], None],
        tick: Callable[[str], None],
        owner: str,
    ) -> None:
        self.owner = owner
        self.is_leader = False
        self.trouble: Trouble | None = None
        """What kept the last round, or the lease before it, from storing anything."""
        self._db = db
        self._clock = clock
        self._log = log
        self._failures = Failures(log)
        self._start = start
        self._tick = tick
        self._idle = threading.Event()
        self._idle.set()
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            executors={"tick": ThreadPoolExecutor(1), "lease": ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": _MISFIRE_SECONDS},
        )

    async def start(self) -> None:
        """Begin; errors of the first step reach the caller."""
        # A tick that takes longer than a second is no news; what fails is logged here, without the error's text.
        logging.getLogger("apscheduler").setLevel(logging.CRITICAL)
        await asyncio.to_thread(self._start)
        await asyncio.to_thread(self._renew)
        self._scheduler.add_job(self._renew, "interval", seconds=_RENEW_SECONDS, executor="lease")
        self._scheduler.add_job(self._run, "interval", seconds=1, executor="tick")
        self._scheduler.start()
        self._log.info("jobs_started", owner=self.owner)

    async def stop(self) -> None:
        """End after the running tick, or after ten seconds; another process may take over at once."""
        self._scheduler.shutdown(wait=False)
        await asyncio.to_thread(self._idle.wait, _STOP_SECONDS)
        await asyncio.to_thread(self._release)
        self._log.info("jobs_stopped", owner=self.owner)

    def _renew(self) -> None:
        try:
            with self._db.write() as conn:
                self.is_leader = facts.take_lease(conn, LEASE, self.owner, now=self._clock.now(), seconds=LEASE_SECONDS)
        except Exception as error:  # noqa: BLE001 - a full disk or a locked database now; the clock goes on
            self._fail("lease_failed", error)
        else:
            self._failures.forget("lease_failed")
            if not self.is_leader:
                self.trouble = None

    def _run(self) -> None:
        if not self.is_leader:
            return
        self._idle.clear()
        try:
            if self._db.was_replaced():
                # What was signed since the copy is not known here: as after a start (PROTOCOL 4 W6).
                self._db.reopen()
                self._log.warning("database_replaced")
                self._start()
            self._tick(self.owner)
        except Exception as error:  # noqa: BLE001 - whatever fails is due again in a second; the clock goes on
            self._fail("tick_failed", error)
        else:
            self._failures.forget("tick_failed")
            self.trouble = None
        finally:
            self._idle.set()

    def _fail(self, action: str, error: Exception) -> None:
        self.trouble = trouble_of(error)
        self._failures.tell(action, error)

    def _release(self) -> None:
        self.is_leader = False
        with self._db.write() as conn:
            facts.release_lease(conn, LEASE, self.owner)


def run_until_signal(ticker: Ticker, on_ready: Callable[[], None] | None = None) -> None:
    """Tick until the process is told to end (SIGTERM or SIGINT).

    Args:
        on_ready: called once the ticks have begun.
    """

    async def work() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, ended.set)
        notifier = notifier_from_environment()
        await ticker.start()
        notifier.ready()
        if on_ready is not None:
            on_ready()
        while not ended.is_set():
            notifier.alive()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), notifier.beat_seconds or None)
        notifier.stopping()
        await ticker.stop()

    asyncio.run(work())
