"""What people and programs read about the federation at the hub: members, quarantine, catalogue, status, alarms.

The names of the fields are the keys of `--json`: others rely on them.  Roots are written as in checkpoints, in base64;
times are unix seconds, null where there is none.
"""

from __future__ import annotations

from collections import Counter

import msgspec
import sqlalchemy as sa

from hub import enrolment, notes, roster_keeping
from hub.erasure_watch import ALARM
from hub.party import Hub
from hub.recovery import has_spoken
from hub.roster_keeping import Alarm
from hub.states import Standing, standing_of
from hub.store.apart import count_apart
from hub.store.standings import load_standing
from shared.consume import shown_origins
from shared.feed import limits
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
        return [_member(hub, conn, standing_of(conn, row, now=now), note) for row in hub.members(conn)]


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
    """Collect what a person must see to: roster, clock, members that need a decision or have fallen silent."""
    now = hub.clock.now()
    found = roster_keeping.alarms(hub)
    with hub.db.read() as conn:
        found += _own_alarms(hub, conn, now)
        refusals = {row.name: load_standing(conn, row.origin, row.name)["refusals"] for row in hub.members(conn)}
        found += _record_alarms(hub, conn)
    for member in members(hub) if everyone is None else everyone:
        found += [Alarm(member.name, text) for text in _member_alarms(member, refusals.get(member.name, 0), now)]
    return found


_OWN_TROUBLES = {
    "forked": "Vom Log des Hubs gibt es zwei unterschriebene Fassungen (E_FORK); es wird nichts unterschrieben.",
    "seal-refused": "Das eigene Log kann zurzeit nicht unterschrieben werden.",
    "roster-refused": "Ein Knoten hat eine Mitgliederliste geliefert, die nicht gültig ist.",
}
"""Facts that stay until their cause is gone, and what they mean."""


def _own_alarms(hub: Hub, conn: sa.Connection, now: int) -> list[Alarm]:
    found = []
    own = logs.find_log(conn, hub.settings.origin)
    if own is not None and own.time > now:
        found.append(Alarm("own-clock", f"{ABOUT[Code.E_OWN_CLOCK].text} Uhr stellen, sonst clock reset."))
    note = papers.load_catalogue_note(conn)
    if note is not None and note[0] > now:
        found.append(Alarm("own-clock", "Der letzte Katalog trägt eine Zeit aus der Zukunft: clock reset."))
    for name, text in _OWN_TROUBLES.items():
        if facts.load_fact(conn, name):
            found.append(Alarm(name, text))
    if not facts.has_passed(conn, "local-clock", now=now, seconds=limits.HOUR):
        found.append(Alarm("local-clock", ABOUT[Code.E_LOCAL_CLOCK].text))
    served = facts.load_facts(conn, ALARM)
    found += [Alarm(name, f"{ABOUT[Code.E_ERASED_SERVED].text} {url}") for name, url in sorted(served.items())]
    without = facts.load_fact(conn, "recovered-without")
    if without:
        found.append(Alarm("recovered-without", f"Nach dem Start fehlte die Meldung von: {without}."))
    return found


def _record_alarms(hub: Hub, conn: sa.Connection) -> list[Alarm]:
    """Single records and entries that a person must look at although their log goes on."""
    foreign = {row.member for row in payloads.load_quarantine(conn) if row.code == Code.E_OWNER}
    found = [Alarm(name, ABOUT[Code.E_OWNER].text) for name in sorted(foreign)]
    odd = [
        row.name for row in hub.members(conn) if Code.W_GRAMMAR in load_standing(conn, row.origin, row.name)["oddities"]
    ]
    return found + [Alarm(name, ABOUT[Code.W_GRAMMAR].text) for name in odd]


_NEEDS_A_PERSON = frozenset({State.FORKED, State.ROLLED_BACK, State.HELD, State.THROTTLED})


def _member_alarms(member: Member, refusals: int, now: int) -> list[str]:
    found = []
    if member.state in _NEEDS_A_PERSON or refusals >= limits.QUARANTINE_ALARM_FAILURES:
        found.append(member.message)
    if member.apart:
        found.append(f"{member.apart} auf einmal gelöschte Angebote werden bis zu 72 Stunden zurückbehalten.")
    late = member.time is not None and now - member.time > limits.MEMBER_LATE_ALARM_SECONDS
    if late and member.state in (State.ACTIVE, State.STALE):
        found.append("Seit über sechs Stunden ohne Lebenszeichen.")
    return found
