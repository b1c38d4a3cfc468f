"""One party's web application, put together: federation routes, pages, static files, health, errors, headers.

Node and hub bring what differs: their pages, what a push means to them, and the jobs that run beside.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

import msgspec
from litestar import Litestar, Response, Router, get
from litestar.types import ControllerRouterHandler

from shared.accounts.links import DESK
from shared.errors import KreisweitError
from shared.logs import Log, describe_exception
from shared.web.assets import asset_routes
from shared.web.compression import Compression
from shared.web.conditional import ConditionalRequests
from shared.web.counting import Counting, Counts, stop_flushing
from shared.web.desk.guard import verify_desk
from shared.web.headers import SecurityHeaders
from shared.web.kept_pages import KeptPages
from shared.web.languages import Languages
from shared.web.outputs.cors import OpenToBrowsers
from shared.web.page_version import PageVersion
from shared.web.pages import Pages
from shared.web.problems import problem_handlers
from shared.web.readiness import Check, is_ready
from shared.web.routers import OwnRouter

_NO_STORE = {"Cache-Control": "no-store"}
_GERMAN = (DESK, "/verbund", "/mitglieder", "/bestaetigen", "/aendern", "/antwort")
"""Beginnings of paths whose pages are German for everybody: for those who work here, run a node or answer a letter."""


class Jobs(Protocol):
    """What runs beside the web application."""

    def start(self) -> Awaitable[None]:
        """Begin."""

    def stop(self) -> Awaitable[None]:
        """End."""


class WaitedFor(Protocol):
    """Routes some of whose answers wait for something to happen."""

    def handlers(self) -> Sequence[ControllerRouterHandler]:
        """Return the routes."""

    def close(self) -> Awaitable[None]:
        """End all waiting: the program ends."""


def make_site(
    *,
    log: Log,
    pages: Pages,
    waited_for: Sequence[WaitedFor],
    handlers: Sequence[ControllerRouterHandler],
    checks: dict[str, Check],
    jobs: Jobs | None,
    counts: Counts,
    version: PageVersion,
) -> Litestar:
    """Return the application; its lifespan starts the jobs, and ends them and all waiting.

    Whoever opened the database closes it after the application has ended.

    Args:
        waited_for: the federation's routes and those for integrators.
        version: tells when pages that were made before may no longer be shown.
    Raises:
        ConfigError: a route of the desk states no right.
    """

    async def end_waiting() -> None:
        for routes in waited_for:
            await routes.close()

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        app.state.end_waiting = end_waiting
        flushing = asyncio.create_task(counts.keep_flushing())
        try:
            if jobs is not None:
                await jobs.start()
            yield
        finally:
            await end_waiting()
            await stop_flushing(flushing)
            if jobs is not None:
                await jobs.stop()

    app = Litestar(
        route_handlers=[
            *(handler for routes in waited_for for handler in routes.handlers()),
            asset_routes(pages.assets),
            _health_routes(checks, log),
            *handlers,
        ],
        exception_handlers=problem_handlers(pages, log),
        lifespan=[lifespan],
        openapi_config=None,
        logging_config=None,
        pdb_on_exception=False,
        debug=False,
    )
    verify_desk(app)
    # Around everything, routing and its errors included: the framework answers 405 to HEAD before any middleware runs.
    # From the inside: an answer is compressed (once, if its page is kept), kept under the language that was chosen
    # before, compared with what the client holds (by the tag of the very bytes), and dressed in headers, 304 or not.
    kept = KeptPages(Compression(app.asgi_handler), version)
    localised = Languages(kept, tuple(pages.languages), german=_GERMAN)
    app.asgi_handler = SecurityHeaders(OpenToBrowsers(Counting(ConditionalRequests(localised), counts)))
    return app


def _health_routes(checks: dict[str, Check], log: Log) -> Router:
    @get("/livez", sync_to_thread=False, include_in_schema=False)
    def livez() -> Response[str]:
        return Response("ok\n", media_type="text/plain", headers=_NO_STORE)

    @get("/readyz", sync_to_thread=True, include_in_schema=False)
    def readyz() -> Response[bytes]:
        found = {name: _run(name, check, log) for name, check in checks.items()}
        ready = is_ready([*found.values()])
        body = msgspec.json.encode({"ready": ready, "checks": found})
        status = 200 if ready else 503
        headers = _NO_STORE if ready else {**_NO_STORE, "Retry-After": "5"}
        return Response(body, status_code=status, media_type="application/json", headers=headers)

    return OwnRouter("/", route_handlers=[livez, readyz])


def _run(name: str, check: Check, log: Log) -> str:
    try:
        return check()
    except KreisweitError as error:
        return error.code or "failed"
    except Exception as error:  # noqa: BLE001 - a full disk or a lost database: not ready, whatever it is
        log.error("check_failed", check=name, **describe_exception(error))
        return "failed"
