"""Invitations as the district's desk lists them: who may be invited, what became of each, how one is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hub import enrolment
from hub import roster_keeping as roster
from hub.enrolment import Application
from hub.party import Hub
from hub.store.applications import drop_invite, find_invite_of
from hub.store.standings import drop_application, load_invites
from shared.errors import NotFoundError, RuleError
from shared.feed.join import parse_invite
from shared.model.district import DistrictMember


class Stage(StrEnum):
    """How far an invitation is."""

    OPEN = "open"
    EXPIRED = "expired"
    COMPARE = "compare"
    NOTED = "noted"
    USED = "used"


STAGE_TEXTS = {
    Stage.OPEN: "wartet auf die Stadt",
    Stage.EXPIRED: "abgelaufen",
    Stage.COMPARE: "Fingerabdruck vergleichen",
    Stage.NOTED: "wartet auf Unterschriften",
    Stage.USED: "angenommen",
}


@dataclass(frozen=True)
class Invitation:
    """One invitation, or the keys that a member announced by itself.

    Args:
        expires: until when its code can be used, Unix seconds; None for keys that need none.
        application: what the city sent; None before.
    """

    name: str
    title: str
    stage: Stage
    expires: int | None
    application: Application | None

    @property
    def stage_text(self) -> str:
        """The stage in words."""
        return STAGE_TEXTS[self.stage]


@dataclass(frozen=True)
class Code:
    """A code, to be shown once, and until when it can be used."""

    text: str
    expires: int


def invitable(hub: Hub) -> list[DistrictMember]:
    """Return the publishers of the district's profile that are no active members, in the order of the profile."""
    active = {row.name for row in hub.members() if row.status == "active"}
    return [member for member in hub.district.members if member.name not in active]


def invite(hub: Hub, name: str) -> Code:
    """Invite a city of the district's profile; a code that was made before ends.

    Raises:
        RuleError: no city was chosen, or it is a member already; says so beside the field.
    """
    chosen = next((member for member in invitable(hub) if member.name == name), None)
    if chosen is None:
        raise RuleError("Die Stadt fehlt", {"name": ["Wählen Sie eine Stadt, die noch nicht Mitglied ist."]})
    return _code(enrolment.invite(hub, chosen.name, chosen.ags, chosen.title))


def invite_to_new_keys(hub: Hub, name: str) -> Code:
    """Invite a member to send new keys: for a new generation, or for lost ones; NotFoundError when there is none."""
    return _code(enrolment.regenerate(hub, name))


def _code(text: str) -> Code:
    return Code(text, parse_invite(text).expires)


def list_invitations(hub: Hub) -> list[Invitation]:
    """Return everything that is on its way, then what expired and what was accepted, each by name."""
    now = hub.clock.now()
    waiting = {one.name: one for one in enrolment.applications(hub)}
    with hub.db.read() as conn:
        noted = roster.pending_changes(conn)
        rows = {row.name: row for row in load_invites(conn)}
    found = []
    for name in sorted({*rows, *waiting}):
        row, application = rows.get(name), waiting.get(name)
        if application is not None:
            stage = Stage.NOTED if noted.get(name) is roster.Change.APPROVE else Stage.COMPARE
        elif row is None or row.used:
            stage = Stage.USED
        else:
            stage = Stage.OPEN if row.expires >= now else Stage.EXPIRED
        title = row.title if row is not None else name
        found.append(Invitation(name, title, stage, None if row is None else row.expires, application))
    order = [Stage.COMPARE, Stage.NOTED, Stage.OPEN, Stage.EXPIRED, Stage.USED]
    return sorted(found, key=lambda one: (order.index(one.stage), one.name))


def find_invitation(hub: Hub, name: str) -> Invitation:
    """Return how far a city is; NotFoundError when it was never invited."""
    found = next((one for one in list_invitations(hub) if one.name == name), None)
    if found is None:
        raise NotFoundError("Diese Stadt ist nicht eingeladen", advice="Alle stehen unter „Aufnehmen“.")
    return found


def revoke(hub: Hub, name: str) -> None:
    """Take an invitation back: its code opens nothing any more, and what was sent with it is forgotten.

    Raises:
        NotFoundError: there is none that could still be used.
    """
    with hub.db.write() as conn:
        row = find_invite_of(conn, name)
        if row is None or row.used:
            raise NotFoundError("Eine offene Einladung für diese Stadt gibt es nicht")
        drop_invite(conn, name)
        drop_application(conn, name)
        roster.cancel_change(conn, name)
