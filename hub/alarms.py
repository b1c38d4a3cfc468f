"""What a person at the district must see to: each matter once, with its reason and what to do next.

An alarm is derived from what is stored now, so it goes when its cause goes; nobody has to dismiss one.  From when to
when each lasted, and who was told, is kept in `alarm_book`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from hub import digests, erasure_duty, notices, recovery, roster_keeping, webhooks
from hub.erasure_watch import ALARM
from hub.party import Hub
from hub.roster_keeping import Alarm
from hub.store.standings import load_standing
from shared.clock import in_german_time
from shared.feed import limits
from shared.feed.outcomes import ABOUT, Actor, Code, State
from shared.holdings import facts, logs, papers, payloads
from shared.room import ADVICE, MEANWHILE, find_shortage

if TYPE_CHECKING:
    from hub.overview import Member

_ALONE = frozenset({Code.E_OWN_CLOCK, Code.E_FORK, Code.E_RECOVERING})
"""Refusals to sign that are told by themselves: by the clock's alarm, the fork's, and the state of the hub."""
_DECIDE = "auf ihrer Seite im Arbeitsbereich entscheiden"
_STEPS = {
    State.FORKED: (
        "Mit der Stadt klären, was war; dann braucht sie eine neue Generation. Ihre Seite im Arbeitsbereich zeigt wie.",
        "kreisweit-hub regenerate {name}",
    ),
    State.ROLLED_BACK: ("Die Stadt anrufen: Dort wurde wohl ein alter Stand zurückgeholt.", ""),
    State.HELD: (f"Die Stadt anrufen, dann {_DECIDE}.", "kreisweit-hub hold confirm {name} oder hold reject {name}"),
    State.THROTTLED: (
        "Die Stadt anrufen. Ist es so gewollt, auf ihrer Seite im Arbeitsbereich einmal durchlassen.",
        "kreisweit-hub hold confirm {name}",
    ),
}  # fmt: skip
"""What a person does about a member in a state that does not end by waiting."""
_UNREAD = frozenset({State.RETIRED, State.SUSPENDED, State.PAUSED})
"""Members in these states are not read, so what was refused before says nothing about now."""


def find_alarms(hub: Hub, everyone: Sequence[Member]) -> list[Alarm]:
    """Collect what a person must see to: roster, clock, members that need a decision or have fallen silent."""
    now = hub.clock.now()
    found = [*roster_keeping.alarms(hub), *_room(hub)]
    with hub.db.read() as conn:
        found += _own_clock(hub, conn, now)
        found += _own_troubles(conn, now)
        found += _elsewhere(hub, conn)
        found += _integrators(conn, now)
        found += _letters(hub, conn)
        found += _notices(hub, conn)
        rows = [row for row in hub.members(conn) if row.status != "retired"]
        kept = {row.name: load_standing(conn, row.origin, row.name) for row in rows}
        foreign = {row.member for row in payloads.load_quarantine(conn) if row.code == Code.E_OWNER}
    for member in everyone:
        if member.name in kept:
            found += _about_records(member.name, member.name in foreign, kept[member.name]["oddities"])
            found += _about_member(member, kept[member.name], now)
    return found


# --- the hub itself ------------------------------------------------------------------------------------------------


def _own_clock(hub: Hub, conn: sa.Connection, now: int) -> list[Alarm]:
    """One alarm, whatever carries the later time."""
    own, note = logs.find_log(conn, hub.settings.origin), papers.load_catalogue_note(conn)
    later = ["der letzte Stand des eigenen Logs"] if own is not None and own.time > now else []
    later += ["der letzte Katalog"] if note is not None and note[0] > now else []
    if not later:
        return []
    return [
        Alarm(
            "own-clock", f"{ABOUT[Code.E_OWN_CLOCK].text} Aus der Zukunft: {' und '.join(later)}. "
            "Die IT muss die Uhr dieses Rechners stellen; geht sie richtig, den letzten Stand neu unterschreiben.",
            command="kreisweit-hub clock reset",
        )
    ]  # fmt: skip


def _room(hub: Hub) -> list[Alarm]:
    """The disk is nearly full: told while a letter about it can still be written."""
    room = find_shortage(hub.settings.home)
    if room is None:
        return []
    text = f"Auf der Platte des Hubs ist kaum noch Platz: {room.in_german()}. {MEANWHILE} Die IT muss handeln: {ADVICE}"
    return [Alarm("disk", text, command="kreisweit-hub doctor")]


def _own_troubles(conn: sa.Connection, now: int) -> list[Alarm]:
    """Facts that stay until their cause is gone, or is not seen any more for an hour."""
    found = []
    if facts.load_fact(conn, "forked"):
        text = "Vom Log des Hubs gibt es zwei unterschriebene Fassungen (E_FORK); es wird nichts unterschrieben."
        found.append(Alarm("forked", f"{text} Beide sind gespeichert; der Hub braucht eine neue Generation."))
    refused = facts.load_fact(conn, "seal-refused")
    if refused and refused.partition(" ")[0] not in _ALONE:
        text = f"Das eigene Log kann zurzeit nicht unterschrieben werden ({refused.strip()})."
        found.append(Alarm("seal-refused", f"{text} Bleibt das so, den Hub neu starten."))
    refused = facts.load_fact(conn, "roster-refused")
    if refused and not facts.has_passed(conn, "roster-refused-at", now=now, seconds=limits.HOUR):
        text = f"Ein Knoten hat eine Mitgliederliste geliefert, die nicht gültig ist ({refused})."
        found.append(Alarm("roster-refused", f"{text} Es gilt weiter die eigene; die Städte fragen, woher ihre ist."))
    if not facts.has_passed(conn, "local-clock", now=now, seconds=limits.HOUR):
        found.append(Alarm("local-clock", f"{ABOUT[Code.E_LOCAL_CLOCK].text} Die Uhr dieses Rechners prüfen."))
    return found


def _elsewhere(hub: Hub, conn: sa.Connection) -> list[Alarm]:
    """What others do or left undone, as far as somebody still looks at them."""
    running = {row.name for row in hub.members(conn) if row.status != "retired"}
    found = [
        Alarm(
            name, f"{ABOUT[Code.E_ERASED_SERVED].text} {url} "
            "Wer diese Adresse betreibt, muss die Daten dort und im Zwischenspeicher löschen.", "erased-served",
        )
        for name, url in sorted(facts.load_facts(conn, ALARM).items())
        if name in running
    ]  # fmt: skip
    if missing := recovery.still_missing(hub, conn):
        text = f"Nach dem Start fehlte die Meldung von: {', '.join(missing)}."
        found.append(Alarm("recovered-without", f"{text} Dort anrufen: Der Knoten muss laufen und sich melden."))
    return found


def _integrators(conn: sa.Connection, now: int) -> list[Alarm]:
    """Copies of the catalogue that are behind an erasure, and addresses that do not answer.

    Everybody may read alarms, so they name nobody; a command says who it is.
    """
    found = []
    if behind := erasure_duty.find_behind(conn, now=now):
        oldest = in_german_time(min(one.since for one in behind))
        text = f"{_copies(len(behind))} nicht bestätigt, was Städte gelöscht haben; am längsten offen seit {oldest}."
        text = f"{text} Dort anrufen: Wer es ist, steht im Arbeitsbereich unter „Integratoren“."
        found.append(Alarm("erasure-behind", text, command="kreisweit-hub integrators behind"))
    if stopped := webhooks.find_stopped(conn):
        text = f"{_copies(len(stopped))} seit über fünf Tagen keine Nachricht angenommen; gesendet wird nichts mehr."
        text = f"{text} Dort nachfragen: Wer es ist, steht im Arbeitsbereich unter „Integratoren“."
        found.append(Alarm("webhook-stopped", text, command="kreisweit-hub integrators list"))
    return found


def _letters(hub: Hub, conn: sa.Connection) -> list[Alarm]:
    """Monthly letters that did not arrive; whose mailbox it is, the desk says."""
    names = digests.find_undelivered(conn)
    if not names:
        return []
    known = [hub.district.member(name) for name in names]
    titles = ", ".join(name if one is None else one.title for name, one in zip(names, known, strict=True))
    text = f"Die Monatsmail kam nicht an bei: {titles}."
    return [Alarm("digest-failed", f"{text} Das Postfach im Arbeitsbereich unter Aktualität, Monatsmail prüfen.")]


def _copies(count: int) -> str:
    return "Ein Abnehmer des Katalogs hat" if count == 1 else f"{count} Abnehmer des Katalogs haben"


def _notices(hub: Hub, conn: sa.Connection) -> list[Alarm]:
    """Takedowns whose review date has come: each stands until somebody extends or lifts it."""
    due = [one.number for one in notices.overdue(hub, conn)]
    if not due:
        return []
    text = f"Ausblendung {due[0]} ist" if len(due) == 1 else f"Die Ausblendungen {', '.join(due)} sind"
    step = "Im Pult unter „Ausblendungen“ verlängern oder aufheben; bis dahin bleibt es bei der Ausblendung."
    return [Alarm("notice-review", f"{text} zu überprüfen. {step}")]


# --- members -------------------------------------------------------------------------------------------------------


def _about_records(name: str, names_a_foreign_owner: bool, oddities: str) -> list[Alarm]:
    """Single records and entries that a person must look at although their log goes on."""
    found = []
    if names_a_foreign_owner:
        text = f"{ABOUT[Code.E_OWNER].text} Die Stadt anrufen; welches es ist, steht unter „Quarantäne“."
        found.append(Alarm(name, text, "foreign-owner", "kreisweit-hub quarantine"))
    if line := next((line for line in oddities.split("\n") if line.startswith(Code.W_GRAMMAR)), ""):
        text = f"{ABOUT[Code.W_GRAMMAR].text} ({line}) Die Stadt anrufen: Ihr Programm ist wohl veraltet."
        found.append(Alarm(name, text, "grammar"))
    return found


def _about_member(member: Member, kept: dict[str, Any], now: int) -> list[Alarm]:
    found = []
    is_refused = kept["refusals"] >= limits.QUARANTINE_ALARM_FAILURES and member.state not in _UNREAD
    late = member.time is not None and now - member.time > limits.MEMBER_LATE_ALARM_SECONDS
    if member.state in _STEPS or (is_refused and member.code != Code.E_LOCAL_CLOCK):
        step, command = _step(member, is_decided=kept["hold"] == "rejected")
        refused = "signature" if member.code == Code.E_SIG else "refused"
        cause = member.state if member.state in _STEPS else refused
        found.append(Alarm(member.name, f"{member.message} {step}".strip(), cause, command))
    elif late and member.state in (State.ACTIVE, State.STALE):
        text = "Seit über sechs Stunden ohne Lebenszeichen. Die Stadt anrufen: Der Knoten läuft wohl nicht."
        found.append(Alarm(member.name, text, "late"))
    if member.apart:
        text = (
            f"{member.apart} auf einmal gelöschte Angebote werden bis zu 72 Stunden zurückbehalten. "
            "Die Stadt anrufen; auf ihrer Seite im Arbeitsbereich lassen sie sich gleich vernichten."
        )
        found.append(Alarm(member.name, text, "apart", f"kreisweit-hub hold confirm {member.name}"))
    return found


def _step(member: Member, *, is_decided: bool) -> tuple[str, str]:
    """Return what a person does about a member, and the command for it where there is one."""
    if member.state == State.HELD and is_decided:
        return "Die Stadt veröffentlicht die Angebote wieder.", ""
    if named := _STEPS.get(State(member.state)):
        return named[0], named[1].format(name=member.name)
    return (f"Es handelt: {member.acts}." if member.acts and member.acts != Actor.NOBODY else ""), ""
