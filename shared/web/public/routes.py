"""All public pages of a party, in one list; each module beside gives its own routes."""

from __future__ import annotations

from collections.abc import Sequence

from litestar.types import ControllerRouterHandler

from shared.web.public.face import Face
from shared.web.public.results import result_routes
from shared.web.public.start import start_routes


def public_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the routes of every public page and format."""
    return [*start_routes(face), *result_routes(face)]
