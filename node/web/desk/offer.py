"""One own offer at the desk: how it stands, its history, its preview, and the steps that need no form."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import history, notices, workflow
from node.editing import OwnOffer, drop_conflict, take_conflict
from node.link_check import list_troubles
from node.offer_list import today_of
from node.party import Node
from node.web.desk.offers import REASONS
from node.web.desk.room import OFFERS, Room, editor_of, offer_id, offer_path, query_text, title_of
from node.workflow import Editor
from shared.accounts.rights import Right
from shared.errors import ParseError, RuleError
from shared.feed.payload import parse_payload
from shared.holdings import edits
from shared.model.completeness import completeness
from shared.model.offer import OfferDoc, links_of, offer_from_builtins, translated
from shared.model.rules import Problem, check_offer
from shared.web.dates_in_words import day
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post
from shared.web.offer_page import Reading, sections
from shared.web.public.notices import reason_text

PUBLISHED = "Veröffentlicht. In wenigen Sekunden steht es bei allen Städten im Kreis."
HANDED_IN = "Zur Freigabe gegeben. Die Redaktion sieht es auf ihrer Startseite."
"""What is said after the two steps, here and after the form."""
_STATES = {
    "draft": "Entwurf, noch nie veröffentlicht",
    "pending": "veröffentlicht, wird gerade an den Kreis übertragen",
    "pending-withdrawal": "wird gerade aus dem Verzeichnis genommen",
    "published": "veröffentlicht",
    "withdrawn": "archiviert, nicht im Verzeichnis",
    "conflict": "Konflikt: zwei Fassungen stehen gegeneinander",
    "erased": "veröffentlicht; der Text wurde mit einer Person gelöscht",
    "lost": "Der Inhalt ist hier verloren",
}


def offer_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of one offer but for its form."""
    return [*_pages(room), *_steps(room), *_planning(room), *_conflict_steps(room)]


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/angebote/{rid:str}", right=Right.READ)
    def offer_page(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        found = workflow.open_for(node, editor_of(request), offer_id(rid))
        return _respond(room, request, found)

    @desk_get("/angebote/{rid:str}/verlauf", right=Right.READ)
    def history_page(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        found = workflow.open_for(node, editor_of(request), offer_id(rid))
        return desk.respond(
            request, "desk/history.html", path=OFFERS, offer=found, title=title_of(found.doc),
            versions=history.list_versions(node, found.id), show=show_value, reasons=REASONS,
        )  # fmt: skip

    @desk_get("/angebote/{rid:str}/vorschau", right=Right.READ)
    def preview_page(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        found = workflow.open_for(node, editor_of(request), offer_id(rid))
        tag = query_text(request, "sprache", most=12)
        source, _ = _typed(found)
        doc = source if source is None or tag not in source.translations else translated(source, tag)
        return desk.respond(
            request, "desk/preview.html", path=OFFERS, offer=found, doc=doc, **_languages(room, found, tag),
            title=doc.name if doc is not None and doc.name else title_of(found.doc),
            sections=[] if doc is None else sections(doc, room.words, Reading(source=source)),
        )  # fmt: skip

    return [offer_page, history_page, preview_page]


def _languages(room: Room, found: OwnOffer, tag: str) -> dict[str, Any]:
    """Return the languages that the preview can be shown in, and the direction of the one that it is in."""
    vocabulary, there = room.words.vocabularies["language"], sorted(found.doc.get("translations") or {})
    term = vocabulary.get(tag) if tag in there else None
    return {
        "tags": [(code, vocabulary.label(code)) for code in there],
        "tag": tag if tag in there else "",
        "direction_of_text": (term.direction if term is not None else None) or "ltr",
    }


def _typed(found: OwnOffer) -> tuple[OfferDoc | None, str]:
    """Return the document by its types, or why it has none yet."""
    try:
        return offer_from_builtins({**found.doc, "id": found.id.hex()}), ""
    except ParseError as error:
        return None, error.message


def _respond(
    room: Room, request: DeskRequest, found: OwnOffer, *, problems: dict[str, list[str]] | None = None,
    status_code: int = 200,
) -> Response[str]:  # fmt: skip
    today = today_of(room.node)
    doc, wrong = _typed(found)
    hints: list[Problem] = []
    if doc is not None:
        hints = check_offer(doc, vocabularies=room.words.vocabularies, district=room.words.district, today=today)
    editor = editor_of(request)
    with room.node.db.read() as conn:
        needs_other = workflow.needs_two_people(conn)
        conflicts = [row for row in edits.load_conflicts(conn) if bytes(row.rid) == found.id]
    return room.desk.respond(
        request, "desk/offer.html", status_code=status_code, path=OFFERS, offer=found, title=title_of(found.doc),
        doc=doc, wrong=wrong, hints=hints, judged=None if doc is None else completeness(doc, today),
        state=_STATES[found.state], problems=problems or {}, editor=editor, needs_other=needs_other, reasons=REASONS,
        versions=history.list_versions(room.node, found.id)[:5], conflicts=conflicts, words=room.words,
        links=[] if doc is None else [one for one in list_troubles(room.node, links_of(doc)) if not one.is_ignored],
        notice=notices.notice_on(room.node, found.id), reason_text=reason_text, day=day,
        contact=room.words.district.contact, sections=[] if doc is None else sections(doc, room.words),
        is_public=found.state in ("published", "pending")
        or (found.draft is not None and (found.base >= 0 or found.pending > 0)),
    )  # fmt: skip


def _steps(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_post("/angebote/{rid:str}/freigabe", right=Right.WRITE)
    def submit_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        return _advance(room, request, offer_id(rid), workflow.submit, HANDED_IN)

    @desk_post("/angebote/{rid:str}/veroeffentlichen", right=Right.PUBLISH)
    def publish_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        return _advance(room, request, offer_id(rid), workflow.publish, PUBLISHED)

    @desk_post("/angebote/{rid:str}/zurueckgeben", right=Right.PUBLISH)
    def give_offer_back(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        note = form_of(request).text("hinweis")[:500]
        workflow.give_back(node, editor_of(request), offer_id(rid), note or "Bitte noch einmal ansehen.")
        desk.say(request, "Zurückgegeben. Ihr Hinweis steht über dem Angebot.")
        return desk.go(offer_path(offer_id(rid)))

    @desk_post("/angebote/{rid:str}/zurueckziehen", right=Right.WRITE)
    def withdraw_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        workflow.withdraw_for(node, editor_of(request), offer_id(rid), form_of(request).text("grund"))
        desk.say(request, "Das Angebot wird aus dem Verzeichnis genommen. Im Archiv bleibt es erhalten.")
        return desk.go(offer_path(offer_id(rid)))

    @desk_post("/angebote/{rid:str}/verwerfen", right=Right.WRITE)
    def discard_draft(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        is_left = workflow.discard(node, editor_of(request), offer_id(rid))
        desk.say(request, "Der Entwurf ist verworfen. Im Verlauf können Sie ihn wiederherstellen.")
        return desk.go(offer_path(offer_id(rid)) if is_left else OFFERS)

    @desk_post("/angebote/{rid:str}/kopieren", right=Right.WRITE)
    def copy_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        copied = workflow.copy(node, editor_of(request), offer_id(rid))
        desk.say(request, "Das ist die Kopie, ein neuer Entwurf. Ändern Sie zuerst den Titel.")
        return desk.go(offer_path(copied, "bearbeiten"))

    @desk_post("/angebote/{rid:str}/wiederherstellen/{number:int}", right=Right.WRITE)
    def restore_version(request: DeskRequest, rid: FromPath[str], number: FromPath[int]) -> Response[str]:
        workflow.restore(node, editor_of(request), offer_id(rid), number)
        desk.say(request, "Die frühere Fassung ist jetzt der Entwurf. Veröffentlicht wird sie erst, wenn Sie es sagen.")
        return desk.go(offer_path(offer_id(rid)))

    return [
        submit_offer, publish_offer, give_offer_back, withdraw_offer, discard_draft, copy_offer, restore_version
    ]  # fmt: skip


def _planning(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_post("/angebote/{rid:str}/planen", right=Right.PUBLISH)
    def plan_offer(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        return _plan(room, request, offer_id(rid))

    return [plan_offer]


def _plan(room: Room, request: DeskRequest, key: bytes) -> Response[str]:
    """Let a draft be published at a time, or no longer when none was given."""
    node, desk, editor, form = room.node, room.desk, editor_of(request), form_of(request)
    found = workflow.open_for(node, editor, key)
    at, wrong = None, ""
    if form.text("aktion") != "aufheben":
        at, wrong = read_moment(form.text("tag"), form.text("uhrzeit"), room.words.district.timezone)
    if at is not None and at <= node.clock.now():
        wrong = "Der Zeitpunkt liegt in der Vergangenheit."
    if wrong:
        return _respond(room, request, found, problems={"tag": [wrong]}, status_code=422)
    try:
        workflow.schedule(node, editor, key, at, mark=form.text("mark") or None)
    except RuleError as error:
        return _respond(room, request, found, problems=dict(error.problems), status_code=422)
    said = "Es wird nicht mehr von selbst veröffentlicht." if at is None else (
        f"Es wird am {desk.pages.moment(at)} von selbst veröffentlicht. Wer den Entwurf vorher ändert, hebt das auf."
    )  # fmt: skip
    desk.say(request, said)
    return desk.go(offer_path(key))


def read_moment(day: str, time: str, zone: str) -> tuple[int | None, str]:
    """Read a day and a time of day as fields of a form send them; Unix seconds, or what is wrong in German."""
    try:
        moment = datetime.fromisoformat(f"{day}T{time or '08:00'}")
    except ValueError:
        return None, "Wählen Sie einen Tag und eine Uhrzeit."
    if moment.tzinfo is not None or moment.year > 2100:
        return None, "Wählen Sie einen Tag in den nächsten Jahren."
    return int(moment.replace(tzinfo=ZoneInfo(zone)).timestamp()), ""


class _Step(Protocol):
    """Hands a draft in, or publishes it."""

    def __call__(self, node: Node, editor: Editor, rid: bytes, *, mark: str | None = None) -> None: ...


def _advance(room: Room, request: DeskRequest, rid: bytes, step: _Step, said: str) -> Response[str]:
    """Take a step with the draft that the page showed; what keeps it from that is told on the offer's page."""
    editor = editor_of(request)
    try:
        step(room.node, editor, rid, mark=form_of(request).text("mark") or None)
    except RuleError as error:
        found = workflow.open_for(room.node, editor, rid)
        return _respond(room, request, found, problems=dict(error.problems), status_code=422)
    room.desk.say(request, said)
    return room.desk.go(offer_path(rid))


def _conflict_steps(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    def open_conflict(request: DeskRequest, number: int) -> tuple[Any, OwnOffer] | None:
        """Return a conflict and its offer; None when it was decided, NotFoundError when it is not theirs to see."""
        with node.db.read() as conn:
            row = next((row for row in edits.load_conflicts(conn) if row.id == number), None)
        return None if row is None else (row, workflow.open_for(node, editor_of(request), bytes(row.rid)))

    @desk_get("/konflikte/{number:int}", right=Right.READ)
    def conflict_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        opened = open_conflict(request, number)
        if opened is None:
            desk.say(request, "Dieser Konflikt ist schon entschieden.", "info")
            return desk.go(OFFERS)
        row, found = opened
        theirs = dict(parse_payload(bytes(row.body)).doc) if row.body else {}
        return desk.respond(
            request, "desk/conflict_pending.html", path=OFFERS, row=row, offer=found, title=title_of(found.doc),
            changes=history.compare(found.doc, theirs) if theirs else [], show=show_value,
        )  # fmt: skip

    @desk_post("/konflikte/{number:int}/uebernehmen", right=Right.PUBLISH)
    def take(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        open_conflict(request, number)
        rid = take_conflict(node, number, editor=editor_of(request).name)
        desk.say(request, "Die wartende Fassung wird veröffentlicht.")
        return desk.go(offer_path(rid))

    @desk_post("/konflikte/{number:int}/verwerfen", right=Right.PUBLISH)
    def drop(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        open_conflict(request, number)
        rid = drop_conflict(node, number)
        desk.say(request, "Die wartende Fassung ist verworfen; die jetzige bleibt.")
        return desk.go(offer_path(rid))

    return [conflict_page, take, drop]


def show_value(value: object) -> str:
    """Write a value of a document for people who compare two versions."""
    if value in (None, "", [], {}):
        return "(leer)"
    if isinstance(value, bool):
        return "ja" if value else "nein"
    if isinstance(value, dict):
        return " · ".join(show_value(part) for key, part in value.items() if key not in ("id", "source_sha256"))
    if isinstance(value, list | tuple):
        return "; ".join(show_value(part) for part in value)
    return str(value)
