"""All formats in which the whole catalogue is given out, in the order in which they are listed."""

from __future__ import annotations

from typing import Final

from shared.outputs.formats.comma_table import COMMAS
from shared.outputs.formats.dates import DATES
from shared.outputs.formats.dcat import Api, describe
from shared.outputs.formats.format import Format
from shared.outputs.formats.integreat import INTEGREAT
from shared.outputs.formats.lines import LINES
from shared.outputs.formats.linked_data import LINKED_DATA
from shared.outputs.formats.news import ATOM, RSS
from shared.outputs.formats.package import PACKAGE
from shared.outputs.formats.sheet import SHEETS

HSDS_API: Final = Api(
    title="Programmierschnittstelle nach HSDS 3.2.3 (Open Referral)",
    title_en="API after HSDS 3.2.3 (Open Referral)",
    path="/hsds",
    description="/hsds/openapi.json",
    guide="/schnittstelle",
    conforms_to="https://docs.openreferral.org/",
)
_OF_OFFERS: Final = (COMMAS, SHEETS, LINES, PACKAGE, LINKED_DATA, ATOM, RSS, DATES, INTEGREAT)
FORMATS: Final[tuple[Format, ...]] = (*_OF_OFFERS, describe(_OF_OFFERS, HSDS_API))
