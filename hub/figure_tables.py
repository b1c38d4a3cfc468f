"""A table of figures: one shape for a page, for CSV and for a spreadsheet.

Decided here: how cells are written into files, so that none of them is a formula (threat T22).  Which tables there are
is decided by those who make them.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import msgspec

from shared.model.formulas import guarded

Cell = str | int | date | None
NONE: Final = "keins"
"""Stands in a column of numbers where there is nothing, so that a gap reads as one."""
_SHEET_NAME_MAX: Final = 31
_LEADS_WITH_NUMBER: Final = re.compile(rf"(?:{NONE}|[0-9]+)(?:$|, [0-9]+ × )")
_NOT_IN_SHEET_NAMES: Final = re.compile(r"[\[\]:*?/\\']")
_WIDTHS: Final = (10, 60)


class Table(msgspec.Struct, frozen=True):
    """One table; `name` is its short name in addresses, `note` what has to be known to read it."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    empty: str = "keine Einträge"

    def is_number(self, at: int) -> bool:
        """Tell whether a column holds numbers."""
        cells = [row[at] for row in self.rows if row[at] is not None]
        return bool(cells) and all(isinstance(cell, int) or _LEADS_WITH_NUMBER.match(str(cell)) for cell in cells)


def in_words(table: Table) -> Table:
    """Return a table whose dates are German texts, as it can be kept as JSON."""
    rows = tuple(tuple(_text(cell) if isinstance(cell, date) else cell for cell in row) for row in table.rows)
    return msgspec.structs.replace(table, rows=rows)


def format_tables(tables: Sequence[Table]) -> str:
    """Write tables as JSON; `parse_tables` reads them."""
    return msgspec.json.encode([in_words(table) for table in tables]).decode()


def parse_tables(text: str) -> tuple[Table, ...]:
    """Read tables that `format_tables` wrote."""
    return tuple(
        Table(
            one["name"], one["title"], tuple(one["columns"]), tuple(tuple(row) for row in one["rows"]), one["note"],
            one["empty"],
        )
        for one in msgspec.json.decode(text)
    )  # fmt: skip


def find_table(tables: Sequence[Table], name: str) -> Table | None:
    """Return the table of this name, or None."""
    return next((table for table in tables if table.name == name), None)


def format_csv(table: Table) -> bytes:
    """Write a table as a spreadsheet program of a German office opens it: semicolons, UTF-8 with its mark."""
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=";", lineterminator="\r\n")
    lines.writerow(table.columns)
    lines.writerows([guarded(_text(cell)) for cell in row] for row in table.rows)
    return text.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    return f"{cell:%d.%m.%Y}" if isinstance(cell, date) else str(cell)


def format_sheets(tables: Sequence[Table], *, title: str, about: Sequence[tuple[str, str]]) -> bytes:
    """Write tables as a workbook, each on a sheet of its own behind one that says what they are.

    Args:
        about: name and text of what stands on the first sheet.
    """
    import xlsxwriter

    into = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False,
        "default_date_format": "dd.mm.yyyy",
    }  # fmt: skip
    with xlsxwriter.Workbook(into, options) as book:
        book.set_properties({"title": title})
        _write_about(book, about)
        used: set[str] = {"Über diese Tabellen"}
        for table in tables:
            _write_table(book, _sheet_name(table.title, used), table)
    return into.getvalue()


def _write_about(book: Any, about: Sequence[tuple[str, str]]) -> None:
    sheet, bold, wraps = book.add_worksheet("Über diese Tabellen"), book.add_format({"bold": True}), book.add_format()
    wraps.set_text_wrap()
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    for at, (name, text) in enumerate(about):
        sheet.write_string(at, 0, name, bold)
        sheet.write_string(at, 1, text, wraps)


def _write_table(book: Any, name: str, table: Table) -> None:
    sheet, bold = book.add_worksheet(name), book.add_format({"bold": True})
    for at, column in enumerate(table.columns):
        longest = max([len(column), *(len(_text(row[at])) for row in table.rows)])
        sheet.set_column(at, at, min(max(longest + 2, _WIDTHS[0]), _WIDTHS[1]))
        sheet.write_string(0, at, column, bold)
    sheet.freeze_panes(1, 1)
    for number, row in enumerate(table.rows, 1):
        for at, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write_datetime(number, at, cell)
            elif isinstance(cell, int):
                sheet.write_number(number, at, cell)
            elif cell:
                sheet.write_string(number, at, cell)
    if table.rows:
        sheet.autofilter(0, 0, len(table.rows), len(table.columns) - 1)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


def _sheet_name(title: str, used: set[str]) -> str:
    """Return a name that spreadsheets take, and that no other sheet has."""
    plain = _NOT_IN_SHEET_NAMES.sub(" ", title).strip()[:_SHEET_NAME_MAX].strip()
    name, number = plain, 2
    while name.casefold() in {one.casefold() for one in used}:
        name, number = f"{plain[: _SHEET_NAME_MAX - 4].strip()} {number}", number + 1
    used.add(name)
    return name
