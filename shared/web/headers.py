"""Security headers of every answer, as an ASGI wrapper around the whole application.

A wrapper and not a middleware of the framework, since that one does not see the answers for unknown routes.
Pages get the full set.  Pictures and feeds in XML get a policy that forbids everything, since a browser that opens one
by itself would run scripts in it.  Everything else gets `nosniff` alone: the headers mean nothing to a feed reader, and
an idle round of polls has a budget of bytes.

What came by https (the proxy says so in `X-Forwarded-Proto`) is told to stay there: for a year, with all names below
(ASVS 3.4.1).  Not where the party stands below a path of somebody else's site, whose host is not ours to speak for.

A route may ask for another of the policies written here by naming it in its answer (`CSP_HEADER`); a policy that does
not stand here, from wherever it came, is replaced by the strict one.
"""

from __future__ import annotations

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

TILE_HOST = "https://sgx.geodatenzentrum.de"
"""Serves the tiles of basemap.de (Bundesamt für Kartographie und Geodäsie): the one foreign host of any page."""
MAP_POLICY = CONTENT_SECURITY_POLICY.replace("img-src 'self' data:", f"img-src 'self' data: {TILE_HOST}")
"""Of the page that shows the map, after its reader asked for it: pictures of one more host, nothing else."""

CSP_HEADER = "content-security-policy"
_POLICIES = frozenset((CONTENT_SECURITY_POLICY.encode(), MAP_POLICY.encode()))

PAGE_HEADERS = (
    (CSP_HEADER.encode(), CONTENT_SECURITY_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
OTHER_HEADERS = ((b"x-content-type-options", b"nosniff"),)

XML_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""Of SVG, Atom and RSS when a browser opens them as documents; as pictures and feeds they stay what they are."""
XML_HEADERS = ((CSP_HEADER.encode(), XML_POLICY.encode()), *OTHER_HEADERS)

STAY_SECURE = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


class SecurityHeaders:
    """Wraps an ASGI application and adds the headers above to each HTTP answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return

        always = (STAY_SECURE,) if scope["scheme"] == "https" and not scope.get("root_path") else ()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _with_headers(list(message["headers"]), message["status"], always)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _with_headers(
    headers: list[tuple[bytes, bytes]], status: int, always: tuple[tuple[bytes, bytes], ...] = ()
) -> list[tuple[bytes, bytes]]:
    """Return the headers with ours added; a 304 stays bare, the stored answer keeps its own."""
    if status == 304:
        return headers
    content_type = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    extra = _headers_for(content_type)
    asked = next((value for name, value in headers if name.lower() == CSP_HEADER.encode()), b"")
    if extra is PAGE_HEADERS and asked in _POLICIES:
        extra = ((CSP_HEADER.encode(), asked), *PAGE_HEADERS[1:])
    extra = (*extra, *always)
    replaced = {name for name, _ in extra}
    return [*((name, value) for name, value in headers if name.lower() not in replaced), *extra]


def _headers_for(content_type: bytes) -> tuple[tuple[bytes, bytes], ...]:
    if content_type.startswith(b"text/html"):
        return PAGE_HEADERS
    return XML_HEADERS if b"xml" in content_type.partition(b";")[0] else OTHER_HEADERS
