"""The roster's next version: what is to change, draft, signatures of m of n root keys, publication (PROTOCOL 11).

Changes are kept until a roster that holds them is published.  With threshold 1 one command makes, signs and publishes
it; with more, `draft` writes the text to a file that travels from key holder to key holder, and `publish` takes it.
Published means verified and kept here: the next catalogue note names it, and the next push carries it to the nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from hub.party import Hub
from hub.store.applications import find_invite_of, load_applications
from hub.store.standings import drop_application, find_application, load_standing, use_invite
from shared.errors import ConflictError, LogStateError, NotFoundError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.keys import SigningKey, parse_vkey
from shared.feed.note import is_line_by, parse_note
from shared.feed.roster import MemberRow, Roster, format_roster, parse_roster, sign_roster, verify_next
from shared.holdings import facts, logs, papers, payloads
from shared.ids import parse_generation
from shared.rosterbook import HeldRoster

RENEWED_SECONDS = 365 * limits.DAY
"""A new version runs for twelve months; the protocol allows thirteen."""
_RENEW = "Die Verwahrer der Wurzelschlüssel unterschreiben sie: Arbeitsbereich, Seite „Mitgliederliste“."
_RENEW_COMMAND = "kreisweit-hub roster draft, sign, publish"
ALL_MEMBERS = "Alle zeigen die Seite „Mitglieder“ im Arbeitsbereich und kreisweit-hub members."
_INVITE_AGAIN = "Eingeladen wird im Arbeitsbereich unter „Stadt aufnehmen“ oder mit kreisweit-hub invite."
_CHANGE_FACT = "roster-change:"


class Change(StrEnum):
    """What the next roster is to say about one member."""

    APPROVE = "approve"
    PAUSE = "pause"
    SUSPEND = "suspend"
    RESUME = "resume"
    RETIRE = "retire"
    FINISH_ROTATION = "finish-rotation"

    @property
    def in_german(self) -> str:
        """What is to happen, as people read it."""
        return _CHANGE_WORDS[self]


_CHANGE_WORDS = {
    Change.APPROVE: "aufnehmen",
    Change.PAUSE: "pausieren",
    Change.SUSPEND: "sperren",
    Change.RESUME: "wieder führen",
    Change.RETIRE: "ausscheiden",
    Change.FINISH_ROTATION: "alten Schlüssel streichen",
}
_STATUS = {Change.PAUSE: "paused", Change.SUSPEND: "suspended", Change.RESUME: "active", Change.RETIRE: "retired"}


class Alarm(msgspec.Struct, frozen=True):
    """What a person must see to; `name` is a member's, or that of the matter.

    `cause` tells the matters of one member apart, whatever their text says today; `command` does at the command line
    what the message says of the desk.
    """

    name: str
    message: str
    cause: str = ""
    command: str = ""

    @property
    def key(self) -> str:
        """What makes it the same matter tomorrow."""
        return f"{self.name}:{self.cause}" if self.cause else self.name


def held_roster(hub: Hub, conn: sa.Connection | None = None) -> HeldRoster:
    """Return the newest roster; LogStateError for a hub that lost it and has not heard its nodes yet."""
    held = hub.book.newest(conn)
    if held is None:
        raise LogStateError(
            "Die Mitgliederliste fehlt; die Knoten bringen sie zurück, wenn sie sich melden", code="E_ROSTER",
            advice="Den Hub starten (serve) und warten, bis sich die Knoten gemeldet haben.",
        )  # fmt: skip
    return held


# --- what is to change ---------------------------------------------------------------------------------------------


def request_change(hub: Hub, name: str, change: Change) -> None:
    """Keep a change for the next roster, after trying it out; a newer one for the same member replaces it.

    Raises:
        NotFoundError: no such member, or nothing to approve.
        ConflictError: the change is not possible now.
        ParseError: the roster would break a rule with it.
    """
    with hub.db.write() as conn:
        held = held_roster(hub, conn).roster
        format_roster(_next(hub, conn, held, {name: change}))
        facts.save_fact(conn, _CHANGE_FACT + name, change)


def is_said_already(hub: Hub, name: str, change: Change) -> bool:
    """Tell whether the roster in force gives a member this status already, so that no version has to say it.

    A change of status that was noted against it is forgotten: what is asked for now is what is so.
    """
    status = _STATUS.get(change)
    with hub.db.write() as conn:
        rows = held_roster(hub, conn).roster.rows(name)
        if not rows or any(row.status != status for row in rows):
            return False
        if pending_changes(conn).get(name) in _STATUS:
            cancel_change(conn, name)
    return True


def pending_changes(conn: sa.Connection) -> dict[str, Change]:
    """Return what the next roster is to change, by member."""
    return {name: Change(value) for name, value in sorted(facts.load_facts(conn, _CHANGE_FACT).items())}


def cancel_change(conn: sa.Connection, name: str) -> None:
    """Forget what was to change for a member."""
    facts.delete_fact(conn, _CHANGE_FACT + name)


def _next(hub: Hub, conn: sa.Connection, held: Roster, changes: dict[str, Change]) -> Roster:
    """Return the next version with these changes, issued now."""
    now = hub.clock.now()
    members = held.members
    for name, change in changes.items():
        members = _apply(conn, held, members, name, change, now)
    return msgspec.structs.replace(
        held, version=held.version + 1, issued=now, expires=now + RENEWED_SECONDS, members=tuple(members)
    )


def _apply(
    conn: sa.Connection, held: Roster, members: Sequence[MemberRow], name: str, change: Change, now: int
) -> tuple[MemberRow, ...]:
    if change is Change.APPROVE:
        return _with_applicant(conn, members, name)
    rows = [row for row in members if row.name == name]
    if not rows:
        raise NotFoundError(f"Kein Mitglied heißt {name}.", advice=ALL_MEMBERS)
    if change is Change.FINISH_ROTATION:
        return _without_old_keys(conn, held, members, rows, now)
    return tuple(
        msgspec.structs.replace(row, status=_STATUS[change]) if row.name == name else row for row in members
    )  # fmt: skip


def _with_applicant(conn: sa.Connection, members: Sequence[MemberRow], name: str) -> tuple[MemberRow, ...]:
    """Enter what a node sent: a new member, a second key beside the first, or a row in place of the old one."""
    application = find_application(conn, name)
    if application is None:
        raise NotFoundError(
            f"Für {name} liegt keine Anmeldung vor.",
            advice=_INVITE_AGAIN,
        )
    rows = [row for row in members if row.name == name]
    log_key, witness_key = parse_vkey(application.log_vkey), parse_vkey(application.witness_vkey)
    if application.purpose == "rotate":
        if not rows:
            raise NotFoundError(f"Kein Mitglied heißt {name}.")
        new = msgspec.structs.replace(rows[0], log_key=log_key, witness_key=witness_key, url=application.url)
        kept = [msgspec.structs.replace(row, url=application.url) if row.name == name else row for row in members]
        return (*kept, new)
    invited = find_invite_of(conn, name)
    if invited is None:
        raise NotFoundError(
            f"Die Einladung für {name} gibt es nicht mehr.",
            advice=_INVITE_AGAIN,
        )
    generation = parse_generation(log_key.name)
    check_generation(rows, log_key.name, generation)
    new = MemberRow(name, invited.ags, "active", generation, log_key, witness_key, application.url)
    return (*(row for row in members if row.name != name), new)


def check_generation(rows: Iterable[MemberRow], origin: str, generation: int) -> None:
    """Return when a member with these rows may go on with this log: the same one, or one of a later generation."""
    for row in rows:
        if origin != row.origin and generation <= row.generation:
            raise ConflictError(
                f"{row.name} meldet sich mit Generation {generation} ({origin}); die Liste hat {row.generation}",
                advice="Die Stadt beginnt mit kreisweit-node generation new eine neue Generation.",
            )


def _without_old_keys(
    conn: sa.Connection, held: Roster, members: Sequence[MemberRow], rows: Sequence[MemberRow], now: int
) -> tuple[MemberRow, ...]:
    """Drop the older row of a rotation: after seven days, and once a held checkpoint carries the new keys' lines."""
    if len(rows) < 2:
        raise ConflictError(f"{rows[0].name} wechselt gerade keine Schlüssel.")
    newest = rows[-1]
    since = _listed_since(conn, newest)
    if now - since < limits.ROTATION_SECONDS:
        days = -(-(limits.ROTATION_SECONDS - (now - since)) // limits.DAY)
        raise ConflictError(
            f"Beide Schlüssel von {newest.name} stehen noch keine sieben Tage; noch {days} Tage warten."
        )
    log = logs.find_log(conn, newest.origin)
    note = parse_note(bytes(log.note)) if log is not None and log.size else None
    for key in (newest.log_key, newest.witness_key):
        if note is None or not any(is_line_by(key, line) for line in note.signatures):
            raise ConflictError(
                f"Der letzte Stand von {newest.name} trägt noch keine Unterschrift mit {key.vkey[:60]}.",
                advice="Warten, bis die Stadt mit dem neuen Schlüssel unterschrieben hat.",
            )
    return tuple(row for row in members if row.name != newest.name or row == newest)


def _listed_since(conn: sa.Connection, row: MemberRow) -> int:
    """Return when the first roster that names this row's keys was issued."""
    for _, data in papers.load_roster_notes(conn, 0):
        roster = parse_roster(parse_note(data, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
        if any(_same_keys(row, other) for other in roster.members):
            return roster.issued
    raise LogStateError(f"Keine vorhandene Mitgliederliste nennt die Schlüssel von {row.name}", code="E_ROSTER")


def _same_keys(row: MemberRow, other: MemberRow) -> bool:
    return row.log_key == other.log_key and row.witness_key == other.witness_key


# --- draft, sign, publish ------------------------------------------------------------------------------------------


def draft(hub: Hub) -> str:
    """Return the text of the next roster: one version higher, with all pending changes, running for twelve months."""
    with hub.db.read() as conn:
        return format_roster(_next(hub, conn, held_roster(hub, conn).roster, pending_changes(conn)))


def sign(data: bytes, key: SigningKey) -> bytes:
    """Return a draft, or a roster signed by others already, with one more signature.

    Raises:
        ParseError: the file is neither.
        ConflictError: the roster does not name this key as a root key, so its signature would not count.
    """
    if b"\n\n" in data:
        note = parse_note(data, max_bytes=limits.LARGE_NOTE_MAX_BYTES)
        text, signatures = note.text, note.signatures
    else:
        text, signatures = _decode(data), ()
    if key.verifying not in parse_roster(text).roots:
        raise ConflictError(f"{key.verifying.name} ist kein Wurzelschlüssel dieser Mitgliederliste")
    return sign_roster(text, key, signatures)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError("Der Entwurf der Mitgliederliste ist keine Textdatei") from error


def publish(hub: Hub, note: bytes) -> int:
    """Verify the next roster and keep it; what it settles is forgotten here, what it ends is destroyed.

    Everything in one transaction: the roster, used-up invites, payloads of retired members and replaced generations.

    Returns:
        The version now in force.
    Raises:
        VerificationError: E_ROSTER.
    """
    if b"\n\n" not in note:
        advice = "kreisweit-hub roster sign unterschreibt den Entwurf."
        raise VerificationError("Die Datei trägt noch keine Unterschrift", code="E_ROSTER", advice=advice)
    with hub.db.write() as conn:
        roster = verify_next(held_roster(hub, conn).roster, note)
        take_roster(hub, conn, note)
    return roster.version


def take_roster(hub: Hub, conn: sa.Connection, note: bytes) -> bool:
    """Keep a roster, published here or brought back by a node, with all that it settles; True when it was new.

    Raises:
        VerificationError: E_ROSTER.
    """
    if not hub.book.extend(conn, note):
        return False
    roster = held_roster(hub, conn).roster
    _settle_applications(conn, roster)
    for name, change in pending_changes(conn).items():
        if _is_settled(conn, roster, name, change):
            cancel_change(conn, name)
    destroy_ended(hub, conn)
    facts.delete_fact(conn, "roster-refused")
    facts.bump_fact(conn, "catalogue-version")
    facts.bump_fact(conn, "standings-version")
    return True


def _settle_applications(conn: sa.Connection, roster: Roster) -> None:
    """An application whose keys the roster names was approved; its invite is used up."""
    for application in load_applications(conn):
        keys = (application.log_vkey, application.witness_vkey)
        if any((row.log_key.vkey, row.witness_key.vkey) == keys for row in roster.rows(application.name)):
            if application.purpose == "join":
                use_invite(conn, application.name)
            drop_application(conn, application.name)


def _is_settled(conn: sa.Connection, roster: Roster, name: str, change: Change) -> bool:
    if change is Change.APPROVE:
        return find_application(conn, name) is None
    rows = roster.rows(name)
    if change is Change.FINISH_ROTATION:
        return len(rows) < 2
    return all(row.status == _STATUS[change] for row in rows)


def destroy_ended(hub: Hub, conn: sa.Connection) -> None:
    """Delete the payloads of logs that the roster retired, or replaced by a new generation that stands (PROTOCOL 8).

    Until the new generation was read for the first time, the old one is what is shown.  Should such a log come back,
    its payloads are asked for from the beginning.
    """
    members = held_roster(hub, conn).roster.members
    running = {row.origin for row in members if row.status != "retired"} | {hub.settings.origin}
    coming = {
        row.name
        for row in members
        if row.status == "active" and not load_standing(conn, row.origin, row.name)["is_established"]
    }
    for log in logs.load_logs(conn):
        if log.origin not in running and log.member not in coming and payloads.drop_payloads(conn, log.id):
            logs.save_columns(conn, log.id, payloads_from=0)
            facts.save_fact(conn, "scrub-due", 1)


def make_and_publish(hub: Hub, key: SigningKey) -> int:
    """Draft, sign and publish in one go, where one signature suffices; returns the version now in force.

    Raises:
        ConflictError: more than one signature is needed.
    """
    threshold = held_roster(hub).roster.threshold
    if threshold > 1:
        raise ConflictError(
            f"Nötig sind {threshold} Unterschriften", advice="kreisweit-hub roster draft, sign und publish verwenden."
        )
    return publish(hub, sign(draft(hub).encode(), key))


def change_now(hub: Hub, name: str, change: Change, key: SigningKey) -> int:
    """Make one change and publish it with this key's signature; returns the version now in force."""
    if key.verifying not in held_roster(hub).roster.roots:
        raise ConflictError(f"{key.verifying.name} ist kein Wurzelschlüssel dieser Mitgliederliste")
    request_change(hub, name, change)
    return make_and_publish(hub, key)


# --- what people must know -----------------------------------------------------------------------------------------


def alarms(hub: Hub) -> list[Alarm]:
    """Collect what root key holders must see to: expiry from 60 days ahead, changes that wait for signatures."""
    held = hub.book.newest()
    if held is None:
        text = "Die Mitgliederliste fehlt; sie kommt von den Knoten zurück. Den Hub laufen lassen, bis sie sich melden."
        return [Alarm("roster", text)]
    found = []
    left = held.roster.expires - hub.clock.now()
    if left <= 0:
        text = f"Die Mitgliederliste ist abgelaufen. {_RENEW}"
        found.append(Alarm("roster-expired", text, command=_RENEW_COMMAND))
    elif left <= limits.ROSTER_ALARM_SECONDS:
        text = f"Die Mitgliederliste läuft in {left // limits.DAY} Tagen ab. {_RENEW}"
        found.append(Alarm("roster-expires", text, command=_RENEW_COMMAND))
    with hub.db.read() as conn:
        waiting = pending_changes(conn)
    if waiting:
        names = ", ".join(f"{name} ({change.in_german})" for name, change in waiting.items())
        text = f"Änderungen der Mitgliederliste warten auf Unterschriften: {names}. {_RENEW}"
        found.append(Alarm("roster-pending", text, command=_RENEW_COMMAND))
    return found
