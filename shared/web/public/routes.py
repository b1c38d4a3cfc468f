"""All public pages of a party, in one list; each module beside gives its own routes."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from shared.web.public.atom import feed_routes
from shared.web.public.face import Face
from shared.web.public.hint import hint_router
from shared.web.public.languages_page import languages_routes
from shared.web.public.offer import offer_routes
from shared.web.public.results import result_routes
from shared.web.public.start import start_routes
from shared.web.public.subscription_pages import subscription_routes


def public_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the routes of every public page and format."""
    return [
        *start_routes(face),
        *result_routes(face),
        *offer_routes(face),
        *feed_routes(face),
        *subscription_routes(face),
        hint_router(face),
        languages_routes(face),
    ]
