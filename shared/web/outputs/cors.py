"""Lets programs in browsers of other sites read what is open to everybody, as an ASGI wrapper (WHATWG Fetch).

Only the paths named here, only reading: no credentials, no other methods.
"""

from __future__ import annotations

from typing import Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from shared.outputs.formats.all import FORMATS
from shared.web.compression import is_below
from shared.web.outputs.source import IGNORED

OPEN_PATHS: Final = (
    *(one.path for one in FORMATS), "/hsds", "/changes", "/events", "/openapi.json", "/vertrauen.json", "/catalogue",
    "/roster", "/mirror", "/feed",
)  # fmt: skip
_ORIGIN: Final = (b"access-control-allow-origin", b"*")
_EXPOSED: Final = (
    b"access-control-expose-headers",
    f"Content-Disposition, ETag, Last-Modified, Retry-After, {IGNORED}".encode(),
)
_PREFLIGHT: Final = (
    _ORIGIN,
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"If-None-Match, If-Modified-Since, Last-Event-ID, Prefer"),
    (b"access-control-max-age", b"86400"),
    (b"content-length", b"0"),
)


class OpenToBrowsers:
    """Wraps an ASGI application; see the module's rules."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP or not is_below(scope["path"], OPEN_PATHS):
            await self._app(scope, receive, send)
            return
        if scope["method"] == "OPTIONS" and _is_preflight(scope):
            await send({"type": "http.response.start", "status": 204, "headers": list(_PREFLIGHT)})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return

        async def send_open(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], _ORIGIN, _EXPOSED]
            await send(message)

        await self._app(scope, receive, send_open)


def _is_preflight(scope: Scope) -> bool:
    return any(name.lower() == b"access-control-request-method" for name, _ in scope["headers"])
