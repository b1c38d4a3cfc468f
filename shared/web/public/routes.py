"""All public pages of a party, in one list; each module beside gives its own routes."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from shared.web.public.face import Face
from shared.web.public.feedback import feedback_router
from shared.web.public.legal import legal_routes
from shared.web.public.offline import offline_routes


def public_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the routes of every public page and format."""
    return [*legal_routes(face), feedback_router(face), *offline_routes(face)]
