"""What the pages of the district's desk share: the hub, its words, and the desk."""

from __future__ import annotations

from dataclasses import dataclass

from hub.party import Hub
from shared.accounts.links import DESK
from shared.web.desk.desk import Desk
from shared.web.offer_words import Words

MEMBERS = f"{DESK}/mitglieder"
INTEGRATORS = f"{DESK}/integratoren"
FRESHNESS = f"{DESK}/aktualitaet"
DIGESTS = f"{DESK}/monatsmail"
STATISTICS = f"{DESK}/statistik"
LETTERS = f"{DESK}/rundbrief"


@dataclass(frozen=True)
class Room:
    """The hub's desk."""

    hub: Hub
    desk: Desk
    words: Words


def member_path(name: str) -> str:
    """Return the path of a member's page at the desk."""
    return f"{MEMBERS}/{name}"


def freshness_path(name: str) -> str:
    """Return the path of the page about the freshness of a member's offers."""
    return f"{FRESHNESS}/{name}"


def digest_path(name: str) -> str:
    """Return the path of the page about the monthly letter to a member."""
    return f"{DIGESTS}/{name}"


def letter_path(month: str) -> str:
    """Return the path of the page about an issue of the newsletter."""
    return f"{LETTERS}/{month}"
