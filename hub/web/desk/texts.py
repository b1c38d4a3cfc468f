"""The texts of the hub's own pages at its desk: what is shown, what is still missing, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import texts
from hub.web.desk.room import TEXTS, Room
from hub.web.face import office_of
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.model.text import gaps_in
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in
from shared.web.public.legal_texts import propose_imprint, propose_privacy

_FORM_BYTES = 512 * 1024


def text_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about texts."""
    hub, desk = room.hub, room.desk

    @desk_get("/texte", right=Right.READ)
    def texts_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/texts.html", path=TEXTS, own=texts.own_texts(hub), gaps_in=gaps_in,
            may_act=signed_in(request).may(Right.OPERATE),
        )  # fmt: skip

    @desk_get("/texte/{name:str}", right=Right.OPERATE)
    def text_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        held = texts.own_text(hub, name)
        return _form(room, request, held, Form({"text": [held.text or _proposal(room, name)]}), {})

    @desk_post("/texte/{name:str}", right=Right.OPERATE, form_bytes=_FORM_BYTES)
    def save(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form, held = form_of(request), texts.own_text(hub, name)
        form.expect("text")
        try:
            left = texts.save_text(hub, name, form.text("text"), editor=signed_in(request).display_name)
        except RuleError as error:  # shown beside the field
            return _form(room, request, held, form, error.problems)
        desk.log.info("hub_text_saved", text=name)
        desk.say(request, _saved(form.text("text"), left), "warning" if left else "success")
        return desk.go(TEXTS)

    @desk_post("/texte/{name:str}/zuruecknehmen", right=Right.OPERATE)
    def take_back(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            texts.take_back(hub, name, editor=signed_in(request).display_name)
        except ConflictError as error:
            desk.say(request, f"{error.message}.", "info")
            return desk.go(TEXTS)
        desk.log.info("hub_text_taken_back", text=name)
        desk.say(request, "Es gilt wieder der Text davor. Noch einmal zurücknehmen macht das rückgängig.")
        return desk.go(TEXTS)

    return [texts_page, text_page, save, take_back]


def _saved(text: str, left: int) -> str:
    if left:
        gaps = "Eine Lücke ist" if left == 1 else f"{left} Lücken sind"
        return f"Gespeichert. {gaps} noch offen; so lange ist der Text nicht öffentlich."
    if text:
        return "Gespeichert. Der Text ist jetzt öffentlich."
    return "Gespeichert. Die Seite zeigt jetzt, was das Programm sagen kann."


def _proposal(room: Room, name: str) -> str:
    words = room.words
    title, office = room.desk.pages.shell.party, office_of(words)
    if name == "impressum":
        return propose_imprint(title, office)
    return propose_privacy(title, office, words.district.state) if name == "datenschutz" else ""


def _form(
    room: Room, request: DeskRequest, held: texts.OwnText, form: Form, problems: Mapping[str, Sequence[str]]
) -> Response[str]:
    return room.desk.respond(
        request, "desk/text.html", status_code=422 if problems else 200, path=TEXTS, held=held, form=form,
        problems=problems, gaps=gaps_in(form.text("text")), text_max=texts.TEXT_MAX,
    )  # fmt: skip
