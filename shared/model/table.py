"""A CSV file as people export it, to rows of named cells: nothing garbled, nothing dropped silently.

Decided here: character set, separator, row numbers, which rows cannot be read.  What the cells mean: `columns.py`.
Row numbers are those a spreadsheet shows: the header is row 1, a quoted cell with line breaks is part of one row, and
empty rows are counted.  A first line `sep=;` is for the spreadsheet and is no row.

Rows are cut by a pattern of our own and not by the module csv: its limit of a cell's length holds for the whole
process, so a longer cell could not be read without changing it for everybody.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
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
_SEPARATOR_LINE: Final = re.compile(r'"?sep=[^\r\n]"?[;,\t]*[\r\n]*', re.IGNORECASE)
# One cell and the sign that ends it.  Nothing is given back once read, so a quote left open fails in one pass.
_CELLS: Final = {
    sign: re.compile(rf'(?:"([^"]*+(?:""[^"]*+)*+)"|(?!")([^{sign}\r\n]*+))({sign}|\r\n|\r|\n|\Z)')
    for sign in DELIMITERS
}
# Beginnings of zip (so of spreadsheets), PNG, JPEG, GIF, PDF and of spreadsheets before 2007.
_BINARY: Final = (b"PK\x03\x04", b"PK\x05\x06", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF-", b"\xd0\xcf\x11\xe0")
_NO_CSV: Final = "Das ist keine CSV-Datei; in der Tabellenkalkulation „Speichern unter … CSV“ wählen."
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
    """A file that was read: its rows and everything that could not be read.

    `unread` has what can be guessed of the cells of refused rows: enough to tell that a row is not missing, never to
    be imported.
    """

    charset: Charset
    delimiter: str
    rows: tuple[Row, ...]
    problems: tuple[RowProblem, ...]
    unread: tuple[Row, ...] = ()


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
        ParseError: the file is empty or no text, or its first row cannot be read or does not name the columns that
            identify a row.
    """
    if data.startswith(_BINARY):
        raise ParseError(_NO_CSV)
    text, charset = decode_csv(data)
    lines = _LINES.findall(text)
    if lines and _SEPARATOR_LINE.fullmatch(lines[0]):
        del lines[0]
    delimiter = _delimiter(lines)
    records = _records(lines, delimiter)
    first = next((cells for _, cells in records if isinstance(cells, _Broken) or _has_text(cells)), [])
    header, problems = _header(first)
    rows, unread = [], []
    for number, cells in records:
        shown = cells.guess if isinstance(cells, _Broken) else cells
        row = _named(number, header, shown)
        problem = _row_problem(number, cells, len(header))
        if problem is not None:
            problems.append(problem)
            unread.append(row)
        elif _has_text(shown):
            rows.append(row)
            problems += _cell_problems(number, row.cells)
    return Table(charset, delimiter, tuple(rows), tuple(problems), tuple(unread))


def _is_mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in text)
    multibyte = sum(character > "\x7f" for character in text) - broken
    return multibyte > broken


def _delimiter(lines: Sequence[str]) -> str:
    """The separator that makes the first row name the most known columns; more certain than statistics of the rows.

    Raises:
        ParseError: there is no row; or the first one names nothing and holds NUL, so this is no text at all.
    """
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise ParseError("Die Datei ist leer.")
    known = {*COLUMNS, ID_COLUMN}
    named = {sign: sum(_column_name(cell) in known for cell in header.split(sign)) for sign in DELIMITERS}
    if not any(named.values()) and any("\0" in line for line in lines):
        raise ParseError(_NO_CSV)
    return max(DELIMITERS, key=lambda sign: named[sign])


def _column_name(cell: str) -> str:
    return fold(cell.strip().strip('"')).replace(" ", "_")


class _Broken(msgspec.Struct, frozen=True):
    """A row that cannot be read; `guess` is what its first line says up to the fault."""

    guess: list[str]


def _records(lines: Sequence[str], delimiter: str) -> Iterator[tuple[int, list[str] | _Broken]]:
    """Yield row number and cells, no cells for an empty row.

    Each row is read from its own beginning, so that a quote left open costs its own line and not the rest of the file.
    """
    text = "".join(lines)
    starts = [0, *accumulate(map(len, lines))]
    at = number = width = 0
    while at < len(lines):
        number += 1
        end = starts[min(at + _MOST_LINES_PER_ROW, len(lines))]
        cells, stop = _cells(text, starts[at], end, delimiter)
        after = bisect_left(starts, stop)
        # A row over several lines with the wrong number of cells is two rows joined by a stray quote.
        if not stop or (after - at > 1 and width and len(cells) != width):
            yield number, _Broken(_cells(text, starts[at], starts[at + 1], delimiter)[0])
            at += 1
            continue
        cells = [] if cells == [""] else cells
        width = width or (len(cells) if _has_text(cells) else 0)
        yield number, cells
        at = after


def _cells(text: str, start: int, end: int, delimiter: str) -> tuple[list[str], int]:
    """Read the cells of one row; returns them and where the row ends, 0 if it does not end well."""
    cells: list[str] = []
    while cell := _CELLS[delimiter].match(text, start, end):
        quoted, plain, sign = cell.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        start = cell.end()
        if sign != delimiter:
            return cells, start
    return cells, 0


def _has_text(cells: Sequence[str]) -> bool:
    return any(cell.strip() for cell in cells)


def _named(number: int, header: Sequence[str], cells: Sequence[str]) -> Row:
    return Row(number, dict.fromkeys(COLUMNS, "") | dict(zip(header, cells, strict=False)))


def _header(cells: list[str] | _Broken) -> tuple[list[str], list[RowProblem]]:
    if isinstance(cells, _Broken):
        raise ParseError(_BROKEN_HEADER)
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


def _row_problem(number: int, cells: list[str] | _Broken, width: int) -> RowProblem | None:
    """Why a row as a whole cannot be used, or None."""
    if isinstance(cells, _Broken):
        return RowProblem(number, "", "Anführungszeichen sind nicht richtig gesetzt", "refused")
    if not _has_text(cells):
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
