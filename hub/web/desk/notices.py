"""Takedowns at the district's desk: what is hidden and when it is looked at again, hiding an offer, lifting it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import notices
from hub.notices import Kept, Wanted
from hub.web.desk.room import NOTICES, Room
from shared.accounts.rights import Right
from shared.errors import ConflictError, NotFoundError, ParseError, RuleError
from shared.ids import parse_record_id
from shared.web.dates_in_words import day
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in
from shared.web.offer_page import sections
from shared.web.public.notices import REASON_TEXTS, reason_text

_QUESTION_MAX = 200


def notice_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about takedowns."""
    return [*_pages(room), _hiding(room), *_changes(room)]


def notice_path(rid: bytes) -> str:
    """Return the path of a notice's page at the desk."""
    return f"{NOTICES}/{rid.hex()}"


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/ausblendungen", right=Right.READ)
    def notices_page(request: DeskRequest) -> Response[str]:
        asked = str(request.query_params.get("q", ""))[:_QUESTION_MAX].strip()
        may_act = signed_in(request).may(Right.NOTICES)
        return desk.respond(
            request, "desk/notices.html", path=NOTICES, notices=notices.list_notices(hub), words=room.words,
            may_act=may_act, asked=asked, found=notices.search_offers(hub, asked) if asked and may_act else [], day=day,
            most=notices.FOUND_MAX, notice_path=notice_path, reason_text=reason_text,
        )  # fmt: skip

    @desk_get("/ausblendungen/neu", right=Right.NOTICES)
    def hide_page(request: DeskRequest) -> Response[str]:
        offer = _id(str(request.query_params.get("angebot", "")))
        return _form(room, request, offer, Form(), {})

    @desk_get("/ausblendungen/{rid:str}", right=Right.READ)
    def notice_page(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        return _page(room, request, notices.one_notice(hub, _id(rid)), Form(), {})

    return [notices_page, hide_page, notice_page]


def _hiding(room: Room) -> HTTPRouteHandler:
    hub, desk = room.hub, room.desk

    @desk_post("/ausblendungen/neu", right=Right.NOTICES)
    def hide_offer(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("angebot", "grund", "text", "rechtsgrundlage", "ueberpruefung", "titel", "sicher")
        offer = _id(form.text("angebot"))
        wanted = Wanted(
            form.text("grund"), form.text("text"), form.text("rechtsgrundlage"), form.text("ueberpruefung"),
            hides_title="titel" in form, is_sure="sicher" in form,
        )  # fmt: skip
        try:
            made = notices.hide(hub, offer, wanted)
        except RuleError as error:  # shown beside the fields
            return _form(room, request, offer, form, error.problems, 422)
        except ConflictError as error:
            desk.say(request, error.message, "info")
            return desk.go(NOTICES)
        desk.log.info("offer_hidden", member=made.doc.member, number=made.doc.number)
        desk.say(
            request,
            f"Ausblendung {made.doc.number} ist beschlossen. In wenigen Sekunden zeigt keine Stadt das Angebot mehr. "
            "Rufen Sie die Stadt an und sagen Sie, was zu berichtigen ist.",
        )
        return desk.go(notice_path(made.rid))

    return hide_offer


def _changes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub = room.hub

    @desk_post("/ausblendungen/{rid:str}/verlaengern", right=Right.NOTICES)
    def extend_notice(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("ueberpruefung")
        return _change(
            room, request, _id(rid), lambda key: notices.extend(hub, key, form.text("ueberpruefung")),
            "notice_extended", "Überprüft. Die nächste Überprüfung ist eingetragen.",
        )  # fmt: skip

    @desk_post("/ausblendungen/{rid:str}/aufheben", right=Right.NOTICES)
    def lift_notice(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("warum")
        return _change(
            room, request, _id(rid), lambda key: notices.lift(hub, key, form.text("warum")), "notice_lifted",
            "Aufgehoben. In wenigen Sekunden steht das Angebot wieder bei allen Städten.",
        )  # fmt: skip

    @desk_post("/ausblendungen/{rid:str}/wieder", right=Right.NOTICES)
    def hide_offer_again(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        return _change(
            room, request, _id(rid), lambda key: notices.hide_again(hub, key), "offer_hidden",
            "Das Angebot wird wieder ausgeblendet.",
        )  # fmt: skip

    return [extend_notice, lift_notice, hide_offer_again]


def _change(
    room: Room, request: DeskRequest, rid: bytes, act: Callable[[bytes], Kept], action: str, said: str
) -> Response[str]:
    """Change a notice; what is wrong is shown beside the fields of its page."""
    desk = room.desk
    try:
        kept = act(rid)
    except RuleError as error:
        return _page(room, request, notices.one_notice(room.hub, rid), form_of(request), error.problems, 422)
    except ConflictError as error:
        desk.say(request, error.message, "info")
        return desk.go(notice_path(rid))
    desk.log.info(action, member=kept.doc.member, number=kept.doc.number)
    desk.say(request, said)
    return desk.go(notice_path(rid))


def _form(
    room: Room, request: DeskRequest, offer: bytes, form: Form, problems: Mapping[str, Sequence[str]],
    status_code: int = 200,
) -> Response[str]:  # fmt: skip
    found = notices.candidate(room.hub, offer)
    return room.desk.respond(
        request, "desk/notice_new.html", status_code=status_code, path=NOTICES, offer=found, form=form,
        problems=problems, reasons=list(REASON_TEXTS.items()), words=room.words,
        review=form.text("ueberpruefung") or notices.default_review(room.hub).isoformat(),
        sections=[] if found.doc is None else sections(found.doc, room.words),
    )  # fmt: skip


def _page(
    room: Room, request: DeskRequest, kept: Kept, form: Form, problems: Mapping[str, Sequence[str]],
    status_code: int = 200,
) -> Response[str]:  # fmt: skip
    return room.desk.respond(
        request, "desk/notice.html", status_code=status_code, path=NOTICES, one=kept, form=form, problems=problems,
        words=room.words, reason=reason_text(kept.doc.reason), may_act=signed_in(request).may(Right.NOTICES), day=day,
        here=notice_path(kept.rid), review=form.text("ueberpruefung") or notices.default_review(room.hub).isoformat(),
    )  # fmt: skip


def _id(text: str) -> bytes:
    try:
        return parse_record_id(text)
    except ParseError as error:
        raise NotFoundError(
            "Unter dieser Kennung gibt es hier nichts", advice="Alle Ausblendungen stehen unter „Ausblendungen“."
        ) from error
