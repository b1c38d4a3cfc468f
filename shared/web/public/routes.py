"""All public pages of a party, in one list; each module beside gives its own routes."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from shared.web.public.agenda_page import agenda_routes
from shared.web.public.atom import feed_routes
from shared.web.public.calls import call_routes
from shared.web.public.colours import colour_route
from shared.web.public.doors import open_doors
from shared.web.public.face import Face
from shared.web.public.feedback import feedback_router
from shared.web.public.guide import guide_routes
from shared.web.public.hint import hint_router
from shared.web.public.interface import interface_route
from shared.web.public.languages_page import languages_routes
from shared.web.public.legal import legal_routes
from shared.web.public.map import map_routes
from shared.web.public.notices import notice_routes
from shared.web.public.offer import offer_routes
from shared.web.public.offline import offline_routes
from shared.web.public.proof import proof_routes
from shared.web.public.providers import provider_routes
from shared.web.public.results import result_routes
from shared.web.public.sitemap import sitemap_routes
from shared.web.public.start import start_routes
from shared.web.public.subscription_pages import subscription_routes
from shared.web.public.towns import town_routes
from shared.web.public.trust import trust_routes


def public_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the routes of every public page and format."""
    doors = open_doors(face)
    catalogue = (start_routes, result_routes, offer_routes, proof_routes, feed_routes, subscription_routes)
    beside = (provider_routes, town_routes, agenda_routes, call_routes, map_routes, sitemap_routes)
    return [
        *(route for make in catalogue for route in make(face)),
        *(route for make in beside for route in make(doors)),
        hint_router(face),
        feedback_router(face),
        *legal_routes(face),
        *trust_routes(face),
        *notice_routes(face),
        *offline_routes(face),
        interface_route(face),
        *guide_routes(face),
        languages_routes(face),
        colour_route(face),
    ]
