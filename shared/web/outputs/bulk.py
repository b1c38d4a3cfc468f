"""The whole catalogue in one answer, in each of its formats; written once for each state of the catalogue.

A reader who has the newest state is told so before anything is written.  Two files are written at a time at most, and
who waits for one of them holds no thread.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

import anyio
import anyio.to_thread
import msgspec
from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from shared.outputs.everything import opened_offers
from shared.outputs.formats.all import FORMATS
from shared.outputs.formats.format import Format
from shared.outputs.offered import About
from shared.web.conditional import has_version
from shared.web.outputs.answers_in_files import Kept, Spool, file_response
from shared.web.outputs.source import OutputSource, last_modified

_WRITERS: Final = 2
_Request = Request[Any, Any, Any]


@dataclass(frozen=True)
class _Edition:
    """What is given out now.

    Args:
        masks: persons are left out.
        state: stamp of the outputs, and what stands for all that the file says of itself.
    """

    about: About
    masks: bool
    state: tuple[str, str]

    @property
    def tag(self) -> str:
        """Tells a copy of it from all others."""
        return ".".join([*self.state, *(["m"] if self.masks else [])])

    @property
    def modified(self) -> datetime | None:
        """When it came to be; None where a date would mislead: whether persons are left out changes without one."""
        return None if self.masks else self.about.made


def bulk_routes(source: OutputSource, spool: Spool) -> Sequence[HTTPRouteHandler]:
    """Return the routes of all formats."""
    bulk = _Bulk(source, spool)
    return [bulk.route(one) for one in FORMATS]


class _Bulk:
    def __init__(self, source: OutputSource, spool: Spool) -> None:
        self._source = source
        self._spool = spool
        self._writing = anyio.CapacityLimiter(_WRITERS)

    def route(self, form: Format) -> HTTPRouteHandler:
        """Return the route of one format."""

        @get(form.path, include_in_schema=False)
        async def answer(request: _Request) -> Response[Any]:
            edition = await anyio.to_thread.run_sync(self._edition)
            headers = _headers(form, edition, self._source.face.words.district.timezone)
            if has_version(request.scope["headers"], f'"{edition.tag}"', edition.modified):
                return Response(b"", status_code=304, media_type=form.media_type, headers=headers)
            kept = self._spool.find((form.path, edition.masks), edition.state)
            if kept is None:
                kept = await anyio.to_thread.run_sync(self._write, form, edition, limiter=self._writing)
            return file_response(kept, form.media_type, headers=headers)

        return answer

    def _edition(self) -> _Edition:
        """Look at the state of now; LogStateError where nothing may be given out, or nothing is there yet."""
        masks = self._source.masks()
        state = self._source.reader.state()
        about = self._source.about(state)
        # Of the vocabularies their mark will do.
        said = [getattr(about, field.name) for field in fields(about) if field.name != "vocabularies"]
        told = msgspec.json.encode([*said, about.vocabularies.mark])
        return _Edition(about, masks, (state.stamp, hashlib.sha256(told).hexdigest()[:12]))

    def _write(self, form: Format, edition: _Edition) -> Kept:
        def write(into: IO[bytes]) -> None:
            source = self._source
            with opened_offers(
                source.reader, source.face.db, source.face.origins, source.party.makers(), masks=edition.masks,
                scratch=self._spool.directory,
            ) as offers:  # fmt: skip
                form.write(offers, edition.about, into)

        return self._spool.keep((form.path, edition.masks), edition.state, write)


def _headers(form: Format, edition: _Edition, timezone: str) -> dict[str, str]:
    headers = {"Cache-Control": "no-cache", "ETag": f'"{edition.tag}"'}
    if edition.modified is not None:
        headers["Last-Modified"] = last_modified(edition.modified)
    if name := form.file_name(edition.about.made.astimezone(ZoneInfo(timezone)).date()):
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return headers
