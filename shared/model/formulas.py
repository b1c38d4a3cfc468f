"""Texts that a spreadsheet would take for a formula, made harmless on the way out and restored on the way in (T22)."""

from __future__ import annotations

import re
from typing import Final

# = + - @ TAB CR and the full-width forms, behind any number of apostrophes: so that restoring is exact.
_DANGEROUS: Final = re.compile("'*[=+\\-@\t\r＝＋－＠]")


def guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would execute."""
    return f"'{cell}" if _DANGEROUS.match(cell) else cell


def unguarded(cell: str) -> str:
    """Take away the apostrophe that `guarded` put there; other texts stay as they are."""
    return cell[1:] if cell.startswith("'") and _DANGEROUS.match(cell, 1) else cell
