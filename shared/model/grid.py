"""A CSV file as people export it, cut into rows of cells: nothing garbled, nothing dropped silently.

Decided here: character set, separator, row numbers, which rows cannot be read.  Which cell is which column:
`table.py`.  Row numbers are those a spreadsheet shows: the header is row 1, a quoted cell with line breaks is part of
one row, and empty rows are counted.  A first line `sep=;` is for the spreadsheet and is no row.

Rows are cut by a pattern of our own and not by the module csv: its limit of a cell's length holds for the whole
process, so a longer cell could not be read without changing it for everybody.
"""

from __future__ import annotations

import codecs
import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Sequence
from itertools import accumulate
from typing import Final, Literal

import msgspec

from shared.errors import ParseError
from shared.model.text import fold

DELIMITERS: Final = ";,\t"
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

Charset = Literal["utf-8", "utf-16", "windows-1252", ""]
CHARSETS: Final[tuple[Charset, ...]] = ("utf-8", "windows-1252", "utf-16")


class GridRow(msgspec.Struct, frozen=True):
    """One row as its cells; a broken one cannot be read, and its cells are what its first line says up to the fault."""

    number: int
    cells: tuple[str, ...]
    is_broken: bool = False

    @property
    def has_text(self) -> bool:
        """There is anything but space in it."""
        return any(cell.strip() for cell in self.cells)


class Grid(msgspec.Struct, frozen=True):
    """The rows of a file in order; character set and separator are empty where it is a spreadsheet."""

    rows: tuple[GridRow, ...]
    charset: Charset = ""
    delimiter: str = ""


def read_csv(data: bytes, *, known: Collection[str] = (), charset: Charset = "", delimiter: str = "") -> Grid:
    """Cut a CSV file into rows.

    Args:
        known: names of columns; the separator is the one that makes the first row name the most of them.
        charset: as a person said; empty to find it out.
        delimiter: as a person said; empty to find it out.
    Raises:
        ParseError: the file is empty or no text.
    """
    if data.startswith(_BINARY):
        raise ParseError(_NO_CSV)
    text, charset = _decode_as(data, charset) if charset else decode_csv(data)
    lines = _LINES.findall(text)
    if lines and _SEPARATOR_LINE.fullmatch(lines[0]):
        del lines[0]
    found = _delimiter(lines, known)
    delimiter = delimiter or found
    return Grid(tuple(_rows(lines, delimiter)), charset, delimiter)


def column_name(cell: str) -> str:
    """Return the cell of a header as a name that can be compared."""
    return fold(cell.strip().strip('"')).replace(" ", "_")


def decode_csv(data: bytes) -> tuple[str, Charset]:
    """Decode a file by its byte order mark, else as UTF-8, else as Windows-1252; never raises.

    A byte that means nothing in that character set becomes U+FFFD, so that `table.py` can name the row.  A file that
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


def _decode_as(data: bytes, charset: Charset) -> tuple[str, Charset]:
    """Decode as a person said; a mark at the beginning still is none of the text."""
    codec = {"utf-8": "utf-8-sig", "utf-16": "utf-16"}.get(charset, "cp1252")
    return data.decode(codec, "replace"), charset


def _is_mostly_utf8(data: bytes) -> bool:
    text = data.decode("utf-8", "surrogateescape")
    broken = sum("\udc80" <= character <= "\udcff" for character in text)
    multibyte = sum(character > "\x7f" for character in text) - broken
    return multibyte > broken


def _delimiter(lines: Sequence[str], known: Collection[str]) -> str:
    """The separator that makes the first row name the most known columns; more certain than statistics of the rows.

    Raises:
        ParseError: there is no row; or the first one names nothing and holds NUL, so this is no text at all.
    """
    header = next((line for line in lines if line.strip()), None)
    if header is None:
        raise ParseError("Die Datei ist leer.")
    named = {sign: sum(column_name(cell) in known for cell in header.split(sign)) for sign in DELIMITERS}
    if not any(named.values()) and any("\0" in line for line in lines):
        raise ParseError(_NO_CSV)
    return max(DELIMITERS, key=lambda sign: (named[sign], header.count(sign)))


def _rows(lines: Sequence[str], delimiter: str) -> Iterator[GridRow]:
    """Yield the rows, without cells an empty one.

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
            yield GridRow(number, tuple(_cells(text, starts[at], starts[at + 1], delimiter)[0]), is_broken=True)
            at += 1
            continue
        row = GridRow(number, () if cells == [""] else tuple(cells))
        width = width or (len(row.cells) if row.has_text else 0)
        yield row
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
