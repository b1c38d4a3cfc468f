"""The help: one page with a section for each kind of page of the desk, and the way from a page to its section."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from node.web.desk.room import Room
from shared.accounts.links import DESK
from shared.accounts.rights import Right
from shared.web.desk.guard import DeskRequest, desk_get

HELP = f"{DESK}/hilfe"
SECTIONS: Mapping[str, str] = {
    "start": "Startseite",
    "angebote": "Liste der Angebote",
    "angebot": "Ein Angebot",
    "formular": "Das Formular",
    "verlauf": "Verlauf",
    "vorschau": "Vorschau",
    "konflikte": "Konflikte",
    "traeger": "Träger",
    "personen": "Personen",
    "uebersetzungen": "Übersetzungen",
    "einspielen": "Einspielen",
    "vorgaenge": "Vorgänge",
    "hinweise": "Hinweise",
    "links": "Links",
    "zahlen": "Zahlen",
    "postausgang": "Postausgang",
    "einstellungen": "Einstellungen",
    "stadt": "Texte und Kontakt",
    "aussehen": "Logo und Farbe",
    "recht": "Impressum und Datenschutz",
    "mail": "Mail und Erinnerungen",
    "konten": "Konten",
    "rollen": "Rollen",
    "konto": "Mein Konto",
}
"""The sections of the help, by anchor, in the order of the page."""
PICTURES = frozenset({"start", "angebote", "angebot", "formular", "verlauf", "einspielen"})
"""Sections with a picture, taken by `python -m tests.browser.help_pictures`."""
_PATTERNS: Sequence[tuple[str, str]] = (
    (r"/angebote", "angebote"),
    (r"/angebote/neu|/angebote/[^/]+/bearbeiten", "formular"),
    (r"/angebote/[^/]+/verlauf", "verlauf"),
    (r"/angebote/[^/]+/vorschau", "vorschau"),
    (r"/angebote/[^/]+/uebersetzungen(?:/.*)?", "uebersetzungen"),
    (r"/angebote/.+", "angebot"),
    (r"/einstellungen/(stadt|aussehen|recht|mail)(?:/.*)?", ""),
)


def help_path(path: str) -> str:
    """Return the address of the section about a page of the desk; the top of the help where there is none."""
    below = path.removeprefix(DESK).rstrip("/")
    for pattern, anchor in _PATTERNS:
        if found := re.fullmatch(pattern, below):
            return f"{HELP}#{anchor or found[1]}"
    first = below.split("/")[1] if below else "start"
    return f"{HELP}#{first}" if first in SECTIONS else HELP


def help_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the route of the help."""

    @desk_get("/hilfe", right=Right.READ)
    def help_page(request: DeskRequest) -> Response[str]:
        return room.desk.respond(request, "desk/help.html", sections=SECTIONS, pictures=PICTURES)

    return [help_page]
