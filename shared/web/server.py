"""Runs one application under uvicorn: one process, no access log, no word about itself, and an end within seconds.

An access log would hold addresses of people and what they looked for; requests that fail are in the program's log, by
route.  Waiting long polls are let go when the signal comes, so that the end does not take their thirty seconds.
"""

from __future__ import annotations

import ctypes
import signal
import socket
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial

import uvicorn
from litestar import Litestar

from shared.errors import ConfigError, reason_of
from shared.logs import Log, adopt_library_logs
from shared.notifying import notifier_from_environment

GRACE_SECONDS = 5
"""Requests under way may finish within this time."""
CONNECTIONS_MAX = 500
"""Connections at once; more are answered 503 before the application sees them."""
_KEEP_ALIVE_SECONDS = 15


class Server(uvicorn.Server):
    """A server that lets waiting requests go first when it is told to end."""

    def __init__(self, config: uvicorn.Config, app: Litestar) -> None:
        super().__init__(config)
        self._app = app
        self.on_ready: Callable[[], None] = lambda: None
        self._notifier = notifier_from_environment()
        self._told = 0.0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._notifier.ready()
        self.on_ready()

    async def on_tick(self, counter: int) -> bool:
        beat = self._notifier.beat_seconds
        if beat and (moment := time.monotonic()) - self._told >= beat:
            self._told = moment
            self._notifier.alive()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._notifier.stopping()
        await self._app.state.end_waiting()
        await super().shutdown(sockets)


_M_ARENA_MAX = -8  # of glibc's malloc.h
_ARENAS = 1


def keep_memory_small() -> None:
    """Let the threads of the pages share one heap: each of several would keep what it once needed (20 MB in all).

    Only glibc has this switch; elsewhere nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, _ARENAS)


def make_server(app: Litestar, *, host: str, port: int, root_path: str = "") -> Server:
    """Return a server that is not running yet; its settings are the same for serving and for tests."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        root_path=root_path,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        limit_concurrency=CONNECTIONS_MAX,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    return Server(config, app)


def serve(
    app: Litestar, log: Log, *, host: str, port: int, root_path: str = "", on_ready: Callable[[str], None] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then return, so that the caller can close what it opened.

    An application that is measured tells its measures at a place of its own for as long (`shared.web.metrics`).

    Args:
        root_path: path under which a proxy shows this application and which it strips.
        on_ready: called with the address once requests are answered.
    Raises:
        ConfigError: the address cannot be used, or the application did not start.
    """
    keep_memory_small()
    adopt_library_logs(log)
    server = make_server(app, host=host, port=port, root_path=root_path)
    if on_ready is not None:
        server.on_ready = partial(on_ready, f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}")
    # The address first: a second start by mistake must not begin the jobs, which would make the party recovering.
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=server.config.backlog)
    except OSError as error:
        raise ConfigError(
            f"Auf {host}:{port} kann nicht gelauscht werden: {reason_of(error)}.",
            advice="Mit --host und --port eine eigene Adresse und einen freien Port angeben.",
        ) from error
    # After its end uvicorn raises the signals that it caught once more; nobody must be killed by them then.
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with app.state.get("metrics") or nullcontext():
            server.run(sockets=[listener])
    finally:
        listener.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    if not server.started:
        raise ConfigError("Der Start ist nicht gelungen.", advice="Das Protokoll auf stderr nennt die Ursache.")
