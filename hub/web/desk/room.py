"""What the pages of the district's desk share: the hub, its words, and the desk."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response

from hub.party import Hub
from shared.accounts.links import DESK
from shared.web.desk.desk import Desk
from shared.web.offer_words import Words

MEMBERS = f"{DESK}/mitglieder"
ENROL = f"{MEMBERS}/aufnehmen"
ROSTER = f"{DESK}/mitgliederliste"
QUARANTINE = f"{DESK}/quarantaene"
ALARMS = f"{DESK}/alarme"
INTEGRATORS = f"{DESK}/integratoren"


@dataclass(frozen=True)
class Room:
    """The hub's desk."""

    hub: Hub
    desk: Desk
    words: Words


def member_path(name: str) -> str:
    """Return the path of a member's page at the desk."""
    return f"{MEMBERS}/{name}"


def attachment(content: bytes, media_type: str, name: str) -> Response[bytes]:
    """Answer with a file to keep; `name` holds nothing but letters, digits, dots and dashes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)
