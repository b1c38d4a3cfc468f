"""Groups of routes that are made for one application."""

from __future__ import annotations

from typing import Any, Self

from litestar import Router


class OwnRouter(Router):
    """A router that belongs to the one application it is made for.

    Litestar copies a router with all that hangs on it whenever it is registered, so that it may be registered twice;
    ours never are, and the copies cost a third of the time that an application needs to start.
    """

    def __deepcopy__(self, _memo: dict[int, Any]) -> Self:
        return self
