"""What people and programs read about the federation at the hub: members, quarantine, catalogue, status, alarms.

The names of the fields are the keys of `--json`: others rely on them.  Roots are written as in checkpoints, in base64;
times are unix seconds, null where there is none.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import sqlalchemy as sa

from hub import enrolment, notes
from hub.alarms import find_alarms
from hub.party import Hub
from hub.recovery import has_spoken
from hub.roster_keeping import Alarm
from hub.states import Standing, standings_of
from hub.store.apart import count_apart
from shared.consume import shown_origins
from shared.feed.base64s import encode_base64
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.outcomes import ABOUT, Code, State
from shared.feed.roster import MemberRow
from shared.holdings import catalogue, edits, facts, logs, papers, payloads

_ABOUT_STATE = {
    State.RETIRED: "Ausgeschieden; die Daten sind gelöscht.",
    State.SUSPENDED: "Gesperrt; die Angebote sind ausgeblendet.",
    State.PAUSED: "Pausiert; der letzte gute Stand wird gezeigt.",
    State.FORKED: "Es gibt zwei unterschriebene Fassungen des Logs; der letzte gute Stand wird gezeigt.",
    State.ROLLED_BACK: "Das Log ist kürzer als der bekannte Stand; der letzte gute Stand wird gezeigt.",
    State.QUARANTINED: "Die letzte Antwort war nicht gültig; der letzte gute Stand wird gezeigt.",
    State.HELD: "Ungewöhnlich viele Angebote wurden zurückgezogen; das wartet auf eine Entscheidung.",
    State.THROTTLED: "Es kamen ungewöhnlich viele Einträge; sie warten auf Bestätigung oder den nächsten Tag.",
    State.INVITED: "Aufgenommen, aber noch nicht vollständig gelesen.",
    State.DORMANT: "Seit über 30 Tagen ohne Lebenszeichen; die Angebote sind ausgeblendet.",
    State.STALE: "Seit über 24 Stunden ohne neue Bestätigung.",
    State.ACTIVE: "",
}
_REJECTED = "Die Rücknahmen wurden nicht bestätigt; der Stand davor bleibt, bis die Stadt sie ändert."


class Member(msgspec.Struct, frozen=True):
    """One line of `members --json`.

    `lag` counts entries of the catalogue that this member has not acknowledged; `detail` is the program's own reason.
    """

    name: str
    ags: str
    state: str
    code: str | None
    size: int
    root: str
    time: int | None
    lag: int
    message: str
    detail: str
    acts: str
    origin: str
    url: str
    generation: int
    keys: int
    apart: int


class Quarantined(msgspec.Struct, frozen=True):
    """One line of `quarantine --json`: a record whose newest version was refused."""

    member: str
    id: str
    index: int
    code: str
    message: str
    detail: str


class CatalogueSource(msgspec.Struct, frozen=True):
    """One log of the catalogue note."""

    origin: str
    size: int
    root: str
    member: str
    state: str


class Catalogue(msgspec.Struct, frozen=True):
    """What `catalogue --json` says: the newest note, and how many records are shown under it."""

    digest: str | None
    records: int
    other: int
    missing: int
    time: int | None
    sources: list[CatalogueSource]


class RosterState(msgspec.Struct, frozen=True):
    """The roster in force."""

    version: int
    issued: int
    expires: int
    threshold: int
    members: int


class Recovering(msgspec.Struct, frozen=True):
    """Since when the hub waits, and for whom."""

    since: int
    waits_for: list[str]


class Status(msgspec.Struct, frozen=True):
    """What `status --json` says."""

    state: str
    origin: str
    url: str
    size: int
    root: str
    pending: int
    members: dict[str, int]
    applications: list[enrolment.Application]
    roster: RosterState | None
    digest: str | None
    records: int
    missing: int
    recovering: Recovering | None
    alarms: list[Alarm]
    message: str


# --- members -------------------------------------------------------------------------------------------------------


def members(hub: Hub) -> list[Member]:
    """Return every member with its state, by name; the hub itself is not one."""
    now = hub.clock.now()
    with hub.db.read() as conn:
        note = notes.newest_note(conn)
        return [_member(hub, conn, found, note) for found in standings_of(conn, hub.members(conn), now=now)]


def _member(hub: Hub, conn: sa.Connection, standing: Standing, note: CatalogueNote | None) -> Member:
    row, code = standing.row, _code(standing.code)
    log = logs.find_log(conn, row.origin)
    return Member(
        name=row.name, ags=row.ags, state=standing.state.value, code=None if code is None else code.value,
        size=standing.size, root=encode_base64(standing.root), time=standing.time or None, lag=_lag(conn, row, note),
        message=_message(standing, code), detail=standing.message,
        acts="" if code is None else ABOUT[code].acts.value, origin=row.origin, url=row.url, generation=row.generation,
        keys=len(hub.book.rows(row.name, conn)), apart=0 if log is None else count_apart(conn, log.id),
    )  # fmt: skip


def _code(text: str) -> Code | None:
    """Return the code of the last run where it says that something is wrong."""
    if not text or text in (Code.OK, Code.OK_UNCHANGED):
        return None
    return Code(text)


def _message(standing: Standing, code: Code | None) -> str:
    parts = [
        _REJECTED if standing.state is State.HELD and standing.hold == "rejected" else _ABOUT_STATE[standing.state]
    ]
    if code is not None and code is not Code.STALE:
        parts.append(ABOUT[code].text)
    return " ".join(part for part in parts if part)


def _lag(conn: sa.Connection, row: MemberRow, note: CatalogueNote | None) -> int:
    """Count what the newest note names and the member has not said it holds; its own log it has from itself."""
    if note is None or row.status in ("retired", "suspended"):
        return 0
    held = papers.load_holder(conn, row.name)
    return sum(
        max(0, source.size - (held[source.origin].size if source.origin in held else 0))
        for source in note.sources
        if source.origin != row.origin
    )


# --- quarantine and catalogue --------------------------------------------------------------------------------------


def quarantine(hub: Hub) -> list[Quarantined]:
    """Return the records whose newest version was refused, by member and index."""
    with hub.db.read() as conn:
        return [
            Quarantined(row.member, bytes(row.rid).hex(), row.position, row.code, _about(row.code), row.message)
            for row in payloads.load_quarantine(conn)
        ]


def _about(code: str) -> str:
    return ABOUT[Code(code)].text if code in Code.__members__ else ""


def catalogue_state(hub: Hub) -> Catalogue:
    """Return the newest catalogue note and how many records are shown under it."""
    with hub.db.read() as conn:
        note = notes.newest_note(conn)
        if note is None:
            return Catalogue(None, 0, 0, 0, None, [])
        shown = shown_origins(note)
        offers = sum(catalogue.count_shown(conn, shown, kind="offer").values())
        every = sum(catalogue.count_shown(conn, shown, kind=None).values())
        held = {row.origin: row.id for row in logs.load_logs(conn)}
        missing = sum(payloads.count_missing(conn, held[origin]) for origin in shown if origin in held)
    sources = [
        CatalogueSource(source.origin, source.size, encode_base64(source.root), source.member, source.state)
        for source in note.sources
    ]
    return Catalogue(note.digest.hex(), offers, every - offers, missing, note.time, sources)


# --- status --------------------------------------------------------------------------------------------------------


def status(hub: Hub) -> Status:
    """Return how the hub itself is, and everything that a person must see to."""
    said = catalogue_state(hub)
    everyone = members(hub)
    with hub.db.read() as conn:
        own = logs.load_log(conn, hub.settings.origin)
        recovering = _recovering(hub, conn)
        pending = edits.count_edits(conn)
        roster = _roster(hub, conn)
    return Status(
        state="live" if recovering is None else "recovering", origin=own.origin, url=hub.settings.url, size=own.size,
        root=encode_base64(bytes(own.root)), pending=pending,
        members=dict(sorted(Counter(member.state for member in everyone).items())),
        applications=enrolment.applications(hub), roster=roster, digest=said.digest,
        records=said.records, missing=said.missing, recovering=recovering, alarms=alarms(hub, everyone),
        message="" if recovering is None else _waiting_message(recovering),
    )  # fmt: skip


def _roster(hub: Hub, conn: sa.Connection) -> RosterState | None:
    held = hub.book.newest(conn)
    if held is None:
        return None
    roster = held.roster
    names = {row.name for row in roster.members}
    return RosterState(roster.version, roster.issued, roster.expires, roster.threshold, len(names))


def _recovering(hub: Hub, conn: sa.Connection) -> Recovering | None:
    since = facts.load_number(conn, "recovering-since")
    if not since:
        return None
    active = [row for row in hub.members(conn) if row.status == "active"]
    silent = [row.name for row in active if not has_spoken(conn, row)]
    return Recovering(since, silent)


def _waiting_message(recovering: Recovering) -> str:
    if not recovering.waits_for:
        return "Der Hub gleicht nach dem Start ab, was die Knoten von den Logs haben."
    names = ", ".join(recovering.waits_for)
    return f"Der Hub wartet nach dem Start auf die Meldung von: {names}."


# --- alarms --------------------------------------------------------------------------------------------------------


def alarms(hub: Hub, everyone: list[Member] | None = None) -> list[Alarm]:
    """Return what a person must see to, each matter once."""
    return find_alarms(hub, members(hub) if everyone is None else everyone)
