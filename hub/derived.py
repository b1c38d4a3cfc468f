"""The derived files of the hub follow what the hub shows: the search index, and the outputs for integrators."""

from __future__ import annotations

from hub.notes import newest_note
from hub.party import Hub
from shared.consume import shown_origins
from shared.derived import Derived


def derived_of(hub: Hub) -> Derived:
    """Return the derived files of the hub; none where it has no place for them."""
    found = (hub.indexer, hub.outputs.keeper)
    return Derived([file for file in found if file is not None], lambda: _origins(hub))


def _origins(hub: Hub) -> list[str]:
    with hub.db.read() as conn:
        said = newest_note(conn)
    return [] if said is None else shown_origins(said)
