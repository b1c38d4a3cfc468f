"""A CSV file as people export it, to rows of named cells: nothing garbled, nothing dropped silently.

Decided here: character set, separator, row numbers, which rows cannot be read.  What the cells mean: `columns.py`.
Row numbers are those a spreadsheet shows: the header is row 1, a quoted cell with line breaks is part of one row, and
empty rows are counted.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal

import msgspec

from shared.errors import ParseError
from shared.model.text import fold

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
DELIMITERS: Final = ";,\t"
HEADER_ROW: Final = 1
_MOST_LINES_PER_ROW: Final = 200  # a quote that stays open longer is a mistake, and looking further costs time
_LINES: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_REPLACEMENT: Final = "\ufffd"
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# UTF-8 read as Windows-1252 and saved so: "Ã¤" for "ä", "â€“" for a dash.
_GARBLED: Final = re.compile(
    "Ã[\u00a0-\u00bf\u0178\u201e\u201c\u0153\u2013]|â€[\u0153\u201c\u017e\u201d\u2122\u0161]|Â[\u00a0-\u00bf]"
)

# refused: the row is not imported; foreign: it belongs to another member; draft: it is imported, and a person must act
# before it is published; hint: it is imported as it is.
Effect = Literal["refused", "foreign", "draft", "hint"]
Charset = Literal["utf-8", "utf-16", "windows-1252"]


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
    """A file that was read: its rows and everything that could not be read."""

    charset: Charset
    delimiter: str
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]


def decode_csv(data: bytes) -> tuple[str, Charset]:
    """Decode a file by its byte order mark, else as UTF-8, else as Windows-1252; never raises.

    A byte that means nothing in that character set becomes U+FFFD, so that `read_table` can name the row.  A file that
    is UTF-8 but for some broken bytes is read as UTF-8: reading it as Windows-1252 would garble every umlaut.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace"), "utf-16"
    has_mark = data.startswith(codecs.BOM_UTF8)
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass  # the two ways on are below
    if has_mark or _is_mostly_utf8(data):
        return data.decode("utf-8", "replace"), "utf-8"
    return data.decode("cp1252", "replace"), "windows-1252"


def read_table(data: bytes) -> Table:
    """Read a CSV file with the columns of `COLUMNS`, in any order, and an optional column `id`.

    Raises:
        ParseError: the file is empty, or its first row does not name the columns that identify a row.
    """
    text, charset = decode_csv(data)
    lines = _LINES.findall(text)
    header_at = next((at for at, line in enumerate(lines) if line.strip()), None)
    if header_at is None:
        raise ParseError("Die Datei ist leer.")
    delimiter = _delimiter(lines[header_at])
    records = _records(lines, delimiter)
    header, problems = _header(next(cells for _, cells in records if cells))
    rows = []
    for number, cells in records:
        problem = _row_problem(number, cells, len(header))
        if problem is not None:
            problems.append(problem)
        elif any(cell.strip() for cell in cells or ()):
            named = dict.fromkeys(COLUMNS, "") | dict(zip(header, cells or (), strict=False))
            rows.append(Row(number, named))
            problems += _cell_problems(number, named)
    return Table(charset, delimiter, tuple(rows), tuple(problems))


def _is_mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in text)
    multibyte = sum(character > "\x7f" for character in text) - broken
    return multibyte > broken


def _delimiter(header: str) -> str:
    """The separator that makes the first row name the most known columns; more certain than statistics of the rows."""
    known = {*COLUMNS, ID_COLUMN}
    return max(DELIMITERS, key=lambda sign: sum(_column_name(cell) in known for cell in header.split(sign)))


def _column_name(cell: str) -> str:
    return fold(cell.strip().strip('"')).replace(" ", "_")


def _records(lines: list[str], delimiter: str) -> Iterator[tuple[int, list[str] | None]]:
    """Yield row number and cells; None for a row that cannot be read.

    Each row is read by a reader of its own, so that a quote left open costs its own line and not the rest of the file.
    """
    at = 0
    number = 0
    width = 0
    while at < len(lines):
        number += 1
        reader = csv.reader(islice(lines, at, at + _MOST_LINES_PER_ROW), delimiter=delimiter, strict=True)
        try:
            cells: list[str] | None = next(reader, [])
        except csv.Error:
            cells = None
        # A row over several lines with the wrong number of cells is two rows joined by a stray quote.
        if cells is None or (reader.line_num > 1 and width and len(cells) != width):
            yield number, None
            at += 1
            continue
        width = width or len(cells)
        yield number, cells
        at += reader.line_num


def _header(cells: list[str]) -> tuple[list[str], list[RowProblem]]:
    names = [_column_name(cell) for cell in cells]
    while names and not names[-1]:
        names.pop()
    missing = [name for name in COLUMNS if name not in names]
    lacking = [name for name in KEY_COLUMNS if name in missing]
    if lacking:
        raise ParseError(f"In der ersten Zeile fehlen die Spalten {', '.join(lacking)}.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ParseError(f"In der ersten Zeile stehen doppelt: {', '.join(twice)}.")
    problems = [RowProblem(HEADER_ROW, name, f"Spalte „{name}“ fehlt") for name in missing]
    problems += [
        RowProblem(HEADER_ROW, name, f"Spalte „{name}“ ist unbekannt und wird nicht gelesen")
        for name in names
        if name not in COLUMNS and name != ID_COLUMN
    ]
    return names, problems


def _row_problem(number: int, cells: list[str] | None, width: int) -> RowProblem | None:
    """Why a row as a whole cannot be used, or None."""
    if cells is None:
        return RowProblem(number, "", "Anführungszeichen sind nicht richtig gesetzt", "refused")
    if not any(cell.strip() for cell in cells):
        return None
    extra = [cell for cell in cells[width:] if cell.strip()]
    if extra:
        return RowProblem(number, "", f"{len(cells)} Zellen statt {width}: zu viele", "refused")
    if len(cells) < width:
        return RowProblem(number, "", f"{len(cells)} Zellen statt {width}: zu wenige", "refused")
    return None


def _cell_problems(number: int, cells: dict[str, str]) -> Iterator[RowProblem]:
    for column, cell in cells.items():
        if _REPLACEMENT in cell:
            yield RowProblem(number, column, "enthält ein Zeichen, das nicht gelesen werden kann", "draft")
        elif _CONTROLS.search(cell):
            yield RowProblem(number, column, "enthält Steuerzeichen", "draft")
        elif _GARBLED.search(cell):
            yield RowProblem(number, column, "sieht nach falschem Zeichensatz aus (z. B. „Ã¤“ für „ä“)", "draft")
