"""All formats in which the whole catalogue is given out, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from shared.outputs.formats.comma_table import COMMAS
from shared.outputs.formats.format import Format
from shared.outputs.formats.lines import LINES
from shared.outputs.formats.package import PACKAGE
from shared.outputs.formats.sheet import SHEETS

FORMATS: Final[tuple[Format, ...]] = (COMMAS, SHEETS, LINES, PACKAGE)
