"""The page of counts at the desk: what was searched, found, and not found, without anybody who did it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from node import figures
from node.offer_list import today_of
from node.web.desk.room import Room, attachment
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.web.desk.guard import DeskRequest, desk_get

FIGURES = f"{DESK}/zahlen"
FILTERS: Mapping[str, str] = {
    "stadt": "Stadt", "thema": "Thema", "fuer": "Offen für", "besonders": "Insbesondere für", "sprache": "Sprache",
    "tag": "Wochentag", "zeit": "Tageszeit", "kostenfrei": "Kostenfrei", "ohne-anmeldung": "Ohne Anmeldung",
    "form": "Vor Ort, online, telefonisch", "barrierefrei": "Barrierefrei", "alter": "Alter", "plz": "Postleitzahl",
    "km": "Umkreis", "art": "Art des Angebots", "traeger": "Träger",
}  # fmt: skip


def figure_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the counts."""
    node, desk = room.node, room.desk

    @desk_get("/zahlen", right=Right.READ)
    def figures_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/figures.html", figures=figures.show_figures(node), filters=FILTERS,
            months=node.settings.counts_months,
        )  # fmt: skip

    @desk_get("/zahlen/ausgabe", right=Right.READ)
    def figures_file(request: DeskRequest) -> Response[bytes]:
        name = f"zahlen-{node.settings.name}-{today_of(node).isoformat()}.csv"
        return attachment(figures.write_figures(node), "text/csv; charset=utf-8", name)

    return [figures_page, figures_file]
