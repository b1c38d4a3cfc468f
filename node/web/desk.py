"""A city's desk: its navigation, its start page, and what `shared/web/desk` brings for every party."""

from __future__ import annotations

from litestar import Response, Router
from litestar.handlers import HTTPRouteHandler

from node.party import Node
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.logs import Log
from shared.web.desk.accounts import account_routes
from shared.web.desk.desk import Desk, DeskLink
from shared.web.desk.guard import DeskRequest, desk_get
from shared.web.desk.own_account import own_account_routes
from shared.web.desk.signing_in import signing_in_routes
from shared.web.pages import Pages

LINKS = (
    DeskLink(DESK, "Start", Right.READ),
    DeskLink(f"{DESK}/angebote", "Angebote", Right.READ),
    DeskLink(f"{DESK}/konten", "Konten", Right.ACCOUNTS),
    DeskLink(f"{DESK}/rollen", "Rollen", Right.READ),
    DeskLink(f"{DESK}/konto", "Mein Konto", Right.READ),
)


def desk_router(node: Node, pages: Pages, log: Log) -> Router:
    """Return everything below `/pult`."""
    desk = Desk(node.accounts, pages, log, LINKS, public_url=node.settings.public_url)
    return desk.router(
        [*signing_in_routes(desk), *own_account_routes(desk), *account_routes(desk), *_start_routes(desk)]
    )


def _start_routes(desk: Desk) -> list[HTTPRouteHandler]:
    @desk_get("/", right=Right.READ)
    def start(request: DeskRequest) -> Response[str]:
        return desk.respond(request, "desk_start.html")

    return [start]
