"""A person decides: on what a guard stopped (PROTOCOL 6.7, 6.11, 6.12), on whom a recovery need not wait for (W6)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.party import Hub
from hub.roster_keeping import ALL_MEMBERS
from hub.store.apart import count_apart
from hub.store.standings import load_standing, save_standing
from shared.errors import ConflictError, NotFoundError
from shared.feed.roster import MemberRow
from shared.holdings import facts, logs, payloads
from shared.holdings.growth import thaw_log

_OFFERED = re.compile(r"([0-9]{1,16}) neue Einträge auf einmal")
_SLACK_ENTRIES = 1000
"""Entries beyond the growth that was refused: what a city writes while a person is being asked."""


class Decision(msgspec.Struct, frozen=True):
    """What a confirmation or rejection did."""

    name: str
    folded: bool = False
    destroyed: int = 0
    let_pass: int = 0


def find_member(hub: Hub, name: str) -> MemberRow:
    """Return a member's row; NotFoundError when nobody is called so."""
    row = next((row for row in hub.members() if row.name == name), None)
    if row is None:
        raise NotFoundError(f"Kein Mitglied heißt {name}.", advice=ALL_MEMBERS)
    return row


def confirm(hub: Hub, name: str) -> Decision:
    """Let what a guard stopped take effect: withdrawals are shown, erased bytes are destroyed, growth is read.

    Growth passes once: up to the size that was refused, and what the city writes meanwhile.

    Raises:
        NotFoundError: no such member.
        ConflictError: nothing was stopped.
    """
    row = find_member(hub, name)
    with hub.db.write() as conn:
        kept = load_standing(conn, row.origin, name)
        log = logs.find_log(conn, row.origin)
        folded = log is not None and log.fold is not None
        destroyed = 0 if log is None else payloads.purge_apart(conn, now=hub.clock.now(), log_id=log.id)
        offered = _refused_growth(kept["code"], kept["message"])
        if not folded and not destroyed and not offered:
            raise ConflictError(f"Bei {name} wartet nichts auf eine Entscheidung.")
        if log is not None and folded:
            thaw_log(conn, log.id)
        if destroyed:
            facts.save_fact(conn, "scrub-due", 1)
        if offered:
            size = 0 if log is None else log.size
            facts.save_fact(conn, f"rate-confirmed:{row.origin}", size + offered + _SLACK_ENTRIES)
        save_standing(conn, {**kept, "hold": "", "throttled_until": 0, "next_poll": 0})
        _note_change(conn)
    return Decision(name, folded, destroyed, offered)


def _refused_growth(code: str, message: str) -> int:
    """Return how many entries the last read refused by E_RATE; the reader's message is where the figure stands."""
    match = _OFFERED.match(message) if code == "E_RATE" else None
    return int(match[1]) if match else 0


def reject(hub: Hub, name: str) -> Decision:
    """Keep the catalogue as before a mass withdrawal until the log again withdraws no more than the guard allows.

    What an erasure named stays out of the catalogue in any case and is destroyed 72 hours after it arrived: a rejection
    only gives the city that long to publish again what was erased by mistake.

    Raises:
        NotFoundError: no such member.
        ConflictError: nothing was stopped.
    """
    row = find_member(hub, name)
    with hub.db.write() as conn:
        kept = load_standing(conn, row.origin, name)
        log = logs.find_log(conn, row.origin)
        folded = log is not None and log.fold is not None
        if not folded and (log is None or not count_apart(conn, log.id)):
            raise ConflictError(f"Bei {name} wartet nichts auf eine Entscheidung.")
        if folded:
            save_standing(conn, {**kept, "hold": "rejected"})
            _note_change(conn)
    return Decision(name, folded)


def excuse_members(hub: Hub, names: Sequence[str]) -> None:
    """Let the recovery after a start end without the word of these members (PROTOCOL 4 W6).

    Raises:
        NotFoundError: no such member.
        ConflictError: the hub is not recovering.
    """
    for name in names:
        find_member(hub, name)
    with hub.db.write() as conn:
        if not facts.load_number(conn, "recovering-since"):
            raise ConflictError("Der Hub ist nicht im Abgleich; es gibt nichts abzukürzen.")
        for name in names:
            facts.save_fact(conn, f"recover-without:{name}", hub.clock.now())


def _note_change(conn: sa.Connection) -> None:
    facts.bump_fact(conn, "catalogue-version")
    facts.bump_fact(conn, "standings-version")
