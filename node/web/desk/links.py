"""Links of own offers that do not work: a list, and what is done about each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import link_check
from node.city import checks_links
from node.link_check import IGNORED_DAYS, Trouble
from node.offer_list import Line
from node.web.desk.room import Room, editor_of
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.errors import NotFoundError
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

LINK_LIST = f"{DESK}/links"


def link_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of links."""
    node, desk = room.node, room.desk

    @desk_get("/links", right=Right.READ)
    def links_page(request: DeskRequest) -> Response[str]:
        lines = _lines_for(room, request)
        found = link_check.list_troubles(node, (url for line in lines for url in line.facts.links))
        rows = [(one, [line for line in lines if one.url in line.facts.links]) for one in found]
        return desk.respond(
            request, "desk/links.html", path=LINK_LIST, is_on=checks_links(node),
            rows=[row for row in rows if not row[0].is_ignored], ignored=[row for row in rows if row[0].is_ignored],
            unchecked=link_check.count_unchecked(node),
        )  # fmt: skip

    @desk_post("/links/{key:str}/pruefen", right=Right.WRITE)
    def check_again(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        link_check.check_again(node, _open(room, request, key))
        desk.say(request, "Der Link wird in den nächsten Sekunden noch einmal geprüft.", "info")
        return desk.go(LINK_LIST)

    @desk_post("/links/{key:str}/ignorieren", right=Right.WRITE)
    def ignore(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        link_check.ignore(node, _open(room, request, key))
        desk.say(request, f"Der Link wird {IGNORED_DAYS} Tage lang nicht gemeldet.")
        return desk.go(LINK_LIST)

    @desk_post("/links/{key:str}/melden", right=Right.WRITE)
    def report_again(request: DeskRequest, key: FromPath[str]) -> Response[str]:
        link_check.report_again(node, _open(room, request, key))
        desk.say(request, "Der Link wird wieder gemeldet.")
        return desk.go(LINK_LIST)

    return [links_page, check_again, ignore, report_again]


def troubles_for(room: Room, request: DeskRequest) -> list[Trouble]:
    """Return the links worth a look in the offers that whoever asks may see."""
    return link_check.list_troubles(room.node, _links_for(room, request))


def _links_for(room: Room, request: DeskRequest) -> Iterator[str]:
    for line in _lines_for(room, request):
        yield from line.facts.links


def _lines_for(room: Room, request: DeskRequest) -> list[Line]:
    return [line for line in room.offers.lines(editor_of(request)) if line.state != "withdrawn"]


def _open(room: Room, request: DeskRequest, key: str) -> Trouble:
    found = next((one for one in troubles_for(room, request) if one.key == key), None)
    if found is None:
        raise NotFoundError("Diesen Link gibt es hier nicht, oder er geht wieder")
    return found
