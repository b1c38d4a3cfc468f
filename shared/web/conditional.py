"""HEAD for every GET route, and 304 for what the client already holds, as an ASGI wrapper (PROTOCOL 5).

A wrapper and not a middleware of the framework: the framework answers 405 to HEAD before any middleware runs.

Rules:
- HEAD runs the GET route and drops the body; headers and length stay those of GET.
- A 200 answer with an ETag of its own (static files, feed routes) becomes 304 when If-None-Match names that tag.
- So does one with a Last-Modified when If-Modified-Since is not older and no If-None-Match was sent.
- A 200 answer in one piece without a tag gets one from its bytes, unless it sets a cookie or must not be stored.
- Streams without a tag, other methods and other statuses pass untouched, but `Allow` names HEAD beside GET.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, cast

from litestar.enums import ScopeType

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

_NOT_IN_304 = frozenset({b"content-length", b"content-type", b"content-encoding"})


class ConditionalRequests:
    """Wraps an ASGI application; see the module's rules."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        if scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, _naming_head(send))
            return
        answer = _Answer(
            send,
            wanted_tags=_tags_of(scope["headers"]),
            since=_since_of(scope["headers"]),
            without_body=scope["method"] == "HEAD",
        )
        if scope["method"] == "GET":
            await self._app(scope, receive, answer.send)
            return
        asked = cast("Scope", {**scope, "method": "GET"})
        await self._app(asked, receive, answer.send)
        # What was found while routing is told to whoever stands outside.
        if "path_template" in asked:
            scope["path_template"] = asked["path_template"]


def weak_tags(header: str) -> frozenset[str]:
    """Return the opaque tags an If-None-Match header names, compared weakly (RFC 9110, 13.1.2); `*` stays itself."""
    return frozenset(part.strip().removeprefix("W/") for part in header.split(",") if part.strip())


def has_version(headers: object, tag: str, modified: datetime | None) -> bool:
    """Tell whether a request says that its sender has this version; a tag, where it sends one, decides alone.

    Args:
        headers: of the ASGI scope.
        tag: of this version, with its quotes.
        modified: when it came to be; None where a date says nothing.
    """
    if wanted := _tags_of(headers):
        return bool(wanted & {"*", tag})
    since = _since_of(headers)
    return since is not None and modified is not None and modified.replace(microsecond=0) <= since


def _naming_head(send: Send) -> Send:
    """Add HEAD to the methods that an answer says are allowed: the framework does not know of it."""

    async def send_named(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                (
                    name,
                    value + b", HEAD"
                    if name.lower() == b"allow" and b"GET" in value and b"HEAD" not in value
                    else value,
                )
                for name, value in message["headers"]
            ]
        await send(message)

    return send_named


def tag_of(body: bytes) -> str:
    """Return the tag of an answer that has none of its own: it names the bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


class _Answer:
    """One answer on its way out; holds the start back until it is known whether the answer is a 304."""

    def __init__(self, send: Send, *, wanted_tags: frozenset[str], since: datetime | None, without_body: bool) -> None:
        self._send = send
        self._wanted = wanted_tags
        self._since = since
        self._without_body = without_body
        self._held: HTTPResponseStartEvent | None = None
        self._is_over = False

    async def send(self, message: Message) -> None:
        if self._is_over:
            return
        if message["type"] == "http.response.start":
            await self._begin(message)
        elif message["type"] == "http.response.body":
            if self._held is not None:
                await self._decide(self._held, message.get("body", b""), is_stream=message.get("more_body", False))
            await self._pass_body(message)
        else:
            await self._send(message)

    async def _begin(self, start: HTTPResponseStartEvent) -> None:
        """Pass the start on, or answer 304 by its own tag, or hold it until the body shows."""
        tag = _header(start, b"etag")
        if start["status"] == 200 and tag:
            if self._is_wanted(tag) or self._is_not_newer(start):
                await self._answer_304(start)
            else:
                await self._send(start)
        elif start["status"] != 200 or _is_personal(start):
            await self._send(start)
        else:
            self._held = start

    async def _decide(self, start: HTTPResponseStartEvent, body: bytes, *, is_stream: bool) -> None:
        """Release the held start: as it is for a stream, else with a tag of the body or as 304."""
        self._held = None
        if not is_stream:
            tag = tag_of(body)
            start["headers"] = [*start["headers"], (b"etag", tag.encode())]
            if self._is_wanted(tag) or self._is_not_newer(start):
                await self._answer_304(start)
                return
        await self._send(start)

    async def _pass_body(self, message: Message) -> None:
        if self._is_over:
            return
        if self._without_body:
            self._is_over = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await self._send(message)

    async def _answer_304(self, start: HTTPResponseStartEvent) -> None:
        self._is_over = True
        start["status"] = 304
        start["headers"] = [(name, value) for name, value in start["headers"] if name.lower() not in _NOT_IN_304]
        await self._send(start)
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def _is_not_newer(self, start: HTTPResponseStartEvent) -> bool:
        """Tell whether the client has this version, going by its date (RFC 9110, 13.1.3)."""
        if self._since is None:
            return False
        moment = _date(_header(start, b"last-modified"))
        return moment is not None and moment <= self._since

    def _is_wanted(self, tag: str) -> bool:
        return bool(self._wanted) and ("*" in self._wanted or tag.removeprefix("W/") in self._wanted)


def _tags_of(headers: object) -> frozenset[str]:
    pairs = cast("list[tuple[bytes, bytes]]", headers)
    values = [value.decode("latin-1") for name, value in pairs if name.lower() == b"if-none-match"]
    return weak_tags(",".join(values))


def _since_of(headers: object) -> datetime | None:
    """Return the client's date; None where it sends a tag, which decides alone."""
    pairs = {name.lower(): value for name, value in cast("list[tuple[bytes, bytes]]", headers)}
    if b"if-none-match" in pairs or b"if-modified-since" not in pairs:
        return None
    return _date(pairs[b"if-modified-since"].decode("latin-1"))


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _header(start: HTTPResponseStartEvent, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in start["headers"] if name.lower() == wanted), "")


def _is_personal(start: HTTPResponseStartEvent) -> bool:
    return bool(_header(start, b"set-cookie")) or "no-store" in _header(start, b"cache-control")
