"""A city's desk: its navigation, its pages, and what `shared/web/desk` brings for every party."""

from __future__ import annotations

from litestar import Router

from node.party import Node
from node.web.desk.editing import editing_routes
from node.web.desk.erasing import erasing_routes
from node.web.desk.figures import FIGURES, figure_routes
from node.web.desk.help import help_path, help_routes
from node.web.desk.hints import HINTS, hint_routes
from node.web.desk.links import LINK_LIST, link_routes
from node.web.desk.offer import offer_routes
from node.web.desk.offer_files import offer_file_routes
from node.web.desk.offers import offer_list_routes
from node.web.desk.outbox import OUTBOX, outbox_routes
from node.web.desk.persons import PERSONS, person_routes
from node.web.desk.providers import PROVIDERS, provider_routes
from node.web.desk.room import OFFERS, make_room
from node.web.desk.settings import SETTINGS, settings_routes
from node.web.desk.start import start_routes
from node.web.desk.translations import TRANSLATIONS, translation_routes
from node.web.desk.uploads import UPLOADS, upload_routes
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
    DeskLink(OFFERS, "Angebote", Right.READ),
    DeskLink(PROVIDERS, "Träger", Right.READ),
    DeskLink(PERSONS, "Personen", Right.PERSONS),
    DeskLink(TRANSLATIONS, "Übersetzungen", Right.READ),
    DeskLink(UPLOADS, "Einspielen", Right.IMPORT),
    DeskLink(f"{DESK}/vorgaenge", "Vorgänge", Right.READ),
    DeskLink(HINTS, "Hinweise", Right.HINTS),
    DeskLink(LINK_LIST, "Links", Right.READ),
    DeskLink(FIGURES, "Zahlen", Right.READ),
    DeskLink(OUTBOX, "Postausgang", Right.HINTS),
    DeskLink(SETTINGS, "Einstellungen", Right.SETTINGS),
    DeskLink(f"{DESK}/konten", "Konten", Right.ACCOUNTS),
    DeskLink(f"{DESK}/rollen", "Rollen", Right.READ),
    DeskLink(f"{DESK}/konto", "Mein Konto", SIGNED_IN),
)


def desk_router(node: Node, pages: Pages, words: Words, log: Log) -> Router:
    """Return everything below `/pult`."""
    desk = Desk(node.accounts, pages, log, LINKS, public_url=node.settings.public_url, help_of=help_path)
    room = make_room(node, desk, words)
    return desk.router(
        [
            *signing_in_routes(desk),
            *own_account_routes(desk),
            *account_routes(desk),
            *start_routes(room),
            *offer_list_routes(room),
            *offer_file_routes(room),
            *upload_routes(room),
            *editing_routes(room),
            *offer_routes(room),
            *provider_routes(room),
            *person_routes(room),
            *erasing_routes(room),
            *translation_routes(room),
            *hint_routes(room),
            *link_routes(room),
            *figure_routes(room),
            *help_routes(room),
            *outbox_routes(room),
            *settings_routes(room),
        ]
    )
