"""Tables of figures as files: no cell is a formula, a gap reads as one, and what is kept as JSON comes back."""

from __future__ import annotations

import io
from datetime import date

import openpyxl

from hub.figure_tables import Table, find_table, format_csv, format_sheets, format_tables, parse_tables

TABLE = Table(
    "themen", "Angebote: nach [Thema]", ("Thema", "Angebote", "seit"),
    (("Wohnen", "keins", None), ("=1+1", 2, date(2026, 3, 1)), ("Sport", "keins, 5 × Bedarf", None)),
)  # fmt: skip


def test_columns_of_numbers_are_known_also_where_a_gap_stands() -> None:
    assert [TABLE.is_number(at) for at in range(3)] == [False, True, False]


def test_csv_opens_in_a_german_office_and_holds_no_formula() -> None:
    lines = format_csv(TABLE).decode("utf-8-sig").split("\r\n")

    assert lines[:3] == ["Thema;Angebote;seit", "Wohnen;keins;", "'=1+1;2;01.03.2026"]


def test_sheets_bear_names_that_spreadsheets_take() -> None:
    book = openpyxl.load_workbook(io.BytesIO(format_sheets([TABLE, TABLE], title="T", about=[("Stand", "heute")])))

    assert book.sheetnames == ["Über diese Tabellen", "Angebote  nach  Thema", "Angebote  nach  Thema 2"]
    sheet = book.worksheets[1]
    assert [cell.data_type for row in sheet.iter_rows(min_row=3, max_row=3) for cell in row] == ["s", "n", "d"]
    assert book.worksheets[0]["B1"].value == "heute"


def test_workbook_without_rows_opens() -> None:
    empty = Table("leer", "Leer", ("A", "B"), ())

    book = openpyxl.load_workbook(io.BytesIO(format_sheets([empty], title="T", about=[])))

    assert book.worksheets[1]["A1"].value == "A"


def test_kept_tables_come_back_with_dates_in_words() -> None:
    (kept,) = parse_tables(format_tables([TABLE]))

    assert kept.rows[1] == ("=1+1", 2, "01.03.2026")
    assert (kept.name, kept.title, kept.columns, kept.empty) == (TABLE.name, TABLE.title, TABLE.columns, TABLE.empty)


def test_table_is_found_by_its_name() -> None:
    assert find_table([TABLE], "themen") is TABLE
    assert find_table([TABLE], "x") is None
