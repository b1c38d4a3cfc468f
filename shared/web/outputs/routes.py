"""All routes for integrators of a party, in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from shared.outputs.opening import PartyOutputs
from shared.web.outputs.answers_in_files import Spool
from shared.web.outputs.bulk import bulk_routes
from shared.web.outputs.changes import ChangeRoutes
from shared.web.outputs.describing import Described
from shared.web.outputs.docs import docs_route
from shared.web.outputs.hsds import Lists, hsds_router
from shared.web.outputs.kept_answers import KeptAnswers
from shared.web.outputs.lists_first import ListsFirst
from shared.web.outputs.source import OutputSource
from shared.web.page_version import PageVersion
from shared.web.public.face import Face


class OutputRoutes:
    """The routes of one party; `close` is called when its application ends.

    Args:
        directory: where long answers are written before they are sent; None: the system's own place.
    """

    def __init__(
        self, face: Face, party: PartyOutputs, *, is_recovering: Callable[[], bool], directory: Path | None
    ) -> None:
        self._source = OutputSource(face, party, is_recovering)
        self._spool = Spool(directory, party.reader.stamp)
        self._spool.sweep()
        self._lists = Lists(self._source, self._spool)
        self._changes = ChangeRoutes(self._source)

    def handlers(self) -> Sequence[ControllerRouterHandler]:
        """Return the routes."""
        return [
            hsds_router(self._source, self._spool, self._lists),
            *Described(self._source).handlers(),
            docs_route(self._source),
            *bulk_routes(self._source, self._spool),
            *self._changes.handlers(),
        ]

    def in_front_of(self, app: Litestar, version: PageVersion) -> Litestar:
        """Put what is answered without the application in front of it; returns the application."""
        whole = app.asgi_handler
        app.asgi_handler = KeptAnswers(whole, ListsFirst(whole, self._lists), version.held)
        return app

    async def close(self) -> None:
        """End all waiting and let long answers go."""
        await self._changes.close()
        self._spool.forget()
        self._source.reader.close()
