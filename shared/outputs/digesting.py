"""Which catalogue digest a state of the outputs has: that of the note it is level with (PROTOCOL 7)."""

from __future__ import annotations

from collections.abc import Mapping

from shared.consume import UNDIGESTED, shown_origins
from shared.feed.catalogue_note import CatalogueNote
from shared.outputs.cursor import origin_key


def digest_of(sizes: Mapping[bytes, int], said: CatalogueNote | None) -> str:
    """Return the digest of a state in hex; empty unless it shows every log exactly as far as the note says.

    Args:
        sizes: how far each log is shown, by the short name of its origin.
    """
    if said is None:
        return ""
    shown = set(shown_origins(said))
    for source in said.sources:
        if source.origin in shown and source.word not in UNDIGESTED:
            size = source.size if source.fold is None else min(source.size, source.fold)
            if sizes.get(origin_key(source.origin)) != size:
                return ""
    return said.digest.hex()
