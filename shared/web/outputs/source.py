"""Where the routes for integrators read, and how their answers look: headers, problems, when nothing may be given out.

Decided here: a recovering party gives out no records (PROTOCOL 4 W6); one whose copy is overdue leaves persons out of
all records, its own included, since one file for everybody is what readers compare (PROTOCOL 10.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from litestar import Response

from shared.errors import LogStateError
from shared.hsds.openapi.answers import IGNORED, JSON, NDJSON
from shared.outputs.digesting import digest_of
from shared.outputs.offered import About
from shared.outputs.opening import PartyOutputs
from shared.outputs.reading import Outputs, State
from shared.web.public.face import Face

__all__ = ("IGNORED", "JSON", "NDJSON", "OutputSource", "respond")

EMPTY_SINCE: Final = "1970-01-01T00:00:00.000Z"
"""Of a catalogue in which nothing has ever been shown."""


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
        # A recovering party hides persons, too: so where none are hidden one look is enough.
        if not self.face.hides(""):
            return False
        if self.is_recovering():
            raise LogStateError("the catalogue is being compared with the members; come back soon", code="E_RECOVERING")
        return True

    def about(self, state: State) -> About:
        """Return what outputs of a state say of themselves."""
        face, district = self.face, self.face.words.district
        office, said = face.texts().office, face.said()
        made = state.changed_at or EMPTY_SINCE
        return About(
            title=_title(district.name),
            publisher=office.name or district.contact.organisation,
            email=office.email or district.contact.email,
            base_url=face.public_url.rstrip("/"),
            licence_url=district.licence.url,
            licence_name=district.licence.name,
            made=datetime.fromisoformat(made).astimezone(UTC),
            digest=digest_of(state.sizes, said),
            district=district,
            vocabularies=face.words.vocabularies,
        )


def _title(district: str) -> str:
    is_kreis = district.partition(" ")[0].lower().endswith("kreis")
    return f"Integrationsangebote im {district}" if is_kreis else f"Integrationsangebote: {district}"


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
        given["Last-Modified"] = last_modified(datetime.fromisoformat(modified))
    return Response(body, media_type=media_type, headers=given)


def last_modified(moment: datetime) -> str:
    """Return a time as the header says it, in whole seconds."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
