"""What changed: `/changes` from a cursor on, waiting where that is wished, and `/events` as a stream that only wakes.

A change tells what to do, the stream that there is something to do: it carries the hub's signed catalogue note and no
record, like the messages of webhooks (PROTOCOL 9).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import anyio
import anyio.to_thread
from litestar import Request, Response, get
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from shared.errors import ParseError, QueryError
from shared.holdings import papers
from shared.outputs.changes import LIMIT, LIMIT_MAX, Changes, read_changes
from shared.outputs.cursor import Cursor, format_cursor, parse_cursor
from shared.outputs.messages import CATALOGUE, catalogue_message
from shared.web.feed_routes import Waiting
from shared.web.outputs.source import JSON, OutputSource

WAIT_MAX_SECONDS: Final = 30
READERS_MAX: Final = 64
"""Streams at once; the next reader is told to come back, and can ask `/changes` meanwhile."""
HEARTBEAT_SECONDS: Final = 15.0
_THREADS: Final = 4
_NUMBER: Final = re.compile(r"[0-9]{1,6}")
_Request = Request[Any, Any, Any]


class ChangeRoutes:
    """The routes of one party; `close` lets all waiting readers go when the program ends."""

    def __init__(self, source: OutputSource) -> None:
        self.waiting = Waiting(source.reader.stamp)
        self._source = source
        self._reading = anyio.CapacityLimiter(_THREADS)
        self._streams = 0
        self._is_closed = False

    def handlers(self) -> list[HTTPRouteHandler]:
        """Return the routes."""
        return [self._changes(), self._events()]

    async def close(self) -> None:
        """End all waiting."""
        self._is_closed = True
        await self.waiting.close()

    # --- changes -----------------------------------------------------------------------------------------------------

    def _changes(self) -> HTTPRouteHandler:
        @get("/changes", include_in_schema=False)
        async def changes(request: _Request) -> Response[bytes]:
            cursor, limit, wait = _read_question(request)
            version = self.waiting.version
            found = await self._read(cursor, limit)
            deadline = asyncio.get_running_loop().time() + wait
            while not found.entries and (left := deadline - asyncio.get_running_loop().time()) > 0:
                if not await self.waiting.wait(version, left):
                    break
                version = self.waiting.version
                found = await self._read(found.cursor, limit)
            return Response(_format(found), media_type=JSON, headers={"Cache-Control": "no-store"})

        return changes

    async def _read(self, cursor: Cursor, limit: int) -> Changes:
        def read() -> Changes:
            return read_changes(self._source.reader, cursor, limit=limit, masks=self._source.masks())

        return await anyio.to_thread.run_sync(read, limiter=self._reading)

    # --- events ------------------------------------------------------------------------------------------------------

    def _events(self) -> HTTPRouteHandler:
        @get("/events", include_in_schema=False)
        async def events(request: _Request) -> Stream:
            if self._streams >= READERS_MAX or self._is_closed:
                raise HTTPException("too many readers at once; ask /changes", status_code=503)
            return Stream(
                self._wake(request.headers.get("last-event-id", "")),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )

        return events

    async def _wake(self, known: str) -> AsyncIterator[bytes]:
        """Yield one event for the state now, unless the reader knows it, and one for each that follows."""
        self._streams += 1
        try:
            yield b"retry: 5000\n\n"
            while not self._is_closed:
                version = self.waiting.version
                stamp = await anyio.to_thread.run_sync(self._source.reader.stamp, limiter=self._reading)
                if stamp and stamp != known:
                    known = stamp
                    yield await anyio.to_thread.run_sync(self._event, stamp, limiter=self._reading)
                elif not await self.waiting.wait(version, HEARTBEAT_SECONDS):
                    yield b": still here\n\n"
                    if self.waiting.is_full:
                        # Nobody woke this reader because too many wait: it looks by itself.
                        await asyncio.sleep(HEARTBEAT_SECONDS)
        finally:
            self._streams -= 1

    def _event(self, stamp: str) -> bytes:
        face = self._source.face
        with face.db.read() as conn:
            held = papers.load_catalogue_note(conn)
        body = catalogue_message(held[1] if held else b"", face.clock.now())
        return f"id: {stamp}\nevent: {CATALOGUE}\ndata: ".encode() + body + b"\n\n"


def _read_question(request: _Request) -> tuple[Cursor, int, int]:
    problems: dict[str, list[str]] = {}
    cursor, limit, wait = Cursor(), LIMIT, 0
    try:
        cursor = parse_cursor(request.query_params.get("after", ""))
    except ParseError:
        problems["after"] = ["is no cursor of ours; leave it out to begin at the beginning"]
    for name, least, most in (("limit", 1, LIMIT_MAX), ("wait", 0, WAIT_MAX_SECONDS)):
        text = request.query_params.get(name)
        if text is None:
            continue
        if not _NUMBER.fullmatch(text) or not least <= int(text) <= most:
            problems[name] = [f"is not a whole number from {least} to {most}"]
        elif name == "limit":
            limit = int(text)
        else:
            wait = int(text)
    if problems:
        raise QueryError("a parameter of the query is not valid", problems)
    return cursor, limit, wait


def _format(found: Changes) -> bytes:
    more = b"true" if found.is_more else b"false"
    cursor = format_cursor(found.cursor).encode()
    return b'{"changes":[' + b",".join(found.entries) + b'],"cursor":"' + cursor + b'","more":' + more + b"}"
