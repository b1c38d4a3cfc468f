"""Whole pages kept in bounded memory, as an ASGI wrapper: the same question is answered once per state of things.

Rules:
- Kept are 200 answers in one piece to GET, for the paths that were named, as sent: compressed ones by themselves.
- Never with Set-Cookie, `no-store` or `private`, nor a `Vary` that the key does not hold; never for a request with an
  Authorization header, and nothing that is not named, so nothing of the desk.
- The key is path, query, encoding and, where pages have one, the language (chosen outside of this wrapper).
  Everything kept is forgotten as soon as the version differs: it is asked for before a page is made, so that a page is
  never older than its version.
- One request makes a page; others that want the same wait for it, briefly, and else make it themselves.

Whoever counts requests stands outside of this wrapper and sees path, query and the headers of each answer as ever.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import anyio
from litestar.enums import ScopeType

from shared.web.compression import accepts_gzip, header, is_below
from shared.web.conditional import tag_of
from shared.web.kept_bytes import KeptBytes
from shared.web.messages import LANGUAGE

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Message, Receive, Scope, Send

TOTAL_BYTES = 16 * 1024 * 1024
ENTRY_BYTES = 512 * 1024
_QUERY_MAX = 1000
"""A longer question is nobody else's."""
_WAIT_SECONDS = 2.0
_KEY_VARIES = frozenset({"accept-language", "accept-encoding"})

PATHS = ("/", "/angebote", "/traeger", "/staedte", "/termine", "/ausschreibungen", "/hilfe", "/sprachen")
"""Beginnings of paths for visitors; `/` stands for itself alone."""
NOT = ("hinweis", "danke", "abo", "melden")
"""Parts of a path that make it somebody's own matter, wherever they stand."""

Version = Callable[[], Awaitable[Hashable]]
"""Returns a value that differs whenever a page may differ."""
Key = tuple[str, bytes, str, bool]


@dataclass(frozen=True)
class Page:
    """One answer as it left."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    template: str = ""  # of the route that made it

    def __len__(self) -> int:
        return len(self.body)


@dataclass
class _Recording:
    """What passes by of one answer; `page` is set at its end if it may be kept."""

    headers: list[tuple[bytes, bytes]] | None = None
    page: Page | None = None

    def see(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message["headers"])
            self.headers = headers if message["status"] == 200 and _may_be_kept(headers) else None
        elif message["type"] == "http.response.body" and self.headers is not None:
            if not message.get("more_body", False):
                self.page = _page(self.headers, message.get("body", b""))
            self.headers = None


@dataclass
class KeptPages:
    """Wraps an ASGI application; see the module's rules.

    Args:
        version: asked before each page.
        paths: beginnings of the paths that are kept; `/` stands for itself alone.
        by_language: the same question is answered differently in another language.
    """

    app: ASGIApp
    version: Version
    paths: Sequence[str] = PATHS
    by_language: bool = True
    kept: KeptBytes[Key, Page] = field(default_factory=lambda: KeptBytes(total_max=TOTAL_BYTES, entry_max=ENTRY_BYTES))
    _now: Hashable = None
    _making: dict[tuple[Key, Hashable], anyio.Event] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_for(scope):
            await self.app(scope, receive, send)
            return
        version = await self.version()
        if version != self._now:
            self.kept.clear()
            self._now = version
        language = LANGUAGE.get() if self.by_language else ""
        key = (scope["path"], scope["query_string"], language, accepts_gzip(scope["headers"]))
        page = self.kept.find(key) or await self._wait_for(key, version)
        if page is not None:
            scope["path_template"] = page.template
            await _send_page(page, send)
        elif (key, version) in self._making:
            await self.app(scope, receive, send)
        else:
            await self._make(key, version, scope, receive, send)

    def _is_for(self, scope: Scope) -> bool:
        if scope["type"] != ScopeType.HTTP or scope["method"] != "GET" or len(scope["query_string"]) > _QUERY_MAX:
            return False
        path, headers = scope["path"], scope["headers"]
        if any(name.lower() == b"authorization" for name, _ in headers):
            return False
        return is_below(path, self.paths) and not set(path.split("/")) & set(NOT)

    async def _wait_for(self, key: Key, version: Hashable) -> Page | None:
        """Return the page that another request is making; None when nobody is, or it takes too long."""
        making = self._making.get((key, version))
        if making is None:
            return None
        with anyio.move_on_after(_WAIT_SECONDS):
            await making.wait()
        return self.kept.find(key)

    async def _make(self, key: Key, version: Hashable, scope: Scope, receive: Receive, send: Send) -> None:
        made, recording = anyio.Event(), _Recording()
        self._making[key, version] = made

        async def send_and_record(message: Message) -> None:
            recording.see(message)
            if recording.page is not None and version == self._now:
                self.kept.keep(key, replace(recording.page, template=scope.get("path_template", "")))
                made.set()
            await send(message)

        try:
            await self.app(scope, receive, send_and_record)
        finally:
            del self._making[key, version]
            made.set()


def _page(headers: list[tuple[bytes, bytes]], body: bytes) -> Page:
    """Return what is kept, with the tag that `ConditionalRequests` would make from the bytes each time."""
    if not header(headers, b"etag"):
        headers = [*headers, (b"etag", tag_of(body).encode())]
    return Page(tuple(headers), body)


async def _send_page(page: Page, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": list(page.headers)})
    await send({"type": "http.response.body", "body": page.body, "more_body": False})


def _may_be_kept(headers: list[tuple[bytes, bytes]]) -> bool:
    caching = header(headers, b"cache-control").lower()
    varies = {part.strip().lower() for part in header(headers, b"vary").split(",") if part.strip()}
    is_open = "no-store" not in caching and "private" not in caching and not header(headers, b"set-cookie")
    return is_open and varies <= _KEY_VARIES
