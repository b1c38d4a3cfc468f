"""Where the routes for integrators read, and how their answers look: headers, problems, when nothing may be given out.

Decided here: a recovering party gives out no records (PROTOCOL 4 W6); one whose copy is overdue leaves persons out of
all records, its own included, since one file for everybody is what readers compare (PROTOCOL 10.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from litestar import Response

from shared.errors import LogStateError
from shared.hsds.openapi.answers import IGNORED, JSON, NDJSON
from shared.outputs.opening import PartyOutputs
from shared.outputs.reading import Outputs
from shared.web.public.face import Face

__all__ = ("IGNORED", "JSON", "NDJSON", "OutputSource", "respond")


@dataclass(frozen=True)
class OutputSource:
    """The outputs of one party as its routes see them.

    Args:
        is_recovering: tells whether records must not be given out now.
    """

    face: Face
    party: PartyOutputs
    is_recovering: Callable[[], bool]

    @property
    def reader(self) -> Outputs:
        """What is read."""
        return self.party.reader

    def masks(self) -> bool:
        """Tell whether persons are left out now.

        Raises:
            LogStateError: E_RECOVERING, no record may be given out.
        """
        if self.is_recovering():
            raise LogStateError("the catalogue is being compared with the members; come back soon", code="E_RECOVERING")
        return self.face.hides("")


def respond(
    body: bytes,
    *,
    modified: str = "",
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Answer with a finished body; tag and 304 come from `ConditionalRequests`.

    Args:
        modified: when what the body shows was changed last, as the model writes times; empty if unknown.
    """
    given = {"Cache-Control": "no-cache", **(headers or {})}
    if modified:
        moment = datetime.fromisoformat(modified).astimezone(UTC).replace(microsecond=0)
        given["Last-Modified"] = format_datetime(moment, usegmt=True)
    return Response(body, media_type=media_type, headers=given)
