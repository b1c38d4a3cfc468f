"""`WebAccess` that loads the HTTP library when something is first asked: most commands ask nobody and start sooner."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from shared.clock import Clock
from shared.net.fetcher import NO_HEADERS, Fetched, Posted
from shared.net.settings import NetSettings

if TYPE_CHECKING:
    from shared.net.http import HttpClient


class LateWeb:
    """Asks peers by HTTP; several threads may ask first at the same time."""

    def __init__(self, settings: NetSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._client: HttpClient | None = None
        self._lock = threading.Lock()

    def _loaded(self) -> HttpClient:
        with self._lock:
            if self._client is None:
                from shared.net.http import HttpClient

                self._client = HttpClient(self._settings, self._clock)
            return self._client

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
        return self._loaded().get(
            url, max_bytes=max_bytes, deadline_seconds=deadline_seconds, etag=etag, wait_seconds=wait_seconds,
            content_types=content_types,
        )  # fmt: skip

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        return self._loaded().post(
            url, body, content_type=content_type, max_bytes=max_bytes, deadline_seconds=deadline_seconds,
            headers=headers,
        )  # fmt: skip

    def close(self) -> None:
        """Close kept connections."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
