"""Translations at the desk: side by side for one offer, coverage by language, tables for translators and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import translating, translation_sheet, workflow
from node.editing import OwnOffer
from node.offer_list import Line, today_of
from node.spreadsheets import read_cells
from node.translating import MISSING, OUTDATED, STATES
from node.web.desk.room import OFFERS, Room, editor_of, offer_id, offer_path, query_text, title_of
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import AccessError, ConflictError, ParseError, RuleError
from shared.model.text import sort_key
from shared.model.vocabulary.terms import Vocabulary
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post
from shared.web.time_words import day

TRANSLATIONS = f"{DESK}/uebersetzungen"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FILE_BYTES = 8 * 1024 * 1024
_ROOM_BYTES = 64 * 1024
_FIELD = "text."


def translation_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of translations."""
    return [*_offer_pages(room), *_offer_steps(room), *_overview(room), *_sheets(room)]


def _languages(room: Room) -> Vocabulary:
    return room.words.vocabularies["language"]


# --- one offer -------------------------------------------------------------------------------------------------------


def _offer_pages(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/angebote/{rid:str}/uebersetzungen", right=Right.READ)
    def translations_page(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        found = workflow.open_for(node, editor_of(request), offer_id(rid))
        states = translating.states_of(found.doc)
        terms = translating.languages(_languages(room), states)
        return desk.respond(
            request, "desk/translations_of_offer.html", path=OFFERS, offer=found, title=title_of(found.doc),
            rows=[(term, states.get(term.code, MISSING)) for term in terms], states=STATES,
        )  # fmt: skip

    @desk_get("/angebote/{rid:str}/uebersetzungen/{lang:str}", right=Right.READ)
    def translation_page(request: DeskRequest, rid: FromPath[str], lang: FromPath[str]) -> Response[str]:
        return _show(room, request, workflow.open_for(node, editor_of(request), offer_id(rid)), lang)

    return [translations_page, translation_page]


def _show(
    room: Room, request: DeskRequest, found: OwnOffer, lang: str, *, typed: Mapping[str, str] | None = None,
    problems: Mapping[str, Sequence[str]] | None = None, status_code: int = 200, is_conflict: bool = False,
) -> Response[str]:  # fmt: skip
    term = translating.find_language(_languages(room), lang)
    changed = translating.changed_on(found.doc, lang)
    return room.desk.respond(
        request, "desk/translation.html", path=OFFERS, offer=found, title=title_of(found.doc), term=term,
        pairs=translating.pairs(found.doc, lang), state=translating.states_of(found.doc).get(lang, MISSING),
        states=STATES, typed=typed or {}, problems=problems or {}, updated="" if changed is None else day(changed),
        may_publish=editor_of(request).may_publish, is_conflict=is_conflict, status_code=status_code,
    )  # fmt: skip


def _offer_steps(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_post("/angebote/{rid:str}/uebersetzungen/{lang:str}", right=Right.WRITE)
    def save_translation(request: DeskRequest, rid: FromPath[str], lang: FromPath[str]) -> Response[str]:
        found = workflow.open_for(node, editor_of(request), offer_id(rid))
        term = translating.find_language(_languages(room), lang)
        form = form_of(request)
        typed = _typed(form)
        try:
            doc = translating.translate(
                found.doc, term.code, typed, today=today_of(node), source=translating.current_source(found.doc),
                is_done=form.text("aktion") != "in_arbeit",
            )  # fmt: skip
        except RuleError as error:
            wrong = {f"{_FIELD}{name}": texts for name, texts in error.problems.items()}
            return _show(room, request, found, lang, typed=typed, problems=wrong, status_code=422)
        try:
            saved = workflow.save_draft(node, editor_of(request), doc, found.id, mark=form.text("mark") or None)
        except ConflictError:
            return _show(room, request, found, lang, typed=typed, status_code=409, is_conflict=True)
        return _go_on(room, request, saved, form.text("aktion"), term.label)

    @desk_post("/angebote/{rid:str}/uebersetzungen/{lang:str}/gueltig", right=Right.WRITE)
    def confirm_translation(request: DeskRequest, rid: FromPath[str], lang: FromPath[str]) -> Response[str]:
        editor, form = editor_of(request), form_of(request)
        found = workflow.open_for(node, editor, offer_id(rid))
        term = translating.find_language(_languages(room), lang)
        doc = translating.confirm(found.doc, term.code, today_of(node))
        saved = workflow.save_draft(node, editor, doc, found.id, mark=form.text("mark") or None)
        return _go_on(room, request, saved, form.text("aktion"), term.label)

    def _go_on(room: Room, request: DeskRequest, saved: OwnOffer, action: str, language: str) -> Response[str]:
        """The draft is safe; publish it where that was asked for."""
        words = f"Die Übersetzung ({language}) ist als Entwurf gesichert."
        if action == "veroeffentlichen" and saved.draft is not None:
            try:
                workflow.publish(node, editor_of(request), saved.id, mark=saved.mark)
            except (RuleError, AccessError) as error:
                desk.say(request, f"{words} {error.message}.", "warning")
                return desk.go(offer_path(saved.id))
            words = f"Die Übersetzung ({language}) ist veröffentlicht."
        desk.say(request, words)
        return desk.go(offer_path(saved.id, "uebersetzungen"))

    return [save_translation, confirm_translation]


def _typed(form: Form) -> dict[str, str]:
    return {name: form.text(f"{_FIELD}{name}") for name in translating.ORDER}


# --- all offers ------------------------------------------------------------------------------------------------------


def _overview(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_get("/uebersetzungen", right=Right.READ)
    def coverage_page(request: DeskRequest) -> Response[str]:
        lines, languages = room.offers.lines(editor_of(request)), _languages(room)
        tag, state = query_text(request, "sprache"), query_text(request, "zustand")
        term = translating.find_language(languages, tag) if tag else None
        found = _lines_in(lines, tag, (state,) if state in STATES else tuple(STATES)) if term else []
        return room.desk.respond(
            request, "desk/translations.html", path=TRANSLATIONS, coverage=translating.coverage(lines, languages),
            term=term, state=state if state in STATES else "", states=STATES, problems={},
            rows=[(line, translating.state_in(line, tag)) for line in found],
        )  # fmt: skip

    return [coverage_page]


def _lines_in(lines: Sequence[Line], tag: str, states: Sequence[str]) -> list[Line]:
    found = [line for line in lines if line.state != "withdrawn" and translating.state_in(line, tag) in states]
    return sorted(found, key=lambda line: (*sort_key(line.title), line.id))


def _sheets(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_get("/uebersetzungen/ausgabe", right=Right.READ)
    def export_sheet(request: DeskRequest) -> Response[bytes]:
        editor, tag = editor_of(request), query_text(request, "sprache")
        term = translating.find_language(_languages(room), tag)
        states = tuple(STATES) if query_text(request, "umfang") == "alle" else (OUTDATED, MISSING, "in_arbeit")
        rows: list[tuple[str, ...]] = []
        for line in _lines_in(room.offers.lines(editor), term.code, states):
            doc: Mapping[str, Any] = workflow.open_for(node, editor, offer_id(line.id)).doc
            rows += translation_sheet.format_rows(line.id, doc, term.code)
        name = f"uebersetzungen-{node.settings.name}-{term.code}.xlsx"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(translation_sheet.write_sheet(rows), media_type=_XLSX, headers=headers)

    @desk_post("/uebersetzungen/einlesen", right=Right.IMPORT, form_bytes=_FILE_BYTES + _ROOM_BYTES)
    def take_sheet(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        file = form.file("datei")
        if file is None:
            return _refuse(request, "Wählen Sie zuerst eine Datei.")
        is_sure = form.text("aktion") == "einlesen"
        try:
            taken = translation_sheet.take_rows(
                node, editor_of(request), read_cells(file.content), _languages(room), today_of(node),
                dry_run=not is_sure,
            )  # fmt: skip
        except (ParseError, RuleError) as error:
            return _refuse(request, f"{error.message} {error.advice}".strip())
        return desk.respond(
            request, "desk/translations_taken.html", path=TRANSLATIONS, taken=taken, is_sure=is_sure,
        )  # fmt: skip

    def _refuse(request: DeskRequest, message: str) -> Response[str]:
        lines, languages = room.offers.lines(editor_of(request)), _languages(room)
        return desk.respond(
            request, "desk/translations.html", path=TRANSLATIONS, coverage=translating.coverage(lines, languages),
            term=None, state="", states=STATES, rows=[], problems={"datei": [message]}, status_code=422,
        )  # fmt: skip

    return [export_sheet, take_sheet]
