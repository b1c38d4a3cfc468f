"""The derived files of a node follow what the node shows: the search index, and the outputs for integrators."""

from __future__ import annotations

from node.party import Node
from shared.consume import shown_origins
from shared.derived import Derived


def derived_of(node: Node) -> Derived:
    """Return the derived files of a node; none where it has no place for them."""
    found = (node.indexer, node.outputs.keeper)
    return Derived([file for file in found if file is not None], lambda: _origins(node))


def _origins(node: Node) -> list[str]:
    said = node.consumer.shown()
    return [] if said is None else shown_origins(said)
