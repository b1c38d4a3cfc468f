"""CSV files as people export them: character sets, separators, broken rows."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.model.formulas import guarded, unguarded
from shared.model.grid import decode_csv
from shared.model.table import COLUMNS, Table, read_table

HEADER = ";".join(COLUMNS)
GOOD = "Herten;Träger Ä;Café ß;Über – alles „gut“;Sprache;;;;;;;;;;;;"


def file(*rows: str, header: str = HEADER, end: str = "\r\n") -> str:
    return end.join([header, *rows, ""])


def numbers(table: Table) -> list[int]:
    return [row.number for row in table.rows]


def told(table: Table) -> list[tuple[int, str]]:
    return [(problem.row, problem.effect) for problem in table.problems]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_umlauts_survive_every_encoding(encoding: str, end: str) -> None:
    table = read_table(file(GOOD, end=end).encode(encoding))

    assert table.problems == ()
    assert [row.cells["traeger"] for row in table.rows] == ["Träger Ä"]
    assert table.rows[0].cells["beschreibung"] == "Über – alles „gut“"


@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_separator_is_recognised(delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows([COLUMNS, ["Herten", "A, B; C", "Zeile 1\nZeile 2", *[""] * 14]])

    table = read_table(out.getvalue().encode())

    assert table.delimiter == delimiter
    assert table.rows[0].cells["traeger"] == "A, B; C"
    assert table.rows[0].cells["angebot"] == "Zeile 1\nZeile 2"


def test_undefined_byte_of_windows_1252_is_told_with_its_row() -> None:
    data = file(GOOD, GOOD.replace("Café", "Caf\x81")).encode("latin-1", "replace").replace(b"?", b"")

    table = read_table(data)

    assert table.charset == "windows-1252"
    assert numbers(table) == [2, 3]
    assert [(p.row, p.column, p.effect) for p in table.problems] == [(3, "angebot", "draft")]


def test_broken_byte_in_utf8_does_not_garble_the_file() -> None:
    data = file(GOOD, GOOD).encode().replace("ß".encode(), b"\xff", 1)

    table = read_table(data)

    assert table.charset == "utf-8"
    assert table.rows[1].cells["angebot"] == "Café ß"
    assert told(table) == [(2, "draft")]


def test_text_garbled_before_is_told() -> None:
    garbled = GOOD.encode("utf-8").decode("cp1252", "ignore")

    table = read_table(file(garbled).encode())

    assert {problem.column for problem in table.problems} >= {"traeger", "angebot"}
    assert all("Zeichensatz" in problem.message for problem in table.problems)


def test_control_characters_are_told_with_row_and_column() -> None:
    table = read_table(file(GOOD.replace("Café", "Ca\x00fé"), GOOD.replace("Träger", "Tr\x85ger")).encode())

    assert [(p.row, p.column) for p in table.problems] == [(2, "angebot"), (3, "traeger")]


def test_too_few_and_too_many_cells_are_told_and_the_rest_is_read() -> None:
    table = read_table(file(GOOD, "Herten;zu wenig", GOOD + ";zu viel", GOOD).encode())

    assert numbers(table) == [2, 5]
    assert [(p.row, p.message) for p in table.problems] == [
        (3, "2 Zellen statt 17: zu wenige"),
        (4, "18 Zellen statt 17: zu viele"),
    ]


def test_empty_cells_after_the_last_column_are_no_problem() -> None:
    table = read_table(file(GOOD + ";;;", header=HEADER + ";;").encode())

    assert numbers(table) == [2]
    assert table.problems == ()


@pytest.mark.parametrize("broken", ['Herten;"offen;Café', 'Herten;"a"b;Café', '"'])
def test_open_quote_costs_its_own_row_only(broken: str) -> None:
    table = read_table(file(GOOD, broken, GOOD, GOOD.replace("Träger Ä", '"Träger ""Ä"""')).encode())

    assert numbers(table) == [2, 4, 5]
    assert told(table) == [(3, "refused")]
    assert table.rows[2].cells["traeger"] == 'Träger "Ä"'


def test_open_quote_that_meets_another_one_costs_its_own_row_only() -> None:
    quoted = GOOD.replace("Träger Ä", '"Träger Ä"')

    table = read_table(file('Herten;"offen;Café', quoted, GOOD).encode())

    assert numbers(table) == [3, 4]
    assert told(table) == [(2, "refused")]


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    two_lines = GOOD.replace("Café ß", '"Café\r\nß"')

    table = read_table(file(two_lines, "", ";" * 16, GOOD).encode())

    assert numbers(table) == [2, 5]


def test_missing_and_unknown_columns_are_told_by_name() -> None:
    header = ";".join(("Stadt", "Traeger", "ANGEBOT", "thema", "Bemerkung"))

    table = read_table(file("Herten;A;B;Sprache;x", header=header).encode())

    messages = [problem.message for problem in table.problems]
    assert "Spalte „beschreibung“ fehlt" in messages
    assert "Spalte „bemerkung“ ist unbekannt und wird nicht gelesen" in messages
    assert len(messages) == 14
    assert {problem.row for problem in table.problems} == {1}
    assert table.rows[0].cells["beschreibung"] == ""


@pytest.mark.parametrize("text", ["", "\r\n\r\n", "a;b;c\r\n1;2;3", f"{HEADER};stadt\r\n{GOOD};x"])
def test_file_without_usable_header_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read_table(text.encode())


@pytest.mark.parametrize(
    "text", ['"stadt;traeger', '"stadt;traeger\r\n', f'"{HEADER}\r\n{GOOD}', f'{HEADER};"x\r\n{HEADER}']
)
def test_header_with_a_broken_quote_is_refused_and_no_later_row_takes_its_place(text: str) -> None:
    with pytest.raises(ParseError, match="Die erste Zeile ist nicht lesbar"):
        read_table(text.encode())


@pytest.mark.parametrize("text", ['""', ";;;", '"";""\r\n;'])
def test_file_of_empty_cells_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="fehlen die Spalten"):
        read_table(text.encode())


def test_cell_longer_than_the_limit_of_the_csv_module_is_read_and_leaves_the_limit() -> None:
    limit = csv.field_size_limit()
    long = "x" * (limit + 1)

    table = read_table(file(GOOD.replace("Café ß", long), GOOD.replace("Café ß", f'"{long}"'), GOOD).encode())

    assert [len(row.cells["angebot"]) for row in table.rows] == [limit + 1, limit + 1, 6]
    assert table.problems == ()
    assert csv.field_size_limit() == limit


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "sep=;;;;", "sep=\t"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_line_that_names_the_separator_is_no_row(line: str, encoding: str) -> None:
    table = read_table(f"{line}\r\n{file(GOOD)}".encode(encoding))

    assert numbers(table) == [2]
    assert table.problems == ()


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04\x14\x00",
        b"\x89PNG\r\n\x1a\n",
        b"%PDF-1.7",
        b"\xd0\xcf\x11\xe0\xa1",
        b"ab\r\n\x00\x01",
        file(GOOD).encode("utf-16-le"),
    ],
)
def test_file_that_is_no_text_is_refused_with_advice(data: bytes) -> None:
    with pytest.raises(ParseError, match=r"Das ist keine CSV-Datei; .* wählen"):
        read_table(data)


def test_refused_rows_say_what_they_show_of_their_cells() -> None:
    table = read_table(file("Herten;Haus;Kurs", 'Herten;Haus;Treff;"offen', GOOD + ";zu viel").encode())

    assert [row.cells["angebot"] for row in table.unread] == ["Kurs", "Treff", "Café ß"]
    assert table.rows == ()


@given(st.text(alphabet='a;"\n', max_size=30))
def test_row_is_cut_as_the_csv_module_does(line: str) -> None:
    """Where a strict reader of the module reads the whole file, this one reads the same."""
    data = f"{HEADER}\n{';' * 13}{line}\n"
    try:
        wanted = [
            row for row in csv.reader(io.StringIO(data), delimiter=";", strict=True) if any(c.strip() for c in row)
        ]
    except csv.Error:
        return

    if all(len(row) == 17 for row in wanted):
        assert [list(row.cells.values()) for row in read_table(data.encode()).rows] == wanted[1:]


@given(st.binary(max_size=300))
def test_any_bytes_can_be_decoded(data: bytes) -> None:
    text, charset = decode_csv(data)

    assert isinstance(text, str)
    assert charset in ("utf-8", "utf-16", "windows-1252")


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff"), max_size=12)


@given(st.lists(st.lists(cells, min_size=17, max_size=17), max_size=5))
def test_every_well_formed_row_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([COLUMNS, *rows])

    table = read_table(out.getvalue().encode())

    # The apostrophe that keeps a spreadsheet from running a cell is taken away again.
    wanted = [[unguarded(cell) for cell in row] for row in rows if any(c.strip() for c in row)]
    assert [list(row.cells.values()) for row in table.rows] == wanted


@given(cells)
def test_guarded_cell_is_read_back_exactly(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell


@given(st.lists(st.text(alphabet='a;"\r\n', max_size=30), max_size=6))
def test_no_line_with_text_vanishes(lines: list[str]) -> None:
    """Each physical line is part of a row that was read, or of one that is told."""
    table = read_table("\n".join([HEADER, *lines]).encode())

    marked = sum("a" in line for line in "\n".join(lines).replace("\r", "\n").split("\n"))
    read = sum("".join(row.cells.values()).count("\n") + 1 for row in table.rows)
    assert marked <= read + sum(problem.effect == "refused" for problem in table.problems)
