"""All formats in which the whole catalogue is given out, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from shared.outputs.formats.format import Format
from shared.outputs.formats.lines import LINES
from shared.outputs.formats.linked_data import LINKED_DATA

FORMATS: Final[tuple[Format, ...]] = (LINES, LINKED_DATA)
