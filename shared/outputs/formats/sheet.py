"""The catalogue as a spreadsheet: a sheet with one offer in each row, and one that says where it is from.

Rows are written as they come (`constant_memory`), through files in a directory that is deleted in the end, or when the
program starts again after it was killed in between.  All cells are typed, so that no text is a formula
(threat T22).
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from typing import IO, Any, Final
from zoneinfo import ZoneInfo

from shared.outputs.formats.format import SCRATCH_PREFIX, Format, Offers
from shared.outputs.formats.table import PUBLIC_COLUMNS, Cell, RowWriter
from shared.outputs.offered import About

SHEET, ABOUT_SHEET = "Angebote", "Über diese Liste"
LINKS_MAX: Final = 60_000
"""Excel takes 65 530 links on a sheet; what is beyond is text."""
_LINK_LENGTH_MAX: Final = 2000


def write_sheet(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write all offers, one in each row."""
    import xlsxwriter

    with tempfile.TemporaryDirectory(prefix=SCRATCH_PREFIX, dir=offers.scratch) as folder:
        options = {
            "constant_memory": True, "tmpdir": folder, "strings_to_formulas": False, "strings_to_numbers": False,
            "strings_to_urls": False, "default_date_format": "dd.mm.yyyy",
        }  # fmt: skip
        with xlsxwriter.Workbook(into, options) as book:
            book.set_properties({"title": about.title, "author": about.publisher})
            _write_offers(book, offers, about)
            _write_about(book, about)


def _write_offers(book: Any, offers: Offers, about: About) -> None:
    sheet, bold = book.add_worksheet(SHEET), book.add_format({"bold": True})
    for at, column in enumerate(PUBLIC_COLUMNS):
        sheet.set_column(at, at, column.width)
    sheet.freeze_panes(1, 3)
    for at, column in enumerate(PUBLIC_COLUMNS):
        sheet.write_string(0, at, column.name, bold)
    rows, number = _Rows(book, sheet), 0
    writer = RowWriter(about.district, about.vocabularies)
    for number, offered in enumerate(offers, 1):
        rows.write(number, writer.cells(offered))
    sheet.autofilter(0, 0, number, len(PUBLIC_COLUMNS) - 1)


class _Rows:
    """Writes typed cells."""

    def __init__(self, book: Any, sheet: Any) -> None:
        self._sheet = sheet
        self._link = book.get_default_url_format()
        self._links = 0

    def write(self, number: int, cells: list[Cell]) -> None:
        for at, cell in enumerate(cells):
            if cell is None or cell == "":
                continue
            if isinstance(cell, date):
                self._sheet.write_datetime(number, at, cell)
            elif not isinstance(cell, str):
                self._sheet.write_number(number, at, cell)
            elif PUBLIC_COLUMNS[at].is_link and self._may_link(cell):
                self._sheet.write_url(number, at, cell, self._link)
            else:
                self._sheet.write_string(number, at, cell)

    def _may_link(self, cell: str) -> bool:
        """A cell with several addresses is text; links are counted, since the sheet keeps them in memory."""
        is_one = cell.startswith(("https://", "http://")) and not set(cell) & set(" \n\t")
        if not is_one or len(cell) > _LINK_LENGTH_MAX or self._links >= LINKS_MAX:
            return False
        self._links += 1
        return True


def _write_about(book: Any, about: About) -> None:
    sheet, bold, wraps = book.add_worksheet(ABOUT_SHEET), book.add_format({"bold": True}), book.add_format()
    wraps.set_text_wrap()
    sheet.set_column(0, 0, 24, bold)
    sheet.set_column(1, 1, 90, wraps)
    for number, (name, value) in enumerate(_about_rows(about)):
        sheet.write_string(number, 0, name, bold)
        sheet.write_string(number, 1, value, wraps)


def _about_rows(about: About) -> Iterator[tuple[str, str]]:
    made = about.made.astimezone(ZoneInfo(about.district.timezone))
    said = (
        ("Titel", about.title),
        ("Herausgegeben von", about.publisher),
        ("E-Mail", about.email),
        ("Quelle", about.base_url),
        ("Lizenz", about.licence_name),
        ("Text der Lizenz", about.licence_url),
        ("Stand", f"{made:%d.%m.%Y %H:%M} Uhr"),
        ("Prüfsumme des Katalogs", about.digest),
    )
    yield from ((name, value) for name, value in said if value)
    yield "", ""
    yield "Spalte", "Inhalt"
    yield from ((column.name, column.about) for column in PUBLIC_COLUMNS)


SHEETS: Final = Format(
    name="xlsx",
    path="/catalog.xlsx",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    title="Liste aller Angebote als Excel-Datei",
    title_en="List of all offers as an Excel file",
    write=write_sheet,
)
