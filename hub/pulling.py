"""The hub reads its members (PROTOCOL 6): when each is due, one at a time per member, every outcome kept."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from hub.party import Hub
from hub.roster_keeping import ALL_MEMBERS
from hub.states import is_pollable, is_read_due, record_report, standing_of
from hub.store.standings import load_standing
from shared.errors import LogStateError, NotFoundError, VerificationError
from shared.feed.outcomes import Code, State
from shared.feed.roster import MemberRow
from shared.feed.trusted_log import Keys
from shared.follow import Guards, Report
from shared.holdings import facts
from shared.sources import Source
from shared.state_words import state_in_german

_LEASE_SECONDS = 300.0


class Pull(msgspec.Struct, frozen=True):
    """One line of `kreisweit-hub pull --json`."""

    name: str
    outcome: str
    code: str | None
    from_: int = msgspec.field(name="from")
    size: int = 0
    message: str = ""


def guards_for(hub: Hub, origin: str) -> Guards:
    """What is checked beyond verification: nothing of our own log; rates only of established members (PROTOCOL 6.7)."""
    if origin == hub.settings.origin:
        return Guards()
    with hub.db.read() as conn:
        is_established = load_standing(conn, origin, "")["is_established"]
        recovering = bool(facts.load_number(conn, "recovering-since"))
    return Guards(rate=is_established and not recovering, erasures=True, withdrawals=is_established)


def pull_member(hub: Hub, row: MemberRow, owner: str, source: Source | None = None) -> Report:
    """Read one member now; the outcome is kept as its standing.

    Args:
        source: where it is read from; by default its own address.
    """
    origin = row.log_key.name
    if row.status != "active":
        return Report(
            origin,
            row.name,
            Code.E_ROSTER,
            message=f"{row.name} ist {state_in_german(row.status)} und wird nicht gelesen",
        )
    keys, source = hub.book.keys_for(origin, as_mirror=False), source or hub.member_source(row)
    if keys is None or source is None:
        raise LogStateError(f"{row.name} liefert von sich aus; hier gibt es nichts abzurufen")
    with hub.db.write() as conn:
        if not facts.take_lease(conn, f"read:{row.name}", owner, now=hub.clock.now(), seconds=_LEASE_SECONDS):
            return Report(
                origin, row.name, Code.OK_UNCHANGED, message="Gerade liest ein anderer Prozess dieses Mitglied"
            )
    try:
        report = _read(hub, keys, source)
        record_report(hub, row, report, is_poll=True, jitter=hub.dice.token(1)[0] / 255)
    finally:
        with hub.db.write() as conn:
            facts.release_lease(conn, f"read:{row.name}", owner)
    return report


def _read(hub: Hub, keys: Keys, source: Source) -> Report:
    """Read one log, if the roster that says so is in force."""
    try:
        hub.book.verify_in_force(hub.clock.now())
    except VerificationError as error:
        return Report(keys.origin, keys.member, Code.E_ROSTER, message=error.message)
    return hub.reader.read(keys, source, guards_for(hub, keys.origin), may_cosign=not hub.is_recovering())


def due_members(hub: Hub) -> list[MemberRow]:
    """Return members whose time to be read has come."""
    now = hub.clock.now()
    with hub.db.read() as conn:
        return [
            row
            for row in hub.members(conn)
            if is_pollable(row) and is_read_due(load_standing(conn, row.log_key.name, row.name), now)
        ]


def pull_due(hub: Hub, owner: str) -> int:
    """Begin to read every member that is due, in parallel; returns how many."""
    return hub.launch({f"pull {row.name}": partial(_pull, hub, row, owner) for row in due_members(hub)})


def _pull(hub: Hub, row: MemberRow, owner: str) -> None:
    pull_member(hub, row, owner)


def pull_named(hub: Hub, names: Sequence[str], owner: str) -> list[Pull]:
    """Read the named members now (all when no name is given) and say what came of it."""
    by_name = {row.name: row for row in hub.members()}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise NotFoundError(f"Kein Mitglied heißt {unknown[0]}.", advice=ALL_MEMBERS)
    rows = [by_name[name] for name in names] if names else [r for r in by_name.values() if is_pollable(r)]
    return [_describe(hub, row, pull_member(hub, row, owner)) for row in rows]


def pull_with(hub: Hub, row: MemberRow, source: Source, owner: str) -> Pull:
    """Read one member from this source now and say what came of it."""
    return _describe(hub, row, pull_member(hub, row, owner, source))


def _describe(hub: Hub, row: MemberRow, report: Report) -> Pull:
    with hub.db.read() as conn:
        state = standing_of(conn, row, now=hub.clock.now()).state
    if report.code in (Code.E_FETCH, Code.E_OVERSIZE):
        outcome = "unreachable"
    elif not report.is_good:
        outcome = "refused"
    elif state is State.HELD:
        outcome = "held"
    else:
        outcome = "ok" if report.code == Code.OK else "unchanged"
    code = None if report.code in (Code.OK, Code.OK_UNCHANGED) else str(report.code)
    message = report.message or (f"{report.refused} Angebote ohne gültige Daten" if report.refused else "")
    return Pull(row.name, outcome, code, report.start, report.size, message)
