"""The list of own offers to take away, with the filters that the list has."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from node.offer_files import MEDIA_TYPES, write_offers
from node.offer_list import today_of
from node.web.desk.offers import wish_of
from node.web.desk.room import Room, attachment, editor_of, query_text
from shared.accounts.rights import Right
from shared.errors import InputError
from shared.web.desk.guard import DeskRequest, desk_get


def offer_file_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the route that gives a list out as a file."""

    @desk_get("/angebote/ausgabe", right=Right.READ)
    def give_out(request: DeskRequest) -> Response[bytes]:
        kind = query_text(request, "format") or "xlsx"
        if kind not in MEDIA_TYPES:
            raise InputError(
                "Dieses Format gibt es nicht", advice="Möglich sind XLSX, CSV und JSON; wählen Sie es unter der Liste."
            )
        editor = editor_of(request)
        ids = [bytes.fromhex(rid) for rid in room.offers.find(editor, wish_of(request)).all_ids]
        name = f"angebote-{room.node.settings.name}-{today_of(room.node).isoformat()}.{kind}"
        return attachment(write_offers(room.node, editor, ids, kind), MEDIA_TYPES[kind], name)

    return [give_out]
