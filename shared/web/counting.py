"""Counts what the public pages are asked, as an ASGI wrapper: how often, never by whom.

It reads the path, the query and the header `X-Total-Count` of the answer, and knows no time finer than the day.  No
address, program, cookie or session is looked at, and so nobody is told from anybody else; programs are asked to stay
away by robots.txt alone.  Counted are searches, words that found nothing, views of offers, those by a link that was
passed on, languages of pages and kinds of filters.  What is counted waits in memory for a minute; a process that is
killed loses that minute.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import date, timedelta
from urllib.parse import parse_qsl

import anyio.to_thread
from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

from shared.accounts.links import DESK
from shared.database import Database
from shared.feed.report import may_be_kept
from shared.holdings import facts, tally
from shared.holdings.tally import Tally
from shared.logs import Log, describe_exception
from shared.model.text import fold
from shared.search.asking import KEYS, Asked, parse_asked
from shared.web.languages import CODE, LINK, PASSED_ON
from shared.web.messages import LANGUAGE

TOTAL_HEADER = "X-Total-Count"
"""A page of results says with it how many offers fit its question."""
FLUSH_SECONDS = 60
MONTHS = 13
"""How long counts are kept unless the settings say otherwise: a month can be compared with that of the year before."""
_DAYS_OF_MONTH = 31
_KEYS_MAX = 5000
"""Different things counted between two flushes; what comes after them is a machine's."""
_QUERY_MAX = 4000
_OFFER = re.compile(r"/angebote/([0-9a-f]{32})")
_TOTAL = re.compile(r"[0-9]{1,9}")


class Counts:
    """What one process has counted and not yet written down.

    Args:
        today: the day in the district.
        months: how long days are kept.
    """

    def __init__(self, db: Database, today: Callable[[], date], log: Log, *, months: int = MONTHS) -> None:
        self._db = db
        self._today = today
        self._log = log
        self._days = months * _DAYS_OF_MONTH
        self._waiting: Counter[Tally] = Counter()
        self._lock = threading.Lock()
        self._closed: date | None = None

    def add(self, kind: str, key: str = "") -> None:
        """Count one more."""
        item = (self._today().isoformat(), kind, key)
        with self._lock:
            if item in self._waiting or len(self._waiting) < _KEYS_MAX:
                self._waiting[item] += 1

    def flush(self) -> None:
        """Write down what waits; after the end of a day delete the words that were typed rarely.

        What could not be written waits for the next time.
        """
        with self._lock:
            counts, self._waiting = self._waiting, Counter()
        today = self._today()
        if not counts and self._closed == today:
            return
        # Words of yesterday that come now, after its end, have to be looked at again.
        has_ended = self._closed != today or any(day < today.isoformat() for day, _, _ in counts)
        days = {"today": today.isoformat(), "oldest": (today - timedelta(days=self._days)).isoformat()}
        try:
            with self._db.write() as conn:
                tally.add_up(conn, counts)
                if has_ended and tally.close_days(conn, **days):
                    facts.save_fact(conn, "scrub-due", 1)
        except Exception as error:  # noqa: BLE001 - a full disk or a locked database now; pages go on, counts wait
            self._log.error("counts_not_written", **describe_exception(error))
            with self._lock:
                self._waiting.update(counts)
            return
        self._closed = today

    async def keep_flushing(self) -> None:
        """Flush once a minute until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(FLUSH_SECONDS)
                await anyio.to_thread.run_sync(self.flush)
        finally:
            self.flush()


async def stop_flushing(task: asyncio.Task[None]) -> None:
    """End `keep_flushing`; what was counted is written down when this returns."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Counting:
    """Wraps an ASGI application and counts its answers to GET; 304 is an answer too, HEAD is none."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or _is_inside(scope["path"]):
            await self._app(scope, receive, send)
            return

        async def send_and_count(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (200, 304):
                self._count(scope["path"], scope["query_string"], message)
            await send(message)

        await self._app(scope, receive, send_and_count)

    def _count(self, path: str, query: bytes, start: HTTPResponseStartEvent) -> None:
        total, offer = _header(start, TOTAL_HEADER), _OFFER.fullmatch(path)
        is_page = _header(start, "content-type").startswith("text/html")
        is_repeated = start["status"] == 304 and "." not in path and bool(total or offer)
        if not is_page and not is_repeated:
            return
        self._counts.add(tally.LANGUAGE, LANGUAGE.get())
        if offer is not None:
            self._counts.add(tally.VIEW, offer[1])
            way = dict(parse_qsl(query[:_QUERY_MAX].decode("latin-1"))).get(PASSED_ON)
            if way in (LINK, CODE):
                self._counts.add(tally.SHARE, way)
        elif _TOTAL.fullmatch(total):
            text = query[:_QUERY_MAX].decode("latin-1")
            self._count_search(parse_asked(parse_qsl(text, keep_blank_values=True)), int(total))

    def _count_search(self, asked: Asked, total: int) -> None:
        """Count a question once, on its first page; words only where they alone found nothing."""
        if asked.is_empty or asked.page != 1:
            return
        self._counts.add(tally.SEARCH)
        for name in asked.active():
            self._counts.add(tally.FILTER, KEYS[name])
        if not total and not asked.active() and may_be_kept(asked.words) and (words := fold(asked.words)):
            self._counts.add(tally.NOTHING, words)


def _is_inside(path: str) -> bool:
    return path == DESK or path.startswith(DESK + "/")


def _header(start: HTTPResponseStartEvent, wanted: str) -> str:
    name = wanted.lower().encode()
    return next((value.decode("latin-1") for found, value in start["headers"] if found.lower() == name), "")
