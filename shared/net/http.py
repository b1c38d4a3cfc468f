"""The only place that imports httpx: asks one URL and returns a complete, bounded answer in bounded time (PROTOCOL 5).

Decided here: headers sent, which answers count, in which order an answer is refused (redirect, status, encoding, type,
end not announced, too long), retry of dead connections.  Elsewhere: deadline and bytes (`wire`), addresses
(`addresses`), the way through a proxy (`pools`), back-off (`retry`), meaning (`shared/feed`).

One `HttpClient` for the life of a process: it keeps connections and one TLS context, and may be used from several
threads; making one costs tens of milliseconds.

Trust: certificates of the system's store, which is where a city puts its own CA; read once, at start.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Self, TypeVar

import httpcore
import httpx
import truststore

from shared.clock import Clock
from shared.errors import FetchError
from shared.net.addresses import AddressGuard, parse_url
from shared.net.fetcher import NO_HEADERS, Fetched, Posted
from shared.net.pools import Pools
from shared.net.settings import NetSettings
from shared.net.wire import Exchange, Exchanges, Resolver, resolve_by_system

MAX_RETRY_AFTER_SECONDS = 3600  # PROTOCOL 5
MAX_WAIT_SECONDS = 30  # PROTOCOL 5, long poll
_MAX_PROBLEM_BYTES = 16 * 1024  # body of a 404 or 410; a longer one is dropped, the status stands
# An answer in very many small chunks would cost a multiple of its bytes in time; ours come in pieces of kilobytes.
_MAX_SMALL_PIECES = 1024
_MIN_MEAN_PIECE_BYTES = 64

_ETAG = re.compile(r'(?:W/)?"[!#-~]{0,200}"')
_SECONDS = re.compile(r"[0-9]{1,9}")
_T = TypeVar("_T")


class HttpClient:
    """Asks peers by HTTP; the real `WebAccess`."""

    def __init__(
        self,
        settings: NetSettings,
        clock: Clock,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolver = resolve_by_system,
    ) -> None:
        self._clock = clock
        self._headers = {"user-agent": settings.user_agent, "accept-encoding": "identity"}
        self._guard = AddressGuard(settings.allow_networks)
        self._exchanges = Exchanges()
        pools = Pools(settings, self._guard, self._exchanges, tls or _system_trust(), resolve)
        self._client = httpx.Client(
            transport=_Transport(pools),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            trust_env=False,
        )

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
        """Return what `url` answers: 200 with the whole body, or 304, 404, 410.

        Args:
            max_bytes: most bytes of the body.
            deadline_seconds: for everything from resolving the name to the last byte.
            etag: of the version held, as the peer sent it; anything else is not sent.
            wait_seconds: asks the peer to hold the answer back until there is news; in addition to the deadline.
            content_types: those a 200 may have, without parameters; "" allows an answer without. Empty: any.
        Raises:
            FetchError: every other outcome, by kind.
        """
        headers = dict(self._headers)
        waits = 0
        if _ETAG.fullmatch(etag):
            headers["if-none-match"] = etag
            waits = min(wait_seconds, MAX_WAIT_SECONDS)
            if waits > 0:
                headers["prefer"] = f"wait={waits}"

        def take(response: httpx.Response) -> Fetched:
            self._refuse_unless(response, _is_read_by_get(response.status_code, "if-none-match" in headers))
            received_etag = response.headers.get("etag", "")
            known_etag = received_etag if _ETAG.fullmatch(received_etag) else ""
            if response.status_code != 200:
                return Fetched(response.status_code, _read_problem(response), known_etag)
            _refuse_type(response, content_types)
            return Fetched(200, _read_body(response, max_bytes), known_etag)

        return self._exchange("GET", url, headers, b"", max_bytes, deadline_seconds + waits, take)

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        """Send `body` and return the answer: 2xx, or 4xx (but 429) whose body says why.

        A question that finds its kept connection dead is sent again on another, so `url` must take the same body
        twice without harm; all POST routes of the protocol do.

        Raises:
            FetchError: every other outcome, by kind.
        """

        def take(response: httpx.Response) -> Posted:
            status = response.status_code
            self._refuse_unless(response, 200 <= status < 300 or (400 <= status < 500 and status != 429))
            return Posted(status, _read_body(response, max_bytes), _type_of(response))

        sent = self._headers | dict(headers) | {"content-type": content_type}
        return self._exchange("POST", url, sent, body, max_bytes, deadline_seconds, take)

    def close(self) -> None:
        """Close all kept connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        max_bytes: int,
        deadline_seconds: float,
        take: Callable[[httpx.Response], _T],
    ) -> _T:
        target = parse_url(url)
        if target.literal is not None:
            self._guard.verify_addresses(target.host, [target.host], is_plain=target.is_plain)
        exchange = Exchange(
            self._clock, deadline_seconds=deadline_seconds, max_bytes=max_bytes, is_plain=target.is_plain
        )
        request = httpx.Request(
            method,
            url,
            headers=headers,
            content=body or None,
            extensions={"target": target, "timeout": {"pool": deadline_seconds}},  # other timeouts: the exchange's
        )
        with self._exchanges.running(exchange):
            try:
                return self._ask_until_connected(request, exchange, take)
            except FetchError as error:
                error.add_note(f"{method} {url}")
                raise

    def _ask_until_connected(
        self, request: httpx.Request, exchange: Exchange, take: Callable[[httpx.Response], _T]
    ) -> _T:
        """Ask, and ask again if the kept connection was dead or still held an answer to an earlier question.

        Each turn uses up one kept connection; a new one cannot have left-overs and ends the loop.
        """
        while True:
            exchange.begin_turn()
            try:
                with closing(self._client.send(request, stream=True, follow_redirects=False)) as response:
                    if not exchange.is_answered_before_asked:
                        exchange.begin_body()
                        return take(response)
            except httpcore.PoolTimeout as error:
                raise FetchError("Zu viele Anfragen auf einmal", kind="timeout") from error
            except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError) as error:
                if not exchange.may_ask_again:
                    raise FetchError(f"Die Antwort ist beschädigt ({error})", kind="connect") from error

    def _refuse_unless(self, response: httpx.Response, is_expected: bool) -> None:
        """Refuse redirects, statuses not expected, and encodings (no decompression anywhere)."""
        status = response.status_code
        if not is_expected:
            kind = "redirect" if 300 <= status < 400 and status != 304 else "status"
            after = self._retry_after_seconds(response) if status in (429, 503) else 0
            raise FetchError(
                f"Die Gegenstelle antwortet mit {status}", kind=kind, status=status, retry_after_seconds=after
            )
        encoding = response.headers.get("content-encoding")
        if encoding is not None:
            raise FetchError(
                f"Die Antwort hat die nicht vorgesehene Content-Encoding {encoding[:40]!r}",
                kind="encoding",
                status=status,
            )

    def _retry_after_seconds(self, response: httpx.Response) -> int:
        """Read Retry-After (seconds or a date), at most an hour; 0 where it is absent or unreadable."""
        text = response.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            return min(int(text), MAX_RETRY_AFTER_SECONDS)
        try:
            moment = parsedate_to_datetime(text)
            seconds = int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()) - self._clock.now()
        except (ValueError, OverflowError):
            return 0
        return max(0, min(seconds, MAX_RETRY_AFTER_SECONDS))


def _is_read_by_get(status: int, is_conditional: bool) -> bool:
    return status in (200, 404, 410) or (status == 304 and is_conditional)


def _type_of(response: httpx.Response) -> str:
    text: str = response.headers.get("content-type", "")
    return text.partition(";")[0].strip().lower()[:100]


def _refuse_type(response: httpx.Response, content_types: Sequence[str]) -> None:
    if content_types and _type_of(response) not in content_types:
        raise FetchError(
            f"Die Antwort hat den Content-Type {_type_of(response)!r}, nicht {content_types[0]!r}", kind="type"
        )


def _read_problem(response: httpx.Response) -> bytes:
    """Return the body of a 404 or 410 if it comes whole and small; the status stands without it."""
    try:
        return _read_body(response, _MAX_PROBLEM_BYTES)
    except (FetchError, httpcore.NetworkError, httpcore.ProtocolError):
        return b""


def _read_body(response: httpx.Response, max_bytes: int) -> bytes:
    """Read a body that says where it ends, so that one cut off on the way cannot pass for a shorter one."""
    length = response.headers.get("content-length")
    if length is not None and int(length) > max_bytes:
        raise FetchError(f"Die Antwort hat {length} Bytes, erlaubt sind {max_bytes}", kind="oversize")
    is_bodyless = response.status_code in (204, 304)
    if length is None and "transfer-encoding" not in response.headers and not is_bodyless:
        raise FetchError("Die Antwort sagt nicht, wo sie endet", kind="connect", status=response.status_code)
    body = bytearray()
    for count, part in enumerate(response.iter_raw()):
        body += part
        if count > _MAX_SMALL_PIECES + len(body) // _MIN_MEAN_PIECE_BYTES:
            raise FetchError(f"Die Antwort kam in {count} Stücken für {len(body)} Bytes", kind="oversize")
        if len(body) > max_bytes:
            raise FetchError(f"Die Antwort hat mehr als {max_bytes} Bytes", kind="oversize")
    return bytes(body)


def _system_trust() -> ssl.SSLContext:
    """Trust what the system trusts.

    truststore reads the whole store again at every handshake on Linux (21 ms measured, 144 authorities), OpenSSL's own
    context once; so truststore only helps where OpenSSL was built without knowing where the store is.
    """
    places = ssl.get_default_verify_paths()
    if places.cafile or places.capath:
        return ssl.create_default_context()
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class _Transport(httpx.BaseTransport):
    """Lets httpx ask over our pools, which know checked addresses, deadlines and limits."""

    def __init__(self, pools: Pools) -> None:
        self._pools = pools

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, httpx.SyncByteStream):
            raise TypeError("this client asks synchronously")
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        question = httpcore.Request(
            request.method,
            url,
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": request.extensions["timeout"]},
        )
        answer = self._pools.pool_for(request.extensions["target"]).handle_request(question)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pools.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
