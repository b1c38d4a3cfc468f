"""Why two offers look the same, or do not: codes with values, and what they mean in German."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec


class Reason(msgspec.Struct, frozen=True, array_like=True):
    """One reason: its code, and what the sentence needs beside it (a percentage, a town); never personal data."""

    code: str
    value: str = ""

    @property
    def is_against(self) -> bool:
        """It speaks against the two being the same."""
        return self.code in AGAINST


FOR: Final = {
    "identifier": "gleiche Kennung des Trägers ({})",
}
AGAINST: Final = {
    "other_town": "andere Stadt ({})",
}


def reasons_in_german(reasons: Sequence[Reason]) -> list[str]:
    """Return what the desk says for reasons, in their order; a code that is not known stands for itself."""
    sentences = {**FOR, **AGAINST}
    return [sentences.get(one.code, one.code).format(one.value) for one in reasons]
