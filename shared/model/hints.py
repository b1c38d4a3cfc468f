"""What a hint about an offer may hold, the same on every page that takes one and for every party that passes one on."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

TEXT_MIN: Final = 5
TEXT_MAX: Final = 1000
CONTACT_MAX: Final = 254
"""The longest mail address."""

Problem = Literal["short", "long"]


class Taken(msgspec.Struct, frozen=True):
    """What became of a hint that somebody sent: taken, or how long to wait first."""

    wait_seconds: int = 0


def find_problems(text: str, contact: str) -> dict[str, Problem]:
    """Return what is wrong with a normalised hint by field; nothing when it can be taken."""
    problems: dict[str, Problem] = {}
    if len(text) < TEXT_MIN:
        problems["text"] = "short"
    elif len(text) > TEXT_MAX:
        problems["text"] = "long"
    if len(contact) > CONTACT_MAX:
        problems["contact"] = "long"
    return problems
