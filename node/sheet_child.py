"""The child process that opens a spreadsheet; a file of its own, run by path, which knows nothing of the node.

A spreadsheet comes from anywhere, and opening one means a zip, XML and a foreign library.  So it is done where nothing
else is: no environment, no files to write, no other processes, little memory and processor time (threat T23).  Dying
is an answer too; `node/spreadsheets.py` explains it to the person who waits.

Reads the file from standard input, the name of the sheet (empty: the first) from its argument.  Writes one JSON object:
`{"sheets": [...], "sheet": "...", "rows": [[number, [cell, ...]], ...]}` or `{"refused": "code"}`.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

ENTRIES_MAX = 50
UNZIPPED_MAX = 64 * 1024 * 1024
RATIO_MAX = 100
ROWS_MAX = 20_000
COLUMNS_MAX = 100
CELLS_BYTES_MAX = 64 * 1024 * 1024
CPU_SECONDS = 8
MEMORY_BYTES = 1024 * 1024 * 1024
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PIECE = 256 * 1024
_DOCTYPES = tuple(
    mark.encode(codec) for mark in ("<!DOCTYPE", "<!ENTITY") for codec in ("ascii", "utf-16-le", "utf-16-be")
)


class RefusedError(Exception):
    """The file is not read; the code says why."""


def main() -> None:
    """Read, answer, end."""
    _limit()
    try:
        answer = read_sheet(sys.stdin.buffer.read(), sys.argv[1] if len(sys.argv) > 1 else "")
    except RefusedError as error:
        answer = {"refused": str(error)}
    except MemoryError:
        answer = {"refused": "memory"}
    sys.stdout.write(json.dumps(answer))


def _limit() -> None:
    """Take from this process what reading a table does not need."""
    for what, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def read_sheet(content: bytes, wanted: str) -> dict[str, Any]:
    """Return the names of the sheets, and the rows of one; RefusedError with a code otherwise."""
    verify_zip(content)
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            names = [one.name for one in book.sheets_metadata if str(one.visible).endswith("Visible")]
            names = [name for name in names if name] or list(book.sheet_names)
            if not names:
                raise RefusedError("empty")
            name = wanted if wanted in names else names[0]
            return {"sheets": names, "sheet": name, "rows": _rows(book.get_sheet_by_name(name))}
    except CalamineError as error:
        raise RefusedError("password" if "assword" in type(error).__name__ else "broken") from error


def verify_zip(content: bytes) -> None:
    """Refuse what is no spreadsheet, is locked, would grow beyond all measure, or brings its own grammar."""
    if content.startswith(_OLD_OFFICE):
        raise RefusedError("password" if "EncryptedPackage".encode("utf-16-le") in content else "old-excel")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _verify_entries(archive, len(content))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError, KeyError, UnicodeError) as error:
        raise RefusedError("broken") from error


def _verify_entries(archive: zipfile.ZipFile, size: int) -> None:
    entries = archive.infolist()
    if len(entries) > ENTRIES_MAX:
        raise RefusedError("entries")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise RefusedError("password")
    most = min(UNZIPPED_MAX, RATIO_MAX * size)
    if sum(entry.file_size for entry in entries) > most:
        raise RefusedError("bomb")
    left = most
    for entry in entries:
        left = _verify_entry(archive, entry, left)


def _verify_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, left: int) -> int:
    """Unpack one entry piece by piece; returns how many bytes the others may still have."""
    tail = b""
    try:
        with archive.open(entry) as opened:
            while piece := opened.read(_PIECE):
                left -= len(piece)
                if left < 0:
                    raise RefusedError("bomb")
                seen = tail + piece
                if entry.filename.endswith((".xml", ".rels")) and any(mark in seen for mark in _DOCTYPES):
                    raise RefusedError("dtd")
                if entry.filename == "META-INF/manifest.xml" and b"encryption-data" in seen:
                    raise RefusedError("password")
                tail = piece[-32:]
    except zipfile.zlib.error as error:  # type: ignore[attr-defined] # the decompressor that zipfile uses
        raise RefusedError("broken") from error
    return left


def _rows(sheet: Any) -> list[tuple[int, list[str]]]:
    last_row, last_column = sheet.end or (0, 0)  # counted from 0; the headings are one row more
    if last_row > ROWS_MAX:
        raise RefusedError("rows")
    if last_column >= COLUMNS_MAX:
        raise RefusedError("columns")
    rows, size = [], 0
    for number, cells in _numbered(sheet):
        shown = [shown_as(cell) for cell in cells]
        size += sum(map(len, shown))
        if size > CELLS_BYTES_MAX:
            raise RefusedError("bomb")
        rows.append((number, shown))
    return rows


def _numbered(sheet: Any) -> Iterator[tuple[int, list[object]]]:
    """Yield each row with the number that the spreadsheet shows; empty columns at the left count too."""
    if sheet.height:
        yield from enumerate(sheet.to_python(skip_empty_area=False), start=1)


def shown_as(cell: object) -> str:
    """Return a cell as people see it: whole numbers without point, dates and times in German."""
    if isinstance(cell, bool):
        return "ja" if cell else "nein"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else f"{cell:.15g}".replace(".", ",")
    if isinstance(cell, datetime):
        has_time = (cell.hour, cell.minute, cell.second) != (0, 0, 0)
        return f"{cell:%d.%m.%Y %H:%M}" if has_time else f"{cell:%d.%m.%Y}"
    if isinstance(cell, date):
        return f"{cell:%d.%m.%Y}"
    if isinstance(cell, time):
        return f"{cell:%H:%M}"
    if isinstance(cell, timedelta):
        minutes = int(cell.total_seconds()) // 60
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return str(cell)


if __name__ == "__main__":
    main()
