"""The whole catalogue in one answer, in each of its formats; made once for each state of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, Any

from litestar import Request, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Stream

from shared.web.outputs.answers_in_files import Spool, WriteFile, file_response
from shared.web.outputs.source import NDJSON, OutputSource

_Request = Request[Any, Any, Any]


def bulk_routes(source: OutputSource, spool: Spool) -> Sequence[HTTPRouteHandler]:
    """Return the routes of all formats."""
    return [_route(source, spool, "/catalog.ndjson", NDJSON, lambda masks: lambda into: _lines(source, masks, into))]


def _lines(source: OutputSource, masks: bool, into: IO[bytes]) -> None:
    into.writelines(line + b"\n" for line in source.reader.all_services(masks=masks))


def _route(source: OutputSource, spool: Spool, path: str, media_type: str, writer: Any) -> HTTPRouteHandler:
    @get(path, sync_to_thread=True, include_in_schema=False)
    def answer(request: _Request) -> Stream:
        masks = source.masks()
        stamp = source.reader.stamp()
        write: WriteFile = writer(masks)
        kept = spool.keep((path, masks), stamp, write)
        headers = {"ETag": f'"{stamp}{"-m" if masks else ""}"'}
        return file_response(kept, media_type, headers=headers)

    return answer
