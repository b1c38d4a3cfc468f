"""The first page of the district's desk: what waits for a person, and how the federation stands."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from hub import alarm_book, disagreements, needs, overview, viewing
from hub.duplicates import count_open
from hub.needs import Wanted
from hub.web.desk.room import ALARMS, DUPLICATES, GAP_NEEDS, MEMBERS, NEEDS, Room, member_path
from shared.accounts.rights import Right
from shared.errors import AccessError
from shared.web.desk.guard import SIGNED_IN, DeskRequest, desk_get, signed_in


def start_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the route of the first page."""
    hub, desk = room.hub, room.desk

    @desk_get("/", right=SIGNED_IN)
    def start_page(request: DeskRequest) -> Response[str]:
        me = signed_in(request)
        if not me.may(Right.READ):
            if me.may(Right.NEED):
                return desk.go(NEEDS)
            raise AccessError("no right at all", advice="Ihre Rolle gibt es nicht mehr. Fragen Sie Ihre Verwaltung.")
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
            tasks=_tasks(room, len(status.applications)),
        )  # fmt: skip

    return [start_page]


def _tasks(room: Room, applications: int) -> list[tuple[str, int, str]]:
    """Return what can be worked off: where, how much, and what it is."""
    pairs, differences = count_open(room.hub), disagreements.count_untold(room.hub)
    new_needs = needs.page_of_needs(room.gaps, None, Wanted(state=needs.NEW))[1]
    found = [
        (MEMBERS, applications, "Anmeldungen warten auf den Vergleich des Fingerabdrucks",
         "Anmeldung wartet auf den Vergleich des Fingerabdrucks"),
        (DUPLICATES, pairs.certain + pairs.likely, "Paare könnten dasselbe Angebot sein",
         "Paar könnte dasselbe Angebot sein"),
        (f"{DUPLICATES}/abweichungen", differences, "Gruppen mit Angaben, die einander widersprechen",
         "Gruppe mit Angaben, die einander widersprechen"),
        (f"{GAP_NEEDS}?stand=new", new_needs, "neue Meldungen von Bedarf", "neue Meldung von Bedarf"),
    ]  # fmt: skip
    return [(path, count, one if count == 1 else many) for path, count, many, one in found if count]
