"""The outbox of letters at the desk: everybody sees what waits and why, those who keep the settings act on it."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import following, mailing
from node.city import load_city
from node.web.desk.room import Room
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import NotFoundError
from shared.mailing.subscribing import SEARCH_TOLD_FROM
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

OUTBOX = f"{DESK}/postausgang"


def outbox_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the outbox."""
    node, desk = room.node, room.desk

    @desk_get("/postausgang", right=Right.READ)
    def outbox_page(request: DeskRequest) -> Response[str]:
        me = signed_in(request)
        if me.is_limited:
            raise NotFoundError("Der Postausgang gehört der Stadt")
        return desk.respond(
            request, "desk/outbox.html", mails=mailing.list_mails(node), states=mailing.STATES, kinds=mailing.KINDS,
            city=load_city(node), may_act=me.may(Right.SETTINGS), least=SEARCH_TOLD_FROM,
            followed=following.count_followers(node) if me.may(Right.SETTINGS) else None,
        )  # fmt: skip

    @desk_get("/postausgang/{number:int}", right=Right.SETTINGS)
    def mail_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        found = mailing.open_mail(node, number)
        return desk.respond(request, "desk/outbox_mail.html", mail=found, states=mailing.STATES, kinds=mailing.KINDS)

    @desk_post("/postausgang/{number:int}/senden", right=Right.SETTINGS)
    def send_again(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        mailing.send_again(node, number)
        desk.say(request, "Die Mail wird in den nächsten Sekunden noch einmal versucht.", "info")
        return desk.go(OUTBOX)

    @desk_post("/postausgang/{number:int}/loeschen", right=Right.SETTINGS)
    def delete_mail(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        mailing.delete_mail(node, number)
        desk.say(request, "Die Mail ist gelöscht.")
        return desk.go(OUTBOX)

    return [outbox_page, mail_page, send_again, delete_mail]
