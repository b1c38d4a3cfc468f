"""The ways into the catalogue that stand above every page, the same at a node and at the hub."""

from __future__ import annotations

from typing import Final

from shared.web.messages import N_
from shared.web.pages import Link

NAVIGATION: Final = (
    Link("/angebote", N_("Angebote")),
    Link("/termine", N_("Termine")),
    Link("/staedte", N_("Städte")),
    Link("/traeger", N_("Träger")),
)

CALLS_LINK: Final = Link("/ausschreibungen", N_("Ausschreibungen"))
"""Stands below every page: few visitors look for it."""
