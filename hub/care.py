"""What a person who looks after the members sees and does: a light for each, its reason, the next step.

Green runs by itself; yellow is late or new and mends itself or needs a call; red waits for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hub import enrolment, evidence_package, overview, roster_steps, telling_refusals, viewing
from hub.enrolment import Application
from hub.overview import Member
from hub.party import UNREACHABLE, Hub
from hub.roster_keeping import Alarm, Change
from hub.roster_steps import RosterStep
from hub.store.standings import load_standing, load_standings
from hub.telling_refusals import Refused
from shared.errors import NotFoundError
from shared.feed.outcomes import State
from shared.holdings import logs, papers
from shared.holdings.growth import Vanishing, vanishing_since_freeze

VANISHING_MAX = 500
"""Offers of a stopped withdrawal that are listed."""


class Light(StrEnum):
    """How urgent a member is, at a glance."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    GREY = "grey"


LIGHT_TEXTS: Mapping[Light, str] = {
    Light.RED: "braucht eine Entscheidung",
    Light.YELLOW: "im Auge behalten",
    Light.GREEN: "läuft",
    Light.GREY: "ruht",
}
"""In the order of urgency."""
_LIGHTS: Mapping[State, Light] = {
    State.ACTIVE: Light.GREEN,
    State.INVITED: Light.YELLOW,
    State.STALE: Light.YELLOW,
    State.THROTTLED: Light.RED,
    State.DORMANT: Light.RED,
    State.HELD: Light.RED,
    State.QUARANTINED: Light.RED,
    State.ROLLED_BACK: Light.RED,
    State.FORKED: Light.RED,
    State.SUSPENDED: Light.GREY,
    State.PAUSED: Light.GREY,
    State.RETIRED: Light.GREY,
}


@dataclass(frozen=True)
class Cared:
    """One member as the list shows it.

    Args:
        offers: how many of its offers are shown.
        refused: how many of its records were refused.
        last_read: when the hub last read it, Unix seconds; None for never.
        last_heard: when it last spoke to the hub, Unix seconds; None for never.
        last_pushed: of the catalogue that was last delivered to it; None for never.
        push_failures: deliveries in a row that failed.
        can_be_read: False where the member delivers by itself and cannot be reached.
    """

    member: Member
    light: Light
    offers: int
    refused: int
    last_read: int | None
    last_heard: int | None
    last_pushed: int | None
    push_failures: int
    can_be_read: bool

    @property
    def light_text(self) -> str:
        """The light in words."""
        return LIGHT_TEXTS[self.light]


@dataclass(frozen=True)
class Watched:
    """One member as its page shows it.

    Args:
        alarms: what a person must see to beside its state.
        refused: its records that were refused, and whether it was told.
        vanishing: offers that would leave the catalogue if a stopped withdrawal were confirmed.
        vanishing_count: how many those are in all.
        decides: what can be decided now: confirm, reject, both or nothing.
        acknowledged: of each log the size that the member said it holds, by origin.
        evidence: for how many cases there are notes that contradict each other.
        roster_steps: what can be changed about its place in the roster.
        noted: what the next roster is to change about it; None for nothing.
    """

    cared: Cared
    alarms: Sequence[Alarm]
    refused: Sequence[Refused]
    vanishing: Sequence[Vanishing]
    vanishing_count: int
    decides: frozenset[str]
    acknowledged: Sequence[Acknowledged]
    evidence: int
    roster_steps: Sequence[RosterStep]
    noted: Change | None


@dataclass(frozen=True)
class Acknowledged:
    """How much of a log a member says it holds, of how much the catalogue names."""

    member: str
    held: int
    named: int


def all_members(hub: Hub) -> list[Cared]:
    """Return all members, those that need a person first, then by name."""
    views = viewing.show_members(hub)
    order = list(LIGHT_TEXTS)
    with hub.db.read() as conn:
        known = load_standings(conn)
    cared = [
        Cared(
            member=view.member,
            light=_light(view.member, view.refused),
            offers=view.offers,
            refused=view.refused,
            last_read=_time(known, view.member, "last_poll"),
            last_heard=_time(known, view.member, "heard_at"),
            last_pushed=_time(known, view.member, "pushed_note"),
            push_failures=_time(known, view.member, "push_failures") or 0,
            can_be_read=view.member.url != UNREACHABLE,
        )
        for view in views
    ]
    return sorted(cared, key=lambda one: (order.index(one.light), one.member.name))


def _time(known: Mapping[str, Mapping[str, Any]], member: Member, column: str) -> int | None:
    """Return a time of a member's standing; None for never."""
    return known[member.origin][column] or None if member.origin in known else None


def _light(member: Member, refused: int) -> Light:
    light = _LIGHTS[State(member.state)]
    is_troubled = member.code is not None or refused or member.apart
    return Light.YELLOW if light is Light.GREEN and is_troubled else light


def count_lights(cared: Sequence[Cared]) -> list[tuple[Light, str, int]]:
    """Return how many members each light has, the urgent ones first; lights that nobody has are left out."""
    counts = Counter(one.light for one in cared)
    return [(light, text, counts[light]) for light, text in LIGHT_TEXTS.items() if counts[light]]


def one_member(hub: Hub, name: str) -> Watched:
    """Return what there is to know about one member.

    Raises:
        NotFoundError: nobody is called so.
    """
    everyone = all_members(hub)
    cared = next((one for one in everyone if one.member.name == name), None)
    if cared is None:
        raise NotFoundError("Ein Mitglied mit diesem Namen gibt es nicht", advice="Alle stehen unter „Mitglieder“.")
    member = cared.member
    with hub.db.read() as conn:
        log = logs.find_log(conn, member.origin)
        is_frozen = log is not None and log.fold is not None
        vanishing = vanishing_since_freeze(conn, log.id) if log is not None and is_frozen else []
        standing = load_standing(conn, member.origin, name)
        held = papers.load_holder(conn, name)
        evidence = evidence_package.count_evidence(conn, name)
    alarms = overview.alarms(hub, [one.member for one in everyone])
    said = viewing.newest(hub)
    named = [] if said is None else [source for source in said.sources if source.origin != member.origin]
    return Watched(
        cared=cared,
        alarms=[alarm for alarm in alarms if alarm.name == name and not _is_told(alarm, member)],
        refused=telling_refusals.list_refused(hub, name),
        vanishing=vanishing[:VANISHING_MAX],
        vanishing_count=len(vanishing),
        decides=_decisions(member, is_frozen=is_frozen, is_rejected=standing["hold"] == "rejected"),
        acknowledged=[
            Acknowledged(
                source.member, held[source.origin].size if source.origin in held else 0, source.size
            )
            for source in named
        ],
        evidence=evidence,
        roster_steps=roster_steps.possible_steps(hub, name),
        noted=roster_steps.noted_changes(hub).get(name),
    )  # fmt: skip


def _is_told(alarm: Alarm, member: Member) -> bool:
    """Tell whether the state and its next step, which the page shows anyway, say what the alarm says."""
    return bool(member.message) and alarm.message.startswith(member.message)


def _decisions(member: Member, *, is_frozen: bool, is_rejected: bool) -> frozenset[str]:
    found = set()
    if is_frozen or member.apart or member.state == State.THROTTLED:
        found.add("confirm")
    if (is_frozen and not is_rejected) or (member.apart and not is_frozen):
        found.add("reject")
    return frozenset(found)


def applications(hub: Hub) -> list[Application]:
    """Return who asks to be a member and waits for the comparison of fingerprints."""
    return enrolment.applications(hub)
