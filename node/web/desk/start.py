"""The first page of the desk: what is to be done today, and how the node stands in the federation."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import hints, mailing, notices, operations, viewing
from node.offer_list import TASKS
from node.store.hints import OPEN
from node.web.desk.hints import HINTS
from node.web.desk.links import LINK_LIST, troubles_for
from node.web.desk.outbox import OUTBOX
from node.web.desk.room import OFFERS, Room, editor_of, offer_path
from shared.accounts.rights import Right
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_OPERATIONS_SHOWN = 5


def start_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the first page and of the list of operations."""
    node, desk = room.node, room.desk

    @desk_get("/", right=Right.READ)
    def start_page(request: DeskRequest) -> Response[str]:
        counts = room.offers.tasks(editor_of(request))
        done = operations.recent_operations(node)
        return desk.respond(
            request,
            "desk/start.html",
            path="/pult",
            tasks=[(code, text, counts[code]) for code, text in TASKS.items()],
            more_tasks=_more_tasks(room, request),
            offers_path=OFFERS,
            view=viewing.show_federation(node),
            notices=[(offer_path(one.record), one) for one in notices.own_notices(node)],
            operations=[(one, operations.can_undo(node, one)) for one in done[:_OPERATIONS_SHOWN]],
        )

    @desk_get("/vorgaenge", right=Right.READ)
    def operations_page(request: DeskRequest) -> Response[str]:
        done = operations.recent_operations(node)
        rows = [(one, operations.can_undo(node, one)) for one in done]
        return desk.respond(request, "desk/operations.html", operations=rows, path="/pult/vorgaenge")

    @desk_post("/vorgaenge/{number:int}/rueckgaengig", right=Right.PUBLISH)
    def undo_operation(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        done = operations.undo(node, editor_of(request), number)
        count = len(done.titles)
        words = "Ein Angebot ist" if count == 1 else f"{count} Angebote sind"
        left = "".join(f" „{one.title}“ blieb: {one.reason}." for one in done.left[:10])
        desk.say(request, f"{words} wieder wie vorher.{left}", "warning" if done.left else "success")
        return desk.go("/pult/vorgaenge")

    return [start_page, operations_page, undo_operation]


def _more_tasks(room: Room, request: DeskRequest) -> list[tuple[str, str, int]]:
    """Return (path, text, count) of what is to be done beside offers, for those who may do it."""
    me, found = signed_in(request), []
    if me.may(Right.HINTS):
        counts = hints.count_hints(hints.list_hints(room.node, editor_of(request)))
        found.append((HINTS, "Hinweise", counts[OPEN]))
    found.append((LINK_LIST, "Links prüfen", sum(not one.is_ignored for one in troubles_for(room, request))))
    if me.may(Right.SETTINGS):
        found.append((OUTBOX, "Mails zu klären", mailing.count_troubled(room.node)))
    return [task for task in found if task[2]]
