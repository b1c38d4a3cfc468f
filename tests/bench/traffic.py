"""Counts what a party asks of its peers: requests, and bytes at the socket in both directions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from shared.net import wire
from shared.net.wire import DeadlineStream


class Traffic:
    """Counts of one stretch of work."""

    def __init__(self) -> None:
        self.requests = 0
        self.received = 0
        self.sent = 0

    @property
    def total(self) -> int:
        """Bytes in both directions, headers included."""
        return self.received + self.sent


@contextmanager
def counted() -> Iterator[Traffic]:
    """Count what passes through this process's client until the end of the block; connections must be opened in it."""
    traffic = Traffic()

    class CountingStream(DeadlineStream):
        def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
            part = super().read(max_bytes, timeout)
            traffic.received += len(part)
            return part

        def write(self, buffer: bytes, timeout: float | None = None) -> None:
            super().write(buffer, timeout)
            traffic.sent += len(buffer)
            traffic.requests += bytes(buffer[:5]) in (b"GET /", b"POST ")

    wire.DeadlineStream = CountingStream  # type: ignore[misc]
    try:
        yield traffic
    finally:
        wire.DeadlineStream = DeadlineStream  # type: ignore[misc]
