"""What a city set about the look of its pages: colours and logo."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from node.city import load_logo, load_look, stylesheet
from node.party import Node
from shared.errors import NotFoundError
from shared.model.district import District
from shared.web.pages import Dress
from shared.web.public.colours import district_dress

_DAY = {"Cache-Control": "public, max-age=86400"}


def dress_of(node: Node, district: District) -> Dress:
    """Return the look that the city set, in the district's colours where it set none.

    A change has another address, so browsers ask anew.
    """
    city = load_look(node)
    return Dress(
        stylesheet=f"/stadt.css?v={city.accent[1:]}" if stylesheet(city) else district_dress(district).stylesheet,
        logo=f"/stadt/logo?v={city.logo_tag}" if city.logo_type else "",
    )


def city_routes(node: Node) -> Sequence[HTTPRouteHandler]:
    """Return the routes of what the city set."""

    @get("/stadt.css", sync_to_thread=True, include_in_schema=False)
    def city_colours() -> Response[str]:
        return Response(stylesheet(load_look(node)), media_type="text/css", headers=_DAY)

    @get("/stadt/logo", sync_to_thread=True, include_in_schema=False)
    def city_logo() -> Response[bytes]:
        city, picture = load_look(node), load_logo(node)
        if not picture:
            raise NotFoundError("Diese Stadt hat kein Logo hinterlegt")
        return Response(picture, media_type=city.logo_type, headers=_DAY)

    return [city_colours, city_logo]
