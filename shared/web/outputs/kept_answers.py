"""Answers for integrators, kept whole in front of everything else: who asks again is answered without the application.

Rules beside those of `kept_pages`:
- Never with a cookie or an Authorization header, neither from memory nor into it.
- Kept are answers as they leave, dressed in all their headers, since none of these depends on who asks.
- They last until the state of the catalogue changes, not until the minute does: what a program reads names no time of
  asking.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from litestar.enums import ScopeType

from shared.web.compression import is_below
from shared.web.conditional import ConditionalRequests
from shared.web.kept_bytes import KeptBytes
from shared.web.kept_pages import KeptPages, Version

if TYPE_CHECKING:
    from litestar.types import ASGIApp, Receive, Scope, Send

PATHS: Final = ("/hsds",)
TOTAL_BYTES: Final = 12 * 1024 * 1024
ENTRY_BYTES: Final = 1024 * 1024
_PERSONAL: Final = frozenset({b"cookie", b"authorization"})


class KeptAnswers:
    """Wraps an ASGI application; see the module's rules.

    Args:
        app: answers whoever may not be answered from memory.
        maker: answers what is kept, in the same words as `app`.
        version: differs whenever an answer may differ.
    """

    def __init__(self, app: ASGIApp, maker: ASGIApp, version: Version) -> None:
        self._app = app
        self.pages = KeptPages(
            maker, version, PATHS, by_language=False, kept=KeptBytes(total_max=TOTAL_BYTES, entry_max=ENTRY_BYTES)
        )
        # Outside of what is kept, so that what a client holds is compared with it, and HEAD finds what GET left.
        self._kept = ConditionalRequests(self.pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (self._kept if _is_open(scope) else self._app)(scope, receive, send)


def _is_open(scope: Scope) -> bool:
    return (
        scope["type"] == ScopeType.HTTP
        and is_below(scope["path"], PATHS)
        and not any(name.lower() in _PERSONAL for name, _ in scope["headers"])
    )
