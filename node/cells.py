"""Own documents as cells of a table, for files that leave and come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.party import Node
from shared.errors import ParseError
from shared.model.cells import cells_of
from shared.model.district import District
from shared.model.offer import offer_from_builtins
from shared.settings import load_district as read_district


def load_district(node: Node) -> District:
    """Return the district profile of this node's settings."""
    return read_district(node.settings.district)


class CellWriter:
    """Writes the cells of one node's offers."""

    def __init__(self, node: Node) -> None:
        self._ags = node.settings.ags
        self._district = load_district(node)
        self._vocabularies = node.vocabularies()

    def write(self, document: Mapping[str, Any], source: str) -> dict[str, str]:
        """Return what a document says, by column; of a draft that is no offer yet, its title alone."""
        own = {"id": "0" * 32, "owner": self._ags}
        try:
            typed = offer_from_builtins(own | {"last_modified": ""} | dict(document))
        except ParseError:
            typed = offer_from_builtins(own | {"name": str(document.get("name", ""))[:160]})
        return cells_of(typed, district=self._district, vocabularies=self._vocabularies, source=source)
