"""How this node stands, for its operator: one state word, counts, and a sentence in German."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from node.party import Node
from node.recovery import load_recovered
from node.troubles import Trouble, find_troubles
from shared.clock import in_utc
from shared.consume import Standing
from shared.feed.base64s import encode_base64
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.outcomes import ABOUT, Actor, Code, parse_state_word
from shared.holdings import edits, facts, logs
from shared.state_words import state_in_german

_SERVER_LEASE = "jobs"
_STOPPED = frozenset({"suspended", "retired", "paused"})
_HELD = frozenset({"held", "forked", "quarantined", "rolled-back", "throttled"})


STATE_WORDS = ("new", "waiting", "recovering", "active", "held", "suspended")


class Status(msgspec.Struct, frozen=True):
    """What `status --json` prints; state is one of STATE_WORDS."""

    name: str
    state: str
    size: int
    root: str
    pending: int
    conflicts: int
    catalogue_digest: str | None
    catalogue_records: int
    missing: int
    recovered: dict[str, int | str] | None
    last_push: str | None
    last_pull: str | None
    message: str


class _Held(msgspec.Struct, frozen=True):
    """What the database says, read in one snapshot."""

    size: int
    root: bytes
    pending: int
    conflicts: int
    recovered: dict[str, int | str] | None
    facts: dict[str, str]


def show_status(node: Node) -> Status:
    """Return how this node stands."""
    with node.db.read() as conn:
        held = _read(node, conn)
    standing, said = node.consumer.standing(), node.consumer.newest()
    state, message = _state(node, held, said)
    return Status(
        name=node.settings.name, state=state, size=held.size, root=encode_base64(held.root), pending=held.pending,
        conflicts=held.conflicts, catalogue_digest=None if standing is None else standing.digest,
        catalogue_records=0 if standing is None else standing.offers,
        missing=0 if standing is None else standing.missing, recovered=held.recovered,
        last_push=_instant(held.facts.get("last-push")), last_pull=_instant(held.facts.get("last-pull")),
        message=" ".join([message, *_remarks(node, held, standing, state, message)]),
    )  # fmt: skip


def state_word(node: Node) -> str:
    """Return the state alone, without what takes longer to find out."""
    with node.db.read() as conn:
        held = _read(node, conn)
    return _state(node, held, node.consumer.newest())[0]


def _read(node: Node, conn: sa.Connection) -> _Held:
    row = logs.find_log(conn, node.settings.origin)
    recovered = load_recovered(conn)
    found: dict[str, int | str] | None = None
    if recovered.at:
        at = _instant(str(recovered.at)) or ""
        found = {"entries": recovered.entries, "payloads": recovered.payloads, "at": at}
    return _Held(
        size=0 if row is None else row.size, root=b"" if row is None else bytes(row.root),
        pending=edits.count_edits(conn), conflicts=edits.count_conflicts(conn), recovered=found,
        facts=facts.load_facts(conn, ""),
    )  # fmt: skip


def _instant(text: str | None) -> str | None:
    """ISO 8601 in UTC."""
    return in_utc(int(text)) if text else None


def _state(node: Node, held: _Held, said: CatalogueNote | None) -> tuple[str, str]:
    if node.membership is None:
        return "new", "Noch keinem Kreis beigetreten: kreisweit-node join CODE --url URL."
    if not node.is_member:
        failure = held.facts.get("membership-failure", "")
        refusal = f" Letzte Nachfrage: {failure}" if failure else ""
        return "waiting", f"Beitritt beantragt; der Kreis hat noch nicht zugestimmt.{refusal}"
    status = node.book.status_of(node.settings.origin)
    if status in _STOPPED:
        return "suspended", f"Der Kreis hat diesen Knoten ausgesetzt ({state_in_german(status)})."
    if held.facts.get("forked"):
        text = "Der Kreis hält ein anderes Log als dieser Knoten (E_FORK); es wird nichts unterschrieben."
        return "held", f"{text} Nichts löschen und den Kreis anrufen."
    if held.facts.get("recovering-since", "0") != "0":
        return "recovering", "Der Stand wird mit dem Kreis abgeglichen; bis dahin wird nichts unterschrieben."
    word = _word_of(node, said)
    if word in _STOPPED:
        return "suspended", f"Der Kreis hat diesen Knoten ausgesetzt ({state_in_german(word)})."
    if word in _HELD:
        return "held", f"Der Kreis zeigt zur Zeit einen früheren Stand dieses Knotens ({state_in_german(word)})."
    return "active", "In Betrieb."


def _word_of(node: Node, said: CatalogueNote | None) -> str:
    """The state word that the newest note gives our own log."""
    sources = () if said is None else said.sources
    return next((parse_state_word(s.state)[0] for s in sources if s.origin == node.settings.origin), "")


def _remarks(node: Node, held: _Held, standing: Standing | None, state: str, message: str) -> list[str]:
    remarks = []
    if held.pending:
        remarks.append(f"{held.pending} Änderungen warten auf die Unterschrift.")
    if held.conflicts:
        remarks.append(f"{held.conflicts} Änderungen brauchen eine Entscheidung.")
    remarks += [_sentence(trouble) for trouble in find_troubles(node) if not _is_told(trouble, state, message)]
    if standing is not None and standing.missing:
        remarks.append(f"{standing.missing} Inhalte fehlen noch.")
    return remarks


def _is_told(trouble: Trouble, state: str, message: str) -> bool:
    """The sentence on the state says it already."""
    return f"({trouble.code})" in message or (state == "recovering" and trouble.code == Code.E_RECOVERING)


def _sentence(trouble: Trouble) -> str:
    """What failed, why, and what to do about it or who does."""
    about = in_german(trouble.code, trouble.text)
    who = "" if trouble.acts == Actor.NOBODY else f"Es handelt: {trouble.acts}."
    return " ".join(part for part in (trouble.what and f"{trouble.what}:", about, trouble.step or who) if part)


def in_german(code: str, text: str) -> str:
    """Return the sentence on a code, or the text itself where there is no code that people know."""
    about = next((about for known, about in ABOUT.items() if known == code), None)
    return text if about is None else f"{about.text} ({code})"


def is_server_running(node: Node) -> bool:
    """Tell whether a server (or worker) of this node did its jobs in the last seconds."""
    with node.db.read() as conn:
        return facts.is_leased(conn, _SERVER_LEASE, now=node.clock.now())
