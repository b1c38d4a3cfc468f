"""The fetcher seam: reads the files of one log below one prefix (PROTOCOL 5), knows time and bytes, never the content.

Decided here: what an answer is, which paths may be asked for, and which content types an answer may carry.  Elsewhere:
how bytes travel (`http`, `directory`), what they mean (`shared/feed`), what to ask next and which failure to bear
(`shared/follow`).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

import msgspec

from shared.errors import FetchError, ParseError

# Lower-case words, integers, hex and `000.p`, joined by single slashes: every path that PROTOCOL 5 knows and no other
# trick (no dots alone, no percent, no query, no empty segment).
_PATH = re.compile(r"[a-z0-9-]+(?:\.p)?(?:/[a-z0-9-]+(?:\.p)?)*")
_MAX_PATH_LENGTH = 256

# A static web server or object store names none of our types; "" stands for an answer without Content-Type.
_STATIC_TYPES = ("application/octet-stream", "binary/octet-stream", "text/plain", "")
NO_HEADERS: Mapping[str, str] = MappingProxyType({})
_OWN_TYPES: Mapping[str, str] = {"payload": "application/json", "payloads": "application/x-ndjson"}


class Fetched(msgspec.Struct, frozen=True):
    """An answer that a reader can act on; everything else is a FetchError."""

    status: int  # 200, 304, 404 or 410
    body: bytes = b""  # of a 200 complete; of a 404 or 410 the problem document, if it was small
    etag: str = ""


class Posted(msgspec.Struct, frozen=True):
    """The answer to a POST: 2xx, or a 4xx other than 429 whose body says why."""

    status: int
    body: bytes = b""
    content_type: str = ""  # lower case, without parameters


class Fetcher(Protocol):
    """Reads files of one log below one prefix.  Knows limits of time and bytes, not the content."""

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        """Return the file at `path`, or say that it is unchanged, absent or gone.

        Args:
            path: below the prefix, without leading slash, from our own formatter.
            max_bytes: most bytes of a body that are taken.
            deadline_seconds: for the whole answer, connecting included.
            etag: of the version held; makes 304 possible.
            wait_seconds: long poll (only with `etag`), in addition to the deadline.
        Raises:
            FetchError: anything but 200, 304, 404, 410.
            ParseError: `path` is not one of ours.
        """


class WebReader(Protocol):
    """Reads one URL: all that somebody needs who only follows."""

    def get(
        self,
        url: str,
        *,
        max_bytes: int,
        deadline_seconds: float,
        etag: str = "",
        wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:
        """Return the answer to a GET of `url`; see `HttpClient.get`."""


class WebAccess(WebReader, Protocol):
    """Asks one URL.  `HttpClient` is the real one; a simulation brings its own."""

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        """Return the answer to a POST of `body`; see `HttpClient.post`."""


def verify_path(path: str) -> str:
    """Return `path` if it can only mean a file below a prefix (PROTOCOL 5)."""
    if len(path) > _MAX_PATH_LENGTH or not _PATH.fullmatch(path):
        raise ParseError(f"path {path[:80]!r} is not one of the feed's")
    return path


def content_types_of(path: str) -> tuple[str, ...]:
    """Name the content types an answer for `path` may carry: the protocol's own, and what static servers say.

    Keeps the login page of a captive portal from being read as a checkpoint; authenticity comes from signatures.
    """
    words = path.split("/")
    word = words[2] if words[0] == "mirror" and len(words) > 2 else words[0]
    own = _OWN_TYPES.get(word)
    return (own, *_STATIC_TYPES) if own else _STATIC_TYPES


class PrefixFetcher:
    """Reads below one URL prefix such as `https://herten.kreisweit.example/feed/g1/`."""

    def __init__(self, web: WebReader, base_url: str) -> None:
        if not base_url.endswith("/") or "?" in base_url or "#" in base_url:
            raise ParseError(f"prefix {base_url[:120]!r} does not end in / or has a query")
        self._web = web
        self._base_url = base_url

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        return self._web.get(
            self._base_url + verify_path(path),
            max_bytes=max_bytes,
            deadline_seconds=deadline_seconds,
            etag=etag,
            wait_seconds=wait_seconds,
            content_types=content_types_of(path),
        )


class MappingFetcher:
    """Answers from bytes at hand, such as those of a push body (PROTOCOL 9); what it lacks is a 404."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        body = self._files.get(verify_path(path))
        if body is None:
            return Fetched(404)
        if len(body) > max_bytes:
            raise FetchError(f"{path}: {len(body)} bytes at hand, {max_bytes} allowed", kind="oversize")
        return answer_from_bytes(body, etag)


class FallbackFetcher:
    """Asks `first`, and `second` for what `first` does not have (404).  Failures of `first` are not covered up."""

    def __init__(self, first: Fetcher, second: Fetcher) -> None:
        self._first = first
        self._second = second

    def fetch(
        self, path: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0
    ) -> Fetched:
        def ask(fetcher: Fetcher) -> Fetched:
            return fetcher.fetch(
                path, max_bytes=max_bytes, deadline_seconds=deadline_seconds, etag=etag, wait_seconds=wait_seconds
            )

        fetched = ask(self._first)
        return ask(self._second) if fetched.status == 404 else fetched


def answer_from_bytes(body: bytes, etag: str) -> Fetched:
    """Answer as a server with strong validators would: 304 where `etag` names exactly these bytes."""
    own = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    return Fetched(304, etag=own) if etag == own else Fetched(200, body, own)
