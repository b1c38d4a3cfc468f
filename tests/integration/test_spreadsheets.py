"""Spreadsheets in a child process: cells as people see them, and files that must not do harm (threat T23)."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import UTC, date, datetime
from datetime import time as clock_time

import pytest

from node import sheet_child
from node.spreadsheets import REFUSALS, read_spreadsheet
from shared.errors import RuleError
from shared.model.grid import GridRow
from tests.support import sheets


def refused(content: bytes) -> str:
    with pytest.raises(RuleError) as caught:
        read_spreadsheet(content)
    return next(code for code, (text, _) in REFUSALS.items() if text == caught.value.message)


def test_cells_are_read_as_people_see_them() -> None:
    shown = [sheet_child.shown_as(cell) for cell in (
        45699.0, "01099", 0.1 + 0.2, True, datetime(2026, 2, 1, tzinfo=UTC),
        datetime(2026, 2, 1, 9, 30, tzinfo=UTC), date(2026, 12, 24),
        clock_time(9, 5), 4917012345678.0, "",
    )]  # fmt: skip

    assert shown == [
        "45699", "01099", "0,3", "ja", "01.02.2026", "01.02.2026 09:30", "24.12.2026", "09:05", "4917012345678", "",
    ]  # fmt: skip


def test_rows_bear_the_numbers_that_the_spreadsheet_shows() -> None:
    content = sheets.xlsx_of({"Eins": [[], ["", "plz"], [], ["", 45699]]})

    rows = [row for row in read_spreadsheet(content).grid.rows if row.has_text]

    assert rows == [GridRow(2, ("", "plz")), GridRow(4, ("", "45699"))]


def test_sheet_is_chosen_by_name_and_all_are_named() -> None:
    content = sheets.xlsx_of({"Eins": [["a"]], "Zwei": [["b"]]})

    first, second = read_spreadsheet(content), read_spreadsheet(content, "Zwei")

    assert (first.name, first.names) == ("Eins", ("Eins", "Zwei"))
    assert second.grid.rows == (GridRow(1, ("b",)),)


def test_opendocument_sheet_is_read() -> None:
    found = read_spreadsheet(sheets.ods([["traeger", "angebot"], ["Träger Ä", "Café ß"]]))

    assert [row.cells for row in found.grid.rows] == [("traeger", "angebot"), ("Träger Ä", "Café ß")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (sheets.zip_bomb(), "bomb"),
        (sheets.billion_laughs(), "dtd"),
        (b"PK\x03\x04 but nothing else", "broken"),
        (sheets.xlsx([sheets.ROW])[:-200], "broken"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "old-excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le"), "password"),
        (sheets.ods([["a"]], manifest="<m><manifest:encryption-data/></m>"), "password"),
        (sheets.xlsx_of({"x": [["a"]] * (sheet_child.ROWS_MAX + 2)}), "rows"),
        (sheets.xlsx_of({"x": [["a"] * (sheet_child.COLUMNS_MAX + 1)]}), "columns"),
        (sheets.xlsx_of({f"x{n}": [["a"]] for n in range(60)}), "entries"),
    ],
    ids=[
        "zip-bomb", "billion-laughs", "no-zip", "cut-off", "old-excel", "password-xlsx", "password-ods", "rows",
        "columns", "entries",
    ],
)  # fmt: skip
def test_file_that_must_not_be_read_is_refused_in_time_with_a_reason(content: bytes, code: str) -> None:
    started = time.monotonic()

    assert refused(content) == code
    assert time.monotonic() - started < 5


def test_zip_that_lies_about_its_size_is_refused() -> None:
    assert refused(sheets.lying_zip()) in ("bomb", "broken")


def test_two_cells_at_the_far_ends_of_a_sheet_exhaust_only_the_child() -> None:
    started = time.monotonic()

    assert refused(sheets.far_corner()) in ("memory", "rows", "columns", "time")
    assert time.monotonic() - started < 10


def test_child_that_takes_too_long_is_killed() -> None:
    with pytest.raises(RuleError, match="zu lange"):
        read_spreadsheet(sheets.xlsx(sheets.rows_of(10)), seconds=0.001)


def test_entity_in_another_encoding_is_refused_too() -> None:
    laughing = '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x []><x/>'.encode("utf-16")

    assert refused(sheets.with_part(sheets.xlsx([sheets.ROW]), "xl/styles.xml", laughing)) == "dtd"


def test_names_of_parts_do_not_matter_to_the_count() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(sheet_child.ENTRIES_MAX + 1):
            archive.writestr(f"{number}.bin", b"")

    assert refused(out.getvalue()) == "entries"
