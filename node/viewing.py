"""What the pages of a node show: the kreisweit offers, and how the node stands in the federation."""

from __future__ import annotations

from dataclasses import dataclass

from node.party import Node
from node.status import show_status
from node.troubles import Trouble, find_troubles
from shared.consume import Standing
from shared.feed import limits
from shared.feed.join import fingerprint
from shared.holdings import edits, facts, logs

_PENDING_SHOWN = 20

STATES = {
    "new": "Dieser Knoten ist eingerichtet und wartet auf die Einladung des Kreises.",
    "waiting": "Die Aufnahme in den Verbund ist beantragt; der Kreis muss sie noch bestätigen.",
    "recovering": "Der Stand wird mit dem Kreis abgeglichen. Bis dahin wird nichts veröffentlicht, und "
    "Ansprechpersonen werden nicht angezeigt.",
    "active": "Dieser Knoten ist Mitglied; Änderungen werden veröffentlicht.",
    "held": "Der Kreis zeigt zurzeit einen früheren Stand dieses Knotens, bis eine Frage geklärt ist.",
    "suspended": "Der Kreis hat diesen Knoten ausgesetzt.",
}
"""A sentence for each state of `node.status`."""


@dataclass(frozen=True)
class SourceRow:
    """One log of the catalogue: what the note says, and what is held of it."""

    member: str
    state: str
    size: int
    held: int


@dataclass(frozen=True)
class Federation:
    """How this node stands."""

    state: str
    sentence: str
    origin: str
    size: int
    pending: int
    conflicts: int
    fingerprint: str
    last_push: int | None
    last_pull: int | None
    failures: list[Trouble]
    catalogue: Standing | None
    sources: list[SourceRow]


def pending_titles(node: Node) -> list[str]:
    """Return titles of own offers that wait for their seal, oldest first: durable here, not yet in the federation."""
    with node.db.read() as conn:
        waiting = [edit for edit in edits.load_edits(conn, most=_PENDING_SHOWN) if edit.op == "publish" and edit.body]
    return [node.judges.title_of(edit.kind, edit.body or b"") for edit in waiting]


def hides_persons(node: Node, member: str) -> bool:
    """Persons are hidden while recovering, and others' once the hub was silent for the lease (PROTOCOL 10.5)."""
    with node.db.read() as conn:
        if facts.load_number(conn, "recovering-since"):
            return True
        newest = max((row.time for row in logs.load_logs(conn)), default=0)
    said = node.consumer.newest()
    if member == node.settings.name or said is None:
        return False
    return max(node.clock.now(), newest, said.time) - said.time > limits.LEASE_SECONDS


def is_recovering(node: Node) -> bool:
    """What others hold of our log is not known yet (PROTOCOL 4 W6)."""
    with node.db.read() as conn:
        return bool(facts.load_number(conn, "recovering-since"))


def show_federation(node: Node) -> Federation:
    """Return everything that the page about the federation says; a failure without a code is for `status` alone."""
    said = node.consumer.newest()
    status = show_status(node)
    with node.db.read() as conn:
        held = {row.origin: row.size for row in logs.load_logs(conn)}
        pushed, pulled = facts.load_number(conn, "last-push"), facts.load_number(conn, "last-pull")
    keys = node.signer
    return Federation(
        state=status.state,
        sentence=STATES[status.state],
        origin=node.settings.origin,
        size=status.size,
        pending=status.pending,
        conflicts=status.conflicts,
        fingerprint=fingerprint(keys.log_keys[-1].verifying.vkey, keys.witness.verifying.vkey),
        last_push=pushed or None,
        last_pull=pulled or None,
        failures=[trouble for trouble in find_troubles(node) if trouble.code],
        catalogue=node.consumer.standing(),
        sources=[SourceRow(s.member, s.state, s.size, held.get(s.origin, 0)) for s in said.sources] if said else [],
    )
