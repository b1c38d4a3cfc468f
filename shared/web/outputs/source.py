"""Where the routes for integrators read, and how their answers look: headers, problems, when nothing may be given out.

Decided here: a recovering party gives out no records (PROTOCOL 4 W6); one whose copy is overdue leaves persons out of
all records, its own included, since one file for everybody is what readers compare (PROTOCOL 10.5).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any, Final

from litestar import Request, Response

from shared.errors import LogStateError
from shared.outputs.digesting import digest_of
from shared.outputs.offered import About
from shared.outputs.opening import PartyOutputs
from shared.outputs.reading import Outputs, State
from shared.web.conditional import weak_tags
from shared.web.public.face import Face

JSON, NDJSON = "application/json", "application/x-ndjson"
EMPTY_SINCE: Final = "1970-01-01T00:00:00.000Z"
"""Of a catalogue in which nothing has ever been shown."""
IGNORED = "X-Ignored-Parameters"
"""Names the parameters of a query that nobody knows, so that a mistyped one can be noticed."""


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
    request: Request[Any, Any, Any],
    body: bytes,
    *,
    modified: str = "",
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """Answer with a finished body; 304 where the client has a version that is not older.

    Args:
        modified: when what the body shows was changed last, as the model writes times; empty if unknown.
    """
    given = {"Cache-Control": "no-cache", **(headers or {})}
    if modified:
        moment = datetime.fromisoformat(modified).astimezone(UTC)
        given["Last-Modified"] = last_modified(moment)
        if has_newest(request, "", moment):
            return Response(b"", status_code=304, media_type=media_type, headers=given)
    return Response(body, media_type=media_type, headers=given)


def last_modified(moment: datetime) -> str:
    """Return a time as the header says it, in whole seconds."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def has_newest(request: Request[Any, Any, Any], tag: str, modified: datetime | None) -> bool:
    """Tell whether the client says that it has this version; a tag, where it sends one, decides alone.

    Args:
        tag: of this version, without quotes; empty where only its bytes will have one.
        modified: when it came to be; None where that says nothing.
    """
    if "if-none-match" in request.headers:
        wanted = weak_tags(request.headers["if-none-match"])
        return bool(tag) and bool(wanted & {"*", f'"{tag}"'})
    since = request.headers.get("if-modified-since", "")
    if not since or modified is None:
        return False
    try:
        known = parsedate_to_datetime(since)
    except ValueError:
        return False
    return modified.replace(microsecond=0) <= (known if known.tzinfo else known.replace(tzinfo=UTC))
