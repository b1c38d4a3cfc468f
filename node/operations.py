"""Many offers at once: withdraw, publish, set a topic or the date of review, re-issue what they share; one undo each.

Decided here: what a bulk action does to each offer, what is left out and why, and how an operation (an import too) is
taken back.  Undoing puts each offer back to the state before, unless somebody changed it since: those are named and
left.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import msgspec
import sqlalchemy as sa

from node.editing import prepare_document, put_offer, read_offer, shown_document, take_out, verify_publishable
from node.history import next_revision, note_first, note_step
from node.party import Node
from node.store import drafts, history, imports
from node.store.drafts import SUBMITTED, WRITING, Draft
from node.store.history import Operation, Step
from node.workflow import Editor, must_publish, publish_draft
from shared.errors import AccessError, ConflictError, KreisweitError, NotFoundError
from shared.holdings import edits

_UNDO_SECONDS = 30 * 86_400


class Left(msgspec.Struct, frozen=True):
    """An offer that an operation left alone, and why."""

    id: str
    title: str
    reason: str


class Done(msgspec.Struct, frozen=True):
    """What an operation did, or would do, to which offers; `number` is for the undo, 0 when nothing was done."""

    number: int
    titles: tuple[str, ...]
    left: tuple[Left, ...]
    ids: tuple[str, ...] = ()


Change = Callable[[dict[str, Any]], dict[str, Any]]
Act = Callable[[sa.Connection, bytes, int], None]


def withdraw_many(node: Node, editor: Editor, ids: Sequence[bytes], reason: str, *, dry_run: bool = False) -> Done:
    """Take offers out of the catalogue; drafts that were never published are left."""

    def act(conn: sa.Connection, rid: bytes, number: int) -> None:
        found = read_offer(node, conn, rid)
        if found.base < 0 and not found.pending:
            raise ConflictError("ist noch nicht veröffentlicht")
        take_out(node, conn, rid, reason, editor=editor.name, operation_id=number)

    return _run(node, editor, ids, act, "zurückgezogen", dry_run=dry_run)


def publish_many(node: Node, editor: Editor, ids: Sequence[bytes], *, dry_run: bool = False) -> Done:
    """Publish drafts; offers without one are left."""

    def act(conn: sa.Connection, rid: bytes, number: int) -> None:
        if read_offer(node, conn, rid).draft is None:
            raise ConflictError("hat keinen Entwurf")
        publish_draft(node, conn, editor, rid, number=number)

    return _run(node, editor, ids, act, "veröffentlicht", dry_run=dry_run)


def add_topic(node: Node, editor: Editor, ids: Sequence[bytes], topic: str, *, dry_run: bool = False) -> Done:
    """Add a topic to offers that lack it."""

    def change(doc: dict[str, Any]) -> dict[str, Any]:
        topics = list(doc.get("topics", ()))
        if topic in topics:
            raise ConflictError("hat dieses Thema schon")
        return {**doc, "topics": [*topics, topic]}

    return _run(node, editor, ids, _changing(node, editor, change), "mit einem Thema ergänzt", dry_run=dry_run)


def mark_checked(node: Node, editor: Editor, ids: Sequence[bytes], today: date, *, dry_run: bool = False) -> Done:
    """Note that offers were checked today; the next review follows from that by rule."""

    def change(doc: dict[str, Any]) -> dict[str, Any]:
        kept = {name: value for name, value in doc.items() if name != "review_due"}
        return {**kept, "assured_date": today.isoformat()}

    return _run(node, editor, ids, _changing(node, editor, change), "als geprüft vermerkt", dry_run=dry_run)


def _changing(node: Node, editor: Editor, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Act:
    """Change the published version; an offer that somebody is writing on is left."""

    def act(conn: sa.Connection, rid: bytes, number: int) -> None:
        found = read_offer(node, conn, rid)
        if found.draft is not None:
            raise ConflictError("hat einen Entwurf, der zuerst veröffentlicht oder verworfen werden muss")
        if found.state == "withdrawn":
            raise ConflictError("ist zurückgezogen")
        values = prepare_document(node, change(found.doc), rid)
        verify_publishable(node, values, conn)
        put_offer(node, conn, rid, values, editor=editor.name, operation_id=number)

    return act


def reissue_many(
    node: Node, editor: Editor, ids: Sequence[bytes], change: Change, word: str, *, dry_run: bool = False
) -> Done:
    """Change offers wherever their text stands: what the catalogue shows is issued anew, a draft stays a draft.

    For what many offers share (a provider, a contact person): one person's decision about all of them, so the rule of
    two people, which is about the texts of one offer, does not apply.

    Args:
        change: makes the document of a document, whichever of the two it is; an equal one is left alone.
        word: what happened, without names of people: it is kept and no erasure looks there.
    Raises:
        AccessError: the editor may not publish.
    """
    must_publish(editor)

    def act(conn: sa.Connection, rid: bytes, number: int) -> None:
        _reissue(node, conn, editor, rid, change, number)

    return _run(node, editor, ids, act, word, dry_run=dry_run)


def _reissue(node: Node, conn: sa.Connection, editor: Editor, rid: bytes, change: Change, number: int) -> None:
    """Change both texts of one offer; everything that can be refused is refused before the first write."""
    shown, sketch = shown_document(node, conn, rid), drafts.load_draft(conn, rid)
    values = None if shown is None else change(shown)
    if values is not None and values != shown:
        values = prepare_document(node, values, rid)
        verify_publishable(node, values, conn)
    else:
        values = None
    before = None if sketch is None else msgspec.json.decode(sketch.body, type=dict[str, Any])
    after = None if before is None else change(before)
    if values is None and after == before:
        raise ConflictError("ist schon so")
    if values is not None:
        put_offer(node, conn, rid, values, editor=editor.name, action="changed", operation_id=number)
    if sketch is not None:
        # The publication took the draft away; it is laid over again, so that the history ends with it.
        fresh = msgspec.structs.replace(sketch, body=msgspec.json.encode(after), revision=next_revision(conn))
        drafts.save_drafts(node.db, conn, [fresh])
        note_step(node, conn, rid, "changed", sketch.state, editor=editor.name, doc=after, operation_id=number)


class _PreviewOnlyError(Exception):
    """Ends a transaction whose work was only to be shown."""


def _run(node: Node, editor: Editor, ids: Sequence[bytes], act: Act, word: str, *, dry_run: bool) -> Done:
    """Do it in one transaction; a preview does the same and takes it all back."""
    done = Done(0, (), ())
    try:
        with node.db.write() as conn:
            done = _act_on_all(node, conn, editor, ids, act)
            title = f"{len(done.titles)} {'Angebot' if len(done.titles) == 1 else 'Angebote'} {word}"
            history.rename_operation(conn, done.number, title)
            if dry_run or not done.titles:
                raise _PreviewOnlyError
    except _PreviewOnlyError:
        return msgspec.structs.replace(done, number=0)
    return done


def _act_on_all(node: Node, conn: sa.Connection, editor: Editor, ids: Sequence[bytes], act: Act) -> Done:
    number = history.add_operation(conn, time=node.clock.now(), editor=editor.name, title="")
    titles, left, done = [], [], []
    for rid in dict.fromkeys(ids):
        title = ""
        try:
            found = read_offer(node, conn, rid)
            title = str(found.doc.get("name", "")) or "Angebot ohne Titel"
            if not editor.owns(found.doc):
                raise NotFoundError("gibt es hier nicht")
            note_first(node, conn, rid, found.state, found.doc)
            act(conn, rid, number)
        except KreisweitError as error:
            left.append(Left(rid.hex(), title, error.message))
        else:
            titles.append(title)
            done.append(rid.hex())
    return Done(number, tuple(titles), tuple(left), tuple(done))


# --- undo ------------------------------------------------------------------------------------------------------------


def recent_operations(node: Node) -> list[Operation]:
    """Return the newest operations; those that can still be undone have no `undone_at` and are younger than 30 days."""
    with node.db.read() as conn:
        return history.load_operations(conn)


def can_undo(node: Node, operation: Operation) -> bool:
    """Tell whether an operation may still be taken back."""
    return operation.undone_at is None and node.clock.now() - operation.time < _UNDO_SECONDS


def undo(node: Node, editor: Editor, number: int) -> Done:
    """Put the offers of an operation back to the state before it.

    Raises:
        NotFoundError: there is no such operation.
        ConflictError: it was undone already, or is older than 30 days.
        AccessError: it changed an offer that is not this editor's.
    """
    with node.db.write() as conn:
        operation = history.load_operation(conn, number)
        if operation is None:
            raise NotFoundError("Diesen Vorgang gibt es nicht")
        if not can_undo(node, operation):
            raise ConflictError("Dieser Vorgang kann nicht mehr rückgängig gemacht werden")
        titles, left, steps = [], [], history.load_operation_steps(conn, number)
        if not all(editor.owns(_document_of(conn, step)) for step in steps):
            raise AccessError(
                "Dieser Vorgang betrifft auch Angebote anderer Träger",
                advice="Rückgängig machen kann ihn ein Konto ohne diese Grenze.",
            )
        imports.forget_imported(conn, [step.rid for step in steps if step.action == "imported"])
        # An operation that changed both texts of an offer has two steps of it: the first says what stood before.
        for step in {step.rid: step for step in reversed(steps)}.values():
            title = _title_of(conn, step)
            if (reason := _undo_step(node, conn, editor, step)) is None:
                titles.append(title)
            else:
                left.append(Left(step.rid.hex(), title, reason))
        history.mark_undone(conn, number, node.clock.now())
    return Done(number, tuple(titles), tuple(left))


def _undo_step(node: Node, conn: sa.Connection, editor: Editor, step: Step) -> str | None:
    """Put one offer back; returns why it was left, None when it was put back."""
    last = history.last_step(conn, step.rid)
    if last is None or last.operation_id != step.operation_id:
        return "wurde seitdem noch einmal geändert"
    before = history.step_before(conn, step.rid, step.id)
    body = None if before is None else history.body_at(conn, step.rid, before.id)
    try:
        if before is None or before.state == "withdrawn":
            _take_away(node, conn, editor, step)
        elif body is None:
            return "der Text der früheren Fassung ist nicht mehr da"
        else:
            _put_back(node, conn, editor, before, msgspec.json.decode(body, type=dict[str, Any]))
    except KreisweitError as error:
        return error.message
    return None


def _take_away(node: Node, conn: sa.Connection, editor: Editor, step: Step) -> None:
    """The operation brought the offer in: it goes out again, and what waits only in the outbox never leaves."""
    pending = edits.find_edit(conn, step.rid)
    drafts.drop_drafts(conn, [step.rid])
    if pending is not None and pending.base == edits.NEW:
        edits.drop_edits(conn, [pending.id])
    elif step.state == "published":
        take_out(node, conn, step.rid, "mistake", editor=editor.name)
        return
    note_step(node, conn, step.rid, "undone", "withdrawn", editor=editor.name)


def _put_back(node: Node, conn: sa.Connection, editor: Editor, before: Step, doc: dict[str, Any]) -> None:
    """Publish again what the catalogue showed before, and lay the draft of that time over it."""
    shown = before if before.state == "published" else history.shown_before(conn, before.rid, before.id)
    body = history.body_at(conn, before.rid, shown.id) if shown is not None and shown.state == "published" else None
    sketch = drafts.load_draft(conn, before.rid)  # the operation's own: nobody changed the offer since
    if body is not None:
        values = prepare_document(node, msgspec.json.decode(body, type=dict[str, Any]), before.rid)
        put_offer(node, conn, before.rid, values, editor=editor.name, action="undone")
    elif read_offer(node, conn, before.rid).state in ("published", "pending"):
        take_out(node, conn, before.rid, "mistake", editor=editor.name)
    if before.state in (WRITING, SUBMITTED):
        data = msgspec.json.encode(doc)
        fresh = Draft(before.rid, data, node.clock.now(), next_revision(conn), before.editor, before.state)
        if sketch is not None:  # whose it is, its hint and its planned publication are as they were
            fresh = msgspec.structs.replace(sketch, body=data, revision=fresh.revision)
        drafts.save_drafts(node.db, conn, [fresh])
        note_step(node, conn, before.rid, "undone", before.state, editor=editor.name, doc=doc)


def _title_of(conn: sa.Connection, step: Step) -> str:
    return str(_document_of(conn, step).get("name", "")) or "Angebot ohne Titel"


def _document_of(conn: sa.Connection, step: Step) -> dict[str, Any]:
    """Return the document after a step; empty when its text is not kept any more."""
    body = step.body or history.body_at(conn, step.rid, step.id)
    return msgspec.json.decode(body, type=dict[str, Any]) if body else {}
