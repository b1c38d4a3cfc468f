"""Readers who ask one server again and again over connections that stay open, and how long each answer took.

One loop in this process plays all of them; each sends its next request when its answer is there.  Only the end of an
answer is looked for, so that the readers cost less than what they measure.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvloop

_CHUNKED, _LAST_CHUNK = b"transfer-encoding: chunked", b"0\r\n\r\n"
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What one stretch of asking came to; times in milliseconds.

    Args:
        server_cpu_seconds: of the process that answered.
        body_bytes: of all answers together.
    """

    requests: int
    seconds: float
    server_cpu_seconds: float
    body_bytes: int
    times: tuple[float, ...]

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Requests in a second that the server computed: what one core of it alone would answer."""
        return self.requests / self.server_cpu_seconds

    @property
    def page_bytes(self) -> float:
        return self.body_bytes / self.requests

    def late(self, share: float) -> float:
        """The milliseconds within which this share of the answers came."""
        return sorted(self.times)[min(len(self.times) - 1, int(len(self.times) * share))]


def ask(
    port: int, paths: Iterable[str], *, connections: int, server: int, status: int = 200, headers: str = ""
) -> Load:
    """Ask for all paths, as fast as answers come.

    Args:
        server: the process that answers, for its CPU time.
        status: what every answer must have.
        headers: further lines of each request, each with CRLF.
    Raises:
        RuntimeError: an answer had another status, or a connection ended.
    """
    return uvloop.run(_ask(port, iter(paths), connections, server, status, headers))


async def _ask(port: int, paths: Iterator[str], connections: int, server: int, status: int, headers: str) -> Load:
    loop = asyncio.get_running_loop()
    readers = [
        (await loop.create_connection(lambda: _Reader(paths, status, headers), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    cpu, began = cpu_seconds(server), time.perf_counter()
    for reader in readers:
        reader.begin()
    await asyncio.gather(*(reader.done for reader in readers))
    seconds, cpu = time.perf_counter() - began, cpu_seconds(server) - cpu
    times = tuple(taken for reader in readers for taken in reader.times)
    return Load(len(times), seconds, cpu, sum(reader.body_bytes for reader in readers), times)


class _Reader(asyncio.Protocol):
    """One connection."""

    def __init__(self, paths: Iterator[str], status: int, headers: str) -> None:
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.body_bytes = 0
        self._paths = paths
        self._wanted = f"HTTP/1.1 {status} ".encode()
        self._headers = headers
        self._head = b""
        self._missing = 0  # bytes of the body; negative: until the last chunk
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def begin(self) -> None:
        path = next(self._paths, None)
        if path is None:
            self.done.set_result(None)
            self._transport.close()
            return
        self._head, self._sent = b"", time.perf_counter()
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n{self._headers}\r\n"
        self._transport.write(request.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if self._missing == 0:
            self._head += data
            head, end, data = self._head.partition(b"\r\n\r\n")
            if not end:
                return
            self._read_head(head.lower())
        self.body_bytes += len(data)
        if self._missing < 0:
            is_over = data.endswith(_LAST_CHUNK)
        else:
            self._missing -= len(data)
            is_over = self._missing == 0
        if is_over:
            self._missing = 0
            self.times.append(1000 * (time.perf_counter() - self._sent))
            self.begin()

    def _read_head(self, head: bytes) -> None:
        if not head.upper().startswith(self._wanted):
            self._fail(f"an answer began with {head[:40]!r}")
        elif _CHUNKED in head:
            self._missing = -1
        else:
            self._missing = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)

    def _fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(reason))
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(f"a connection ended: {exc}"))


def cpu_seconds(pid: int) -> float:
    """CPU seconds that a running process has used, its threads included; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def peak_mb(pid: int) -> float:
    """Most memory that a running process ever held; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), 0.0)
