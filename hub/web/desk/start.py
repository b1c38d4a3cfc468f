"""The first page of the district's desk: what waits for a person, and how the federation stands."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from hub import alarm_book, overview, viewing
from hub.web.desk.room import ALARMS, MEMBERS, Room, member_path
from shared.accounts.rights import Right
from shared.web.desk.guard import DeskRequest, desk_get


def start_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the route of the first page."""
    hub, desk = room.hub, room.desk

    @desk_get("/", right=Right.READ)
    def start_page(request: DeskRequest) -> Response[str]:
        status = overview.status(hub)
        names = {row.name for row in hub.members()}
        noted = {row.cause for row in alarm_book.load_lasting(hub) if row.noted is not None}
        alarms = [
            (member_path(one.name) if one.name in names else "", one, one.key in noted)
            for one in sorted(status.alarms, key=lambda one: one.key in noted)
        ]
        return desk.respond(
            request, "desk/start.html", path="/pult", status=status, alarms=alarms, members_path=MEMBERS,
            alarms_path=ALARMS, words=room.words, note=viewing.newest(hub),
        )  # fmt: skip

    return [start_page]
