"""Rows of cells to rows of named cells: the seventeen columns of an offer table, from CSV file or spreadsheet.

Decided here: which cell is which column, which rows cannot be used, what is said of a cell's characters.  Cutting a
CSV file into rows: `grid.py`.  What the cells mean: `columns.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import msgspec

from shared.errors import ParseError
from shared.model.formulas import unguarded
from shared.model.grid import Charset, Grid, GridRow, column_name, read_csv

COLUMNS: Final = (
    "stadt",
    "traeger",
    "angebot",
    "beschreibung",
    "thema",
    "zielgruppe",
    "sprachen",
    "ort_name",
    "strasse",
    "plz",
    "ort",
    "telefon",
    "email",
    "web",
    "zeiten",
    "kosten",
    "quelle",
)
ID_COLUMN: Final = "id"
KEY_COLUMNS: Final = ("stadt", "traeger", "angebot")
_BROKEN_HEADER: Final = (
    "Die erste Zeile ist nicht lesbar: Anführungszeichen sind nicht richtig gesetzt. In ihr müssen die Spaltennamen "
    "stehen; bitte berichtigen oder die Datei aus der Tabellenkalkulation neu als CSV speichern."
)
_REPLACEMENT: Final = "\ufffd"
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# UTF-8 read as Windows-1252 and saved so: "Ã¤" for "ä", "â€“" for a dash.
_GARBLED: Final = re.compile(
    "Ã[\u00a0-\u00bf\u0178\u201e\u201c\u0153\u2013]|â€[\u0153\u201c\u017e\u201d\u2122\u0161]|Â[\u00a0-\u00bf]"
)

# refused: the row is not imported; foreign: it belongs to another member; draft: it is imported, and a person must act
# before it is published; hint: it is imported as it is.
Effect = Literal["refused", "foreign", "draft", "hint"]


class RowProblem(msgspec.Struct, frozen=True):
    """One thing to tell the person who imports: row, column (empty: the whole row), a German sentence, the effect."""

    row: int
    column: str
    message: str
    effect: Effect = "hint"


class Row(msgspec.Struct, frozen=True):
    """One row; `cells` has every known column, missing ones as empty text."""

    number: int
    cells: dict[str, str]


class Table(msgspec.Struct, frozen=True):
    """A file that was read: its rows and everything that could not be read.

    `unread` has what can be guessed of the cells of refused rows: enough to tell that a row is not missing, never to
    be imported.  Of the columns that are `absent` the file says nothing; in rows they are empty.
    """

    charset: Charset
    delimiter: str
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    unread: tuple[Row, ...] = ()
    absent: tuple[str, ...] = ()


def read_table(data: bytes) -> Table:
    """Read a CSV file with the columns of `COLUMNS`, in any order, and an optional column `id`.

    Raises:
        ParseError: the file is empty or no text, or its first row cannot be read or does not name the columns that
            identify a row.
    """
    return table_of(read_csv(data, known=(*COLUMNS, ID_COLUMN)))


def table_of(grid: Grid) -> Table:
    """Name the columns of a file by its first row; ParseError as `read_table`."""
    header = next((row for row in grid.rows if row.is_broken or row.has_text), GridRow(1, ()))
    names, problems = _header(header)
    return _table(grid, header.number, names, problems)


def name_columns(grid: Grid, header: int, names: Sequence[str], *, town: str = "") -> Table:
    """Name the columns of a file as a person said.

    Args:
        header: the row that holds the headings; what stands above it is not read.
        names: the column of each cell, empty for one that is not read.
        town: for the column `stadt` where the file has none.
    Raises:
        ParseError: two cells for one column, or none for a column that identifies a row.
    """
    used = [name for name in names if name]
    twice = sorted({name for name in used if used.count(name) > 1})
    if twice:
        raise ParseError(f"Diese Spalten sind doppelt zugeordnet: {', '.join(twice)}.")
    lacking = [name for name in KEY_COLUMNS if name not in used and not (name == "stadt" and town)]
    if lacking:
        raise ParseError(f"Diese Spalten müssen zugeordnet sein: {', '.join(lacking)}.")
    # A name that no column has keeps the place of a cell that is not read.
    return _table(grid, header, [name or f"#{at}" for at, name in enumerate(names)], [], town)


def _table(grid: Grid, header: int, names: Sequence[str], problems: list[RowProblem], town: str = "") -> Table:
    rows, unread = [], []
    given = {"stadt": town} if town and "stadt" not in names else {}
    for found in grid.rows:
        if found.number <= header:
            continue
        row = _named(found, names, given)
        problem = _row_problem(found, len(names), is_sheet=not grid.charset)
        if problem is not None:
            problems.append(problem)
        if problem is not None and problem.effect == "refused":
            unread.append(row)
        elif found.has_text:
            rows.append(row)
            for column, cell in row.cells.items():
                problems += problems_of_cell(found.number, column, cell)
    absent = tuple(column for column in COLUMNS if column not in names and column not in given)
    return Table(grid.charset, grid.delimiter, tuple(rows), tuple(problems), tuple(unread), absent)


def _named(row: GridRow, names: Sequence[str], given: dict[str, str]) -> Row:
    cells = zip(names, row.cells, strict=False)
    known = {name: unguarded(cell) for name, cell in cells if not name.startswith("#")}
    return Row(row.number, dict.fromkeys(COLUMNS, "") | given | known)


def _header(row: GridRow) -> tuple[list[str], list[RowProblem]]:
    if row.is_broken:
        raise ParseError(_BROKEN_HEADER)
    names = [column_name(cell) for cell in row.cells]
    while names and not names[-1]:
        names.pop()
    missing = [name for name in COLUMNS if name not in names]
    lacking = [name for name in KEY_COLUMNS if name in missing]
    if lacking:
        raise ParseError(f"In der ersten Zeile fehlen die Spalten {', '.join(lacking)}.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParseError(f"In der ersten Zeile stehen doppelt: {', '.join(twice)}.")
    problems = [RowProblem(row.number, name, f"Spalte „{name}“ fehlt") for name in missing]
    problems += [
        RowProblem(row.number, name, f"Spalte „{name}“ ist unbekannt und wird nicht gelesen")
        for name in names
        if name not in COLUMNS and name != ID_COLUMN
    ]
    return names, problems


def _row_problem(row: GridRow, width: int, *, is_sheet: bool) -> RowProblem | None:
    """Why a row as a whole cannot be used, or what beside it is not read, or None."""
    if row.is_broken:
        return RowProblem(row.number, "", "Anführungszeichen sind nicht richtig gesetzt", "refused")
    if not row.has_text:
        return None
    count, has_more = len(row.cells), any(cell.strip() for cell in row.cells[width:])
    if has_more and is_sheet:
        return RowProblem(row.number, "", "was rechts neben den Spalten mit Überschrift steht, wird nicht gelesen")
    if has_more:
        return RowProblem(row.number, "", f"{count} Zellen statt {width}: zu viele", "refused")
    if count < width and not is_sheet:
        return RowProblem(row.number, "", f"{count} Zellen statt {width}: zu wenige", "refused")
    return None


def problems_of_cell(number: int, column: str, cell: str) -> Iterator[RowProblem]:
    """Yield what is wrong with the characters of a cell."""
    if _REPLACEMENT in cell:
        yield RowProblem(number, column, "enthält ein Zeichen, das nicht gelesen werden kann", "draft")
    elif _CONTROLS.search(cell):
        yield RowProblem(number, column, "enthält Steuerzeichen", "draft")
    elif _GARBLED.search(cell):
        yield RowProblem(number, column, "sieht nach falschem Zeichensatz aus (z. B. „Ã¤“ für „ä“)", "draft")
