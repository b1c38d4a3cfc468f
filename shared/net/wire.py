"""The bytes on the wire: one deadline for a whole exchange, byte limits, and connections to checked addresses only.

httpx's timeouts are per read; a peer that sends a byte a second never runs into them, neither in the body nor in the
headers (measured).  So every socket operation here gets what is left of the exchange's one deadline: resolving,
connecting, TLS, sending, headers, body.

httpcore runs an exchange from start to end in the thread that asks, so the running exchange is kept per thread; a
connection that is kept alive serves one exchange after the other, from any thread.
"""

from __future__ import annotations

import ipaddress
import queue
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import httpcore

from shared.clock import Clock
from shared.errors import FetchError, reason_of
from shared.net.addresses import AddressGuard

Resolver = Callable[[str], Sequence[str]]

CONNECT_SECONDS = 5.0  # PROTOCOL 6, step 2
MAX_HEAD_BYTES = 32 * 1024  # status line and headers of an answer, informational ones included; ours have 300 bytes
_FRAMING_BYTES = 64 * 1024  # what chunked framing may cost on the wire, beside as many bytes as the body may have
_MAX_TRIED_ADDRESSES = 4


class Exchange:
    """One question and its answer: what is left of its time and of its bytes."""

    def __init__(self, clock: Clock, *, deadline_seconds: float, max_bytes: int, is_plain: bool) -> None:
        self._clock = clock
        self._ends_at = clock.monotonic() + deadline_seconds
        self._max_bytes = max_bytes
        self._limit = MAX_HEAD_BYTES
        self.is_plain = is_plain
        self.received = 0
        self.has_connected = False
        self._has_head = False

    def begin_turn(self) -> None:
        """Begin, or begin again on another connection: what a dead one gave does not count, the time it took does."""
        self.received = 0
        self.seconds_left()

    @property
    def is_answered_before_asked(self) -> bool:
        """The head was complete without a byte being read: it was left over from an earlier question."""
        return self.received == 0

    @property
    def may_ask_again(self) -> bool:
        """A connection kept from earlier failed before a head was complete: closed in the meantime, or left-overs.

        Says nothing about the peer's answer to this question.
        """
        return not self.has_connected and not self._has_head

    def seconds_left(self) -> float:
        """Return the time left.

        Raises:
            FetchError: none is left.
        """
        left = self._ends_at - self._clock.monotonic()
        if left <= 0:
            raise self.too_late()
        return left

    def too_late(self) -> FetchError:
        """Say whether the peer was silent (timeout) or answered too slowly (slow)."""
        if self.received:
            return FetchError(f"Die Antwort kam nicht rechtzeitig ganz an, nur {self.received} Bytes", kind="slow")
        return FetchError("Es kam keine Antwort in der vorgesehenen Zeit", kind="timeout")

    def allowance(self, wanted: int) -> int:
        """Return how many bytes may be read now.

        Raises:
            FetchError: the limit is used up (oversize).
        """
        left = self._limit - self.received
        if left <= 0:
            raise FetchError(f"Die Antwort ist länger als {self._limit} Bytes", kind="oversize")
        return min(wanted, left)

    def begin_body(self) -> None:
        """From here on the limit is that of the body, with room for chunked framing."""
        self._has_head = True
        self._limit = self.received + 2 * self._max_bytes + _FRAMING_BYTES


class Exchanges:
    """Knows the exchange that runs in each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def running(self, exchange: Exchange) -> Iterator[None]:
        self._local.exchange = exchange
        try:
            yield
        finally:
            del self._local.exchange

    def current(self) -> Exchange:
        exchange: Exchange = self._local.exchange
        return exchange


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections: resolves once, has every address checked, connects to one of exactly these addresses.

    Without a guard (`guard=None`) it connects where it is told: for the operator's own proxy.
    """

    def __init__(self, exchanges: Exchanges, guard: AddressGuard | None, resolve: Resolver) -> None:
        self._exchanges = exchanges
        self._guard = guard
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        exchange = self._exchanges.current()
        exchange.has_connected = True
        addresses = resolve_within(self._resolve, host, min(CONNECT_SECONDS, exchange.seconds_left()))
        if self._guard is not None:
            addresses = self._guard.verify_addresses(host, addresses, is_plain=exchange.is_plain)
        sock = _connect_one_of(addresses[:_MAX_TRIED_ADDRESSES], port, exchange)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return DeadlineStream(sock, self._exchanges)


class DeadlineStream(httpcore.NetworkStream):
    """A socket each of whose operations ends with the running exchange's deadline."""

    def __init__(self, sock: socket.socket, exchanges: Exchanges) -> None:
        self._sock = sock
        self._exchanges = exchanges

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        exchange = self._exchanges.current()
        wanted = exchange.allowance(max_bytes)
        self._sock.settimeout(exchange.seconds_left())
        try:
            part = self._sock.recv(wanted)
        except TimeoutError as error:
            raise exchange.too_late() from error
        except OSError as error:
            raise httpcore.ReadError(str(error)) from error
        exchange.received += len(part)
        return part

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        exchange = self._exchanges.current()
        rest = memoryview(buffer)
        while rest:
            self._sock.settimeout(exchange.seconds_left())
            try:
                rest = rest[self._sock.send(rest) :]
            except TimeoutError as error:
                raise exchange.too_late() from error
            except OSError as error:
                # httpcore then still reads: a peer may refuse a long body early, with a reason.
                raise httpcore.WriteError(str(error)) from error

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        exchange = self._exchanges.current()
        try:
            self._sock.settimeout(min(CONNECT_SECONDS, exchange.seconds_left()))
            return DeadlineStream(ssl_context.wrap_socket(self._sock, server_hostname=server_hostname), self._exchanges)
        except TimeoutError as error:
            self.close()
            raise FetchError("Die verschlüsselte Verbindung kam nicht rechtzeitig zustande", kind="timeout") from error
        except (ssl.SSLError, ssl.CertificateError) as error:
            self.close()
            raise FetchError(
                f"Die verschlüsselte Verbindung kam nicht zustande ({_tls_reason(error)})", kind="tls"
            ) from error
        except OSError as error:
            self.close()
            raise httpcore.ConnectError(str(error)) from error

    def close(self) -> None:
        self._sock.close()

    def get_extra_info(self, info: str) -> Any:
        if info == "ssl_object":
            return self._sock if isinstance(self._sock, ssl.SSLSocket) else None
        if info == "is_readable":
            return _has_something_to_read(self._sock)
        return None


def resolve_by_system(host: str) -> Sequence[str]:
    """Return all addresses of a name, in the system's order."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def resolve_within(resolve: Resolver, host: str, seconds: float) -> tuple[str, ...]:
    """Return all addresses of a name (or the address itself), or fail in time.

    The system's resolver cannot be interrupted; it runs in a thread of its own which, if late, ends by itself.

    Raises:
        FetchError: kind dns.
    """
    if _is_address(host):
        return (host,)
    answers: queue.SimpleQueue[tuple[str, ...] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(tuple(resolve(host)))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=seconds)
    except queue.Empty as error:
        raise FetchError(f"{host}: Der Namensdienst antwortet nicht", kind="dns") from error
    if isinstance(answer, OSError):
        raise FetchError(f"{host}: Der Namensdienst kennt keine Adresse dazu", kind="dns") from answer
    return answer


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _connect_one_of(addresses: Sequence[str], port: int, exchange: Exchange) -> socket.socket:
    """Connect to the first address that answers; each gets a fair share of the time that is left to connect."""
    left = min(CONNECT_SECONDS, exchange.seconds_left())
    failure: OSError | None = None
    for address in addresses:
        try:
            return socket.create_connection((address, port), timeout=left / len(addresses))
        except OSError as error:
            failure = error
    if isinstance(failure, TimeoutError):
        raise FetchError(
            f"Keine Verbindung zu {addresses[-1]}, Port {port}: keine Antwort", kind="timeout"
        ) from failure
    raise FetchError(
        f"Keine Verbindung zu {addresses[-1]}, Port {port}: {reason_of(failure)}", kind="connect"
    ) from failure


def _has_something_to_read(sock: socket.socket) -> bool:
    """Between two exchanges nothing may come; what is there is a closed connection or an answer to no question."""
    if sock.fileno() < 0 or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
        return True
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _tls_reason(error: ssl.SSLError | ssl.CertificateError) -> str:
    return getattr(error, "verify_message", "") or getattr(error, "reason", "") or str(error)
