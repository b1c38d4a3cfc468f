"""Counts requests by the template of their route and how long they took, as an ASGI wrapper around everything.

A template is what stands in the program (`/angebote/{rid:str}`), so that neither offers nor words nor addresses get
into the numbers; whatever no route fits is counted together.  Everything happens in the event loop's thread and costs
about a microsecond; whoever reads takes a copy.

Not seen: connections that the server refuses itself, since it has too many.
"""

from __future__ import annotations

from bisect import bisect_left
from time import perf_counter
from typing import TYPE_CHECKING, Final

from litestar.enums import ScopeType

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from litestar.types import ASGIApp, Message, Receive, Scope, Send

BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the classes of duration, in seconds; what waits on purpose waits for thirty."""
UNROUTED: Final = "none"
ABORTED: Final = "aborted"

Row = list[float]
"""How many requests of each class of duration, one class more than bounds; at the end the sum of their seconds."""


class RequestMeter:
    """Wraps an ASGI application; `rows` holds what was counted, by route and class of status (`2xx`)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._rows: dict[tuple[str, int], Row] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        status, began = 0, perf_counter()

        # Not a coroutine of its own: it hands on the one of `send`, which saves half of what a request pays for this.
        def send_and_see(message: Message) -> Awaitable[None]:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            return send(message)

        try:
            await self._app(scope, receive, send_and_see)
        finally:
            seconds = perf_counter() - began
            key = (scope.get("path_template", ""), status // 100)
            row = self._rows.get(key)
            if row is None:
                row = self._rows[key] = [0.0] * (len(BOUNDS) + 2)
            row[bisect_left(BOUNDS, seconds)] += 1.0
            row[-1] += seconds

    def rows(self) -> dict[tuple[str, str], Row]:
        """Return a copy of what was counted, by route and class of status."""
        return {
            (route or UNROUTED, f"{kind}xx" if kind else ABORTED): row.copy()
            for (route, kind), row in self._rows.copy().items()
        }
