"""What is told to those who want to know that something changed: streams and webhooks say the same (PROTOCOL 9)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

CATALOGUE: Final = "kreisweit.catalogue"


def catalogue_message(note: bytes, now: float) -> bytes:
    """Return the message that the catalogue changed: the signed note, and no record."""
    moment = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return msgspec.json.encode({"type": CATALOGUE, "timestamp": moment, "data": {"note": note.decode()}})
