"""The district's colours on every page of its parties, unless a city set its own."""

from __future__ import annotations

from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.model.colours import accent_css
from shared.model.district import District
from shared.web.pages import Dress
from shared.web.public.face import Face

DISTRICT_CSS: Final = "/kreis.css"
_DAY: Final = {"Cache-Control": "public, max-age=86400"}


def district_dress(district: District) -> Dress:
    """Return the look that the district profile sets; another colour has another address, so browsers ask anew."""
    return Dress(stylesheet=f"{DISTRICT_CSS}?v={district.colours.accent[1:]}")


def colour_route(face: Face) -> HTTPRouteHandler:
    """Return the route of the style sheet."""
    text = accent_css(face.words.district.colours.accent)

    @get(DISTRICT_CSS, sync_to_thread=False, include_in_schema=False)
    def district_colours() -> Response[str]:
        return Response(text, media_type="text/css", headers=_DAY)

    return district_colours
