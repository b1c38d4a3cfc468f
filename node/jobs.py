"""What runs beside a node's web pages: a tick each second, a long poll at a hub that cannot push, link checks."""

from __future__ import annotations

import asyncio
import threading

from node import receiving, upkeep
from node.derived import derived_of
from node.link_check import LinkRounds
from node.party import Node
from shared.clock import name_of_worker
from shared.database import Trouble
from shared.errors import KreisweitError
from shared.feed import limits
from shared.indexing import IndexKeeper
from shared.logs import Log, describe_exception
from shared.net.retry import backoff_seconds
from shared.ticking import Ticker

UNREACHABLE = "-"
"""Public URL of a node that the hub cannot reach: it asks instead of being pushed to (PROTOCOL 9)."""
_IDLE_SECONDS = 1.0
_LINK_FIRST_SECONDS = 300.0
"""A restart is no reason to ask anybody; and a node that only runs for a test asks nobody at all."""
_LINK_IDLE_SECONDS = 10.0
_FAILING_CAP_SECONDS = 60


class Jobs:
    """All that a serving node does by itself.

    Args:
        with_link_check: also ask the links of own offers, in a thread of its own.
    """

    def __init__(self, node: Node, log: Log, *, with_link_check: bool = False) -> None:
        node.log = log
        owner = name_of_worker("node", node.dice)
        self._ticker = Ticker(
            node.db,
            node.clock,
            log,
            start=lambda: upkeep.start(node),
            tick=lambda name: upkeep.tick(node, name),
            owner=owner,
        )
        self._listener = Listener(node, self._ticker, log)
        self._index = IndexKeeper(lambda: derived_of(node).catch_up(), lambda: self._ticker.is_leader, log)
        self._links = LinkChecker(node, self._ticker, log) if with_link_check else None

    @property
    def trouble(self) -> Trouble | None:
        """What keeps the work from storing anything."""
        return self._ticker.trouble

    async def start(self) -> None:
        """Begin ticking, listening and checking links."""
        await self._ticker.start()
        self._listener.start()
        self._index.start()
        if self._links is not None:
            self._links.start()

    async def stop(self) -> None:
        """End all of it."""
        if self._links is not None:
            self._links.stop()
        self._listener.stop()
        await asyncio.to_thread(self._index.stop)
        await self._ticker.stop()


class Listener:
    """Keeps one long poll at the hub's `/catalogue`, so that changes arrive in seconds without being pushed."""

    def __init__(self, node: Node, ticker: Ticker, log: Log) -> None:
        self._node = node
        self._ticker = ticker
        self._log = log
        self._ended = threading.Event()
        # A daemon: the poll that is under way when the program ends may last 30 seconds, and nobody needs its answer.
        self._thread = threading.Thread(target=self._listen, name="hub-listener", daemon=True)

    def start(self) -> None:
        """Begin; does nothing for a node that the hub pushes to."""
        membership = self._node.membership
        if membership is not None and membership.url == UNREACHABLE:
            self._thread.start()

    def stop(self) -> None:
        """End after the poll that is under way."""
        self._ended.set()

    def _listen(self) -> None:
        etag, failures = "", 0
        while not self._ended.is_set():
            if not self._ticker.is_leader or not self._node.is_member:
                self._ended.wait(_IDLE_SECONDS)
                continue
            try:
                etag = receiving.refresh(self._node, etag=etag, wait_seconds=limits.LONG_POLL_MAX_SECONDS)
                failures = 0
            except KreisweitError as error:
                failures += 1
                self._log.info("catalogue_poll_failed", failures=failures, **describe_exception(error))
                jitter = self._node.dice.token(1)[0] / 255
                self._ended.wait(backoff_seconds(failures, base=1, cap=_FAILING_CAP_SECONDS, jitter=jitter))


class LinkChecker:
    """Checks the links of own offers in a thread of its own: a slow site delays neither ticks nor pages."""

    def __init__(
        self,
        node: Node,
        ticker: Ticker,
        log: Log,
        *,
        first_seconds: float = _LINK_FIRST_SECONDS,
        idle_seconds: float = _LINK_IDLE_SECONDS,
    ) -> None:
        self._rounds = LinkRounds(node)
        self._ticker = ticker
        self._log = log
        self._first_seconds = first_seconds
        self._idle_seconds = idle_seconds
        self._ended = threading.Event()
        # A daemon: the answer that is under way when the program ends may take ten seconds, and nobody needs it.
        self._thread = threading.Thread(target=self._check, name="link-checker", daemon=True)

    def start(self) -> None:
        """Begin, after a while."""
        self._thread.start()

    def stop(self) -> None:
        """End after the question that is under way."""
        self._ended.set()

    def _check(self) -> None:
        self._ended.wait(self._first_seconds)
        while not self._ended.is_set():
            if self._ticker.is_leader:
                try:
                    self._rounds.step()
                except Exception as error:  # noqa: BLE001 - a full disk or a locked database now; the thread goes on
                    self._log.error("link_check_failed", **describe_exception(error))
            self._ended.wait(self._idle_seconds)
