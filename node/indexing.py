"""The search index of a node follows what the node shows."""

from __future__ import annotations

from node.party import Node
from shared.consume import shown_origins


def keep_index(node: Node) -> int:
    """Bring the index level with the catalogue; returns how many entries changed."""
    return 0 if node.indexer is None else node.indexer.catch_up(_origins(node))


def rebuild_index(node: Node) -> int:
    """Make the index anew; returns how many entries it holds."""
    return 0 if node.indexer is None else node.indexer.rebuild(_origins(node))


def purge_index(node: Node) -> bool:
    """Take out what is shown no more, and leave no remains of it in the files; an index never made holds nothing.

    Returns:
        False where it must be tried again.
    """
    if node.indexer is None or not node.indexer.path.exists():
        return True
    node.indexer.catch_up(_origins(node))
    return node.indexer.purge()


def _origins(node: Node) -> list[str]:
    said = node.consumer.newest()
    return [] if said is None else shown_origins(said)
