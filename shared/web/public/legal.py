"""What every party owes its visitors: Impressum, Datenschutz, Barrierefreiheit, help, and whom to tell of weaknesses.

Legal texts are German; the page around them speaks the visitor's language and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.errors import NotFoundError
from shared.outputs.rich_text import markdown
from shared.web.messages import N_
from shared.web.pages import Link
from shared.web.public.face import Face
from shared.web.public.legal_texts import contact_of, make_accessibility, make_privacy, reach_uris

FOOTER = (
    Link("/hilfe", N_("Hilfe")),
    Link("/impressum", N_("Impressum")),
    Link("/datenschutz", N_("Datenschutz")),
    Link("/barrierefreiheit", N_("Barrierefreiheit")),
    Link("/rueckmeldung", N_("Rückmeldung")),
    Link("/vertrauen", N_("Vertrauen prüfen")),
    Link("/schnittstelle", N_("Schnittstelle")),
)
"""The links at the foot of every page."""
_VALID = timedelta(days=180)
_ACCESSIBILITY = N_("Erklärung zur Barrierefreiheit")


def legal_routes(face: Face) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the pages that a party owes."""
    return [*_text_routes(face), _help_route(face), _security_route(face)]


def _text_routes(face: Face) -> Sequence[HTTPRouteHandler]:
    @get("/impressum", sync_to_thread=True, include_in_schema=False)
    def imprint_page() -> Response[str]:
        return _show(face, "/impressum", N_("Impressum"), face.texts().imprint)

    @get("/datenschutz", sync_to_thread=True, include_in_schema=False)
    def privacy_page() -> Response[str]:
        return _show(face, "/datenschutz", N_("Datenschutz"), face.texts().privacy, make_privacy)

    @get("/barrierefreiheit", sync_to_thread=True, include_in_schema=False)
    def accessibility_page() -> Response[str]:
        return _show(face, "/barrierefreiheit", _ACCESSIBILITY, face.texts().accessibility, make_accessibility)

    return [imprint_page, privacy_page, accessibility_page]


def _show(face: Face, path: str, title: str, text: str, make: Callable[[Face], str] | None = None) -> Response[str]:
    if not text and make is not None:
        text = make(face)
    return face.pages.respond(
        "public/legal.html", path=path, standing=face.standing(), title=title, text=markdown(text) if text else "",
        office=face.texts().office,
    )  # fmt: skip


def _help_route(face: Face) -> HTTPRouteHandler:
    @get("/hilfe", sync_to_thread=True, include_in_schema=False)
    def help_page() -> Response[str]:
        return face.pages.respond("public/help.html", path="/hilfe", standing=face.standing(), office=contact_of(face))

    return help_page


# --- security.txt ----------------------------------------------------------------------------------------------------


def _security_route(face: Face) -> HTTPRouteHandler:
    @get("/.well-known/security.txt", sync_to_thread=True, include_in_schema=False)
    def security_text() -> Response[str]:
        text = make_security_text(face)
        if not text:
            raise NotFoundError("this party has no contact yet")
        return Response(text, media_type="text/plain", headers={"Cache-Control": "no-cache"})

    return security_text


def make_security_text(face: Face) -> str:
    """Return whom to tell of a weakness (RFC 9116); empty where nobody is known.

    It expires half a year after the day on which it is asked for, so it never goes stale while somebody serves it, and
    stays the same for a day.
    """
    reach = reach_uris(contact_of(face))
    if not reach:
        return ""
    day = datetime.fromtimestamp(face.clock.now(), UTC).replace(hour=0, minute=0, second=0)
    lines = [f"Contact: {uri}" for uri in reach]
    lines += [f"Expires: {day + _VALID:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: de, en"]
    if face.public_url.startswith("https://"):
        lines.append(f"Canonical: {face.absolute('/.well-known/security.txt')}")
    return "\n".join(lines) + "\n"
