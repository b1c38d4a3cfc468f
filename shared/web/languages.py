"""Which language a request is answered in, as an ASGI wrapper around the whole application.

Order: `?lang=` where the page exists in that language, else the best of `Accept-Language`, else German.  A language
that was asked for by `?lang=` stays in every link of the page (`Pages.url`), since visitors get no cookie.  The desk is
German.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE

PARAMETER = "lang"
PASSED_ON, LINK, CODE = "weitergabe", "link", "qr"
"""A link that somebody passed on says so, and how; it is counted once and stays in no link of the page."""
_QUERY_MAX = 4000
_WANTED_MAX = 20
_SAME = {"ku": "kmr", "pes": "fa", "fa-af": "prs", "uk-ua": "uk"}
"""Tags that browsers send for languages that we call otherwise."""


@dataclass(frozen=True)
class Chosen:
    """What the language of a page came from: the page's own address, and whether `?lang=` named the language."""

    path: str = ""
    query: tuple[tuple[str, str], ...] = ()  # without `lang` and `weitergabe`
    is_explicit: bool = False

    def in_language(self, language: str) -> str:
        """Return the address of the same page in another language, below the prefix; empty: as the browser asks."""
        query = urlencode([*self.query, (PARAMETER, language)] if language else self.query)
        return self.path + ("?" + query if query else "")


_NOTHING_CHOSEN = Chosen()
CHOSEN: ContextVar[Chosen] = ContextVar("kreisweit_chosen", default=_NOTHING_CHOSEN)
"""The choice of the request being answered."""


class Languages:
    """Wraps an ASGI application and sets the language of each request.

    Args:
        offered: languages that pages exist in, German among them.
        german: beginnings of paths that are German for everybody.
    """

    def __init__(self, app: ASGIApp, offered: Sequence[str], *, german: Sequence[str] = ()) -> None:
        self._app = app
        self._offered = tuple(offered)
        self._german = tuple(german)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            language, chosen = self.choose(scope)
            LANGUAGE.set(language)
            CHOSEN.set(chosen)
        await self._app(scope, receive, send)

    def choose(self, scope: Scope) -> tuple[str, Chosen]:
        """Return the language of a request and what it came from."""
        path = scope["path"]
        if any(path == start or path.startswith(start + "/") for start in self._german):
            return SOURCE_LANGUAGE, Chosen(path)
        text = scope["query_string"][:_QUERY_MAX].decode("latin-1")
        pairs = parse_qsl(text, keep_blank_values=True)
        wanted = next((value for key, value in pairs if key == PARAMETER), "")
        rest = tuple(pair for pair in pairs if pair[0] not in (PARAMETER, PASSED_ON))
        if wanted in self._offered:
            return wanted, Chosen(path, rest, is_explicit=True)
        header = next((value for key, value in scope["headers"] if key == b"accept-language"), b"")
        return best_language(header.decode("latin-1"), self._offered), Chosen(path, rest)


def best_language(header: str, offered: Sequence[str]) -> str:
    """Return the offered language that an `Accept-Language` header likes best (RFC 9110, 12.5.4); German for none.

    A named language goes before `*`, whatever its quality: who can read it, reads it better than German.
    """
    ranked: list[tuple[float, int, str]] = []
    for at, part in enumerate(header.split(",")[:_WANTED_MAX]):
        tag, _, rest = "".join(part.lower().split()).partition(";")
        try:
            quality = float(rest.partition("q=")[2] or 1)
        except ValueError:
            continue
        if tag and 0 < quality <= 1:
            ranked.append((-quality, at, tag))
    for _, _, tag in sorted(ranked):
        for name in (tag, tag.partition("-")[0]):
            if _SAME.get(name, name) in offered:
                return _SAME.get(name, name)
    return SOURCE_LANGUAGE
