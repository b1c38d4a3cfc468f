"""The search index of the hub follows what the hub shows."""

from __future__ import annotations

from hub.notes import newest_note
from hub.party import Hub
from shared.consume import shown_origins


def keep_index(hub: Hub) -> int:
    """Bring the index level with the catalogue; returns how many entries changed."""
    return 0 if hub.indexer is None else hub.indexer.catch_up(_origins(hub))


def rebuild_index(hub: Hub) -> int:
    """Make the index anew; returns how many entries it holds."""
    return 0 if hub.indexer is None else hub.indexer.rebuild(_origins(hub))


def purge_index(hub: Hub) -> bool:
    """Take out what is shown no more, and leave no remains of it in the files; an index never made holds nothing.

    Returns:
        False where it must be tried again.
    """
    if hub.indexer is None or not hub.indexer.path.exists():
        return True
    hub.indexer.catch_up(_origins(hub))
    return hub.indexer.purge()


def _origins(hub: Hub) -> list[str]:
    with hub.db.read() as conn:
        said = newest_note(conn)
    return [] if said is None else shown_origins(said)
