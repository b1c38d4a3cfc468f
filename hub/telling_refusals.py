"""Refused versions of offers: what is wrong in plain words, what their city must do, and that it was told.

A city is told once of each version, by a hint in its inbox (PROTOCOL 14), which its desk shows as one of the district.
Whether its node has fetched it is seen by the inbox: what it has dealt with is gone from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from hub.party import Hub
from hub.relaying import tell_member
from hub.store.inbox import is_waiting
from hub.store.told_refusals import ToldRefusal, add_told, drop_told, load_told
from shared.errors import ConflictError, NotFoundError
from shared.feed.outcomes import ABOUT, Code
from shared.holdings import catalogue, payloads

DUTIES: Mapping[str, str] = {
    Code.E_PAYLOAD: "Das Angebot öffnen und noch einmal speichern.",
    Code.E_PAYLOAD_MISSING: (
        "Meist ist das vorübergehend. Dauert es länger als einen Tag: Die IT prüft, ob der Knoten die Daten ausliefert."
    ),
    Code.E_SCHEMA: "Das Programm des Knotens auf den neuen Stand bringen und das Angebot noch einmal speichern.",
    Code.E_OWNER: "Das Angebot zurückziehen: Es nennt eine andere Stadt als Eigentümerin. Das darf nicht vorkommen.",
}
"""What the city must do about a record that was refused for this code."""
_DUTY = "Das Angebot prüfen und noch einmal speichern."
_TOLD_KEPT_SECONDS = 400 * 86_400


@dataclass(frozen=True)
class Refused:
    """One refused version.

    Args:
        title: of the last good version; empty where there is none or it is not shown.
        position: index in the city's log, which tells versions apart.
        reason: in plain words; `detail` is the program's own reason.
        duty: what the city must do.
        told: when the city was told, Unix seconds; None for not yet.
        is_fetched: its node has the hint.
    """

    member: str
    rid: bytes
    title: str
    position: int
    code: str
    reason: str
    detail: str
    duty: str
    first_seen: int
    told: int | None
    is_fetched: bool


def list_refused(hub: Hub, member: str = "") -> list[Refused]:
    """Return the refused versions of all members, or of one, by member and index."""
    with hub.db.read() as conn:
        told = load_told(conn)
        return [
            _describe(conn, row, told.get((row.member, bytes(row.rid), row.position)))
            for row in payloads.load_quarantine(conn)
            if not member or row.member == member
        ]


def _describe(conn: sa.Connection, row: sa.Row[tuple[object, ...]], told: ToldRefusal | None) -> Refused:
    rid = bytes(row.rid)
    shown = catalogue.find_shown(conn, [row.origin], rid)
    return Refused(
        member=row.member, rid=rid, title="" if shown is None else shown.title, position=row.position, code=row.code,
        reason=ABOUT[Code(row.code)].text if row.code in Code.__members__ else "Die Fassung ist nicht gültig.",
        detail=row.message, duty=DUTIES.get(row.code, _DUTY), first_seen=row.first_seen,
        told=None if told is None else told.time,
        is_fetched=told is not None and not is_waiting(conn, told.ref),
    )  # fmt: skip


def tell(hub: Hub, member: str, rid: bytes, position: int) -> Refused:
    """Put the reason of a refusal into the city's inbox, once for each version; returns what was told.

    Raises:
        NotFoundError: this version is not refused now.
        ConflictError: the city was told already, fetches no hints now, or too many wait for it.
    """
    found = next(
        (one for one in list_refused(hub, member) if (one.rid, one.position) == (rid, position)), None
    )  # fmt: skip
    if found is None:
        raise NotFoundError("Diese Fassung ist nicht mehr abgelehnt", advice="Alle stehen unter „Quarantäne“.")
    now = hub.clock.now()
    with hub.db.write() as conn:
        if (member, rid, position) in load_told(conn):
            raise ConflictError("Die Stadt weiß von dieser Fassung schon")
        ref = tell_member(hub, conn, member, rid, text_of(found), contact=hub.district.contact.email)
        add_told(conn, ToldRefusal(member, rid, position, ref, now))
    return found


def text_of(refused: Refused) -> str:
    """Return what the city is told, short enough for a hint."""
    return (
        "Die neueste Fassung dieses Angebots ist im Verbund nicht angenommen worden. Gezeigt wird die letzte gute "
        f"Fassung, wenn es eine gibt.\nGrund: {refused.reason} ({refused.code})\n"
        f"Bitte tun Sie Folgendes: {refused.duty}"
    )


def letter_of(refused: Refused, *, page: str) -> tuple[str, str]:
    """Return subject and text of a mail that a person can send to the city; nothing personal stands in it.

    Args:
        page: address of the offer's public page.
    """
    what = f"„{refused.title}“" if refused.title else "ein Angebot, das noch nicht gezeigt wird"
    body = (
        f"Guten Tag,\n\nim Verbund kreisweit ist die neueste Fassung eines Ihrer Angebote nicht angenommen worden:\n"
        f"{what}\n{page}\n\nGrund: {refused.reason} ({refused.code})\n"
        f"Technische Angabe für die IT: {refused.detail or '–'} (Eintrag {refused.position})\n\n"
        f"Bitte tun Sie Folgendes: {refused.duty}\n\nVielen Dank und freundliche Grüße\n"
    )
    return "kreisweit: Ein Angebot ist nicht angenommen worden", body


def forget_old(conn: sa.Connection, *, now: int) -> None:
    """Forget what was told long ago; a version that is refused after that may be told again."""
    drop_told(conn, before=now - _TOLD_KEPT_SECONDS)
