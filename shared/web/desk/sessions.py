"""The session cookie: strict in what it takes, set only after a password or a link was right.

Visitors who are not signed in get no cookie and leave no row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar.connection import ASGIConnection

from shared.accounts import sessions
from shared.accounts.links import format_token, parse_token
from shared.accounts.registry import Registry
from shared.accounts.sessions import Session, Visit
from shared.web.desk.guard import find_session

Connection = ASGIConnection[Any, Any, Any, Any]

# The first that the browser's name holds, special before general.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True)
class SessionCookie:
    """How the cookie of one party is called, read and written."""

    name: str
    is_secure: bool

    def read(self, header: str) -> bytes | None:
        """Return the token of a Cookie header.

        None when there is none, when it is not one we could have written, or when several claim the name: then
        somebody else has set one, and none is trusted.
        """
        pairs = [part.strip().partition("=") for part in header.split(";")]
        values = [value for name, _, value in pairs if name == self.name]
        return parse_token(values[0]) if len(values) == 1 else None

    def write(self, token: bytes) -> str:
        """Return the Set-Cookie header that keeps a token until the browser is closed."""
        return f"{self.name}={format_token(token)}; {self._attributes()}"

    def clear(self) -> str:
        """Return the Set-Cookie header that takes the token away."""
        return f"{self.name}=; Max-Age=0; {self._attributes()}"

    def _attributes(self) -> str:
        return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.is_secure else "")


def cookie_of(member: str, public_url: str) -> SessionCookie:
    """Return the cookie of a party: bound to its host by the browser itself where https carries it."""
    is_secure = public_url.startswith("https://")
    return SessionCookie(f"__Host-kw-{member}" if is_secure else f"kw-{member}", is_secure)


def load_session(registry: Registry, cookie: SessionCookie, connection: Connection) -> Session | None:
    """Return the session that the request's cookie names, if it counts."""
    token = cookie.read("; ".join(connection.headers.getall("cookie", [])))
    return None if token is None else sessions.find_session(registry, token)


def visit_of(connection: Connection) -> Visit:
    """Return where a request comes from."""
    session = find_session(connection)
    return Visit(
        address=connection.client.host if connection.client is not None else "",
        device=_device(connection.headers.get("user-agent", "")),
        held=session.row.id_hash if session is not None else b"",
    )


def _device(user_agent: str) -> str:
    """Name browser and system in a word each; the header itself says too much to be kept."""
    found = [next((word for mark, word in marks if mark in user_agent), "") for marks in (_BROWSERS, _SYSTEMS)]
    return ", ".join(word for word in found if word) or "unbekannt"
