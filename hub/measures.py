"""What is measured of the hub: what every party has (`shared.measures`), and how its members and integrators stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from hub import overview
from hub.alarms import find_alarms
from hub.backups import subject_of
from hub.notes import newest_note
from hub.party import Hub
from hub.store import subscribers
from hub.store.standings import load_standings
from shared import measures
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.outcomes import State
from shared.holdings import payloads
from shared.measures import Measure, Part, Reading, by_label, one

MEMBERS: Final = Measure("kreisweit_members", "members by state", ("state",))
LAG: Final = Measure(
    "kreisweit_member_lag_entries", "entries of the catalogue that a member has not said it holds", ("member",)
)
READ: Final = Measure(
    "kreisweit_member_last_read_timestamp_seconds", "when the hub last read a member; 0 for never", ("member",)
)
PUSHED: Final = Measure(
    "kreisweit_member_last_push_timestamp_seconds",
    "time of the catalogue note that a member last took from the hub; 0 for none",
    ("member",),
)
QUARANTINED: Final = Measure("kreisweit_quarantined_records", "records whose newest version was refused")
ALARMS: Final = Measure("kreisweit_alarms_open", "matters that a person at the district must see to")
WEBHOOKS: Final = Measure(
    "kreisweit_webhooks_failing", "subscribers whose address does not answer, or was given up for that"
)
OWN: Final = (MEMBERS, LAG, READ, PUSHED, QUARANTINED, ALARMS, WEBHOOKS)
_STATES: Final = ("live", "recovering")


def parts_of(hub: Hub) -> Mapping[str, Part]:
    """Return what is read at each scrape, by name."""
    settings, clock = hub.settings, hub.clock
    subject = subject_of(settings, clock)
    return {
        "build": lambda: measures.read_build("hub"),
        "state": lambda: measures.read_state(_STATES[hub.is_recovering()], _STATES),
        "work": lambda: measures.read_work(hub.db, clock),
        "catalogue": lambda: measures.read_catalogue(hub.db, _newest(hub), clock),
        "roster": lambda: measures.read_roster(hub.book, clock),
        "disk": lambda: measures.read_disk(hub.db, settings.home),
        "backups": lambda: measures.read_backups(subject, settings.backup_folder),
        "members": lambda: read_members(hub),
        "integrators": lambda: read_integrators(hub),
    }


def _newest(hub: Hub) -> CatalogueNote | None:
    with hub.db.read() as conn:
        return newest_note(conn)


def read_members(hub: Hub) -> Sequence[Reading]:
    """Return how the members stand, and how much of it waits for a person."""
    everyone = overview.members(hub)
    with hub.db.read() as conn:
        known = load_standings(conn)
        quarantined = len(payloads.load_quarantine(conn))
    states = Counter(member.state for member in everyone)
    times = {member.name: known.get(member.origin, {}) for member in everyone}
    return [
        by_label(MEMBERS, {state: states[state] for state in State}),
        by_label(LAG, {member.name: member.lag for member in everyone}),
        by_label(READ, {name: row.get("last_poll", 0) for name, row in times.items()}),
        by_label(PUSHED, {name: row.get("pushed_note", 0) for name, row in times.items()}),
        one(QUARANTINED, quarantined),
        one(ALARMS, len(find_alarms(hub, everyone))),
    ]


def read_integrators(hub: Hub) -> Sequence[Reading]:
    """Return how many subscribers cannot be told."""
    with hub.db.read() as conn:
        everyone = [owned.subscriber for owned in subscribers.load_all(conn)]
    failing = [row for row in everyone if row.failing_since is not None or row.reason == subscribers.FAILING]
    return [one(WEBHOOKS, len(failing))]
