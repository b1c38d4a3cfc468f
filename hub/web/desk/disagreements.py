"""Where cities say different things about one offer: a list, and one button that tells their owners."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import disagreements
from hub.web.desk.duplicates import parts_of
from hub.web.desk.pair_words import last_decision
from hub.web.desk.room import DUPLICATES, Room, query_text
from shared.accounts.rights import Right
from shared.errors import ConflictError, NotFoundError
from shared.web.catalogue_page import read_page_number, read_record_id
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

DISAGREEMENTS = f"{DUPLICATES}/abweichungen"
_PER_PAGE = 25


def disagreement_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about differences between cities."""
    hub, desk = room.hub, room.desk

    @desk_get("/doppelte/abweichungen", right=Right.READ)
    def disagreements_page(request: DeskRequest) -> Response[str]:
        page, found = read_page_number(query_text(request, "seite")), disagreements.find_disputed(hub)
        return desk.respond(
            request, "desk/disagreements.html", path=DISAGREEMENTS, parts=parts_of(room), words=room.words, page=page,
            disputed=found[(page - 1) * _PER_PAGE : page * _PER_PAGE], pages=-(-len(found) // _PER_PAGE),
            groups_path=f"{DUPLICATES}/gruppen", last=last_decision(room, request), city="",
            may_decide=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    @desk_post("/doppelte/abweichungen/{rid:str}/senden", right=Right.CURATE)
    def tell_owners(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            told = disagreements.tell_owners(hub, read_record_id(rid))
        except (ConflictError, NotFoundError) as error:
            desk.say(request, f"{error.message}. {error.advice}".strip(), "warning")
            return desk.go(DISAGREEMENTS)
        desk.log.info("owners_told", count=len(told))
        names = ", ".join(room.words.publisher(name) for name in told)
        desk.say(request, f"Der Hinweis liegt bereit und wird beim nächsten Abruf zugestellt: {names}.")
        return desk.go(DISAGREEMENTS)

    return [disagreements_page, tell_owners]
