"""Answers compressed with gzip for whoever accepts it, as an ASGI wrapper.

Rules:
- Only 200 answers to GET, in one piece, of a type that is text, from 1 KB on and up to 4 MiB.
- Never what readers of the federation ask for: they ask for identity and refuse every Content-Encoding (THREATS T24).
- Never an answer that must not be stored, is private or sets a cookie, and nothing below the desk: a form's secret next
  to text that somebody else chose can be guessed from compressed lengths (BREACH).
- Every answer that could be compressed says `Vary: Accept-Encoding`, compressed or not.
- The compressed bytes are another representation: an ETag of their own (RFC 9110, 8.8.3.3).  One that the application
  gave gets `-gzip` at its end; without one `ConditionalRequests`, which stands outside, makes it from the bytes.  The
  same bytes come out each time, so a 304 works for both encodings.

Answers with a tag of their own are compressed once and kept: a tag names the bytes.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from typing import TYPE_CHECKING

from litestar.enums import ScopeType

from shared.web.kept_bytes import KeptBytes

if TYPE_CHECKING:
    from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send

Headers = Iterable[tuple[bytes, bytes]]

NEVER = ("/feed", "/mirror", "/catalogue", "/roster", "/federation", "/pult")
"""Beginnings of paths whose answers are never compressed."""
TYPES = frozenset(
    {
        "text/html",
        "text/css",
        "text/javascript",
        "text/calendar",
        "text/xml",
        "image/svg+xml",
        "application/json",
        "application/ld+json",
        "application/manifest+json",
        "application/xml",
        "application/atom+xml",
        "application/rss+xml",
    }
)
LEAST_BYTES = 1024
_MOST_BYTES = 4 * 1024 * 1024
_PAGE_LEVEL, _FILE_LEVEL = 5, 9
"""A page is compressed while somebody waits; a file once."""
_FILES_BYTES = 2 * 1024 * 1024
_FILE_BYTES = 512 * 1024


class Compression:
    """Wraps an ASGI application; see the module's rules."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._files: KeptBytes[tuple[str, str], bytes] = KeptBytes(total_max=_FILES_BYTES, entry_max=_FILE_BYTES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or is_below(scope["path"], NEVER):
            await self._app(scope, receive, send)
            return
        answer = _Answer(send, self._files, scope["path"], is_wanted=accepts_gzip(scope["headers"]))
        await self._app(scope, receive, answer.send)


def is_below(path: str, starts: Iterable[str]) -> bool:
    """Tell whether a path is one of these or lies below one."""
    return any(path == start or path.startswith(start + "/") for start in starts)


def accepts_gzip(headers: Headers) -> bool:
    """Tell whether a client takes gzip (RFC 9110, 12.5.3); silence means no, since not every client can."""
    values = [value.decode("latin-1") for name, value in headers if name.lower() == b"accept-encoding"]
    found: dict[str, float] = {}
    for part in ",".join(values).lower().split(","):
        coding, _, weight = part.partition(";")
        found[coding.strip()] = _quality(weight)
    return found.get("gzip", found.get("*", 0.0)) > 0


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if not weight.strip():
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


def header(headers: Headers, wanted: bytes) -> str:
    """Return the first value of a header, empty when it is missing."""
    return next((value.decode("latin-1") for name, value in headers if name.lower() == wanted), "")


def with_vary(headers: list[tuple[bytes, bytes]], name: str) -> list[tuple[bytes, bytes]]:
    """Return the headers with one more name in `Vary`, in one line."""
    known = [part.strip() for key, value in headers if key.lower() == b"vary" for part in value.decode().split(",")]
    if name.lower() not in (part.lower() for part in known):
        known.append(name)
    kept = [pair for pair in headers if pair[0].lower() != b"vary"]
    return [*kept, (b"vary", ", ".join(part for part in known if part).encode())]


class _Answer:
    """One answer on its way out; holds the start back until its body is known."""

    def __init__(self, send: Send, files: KeptBytes[tuple[str, str], bytes], path: str, *, is_wanted: bool) -> None:
        self._send = send
        self._files = files
        self._path = path
        self._is_wanted = is_wanted
        self._held: HTTPResponseStartEvent | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _may_be_compressed(message):
            self._held = message
            return
        if message["type"] == "http.response.body" and self._held is not None:
            start, self._held = self._held, None
            body = message.get("body", b"")
            is_whole = not message.get("more_body", False)
            if is_whole and LEAST_BYTES <= len(body) <= _MOST_BYTES:
                message["body"] = self._compress(start, body)
            await self._send(start)
        await self._send(message)

    def _compress(self, start: HTTPResponseStartEvent, body: bytes) -> bytes:
        """Return the body as the client wants it, and write into the start what was done."""
        headers = with_vary(list(start["headers"]), "Accept-Encoding")
        if self._is_wanted:
            tag = header(headers, b"etag")
            body = self._squeeze(tag, body)
            headers = [pair for pair in headers if pair[0].lower() not in (b"content-length", b"etag")]
            headers += [(b"content-encoding", b"gzip"), (b"content-length", str(len(body)).encode())]
            if tag:
                headers.append((b"etag", f'{tag[:-1]}-gzip"'.encode()))
        start["headers"] = headers
        return body

    def _squeeze(self, tag: str, body: bytes) -> bytes:
        if not tag or tag.startswith("W/"):
            return gzip.compress(body, _PAGE_LEVEL, mtime=0)
        made = self._files.find((self._path, tag))
        if made is None:
            made = gzip.compress(body, _FILE_LEVEL, mtime=0)
            self._files.keep((self._path, tag), made)
        return made


def _may_be_compressed(start: HTTPResponseStartEvent) -> bool:
    headers = start["headers"]
    caching = header(headers, b"cache-control").lower()
    is_shared = "no-store" not in caching and "private" not in caching and not header(headers, b"set-cookie")
    kind = header(headers, b"content-type").partition(";")[0].strip().lower()
    is_plain = not header(headers, b"content-encoding") and "no-transform" not in caching
    return start["status"] == 200 and kind in TYPES and is_shared and is_plain
