"""Hints from outside at the desk: a list with counts, one hint, and what is done about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import hints
from node.store.hints import OPEN
from node.web.desk.room import Room, editor_of, query_text
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import RuleError
from shared.mail import is_address
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

HINTS = f"{DESK}/hinweise"


def hint_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of hints."""
    return [*_pages(room), *_steps(room)]


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_get("/hinweise", right=Right.HINTS)
    def hints_page(request: DeskRequest) -> Response[str]:
        found = hints.list_hints(room.node, editor_of(request))
        state = query_text(request, "zustand")
        state = state if state in hints.STATES else OPEN
        return room.desk.respond(
            request, "desk/hints.html", hints=[one for one in found if one.state == state], state=state,
            states=hints.STATES, counts=hints.count_hints(found), sources=hints.SOURCES, reasons=hints.REASONS,
        )  # fmt: skip

    @desk_get("/hinweise/{number:int}", right=Right.HINTS)
    def hint_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        return _show(room, request, number, Form())

    return [hints_page, hint_page]


def _show(
    room: Room, request: DeskRequest, number: int, form: Form, problems: Mapping[str, Sequence[str]] | None = None
) -> Response[str]:
    found = hints.open_hint(room.node, editor_of(request), number)
    return room.desk.respond(
        request, "desk/hint.html", status_code=422 if problems else 200, path=f"{HINTS}/{number}", hint=found,
        form=form, problems=problems or {}, states=hints.STATES, sources=hints.SOURCES, reasons=hints.REASONS,
        can_answer=is_address(found.contact), note_max=hints.NOTE_MAX,
    )  # fmt: skip


def _steps(room: Room) -> Sequence[HTTPRouteHandler]:
    node, desk = room.node, room.desk

    @desk_post("/hinweise/{number:int}/notiz", right=Right.HINTS)
    def note_hint(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        hints.note_hint(node, editor_of(request), number, form_of(request).text("note"))
        desk.say(request, "Die Notiz ist gespeichert. Sie bleibt in diesem Haus.")
        return desk.go(f"{HINTS}/{number}")

    @desk_post("/hinweise/{number:int}/antwort", right=Right.HINTS)
    def answer_hint(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form = form_of(request)
        try:
            hints.answer_hint(node, editor_of(request), number, form.text("answer"))
        except RuleError as error:
            return _show(room, request, number, form, error.problems)
        desk.say(request, "Die Antwort liegt im Postausgang und geht in wenigen Sekunden ab.")
        return desk.go(f"{HINTS}/{number}")

    @desk_post("/hinweise/{number:int}/schliessen", right=Right.HINTS)
    def close_hint(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form = form_of(request)
        try:
            hints.close_hint(node, editor_of(request), number, form.text("reason"))
        except RuleError as error:
            return _show(room, request, number, form, error.problems)
        desk.say(request, "Der Hinweis ist geschlossen. Die Kontaktangabe wird in 30 Tagen gelöscht.")
        return desk.go(HINTS)

    @desk_post("/hinweise/{number:int}/oeffnen", right=Right.HINTS)
    def reopen_hint(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        hints.reopen_hint(node, editor_of(request), number)
        desk.say(request, "Der Hinweis ist wieder offen.")
        return desk.go(f"{HINTS}/{number}")

    return [note_hint, answer_hint, close_hint, reopen_hint]
