"""What the pages of the district's desk share: the hub, its words, and the desk."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response

from hub.deciding import Decider
from hub.gaps import Gaps
from hub.party import Hub
from shared.accounts.links import DESK
from shared.web.desk.desk import Desk
from shared.web.desk.guard import DeskRequest, signed_in
from shared.web.offer_words import Words

CSV = "text/csv; charset=utf-8"
MEMBERS = f"{DESK}/mitglieder"
ENROL = f"{MEMBERS}/aufnehmen"
ROSTER = f"{DESK}/mitgliederliste"
QUARANTINE = f"{DESK}/quarantaene"
ALARMS = f"{DESK}/alarme"
INTEGRATORS = f"{DESK}/integratoren"
DUPLICATES = f"{DESK}/doppelte"
VOCABULARIES = f"{DESK}/vokabulare"
TEXTS = f"{DESK}/texte"
SEARCH_WORDS = f"{DESK}/suchwoerter"
GAPS = f"{DESK}/luecken"
GAP_NEEDS = f"{GAPS}/bedarf"
AGREEMENTS = f"{GAPS}/besprechung"
OFFICES = f"{GAPS}/kontakte"
REPORTS = f"{GAPS}/bericht"
YEARS = f"{GAPS}/jahr"
NEEDS = f"{DESK}/bedarf"
FRESHNESS = f"{DESK}/aktualitaet"
DIGESTS = f"{DESK}/monatsmail"
STATISTICS = f"{DESK}/statistik"
LETTERS = f"{DESK}/rundbrief"
NOTICES = f"{DESK}/ausblendungen"


@dataclass(frozen=True)
class Room:
    """The hub's desk."""

    hub: Hub
    desk: Desk
    words: Words
    gaps: Gaps


def member_path(name: str) -> str:
    """Return the path of a member's page at the desk."""
    return f"{MEMBERS}/{name}"


def query_text(request: DeskRequest, name: str, *, most: int = 200) -> str:
    """Return a field of the query, cut to what a person would type."""
    return str(request.query_params.get(name, ""))[:most].strip()


def decider_of(request: DeskRequest) -> Decider:
    """Return who decides: the account for the hub's own journal, the role for the log."""
    me = signed_in(request)
    return Decider(me.account_id, me.role.title)


def attachment(content: bytes, media_type: str, name: str) -> Response[bytes]:
    """Answer with a file to keep; `name` holds nothing but letters, digits, dots and dashes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


def freshness_path(name: str) -> str:
    """Return the path of the page about the freshness of a member's offers."""
    return f"{FRESHNESS}/{name}"


def digest_path(name: str) -> str:
    """Return the path of the page about the monthly letter to a member."""
    return f"{DIGESTS}/{name}"


def letter_path(month: str) -> str:
    """Return the path of the page about an issue of the newsletter."""
    return f"{LETTERS}/{month}"
