"""Pages of lists made before the framework's routing, as an ASGI wrapper: they are what is asked for most.

Made here are answers that are certain: a page of a list whose query is understood.  Everything else, errors above all,
is the application's, which answers the same question in the same words.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl

from litestar.enums import ScopeType

from shared.errors import KreisweitError
from shared.web.compression import Compression, accepts_gzip
from shared.web.conditional import tag_of
from shared.web.headers import SecurityHeaders
from shared.web.outputs.cors import OpenToBrowsers
from shared.web.outputs.hsds import HSDS, Lists, Page
from shared.web.outputs.source import JSON

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

NAMES: Final = {f"{HSDS}/{name}": name for name in ("services", "organizations", "service_at_locations")}
_PAGE: Final = "kreisweit_page"


class ListsFirst:
    """Wraps the whole application, its headers included; see the module's rules."""

    def __init__(self, app: ASGIApp, lists: Lists) -> None:
        self._app = app
        self._lists = lists
        self._dressed = SecurityHeaders(OpenToBrowsers(Compression(_send_page)))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = NAMES.get(scope["path"]) if scope["type"] == ScopeType.HTTP and scope["method"] == "GET" else None
        page = None
        if name is not None:
            page = await asyncio.get_running_loop().run_in_executor(
                None, self._make, name, scope["query_string"], not accepts_gzip(scope["headers"])
            )
        if page is None:
            await self._app(scope, receive, send)
        else:
            # These paths are templates themselves.
            scope["path_template"] = scope["path"]
            await self._dressed(cast("Scope", {**scope, _PAGE: page}), receive, send)

    def _make(self, name: str, query: bytes, is_plain: bool) -> Page | None:
        try:
            page = self._lists.page(name, parse_qsl(query.decode(), keep_blank_values=True))
        except (KreisweitError, UnicodeDecodeError):
            return None
        if page is None or not is_plain:
            return page
        # What leaves as it is gets its tag here, beside the loop.
        return Page(page.body, {**page.headers, "ETag": tag_of(page.body)})


async def _send_page(scope: Scope, receive: Receive, send: Send) -> None:
    del receive
    page = cast("dict[str, Page]", scope)[_PAGE]
    given = {**page.headers, "Content-Type": JSON, "Content-Length": str(len(page.body))}
    headers = [(key.lower().encode(), value.encode("latin-1")) for key, value in given.items()]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": page.body, "more_body": False})
