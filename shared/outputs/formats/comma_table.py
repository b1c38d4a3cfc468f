"""The catalogue as CSV after RFC 4180: commas, quotes, CRLF; UTF-8 with a mark that spreadsheets look for.

No cell becomes a formula: an apostrophe stands before what a spreadsheet would execute (threat T22), telephone numbers
with a plus included; reading a table at a node takes it away again.
"""

from __future__ import annotations

import csv
import io
from datetime import date
from typing import IO, Final

from shared.model.formulas import guarded
from shared.outputs.formats.format import Format, Offers
from shared.outputs.formats.table import PUBLIC_COLUMNS, Cell, RowWriter
from shared.outputs.offered import About


def write_commas(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write all offers, one in each line."""
    writer = RowWriter(about.district, about.vocabularies)
    text = io.TextIOWrapper(into, "utf-8-sig", newline="", write_through=False)
    try:
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerow([column.name for column in PUBLIC_COLUMNS])
        lines.writerows([guarded(_text(cell)) for cell in writer.cells(offered)] for offered in offers)
    finally:
        text.detach()  # The file goes on to be ours.


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, date) else str(cell)


COMMAS: Final = Format(
    name="csv",
    path="/catalog.csv",
    media_type="text/csv; charset=utf-8",
    title="Liste aller Angebote als CSV-Datei",
    title_en="List of all offers as a CSV file",
    write=write_commas,
)
