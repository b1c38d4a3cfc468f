"""The federation's routes: feed files, long poll, push, join, back channel, as thin handlers (PROTOCOL 5, 9, 11, 14).

Decided here: how a request travels into a thread and back, how long and how many may wait, how much is read of a body.
What is answered is decided by `feed_files` and by the callables that the application hands in.

Work on the database runs in threads of its own number, so that slow pushes never keep the feed from answering; waiting
costs no thread at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anyio
import anyio.to_thread
import msgspec
from litestar import Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ControllerRouterHandler

from shared.errors import InputError
from shared.feed import limits
from shared.feed.push import PushAnswer, PushBody, format_answer, parse_push
from shared.feed.request import HEADER
from shared.web.feed_files import Answer, FeedFiles

FEED_THREADS = 8
"""Requests that read the database at once; more wait their turn in the event loop."""
PUSH_THREADS = 4
"""Pushes that are taken at once: each may hold 8 MiB and the writer's lock."""
PUSHES_MAX = 16
"""Pushes that may be on their way in; the next one is told to come back."""
WAITERS_MAX = 64
"""Long polls at once: a hub has eleven members; the next one is answered without waiting."""
CHECK_SECONDS = 0.2
"""How often a change is looked for while somebody waits."""

_PREFER_WAIT = re.compile(r"(?:^|,)\s*wait\s*=\s*([0-9]{1,3})\s*(?=$|[,;])", re.IGNORECASE)
_WAITED_FOR = re.compile(r"/catalogue|/(?:feed/g[0-9]{1,9}|mirror/[0-9a-f]{64})/checkpoint")
_NDJSON = "application/x-ndjson"

ReceivePush = Callable[[PushBody], PushAnswer]
Join = Callable[[bytes], tuple[int, dict[str, Any]]]
ReceiveSigned = Callable[[str, bytes], bytes]
"""Takes header and body of a signed request, returns the body of the answer (JSON)."""


class Waiting:
    """Wakes those who wait for a change; one look at the database serves all of them.

    Args:
        mark: gives a value that changes with every checkpoint and catalogue note; runs in a thread.
    """

    def __init__(self, mark: Callable[[], object], *, most: int = WAITERS_MAX) -> None:
        self.version = 0  # counts the changes seen; a waiter names the one its answer was made under
        self._mark = mark
        self._most = most
        self._waiters = 0
        self._changed = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._is_closed = False

    @property
    def is_full(self) -> bool:
        """Tell whether nobody more may wait now."""
        return self._waiters >= self._most

    async def wait(self, since: int, seconds: float) -> bool:
        """Return True when something changed after version `since`, False when the time is over or too many wait."""
        if self._is_closed or self.is_full:
            return False
        if self.version != since:
            return True
        self._waiters += 1
        try:
            if self._watch is None or self._watch.done():
                self._watch = asyncio.create_task(self._look())
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        finally:
            self._waiters -= 1
        return not self._is_closed

    async def _look(self) -> None:
        """Look for changes as long as anybody waits."""
        seen = await anyio.to_thread.run_sync(self._mark)
        self._wake()  # what changed between the first waiter's answer and this first look
        while self._waiters and not self._is_closed:
            await asyncio.sleep(CHECK_SECONDS)
            mark = await anyio.to_thread.run_sync(self._mark)
            if mark != seen:
                seen = mark
                self._wake()

    def _wake(self) -> None:
        self.version += 1
        self._changed.set()
        self._changed = asyncio.Event()

    async def close(self) -> None:
        """Let all go: the program ends."""
        self._is_closed = True
        self._wake()
        if self._watch is not None:
            await asyncio.wait([self._watch], timeout=1)


class FeedRoutes:
    """The routes of one party; `handlers` go into its application, `close` is called when it ends.

    Args:
        signed: path to what answers signed requests there, and how many bytes they may have.
    """

    def __init__(
        self, files: FeedFiles, receive: ReceivePush, *, join: Join | None = None,
        signed: Mapping[str, tuple[ReceiveSigned, int]] | None = None,
    ) -> None:  # fmt: skip
        self.waiting = Waiting(files.change_mark)
        self._files = files
        self._receive = receive
        self._join = join
        self._signed = dict(signed or {})
        self._reading = anyio.CapacityLimiter(FEED_THREADS)
        self._taking = anyio.CapacityLimiter(PUSH_THREADS)
        self._pushes = 0

    def handlers(self) -> Sequence[ControllerRouterHandler]:
        """Return all routes; HEAD and 304 of other answers come from `ConditionalRequests`."""
        handlers: list[HTTPRouteHandler] = [self._file_handler(), self._push_handler()]
        if self._join is not None:
            handlers.append(self._join_handler(self._join))
        handlers += [self._signed_handler(path, *taker) for path, taker in self._signed.items()]
        return handlers

    async def close(self) -> None:
        """End all waiting."""
        await self.waiting.close()

    def _file_handler(self) -> HTTPRouteHandler:
        @get(
            ["/feed/{rest:path}", "/mirror/{rest:path}", "/catalogue", "/roster", "/roster/{rest:path}"],
            include_in_schema=False,
        )
        async def feed_file(request: Request[Any, Any, Any]) -> Response[bytes]:
            return _respond(await self.answer(_path_as_sent(request), request.headers))

        return feed_file

    async def answer(self, path: str, headers: Any) -> Answer:
        """Answer a GET; where it would be a 304 and the client prefers to wait, wait for a change first."""
        tags = headers.get("if-none-match", "")
        version = self.waiting.version
        answer = await self._get(path, tags)
        seconds = _wait_seconds(path, headers.get("prefer", ""))
        deadline = asyncio.get_running_loop().time() + seconds
        while answer.status == 304 and (left := deadline - asyncio.get_running_loop().time()) > 0:
            if not await self.waiting.wait(version, left):
                break
            version = self.waiting.version
            answer = await self._get(path, tags)
        return answer

    async def _get(self, path: str, tags: str) -> Answer:
        return await anyio.to_thread.run_sync(lambda: self._files.get(path, if_none_match=tags), limiter=self._reading)

    def _push_handler(self) -> HTTPRouteHandler:
        @post("/federation/push", status_code=200, request_max_body_size=limits.PUSH_MAX_BYTES, include_in_schema=False)
        async def push(request: Request[Any, Any, Any]) -> Response[bytes]:
            if self._pushes >= PUSHES_MAX:
                raise HTTPException("too many pushes at once", status_code=503)
            self._pushes += 1
            try:
                body = await _receive_body(request, _NDJSON)
                taken = await anyio.to_thread.run_sync(lambda: self.take_push(body), limiter=self._taking)
            finally:
                self._pushes -= 1
            return Response(taken, media_type="text/plain", headers={"Cache-Control": "no-store"})

        return push

    def take_push(self, body: bytes) -> bytes:
        """Take a push as received and return the answer's bytes, after commit.  ParseError: not of the form."""
        return format_answer(self._receive(parse_push(body)))

    def _join_handler(self, join: Join) -> HTTPRouteHandler:
        @post("/federation/join", request_max_body_size=limits.JOIN_MAX_BYTES, include_in_schema=False)
        async def join_route(request: Request[Any, Any, Any]) -> Response[bytes]:
            body = await _receive_body(request, "application/json")
            status, members = await anyio.to_thread.run_sync(lambda: join(body), limiter=self._taking)
            media_type = "application/json" if status < 400 else "application/problem+json"
            return Response(
                msgspec.json.encode(members), status_code=status, media_type=media_type,
                headers={"Cache-Control": "no-store"},
            )  # fmt: skip

        return join_route

    def _signed_handler(self, path: str, receive: ReceiveSigned, most_bytes: int) -> HTTPRouteHandler:
        @post(path, status_code=200, request_max_body_size=most_bytes, include_in_schema=False)
        async def signed_route(request: Request[Any, Any, Any]) -> Response[bytes]:
            body, header = await _receive_body(request, "application/json"), request.headers.get(HEADER, "")
            taken = await anyio.to_thread.run_sync(lambda: receive(header, body), limiter=self._taking)
            return Response(taken, media_type="application/json", headers={"Cache-Control": "no-store"})

        return signed_route


def _path_as_sent(request: Request[Any, Any, Any]) -> str:
    """Return the request's path without decoding, below the prefix at which the application is mounted."""
    raw = request.scope["raw_path"].partition(b"?")[0].decode("latin-1")
    return raw.removeprefix(request.scope.get("root_path", ""))


def _wait_seconds(path: str, prefer: str) -> int:
    """Return how long the client prefers to wait (RFC 7240), 0 to 30, for the paths that can be waited for."""
    match = _PREFER_WAIT.search(prefer)
    if match is None or not _WAITED_FOR.fullmatch(path):
        return 0
    return min(int(match[1]), limits.LONG_POLL_MAX_SECONDS)


def _respond(answer: Answer) -> Response[bytes]:
    headers = dict(answer.headers)
    # The framework adds the charset to text by itself.
    media_type = headers.pop("Content-Type", "text/plain").partition(";")[0]
    return Response(answer.body, status_code=answer.status, media_type=media_type, headers=headers)


async def _receive_body(request: Request[Any, Any, Any], content_type: str) -> bytes:
    """Read a body of the expected type; the framework counts its bytes while they arrive, the clock runs here."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != content_type:
        raise HTTPException(f"Content-Type {content_type} expected", status_code=415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HTTPException("Content-Encoding is not accepted", status_code=415)
    try:
        async with asyncio.timeout(limits.TILE_TIMEOUT_SECONDS):
            return await request.body()
    except TimeoutError:
        raise InputError(f"the body did not arrive within {limits.TILE_TIMEOUT_SECONDS} s") from None
