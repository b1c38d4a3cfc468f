"""What the pages of the district's desk share: the hub, its words, and the desk."""

from __future__ import annotations

from dataclasses import dataclass

from hub.party import Hub
from shared.accounts.links import DESK
from shared.web.desk.desk import Desk
from shared.web.offer_words import Words

MEMBERS = f"{DESK}/mitglieder"
INTEGRATORS = f"{DESK}/integratoren"
NOTICES = f"{DESK}/ausblendungen"


@dataclass(frozen=True)
class Room:
    """The hub's desk."""

    hub: Hub
    desk: Desk
    words: Words


def member_path(name: str) -> str:
    """Return the path of a member's page at the desk."""
    return f"{MEMBERS}/{name}"
