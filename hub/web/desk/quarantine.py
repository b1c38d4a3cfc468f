"""Refused versions of offers: the reason of each in plain words, what its city must do, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import telling_refusals
from hub.telling_refusals import Refused
from hub.web.desk.room import QUARANTINE, Room, member_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, NotFoundError, ParseError
from shared.ids import parse_record_id
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in


def quarantine_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about refused versions."""
    hub, desk = room.hub, room.desk

    @desk_get("/quarantaene", right=Right.READ)
    def quarantine_page(request: DeskRequest) -> Response[str]:
        refused = telling_refusals.list_refused(hub)
        return desk.respond(
            request, "desk/quarantine.html", path=QUARANTINE, refused=refused, words=room.words,
            member_path=member_path, letters=[_letter(room, one) for one in refused],
            may_act=signed_in(request).may(Right.OPERATE),
        )  # fmt: skip

    @desk_post("/quarantaene/{name:str}/{rid:str}/{number:int}/mitteilen", right=Right.OPERATE)
    def tell(request: DeskRequest, name: FromPath[str], rid: FromPath[str], number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        try:
            record = parse_record_id(rid)
        except ParseError as error:
            raise NotFoundError("Ein Angebot mit dieser Kennung gibt es nicht") from error
        try:
            telling_refusals.tell(hub, name, record, number)
        except ConflictError as error:
            desk.say(request, f"{error.message}. {error.advice}".strip(), "info")
            return desk.go(QUARANTINE)
        desk.log.info("refusal_told", member=name)
        who = room.words.publisher(name)
        desk.say(request, f"{who} bekommt den Hinweis in den Arbeitsbereich, sobald der Knoten wieder nachfragt.")
        return desk.go(QUARANTINE)

    return [quarantine_page, tell]


def _letter(room: Room, refused: Refused) -> tuple[str, str, str]:
    """Return subject, text, and the address that opens a mail program: the subject alone, which names nobody."""
    page = f"{room.hub.public_url}/angebote/{refused.rid.hex()}"
    subject, body = telling_refusals.letter_of(refused, page=page)
    return subject, body, f"mailto:?subject={quote(subject)}"
