"""Where the routes for integrators read, and how their answers look: headers, problems, when nothing may be given out.

Decided here: a recovering party gives out no records (PROTOCOL 4 W6); one whose copy is overdue leaves persons out of
all records, its own included, since one file for everybody is what readers compare (PROTOCOL 10.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from shared.web.page_version import TRUSTED_SECONDS
from shared.web.public.face import Face

__all__ = ("IGNORED", "JSON", "NDJSON", "OutputSource", "respond")

EMPTY_SINCE: Final = "1970-01-01T00:00:00.000Z"
"""Of a catalogue in which nothing has ever been shown."""


class _Seen:
    """When nobody was hidden the last time: how much this process had written by then, and the time."""

    def __init__(self) -> None:
        self.open_at = (-1, 0.0)


@dataclass(frozen=True)
class OutputSource:
    """The outputs of one party as its routes see them.

    Args:
        is_recovering: tells whether records must not be given out now.
    """

    face: Face
    party: PartyOutputs
    is_recovering: Callable[[], bool]
    _seen: _Seen = field(default_factory=_Seen)

    @property
    def reader(self) -> Outputs:
        """What is read."""
        return self.party.reader

    def masks(self) -> bool:
        """Tell whether persons are left out now.

        That nobody is was seen a quarter of a second ago at most, and not before anything that this process wrote.

        Raises:
            LogStateError: E_RECOVERING, no record may be given out.
        """
        writes, now = self.face.db.writes, self.face.clock.monotonic()
        writes_then, then = self._seen.open_at
        if writes_then == writes and 0 <= now - then < TRUSTED_SECONDS:
            return False
        # A recovering party hides persons, too: so where none are hidden one look is enough.
        if not self.face.hides(""):
            self._seen.open_at = (writes, now)
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
    return Response(body, media_type=media_type, headers=headers_of(modified, headers))


def headers_of(modified: str, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the headers of a finished body; see `respond`."""
    given = {"Cache-Control": "no-cache", **(more or {})}
    if modified:
        given["Last-Modified"] = last_modified(datetime.fromisoformat(modified))
    return given


def last_modified(moment: datetime) -> str:
    """Return a time as the header says it, in whole seconds."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
