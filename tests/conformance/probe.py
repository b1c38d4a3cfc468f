"""One request at a time over plain http.client: the target goes out as written, nothing is followed or decoded."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """An answer as received."""

    method: str
    target: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """All values of a header, joined as RFC 9110 5.3 has it; empty where it is absent."""
        return ", ".join(value for key, value in self.headers if key.lower() == name.lower())

    @property
    def media_type(self) -> str:
        """Content-Type in lower case without blanks, to compare."""
        return self.header("Content-Type").lower().replace(" ", "")

    @property
    def cache_directives(self) -> frozenset[str]:
        """Directives of Cache-Control in any order."""
        return frozenset(part.strip().lower() for part in self.header("Cache-Control").split(",") if part.strip())


class Probe:
    """Asks one party; remembers every reply, so that rules for all of them can be checked at the end."""

    def __init__(self, base_url: str, *, timeout_seconds: float = 30) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"base URL {base_url!r} is not http(s)://host[:port][/path]")
        self._is_tls = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._path = parts.path.rstrip("/")
        self._timeout_seconds = timeout_seconds
        self.seen: list[Reply] = []

    def _connect(self) -> http.client.HTTPConnection:
        if self._is_tls:
            context = ssl.create_default_context()
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout_seconds, context=context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_seconds)

    def ask(
        self,
        target: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply:
        """Send one request below the base URL; the target is not normalised."""
        connection = self._connect()
        try:
            return self._exchange(connection, target, method, headers or {}, body)
        finally:
            connection.close()

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        target: str,
        method: str,
        headers: Mapping[str, str],
        body: bytes | None,
    ) -> Reply:
        asked = {"Accept-Encoding": "identity", "Connection": "close", **headers}
        connection.putrequest(method, self._path + target, skip_accept_encoding=True)
        if body is not None:
            asked["Content-Length"] = str(len(body))
        for name, value in asked.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        response = connection.getresponse()
        try:
            # http.client never looks for a body where none may be; what is on the wire until it closes is one.
            is_bodiless = method == "HEAD" or response.status in (204, 304)
            received = response.fp.read() if is_bodiless else response.read()
        finally:
            response.close()
        reply = Reply(method, target, response.status, tuple(response.getheaders()), received)
        self.seen.append(reply)
        return reply
