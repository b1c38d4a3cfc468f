"""`/hsds/docs`: the description of the interface as a page for people, shown by Swagger UI from our own files."""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.web.outputs.source import OutputSource

DOCS = "/hsds/docs"


def docs_route(source: OutputSource) -> HTTPRouteHandler:
    """Return the route of the page."""

    @get(DOCS, sync_to_thread=True, include_in_schema=False)
    def docs() -> Response[str]:
        page = source.face.pages.render("public/interface_docs.html")
        headers = {"Cache-Control": "no-cache", "Content-Language": "en"}
        return Response(page, media_type="text/html", headers=headers)

    return docs
