"""From a draft to the catalogue: write, hand in, approve or give back, publish at a time, take back (DOMAIN 2).

Decided here: who may do which step, and that nobody overwrites what somebody else wrote meanwhile.  A draft may be
incomplete and may break every rule of an offer; it is checked when it is handed in and when it is published.

Each step is one transaction: draft, outbox and history change together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from node.editing import (
    OwnOffer,
    parse_reason,
    prepare_document,
    put_offer,
    read_offer,
    take_out,
    verify_publishable,
)
from node.history import load_version, next_revision, note_step
from node.party import Node
from node.store import drafts
from node.store.drafts import SUBMITTED, WRITING, Draft
from shared.errors import AccessError, ConflictError, NotFoundError
from shared.holdings import facts
from shared.model.text import fold

FOUR_EYES = "four-eyes"
"""Fact: 1 when nobody may approve what they wrote themselves."""

_COPY_DROPS = ("alert", "alert_until", "assured_date", "review_due", "translations", "attachments", "capacity")


class Editor(msgspec.Struct, frozen=True):
    """Who acts.

    `organisations` limits to offers whose leading provider bears one of these names; None for no limit.
    """

    name: str
    may_publish: bool = False
    organisations: tuple[str, ...] | None = None

    def owns(self, doc: Mapping[str, Any]) -> bool:
        """Tell whether this editor may see and change an offer with this document."""
        if self.organisations is None:
            return True
        return fold(lead_of(doc)) in {fold(name) for name in self.organisations}


def lead_of(doc: Mapping[str, Any]) -> str:
    """Return the name of the leading provider; "" for none, and for a draft that holds something else there."""
    providers = doc.get("providers") or []
    return str(providers[0].get("name", "")) if providers and isinstance(providers[0], dict) else ""


def open_for(node: Node, editor: Editor, rid: bytes) -> OwnOffer:
    """Open an own offer for an editor; NotFoundError when there is none or it is not theirs to see."""
    with node.db.read() as conn:
        return _open(node, conn, editor, rid)


def _open(node: Node, conn: sa.Connection, editor: Editor, rid: bytes) -> OwnOffer:
    found = read_offer(node, conn, rid)
    if not editor.owns(found.doc):
        raise NotFoundError(f"Ein eigenes Angebot {rid.hex()} gibt es hier nicht")
    return found


def save_draft(
    node: Node, editor: Editor, doc: Mapping[str, Any], rid: bytes | None = None, *, mark: str | None = None
) -> OwnOffer:
    """Keep a draft, durable when this returns, whatever is missing in it.

    Args:
        rid: None for a new offer.
        mark: what the editor started from (`OwnOffer.mark`); None to take the newest.
    Raises:
        ConflictError: somebody else saved in the meantime; nothing was written.
        AccessError: the offer would belong to an organisation that is not the editor's.
    """
    with node.db.write() as conn:
        rid = _put_draft(node, conn, editor, doc, rid, mark)
        return read_offer(node, conn, rid)


def _put_draft(
    node: Node, conn: sa.Connection, editor: Editor, doc: Mapping[str, Any], rid: bytes | None, mark: str | None
) -> bytes:
    before = None if rid is None else _open(node, conn, editor, rid)
    if before is not None and mark is not None and mark != before.mark:
        raise ConflictError("Jemand anderes hat das Angebot inzwischen gespeichert", current=before.mark)
    if not editor.owns(doc):
        names = ", ".join(editor.organisations or ()) or "keinem Träger"
        raise AccessError(
            "Sie können nur Angebote Ihrer eigenen Organisation bearbeiten",
            advice=f"Als Träger zuerst eintragen: {names}",
        )
    rid = rid or node.dice.token(16)
    values = {**doc, "id": rid.hex(), "owner": node.settings.ags}
    if (
        before is not None
        and before.state in ("published", "pending")
        and before.draft is None
        and values == before.doc
    ):
        return rid  # it says what is published already
    body = msgspec.json.encode(values)
    # A draft that was handed in stays so only while nobody changes it.
    kept = before.draft if before is not None else None
    if kept is None or kept.body != body:
        fresh = Draft(rid, body, node.clock.now(), next_revision(conn), editor.name, WRITING, kept.note if kept else "")
        drafts.save_drafts(node.db, conn, [fresh])
        note_step(node, conn, rid, "saved", "draft", editor=editor.name, doc=values)
    return rid


def submit(node: Node, editor: Editor, rid: bytes, *, mark: str | None = None) -> None:
    """Hand a draft in for approval.

    Raises:
        RuleError: it is not fit to be published; carries every problem by field.
        ConflictError: there is no draft, or somebody else saved in the meantime.
    """
    with node.db.write() as conn:
        found = _draft_of(node, conn, editor, rid, mark)
        verify_publishable(node, prepare_document(node, found.doc, rid), conn)
        _change_draft(node, conn, found, state=SUBMITTED, note="", publish_at=None)
        note_step(node, conn, rid, "submitted", "submitted", editor=editor.name)


def give_back(node: Node, editor: Editor, rid: bytes, note: str) -> None:
    """Give a draft that was handed in back to its author, with what should change."""
    must_publish(editor)
    with node.db.write() as conn:
        found = _draft_of(node, conn, editor, rid, None)
        _change_draft(node, conn, found, state=WRITING, note=note, publish_at=None)
        note_step(node, conn, rid, "returned", "draft", editor=editor.name, note=note)


def publish(node: Node, editor: Editor, rid: bytes, *, mark: str | None = None) -> None:
    """Publish a draft: approve what was handed in, or publish what one wrote oneself.

    Raises:
        AccessError: the editor may not publish, or wrote it themselves where two people are asked for.
        RuleError: it is not fit to be published; carries every problem by field.
        ConflictError: there is no draft, or somebody else saved in the meantime.
    """
    with node.db.write() as conn:
        publish_draft(node, conn, editor, rid, mark=mark)


def publish_draft(
    node: Node, conn: sa.Connection, editor: Editor, rid: bytes, *, mark: str | None = None, number: int | None = None
) -> None:
    """Publish a draft within a transaction, see `publish`; `number` is the operation it belongs to."""
    must_publish(editor)
    found = _draft_of(node, conn, editor, rid, mark)
    _verify_two_people(conn, editor, found)
    values = prepare_document(node, found.doc, rid)
    verify_publishable(node, values, conn)
    put_offer(node, conn, rid, values, editor=editor.name, operation_id=number)


def schedule(node: Node, editor: Editor, rid: bytes, at: int | None, *, mark: str | None = None) -> None:
    """Let a draft be published by itself at a time (Unix seconds), or no longer with None.

    It is checked now, so that nobody is surprised then.
    """
    must_publish(editor)
    with node.db.write() as conn:
        found = _draft_of(node, conn, editor, rid, mark)
        if at is not None:
            _verify_two_people(conn, editor, found)
            verify_publishable(node, prepare_document(node, found.doc, rid), conn)
        _change_draft(node, conn, found, state=SUBMITTED if at else WRITING, note="", publish_at=at)
        note_step(node, conn, rid, "scheduled", "submitted" if at else "draft", editor=editor.name)


def discard(node: Node, editor: Editor, rid: bytes, *, mark: str | None = None) -> bool:
    """Throw a draft away; the published version stays.  Returns whether the offer is still there."""
    with node.db.write() as conn:
        found = _draft_of(node, conn, editor, rid, mark)
        drafts.drop_drafts(conn, [rid])
        is_left = found.base >= 0 or found.pending > 0
        note_step(node, conn, rid, "discarded", "published" if is_left else "withdrawn", editor=editor.name)
    return is_left


def withdraw_for(node: Node, editor: Editor, rid: bytes, reason: str) -> None:
    """Take an offer out of the catalogue at the next seal, see `editing.withdraw`; a mere draft is thrown away.

    Args:
        reason: as people choose it, or the log's word; InputError for another.
    """
    with node.db.write() as conn:
        found = _open(node, conn, editor, rid)
        if found.base >= 0 or found.pending > 0:
            must_publish(editor)
        take_out(node, conn, rid, parse_reason(reason), editor=editor.name)


def restore(node: Node, editor: Editor, rid: bytes, number: int) -> OwnOffer:
    """Make an earlier version the draft; publishing it is a step of its own."""
    open_for(node, editor, rid)
    doc = load_version(node, rid, number)
    with node.db.write() as conn:
        if not editor.owns(doc):
            raise NotFoundError("Diese Fassung gehört einem anderen Träger")
        body = msgspec.json.encode(doc)
        drafts.save_drafts(node.db, conn, [Draft(rid, body, node.clock.now(), next_revision(conn), editor.name)])
        note_step(node, conn, rid, "restored", "draft", editor=editor.name, doc=doc)
        return read_offer(node, conn, rid)


def copy(node: Node, editor: Editor, rid: bytes) -> bytes:
    """Begin a new draft from an offer: its texts without what belongs to this one alone; returns the new id."""
    found = open_for(node, editor, rid)
    doc = {name: value for name, value in found.doc.items() if name not in _COPY_DROPS}
    doc["name"] = f"Kopie von {doc.get('name', '')}"[:160]
    return save_draft(node, editor, doc).id


def needs_two_people(conn: sa.Connection) -> bool:
    """Tell whether nobody may approve what they wrote themselves."""
    return facts.load_number(conn, FOUR_EYES) > 0


def _draft_of(node: Node, conn: sa.Connection, editor: Editor, rid: bytes, mark: str | None) -> OwnOffer:
    found = _open(node, conn, editor, rid)
    if mark is not None and mark != found.mark:
        raise ConflictError("Jemand anderes hat das Angebot inzwischen gespeichert", current=found.mark)
    if found.draft is None:
        raise ConflictError("Zu diesem Angebot gibt es keinen Entwurf", advice="Laden Sie die Seite neu.")
    return found


def _change_draft(node: Node, conn: sa.Connection, found: OwnOffer, **changes: Any) -> None:
    assert found.draft is not None  # noqa: S101 - for mypy; `_draft_of` has looked
    drafts.save_drafts(node.db, conn, [msgspec.structs.replace(found.draft, revision=next_revision(conn), **changes)])


def must_publish(editor: Editor) -> None:
    """Refuse a step that publishes to somebody who may not; AccessError."""
    if not editor.may_publish:
        raise AccessError(
            "Veröffentlichen darf die Redaktion", advice="Geben Sie das Angebot zur Freigabe; die Redaktion sieht es."
        )


def _verify_two_people(conn: sa.Connection, editor: Editor, found: OwnOffer) -> None:
    wrote = found.draft is not None and found.draft.editor == editor.name
    if wrote and needs_two_people(conn):
        raise AccessError(
            "Sie haben diese Fassung selbst geschrieben; eine zweite Person muss sie freigeben",
            advice="Geben Sie das Angebot zur Freigabe.",
        )
