"""All formats in which the whole catalogue is given out, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from shared.outputs.formats.dates import DATES
from shared.outputs.formats.format import Format
from shared.outputs.formats.integreat import INTEGREAT
from shared.outputs.formats.lines import LINES
from shared.outputs.formats.linked_data import LINKED_DATA
from shared.outputs.formats.news import ATOM, RSS

FORMATS: Final[tuple[Format, ...]] = (LINES, LINKED_DATA, ATOM, RSS, DATES, INTEGREAT)
