"""What is told to those who want to know that something changed: streams and webhooks say the same (PROTOCOL 9)."""

from __future__ import annotations

from typing import Final

import msgspec

from shared.clock import in_utc

CATALOGUE: Final = "kreisweit.catalogue"


def catalogue_message(note: bytes, now: float) -> bytes:
    """Return the message that the catalogue changed: the signed note, and no record."""
    return msgspec.json.encode({"type": CATALOGUE, "timestamp": in_utc(now), "data": {"note": note.decode()}})
