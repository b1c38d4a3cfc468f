"""Search indexes for parties in memory, which have no directory of their own."""

from __future__ import annotations

from pathlib import Path

import hub.indexing
import node.indexing
from hub.party import Hub
from node.party import Node


def give_index(party: Node | Hub, folder: Path) -> None:
    """Give a party a place for its index and bring it level; call again (or `keep_index`) after changes."""
    if party.index_path is None:
        name = party.settings.name if isinstance(party, Node) else "hub"
        party.index_path = folder / f"search-{name}.db"
        for made in ("finder", "indexer"):
            vars(party).pop(made, None)
    if isinstance(party, Node):
        node.indexing.keep_index(party)
    else:
        hub.indexing.keep_index(party)
