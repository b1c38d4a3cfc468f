"""The district's desk: its navigation, its pages, and what `shared/web/desk` brings for every party."""

from __future__ import annotations

from litestar import Router

from hub.gaps import Gaps
from hub.party import Hub
from hub.web.desk.agreements import agreement_routes
from hub.web.desk.gap_reports import gap_report_routes
from hub.web.desk.gaps import gap_routes
from hub.web.desk.integrators import integrator_routes
from hub.web.desk.members import member_routes
from hub.web.desk.needs import need_routes
from hub.web.desk.room import GAPS, INTEGRATORS, MEMBERS, NEEDS, Room
from hub.web.desk.start import start_routes
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.logs import Log
from shared.web.desk.accounts import account_routes
from shared.web.desk.desk import Desk, DeskLink
from shared.web.desk.guard import SIGNED_IN
from shared.web.desk.own_account import own_account_routes
from shared.web.desk.signing_in import signing_in_routes
from shared.web.offer_words import Words
from shared.web.pages import Pages

LINKS = (
    DeskLink(DESK, "Start", Right.READ),
    DeskLink(MEMBERS, "Mitglieder", Right.READ),
    DeskLink(INTEGRATORS, "Integratoren", Right.READ),
    DeskLink(GAPS, "Lücken", Right.READ),
    DeskLink(NEEDS, "Bedarf", Right.NEED),
    DeskLink(f"{DESK}/konten", "Konten", Right.ACCOUNTS),
    DeskLink(f"{DESK}/rollen", "Rollen", Right.READ),
    DeskLink(f"{DESK}/konto", "Mein Konto", SIGNED_IN),
)


def desk_router(hub: Hub, pages: Pages, words: Words, log: Log) -> Router:
    """Return everything below `/pult`."""
    desk = Desk(hub.accounts, pages, log, LINKS, public_url=hub.public_url)
    room = Room(hub, desk, words, Gaps(hub))
    return desk.router(
        [
            *signing_in_routes(desk),
            *own_account_routes(desk),
            *account_routes(desk),
            *start_routes(room),
            *member_routes(room),
            *integrator_routes(room),
            *gap_routes(room),
            *gap_report_routes(room),
            *agreement_routes(room),
            *need_routes(room),
        ]
    )
