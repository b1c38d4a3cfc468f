"""Own offers: save, withdraw, list (PROTOCOL 4 W3).

An edit is durable at once: payload and salt are made here and stand in the outbox before the function returns.  It gets
an index and a signature later, in `sealing`.  What an editor sees is the newest edit, pending or not.  Drafts and
approval stand in `workflow`; whatever changes an offer is noted in its history, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from node.history import last_document, note_step
from node.party import Node
from node.store import drafts, versions
from node.store.drafts import Draft
from node.store.versions import OwnRecord
from shared.clock import in_utc_with_milliseconds
from shared.consume import shown_origins
from shared.errors import ConflictError, InputError, NotFoundError, ParseError, RuleError
from shared.feed.entry import REASONS
from shared.feed.payload import commitment_of, parse_payload, seal_payload
from shared.holdings import catalogue, edits, facts, logs, payloads
from shared.holdings.edits import NEW, Edit
from shared.model.offer import OfferDoc, offer_from_builtins, offer_to_builtins
from shared.model.rules import check_offer, for_publication

KIND = "offer"
WITHDRAWAL_REASONS: Mapping[str, str] = {
    "beendet": "ended",
    "abgelaufen": "ended",
    "ruht": "paused",
    "doppelt": "duplicate",
    "fehler": "mistake",
    "traegerwunsch": "other",
}
"""Reasons as people choose them and the log's word for each; `datenschutz` is an erasure."""


class OfferRow(msgspec.Struct, frozen=True):
    """One line of a list of offers.

    `state` of an own offer: draft, pending, published, pending-withdrawal, withdrawn, conflict, erased, lost; of
    another's: published, or outdated while only its last good version is held.
    """

    id: str
    member: str
    title: str
    state: str
    base: int = NEW
    has_draft: bool = False


class OwnOffer(msgspec.Struct, frozen=True):
    """The newest version of one own offer, as its editor opens it; `base` and `pending` go back into `save_offer`.

    `pending` is the number of the edit that waits for its seal, 0 for none: two editors of one pending version
    conflict too.  `draft` is the version that is not published yet, if there is one.
    """

    id: bytes
    doc: dict[str, Any]
    state: str
    base: int
    pending: int = 0
    draft: Draft | None = None

    @property
    def mark(self) -> str:
        """What an editor started from; goes back with the edit, so that two editors of one offer are noticed."""
        return f"{self.base}.{self.pending}.{self.draft.revision if self.draft else 0}"


# --- saving ----------------------------------------------------------------------------------------------------------


def save_offer(
    node: Node,
    doc: Mapping[str, Any] | OfferDoc,
    rid: bytes | None = None,
    base: int | None = None,
    *,
    pending: int = 0,
    editor: str = "",
) -> bytes:
    """Put an offer into the outbox, durable when this returns; gives back its id.

    Args:
        doc: the whole document; id, owner and time of change are set here.  Unknown fields are kept.
        rid: None for a new offer.
        base: index of the version the editor started from; None to take the newest, whatever it is.
        pending: the pending edit the editor started from, 0 when there was none; counts only with `base`.
        editor: who did it, for the history; "" for a command.
    Raises:
        RuleError: not fit to be published; carries every problem by field.
        ConflictError: somebody else saved or sealed a newer version than the editor started from.
    """
    rid = rid or node.dice.token(16)
    values = prepare_document(node, doc, rid)
    verify_publishable(node, values)
    with node.db.write() as conn:
        position = newest_position(node, conn, rid)
        if base is not None and base != position:
            raise ConflictError(
                f"Das Angebot steht bei Fassung {position}, die Änderung geht von {base} aus", current=position
            )
        waiting = edits.find_edit(conn, rid)
        if base is not None and pending != (waiting.id if waiting else 0):
            raise ConflictError("Inzwischen ist eine andere Änderung des Angebots gespeichert", current=position)
        put_offer(node, conn, rid, values, editor=editor)
    return rid


def put_offer(
    node: Node,
    conn: sa.Connection,
    rid: bytes,
    values: Mapping[str, Any],
    *,
    editor: str = "",
    action: str = "published",
    operation_id: int | None = None,
) -> None:
    """Put a checked document into the outbox within a transaction, in place of draft and pending edit."""
    edits.add_edit(conn, publish_edit(node, values, rid, newest_position(node, conn, rid)))
    drafts.drop_drafts(conn, [rid])
    versions.drop_lost(conn, rid)
    note_step(node, conn, rid, action, "published", editor=editor, doc=values, operation_id=operation_id)


def newest_position(node: Node, conn: sa.Connection, rid: bytes) -> int:
    """Return the index of the newest version in the log, NEW when there is none; the base of an edit."""
    newest = _own_record(node, conn, rid)
    return NEW if newest is None else newest.position


def prepare_document(node: Node, doc: Mapping[str, Any] | OfferDoc, rid: bytes) -> dict[str, Any]:
    """Return the document as it would be published: own id and owner, time of change, confidential address taken out.

    Raises:
        RuleError: a field has a wrong type.
    """
    values = offer_to_builtins(doc) if isinstance(doc, OfferDoc) else dict(doc)
    values |= {"id": rid.hex(), "owner": node.settings.ags, "last_modified": in_utc_with_milliseconds(node.clock.now())}
    try:
        typed = offer_from_builtins(values)
    except ParseError as error:
        raise RuleError("Ein Feld des Angebots hat die falsche Art", {"": [error.message]}) from error
    public = for_publication(typed)
    if public is not typed:
        values["locations"] = offer_to_builtins(public).get("locations", [])
    return values


def publish_edit(node: Node, values: Mapping[str, Any], rid: bytes, base: int) -> Edit:
    """Make a pending publish: payload with a fresh salt, and its commitment."""
    body = seal_payload(values, node.dice.token(32))
    return Edit("publish", KIND, rid, base, node.clock.now(), commitment_of(body), body)


def verify_publishable(node: Node, values: Mapping[str, Any]) -> None:
    """Refuse a document that is not fit to be published; RuleError carries every problem by field."""
    today = datetime.fromtimestamp(node.clock.now(), UTC).date()
    problems: dict[str, list[str]] = {}
    for problem in check_offer(offer_from_builtins(values), vocabularies=node.vocabularies(), today=today):
        if problem.severity == "error":
            problems.setdefault(problem.field, []).append(problem.message_de)
    if problems:
        raise RuleError(
            "Das Angebot kann so nicht veröffentlicht werden: " + "; ".join(t for ts in problems.values() for t in ts),
            problems,
        )


# --- withdrawing -----------------------------------------------------------------------------------------------------


def parse_reason(text: str) -> str:
    """Return the log's word for a reason of withdrawal, given in either form."""
    reason = WITHDRAWAL_REASONS.get(text, text)
    if reason not in REASONS:
        choices = ", ".join((*WITHDRAWAL_REASONS, *REASONS))
        advice = "Personen entfernt der Befehl erase." if text == "datenschutz" else f"Möglich sind: {choices}"
        raise InputError(f"„{text[:40]}“ ist kein Grund für das Zurückziehen", advice=advice)
    return reason


def withdraw(node: Node, rid: bytes, reason: str, *, editor: str = "") -> None:
    """Take an own offer out of the catalogue at the next seal; a mere draft is deleted.

    Raises:
        NotFoundError: there is no such own offer.
        ConflictError: it is withdrawn already.
    """
    with node.db.write() as conn:
        take_out(node, conn, rid, parse_reason(reason), editor=editor)


def take_out(
    node: Node, conn: sa.Connection, rid: bytes, reason: str, *, editor: str = "", operation_id: int | None = None
) -> None:
    """Withdraw within a transaction, see `withdraw`; `reason` is the log's word."""
    newest, pending = _own_record(node, conn, rid), edits.find_edit(conn, rid)
    had_draft = drafts.drop_drafts(conn, [rid]) > 0
    if newest is None and pending is None:
        if not had_draft:
            raise NotFoundError(f"Ein eigenes Angebot {rid.hex()} gibt es hier nicht")
        note_step(node, conn, rid, "discarded", "withdrawn", editor=editor, operation_id=operation_id)
        return
    is_out = pending.op == "withdraw" if pending is not None else newest is not None and not newest.live
    if is_out and not had_draft:
        raise ConflictError("Das Angebot ist schon zurückgezogen")
    if not is_out:
        edits.add_edit(conn, withdrawal(node, rid, NEW if newest is None else newest.position, reason))
    versions.drop_lost(conn, rid)
    note_step(node, conn, rid, "withdrawn", "withdrawn", editor=editor, note=reason, operation_id=operation_id)


def withdrawal(node: Node, rid: bytes, base: int, reason: str) -> Edit:
    """Make a pending withdrawal."""
    return Edit("withdraw", KIND, rid, base, node.clock.now(), reason=reason)


# --- conflicts -------------------------------------------------------------------------------------------------------


class Conflict(msgspec.Struct, frozen=True):
    """An own edit that waits for a person's decision; `cause` is stale or lost."""

    number: int
    id: str
    cause: str
    op: str
    title: str
    time: int


def list_conflicts(node: Node) -> list[Conflict]:
    """Return what waits for a decision, oldest first."""
    with node.db.read() as conn:
        waiting = edits.load_conflicts(conn)
    return [
        Conflict(
            row.id, bytes(row.rid).hex(), row.cause, row.op, title_in(bytes(row.body)) if row.body else "", row.time
        )
        for row in waiting
    ]


def take_conflict(node: Node, number: int, *, editor: str = "") -> bytes:
    """Put the edit into the outbox again, on the newest version; returns the offer's id.

    Args:
        editor: who decided, for the history; "" for a command.

    Raises:
        NotFoundError: no conflict has this number.
        ConflictError: its content is lost, somebody edits the offer at this moment, or there is nothing to withdraw.
    """
    with node.db.write() as conn:
        row = _find_conflict(conn, number)
        rid = bytes(row.rid)
        if row.cause == "lost":
            raise ConflictError(
                "Der Inhalt dieses Angebots ist verloren", advice="Das Angebot neu eingeben, oder conflicts drop."
            )
        if edits.find_edit(conn, rid) is not None:
            raise ConflictError(
                "Zu diesem Angebot wartet schon eine neuere Änderung", advice="conflicts drop verwirft diese."
            )
        edit = _renewed(node, row, _own_record(node, conn, rid))
        edits.add_edit(conn, edit)
        doc = None if edit.body is None else parse_payload(edit.body).doc
        state = "published" if edit.op == "publish" else "withdrawn"
        note_step(node, conn, rid, state, state, editor=editor, doc=doc, note=edit.reason)
        edits.drop_conflict(conn, number)
        facts.save_fact(conn, "scrub-due", 1)
    return rid


def _renewed(node: Node, row: sa.Row[Any], newest: OwnRecord | None) -> Edit:
    """Return a conflict's edit as one of the newest version; a withdrawal needs a version in the log."""
    rid, base = bytes(row.rid), NEW if newest is None else newest.position
    if row.op != "withdraw":
        return publish_edit(node, parse_payload(bytes(row.body)).doc, rid, base)
    if newest is None:
        raise ConflictError(
            "Dieses Angebot ist nicht veröffentlicht; es gibt nichts zurückzuziehen",
            advice="conflicts drop verwirft die Änderung.",
        )
    return withdrawal(node, rid, base, row.reason)


def drop_conflict(node: Node, number: int) -> bytes:
    """Forget the edit; its bytes go from the files.  Returns the offer's id.

    Raises:
        NotFoundError: no conflict has this number.
    """
    with node.db.write() as conn:
        rid = bytes(_find_conflict(conn, number).rid)
        edits.drop_conflict(conn, number)
        facts.save_fact(conn, "scrub-due", 1)
    return rid


def _find_conflict(conn: sa.Connection, number: int) -> sa.Row[Any]:
    found = next((row for row in edits.load_conflicts(conn) if row.id == number), None)
    if found is None:
        raise NotFoundError(f"Einen Konflikt {number} gibt es nicht", advice="kreisweit-node conflicts zeigt alle.")
    return found


# --- reading ---------------------------------------------------------------------------------------------------------


def own_offers(node: Node) -> list[OfferRow]:
    """Return every own offer as its editor sees it, by title: the newest pending edit, else the newest held version."""
    with node.db.read() as conn:
        row = logs.find_log(conn, node.settings.origin)
        records = {} if row is None else versions.load_own_records(conn, row.id)
        pending = {edit.rid: edit for edit in edits.load_edits(conn) if edit.rid is not None}
        conflicts = {bytes(c.rid): c for c in edits.load_conflicts(conn)}
        sketches = drafts.load_drafts(conn)
        rows = []
        for rid in {*records, *pending, *conflicts, *sketches}:
            known, edit, conflict, sketch = records.get(rid), pending.get(rid), conflicts.get(rid), sketches.get(rid)
            state = _own_state(known, edit, None if conflict is None else conflict.cause, sketch)
            bodies = (edit.body if edit is not None else None, None if conflict is None else conflict.body)
            title = next((title_in(bytes(body)) for body in bodies if body), "")
            title = title or (known.title if known is not None else "") or _name_in(sketch)
            title = title or str((last_document(conn, rid) or {}).get("name", ""))
            base = NEW if known is None else known.position
            rows.append(OfferRow(rid.hex(), node.settings.name, title, state, base, sketch is not None))
    return sorted(rows, key=lambda r: (r.title.casefold(), r.id))


def _own_state(known: OwnRecord | None, edit: Edit | None, cause: str | None, sketch: Draft | None) -> str:
    if edit is not None:
        return "pending" if edit.op == "publish" else "pending-withdrawal"
    if cause is not None:
        return "lost" if cause == "lost" else "conflict"
    if known is None:
        return "draft" if sketch is not None else "conflict"
    if not known.live:
        return "withdrawn"
    if known.is_erased:
        return "erased"
    return "published" if known.is_held else "lost"


def open_offer(node: Node, rid: bytes) -> OwnOffer:
    """Return the newest version of an own offer for editing: draft, pending edit, held version, in this order.

    Raises:
        NotFoundError: no version of it is held.
    """
    with node.db.read() as conn:
        return read_offer(node, conn, rid)


def read_offer(node: Node, conn: sa.Connection, rid: bytes) -> OwnOffer:
    """Open an own offer within a transaction, see `open_offer`."""
    known, edit, sketch = _own_record(node, conn, rid), edits.find_edit(conn, rid), drafts.load_draft(conn, rid)
    doc = newest_document(node, conn, rid) if sketch is None else msgspec.json.decode(sketch.body, type=dict[str, Any])
    doc = last_document(conn, rid) if doc is None else doc
    if doc is None:
        raise NotFoundError(f"Ein eigenes Angebot {rid.hex()} gibt es hier nicht")
    base, pending = NEW if known is None else known.position, 0 if edit is None else edit.id
    return OwnOffer(rid, doc, _own_state(known, edit, None, sketch), base, pending, sketch)


def newest_document(node: Node, conn: sa.Connection, rid: bytes) -> dict[str, Any] | None:
    """Return the document of the newest own version, pending before sealed; None when none is held."""
    edit = edits.find_edit(conn, rid)
    if edit is not None and edit.body is not None:
        return dict(parse_payload(edit.body).doc)
    row = logs.find_log(conn, node.settings.origin)
    head = None if row is None else logs.load_heads(conn, row.id, [rid]).get(rid)
    if row is None or head is None or head.commitment is None:
        return None
    body = payloads.load_payload(conn, row.id, head.commitment)
    return None if body is None else dict(parse_payload(body).doc)


def shown_document(node: Node, conn: sa.Connection, rid: bytes) -> dict[str, Any] | None:
    """Return the document that the catalogue shows, or will with the next seal; None when it shows none."""
    edit, known = edits.find_edit(conn, rid), _own_record(node, conn, rid)
    is_shown = edit.op == "publish" if edit is not None else known is not None and known.live
    return newest_document(node, conn, rid) if is_shown else None


def _own_record(node: Node, conn: sa.Connection, rid: bytes) -> OwnRecord | None:
    row = logs.find_log(conn, node.settings.origin)
    head = None if row is None else logs.load_heads(conn, row.id, [rid]).get(rid)
    if row is None or head is None:
        return None
    held = head.commitment is not None and bool(payloads.held_among(conn, row.id, [head.commitment]))
    dead = head.commitment is not None and bool(payloads.dead_among(conn, row.id, [head.commitment]))
    return OwnRecord(rid, head.position, head.live, head.commitment, "", held, dead)


def all_offers(node: Node) -> list[OfferRow]:
    """Return the kreisweit catalogue from what is held here, so also while the hub is down.

    Before the first catalogue note, and while the hub's note does not name our log yet, own offers are shown all the
    same.
    """
    said = node.consumer.newest()
    if said is None:
        return [row for row in own_offers(node) if row.state in ("pending", "published")]
    origins = shown_origins(said)
    if all(source.origin != node.settings.origin for source in said.sources):
        origins.append(node.settings.origin)
    with node.db.read() as conn:
        return list(_shown_rows(conn, origins))


def _shown_rows(conn: sa.Connection, origins: Sequence[str]) -> Iterator[OfferRow]:
    for shown in catalogue.iterate_shown(conn, origins):
        state = "published" if shown.is_newest else "outdated"
        yield OfferRow(shown.rid.hex(), shown.member, shown.title, state, shown.position)


def title_in(body: bytes) -> str:
    """Return the title in one of our own payloads."""
    name = parse_payload(body).doc.get("name", "")
    return name if isinstance(name, str) else ""


def _name_in(sketch: Draft | None) -> str:
    return "" if sketch is None else str(msgspec.json.decode(sketch.body, type=dict[str, Any]).get("name", ""))
