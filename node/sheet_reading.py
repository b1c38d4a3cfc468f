"""Reads the cells of an uploaded table: bounded before it is opened, then in a process of its own (threat T23)."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from importlib.resources import as_file, files

import msgspec

from node.sheet_child import COLUMNS_MAX, ROWS_MAX, TOO_MANY
from shared.errors import ParseError

FILE_BYTES = 8 * 1024 * 1024
_UNPACKED_BYTES = 96 * 1024 * 1024
_RATIO = 100
_PARTS = 50
_SECONDS = 10
_ADVICE = "Speichern Sie die Tabelle als Excel-Datei (.xlsx) und laden Sie sie noch einmal hoch."


def read_cells(data: bytes) -> list[list[str]]:
    """Return the cells of the first sheet of an XLSX file as texts.

    Raises:
        ParseError: no such file, or larger than anything people write.
    """
    _check_package(data)
    with as_file(files("node") / "sheet_child.py") as program:
        try:
            done = subprocess.run(  # noqa: S603 - our own program by its path; the file goes to its stdin
                [sys.executable, "-I", str(program)], input=data, capture_output=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise ParseError("Die Datei ist zu groß zum Lesen", advice=_ADVICE) from error
    if done.returncode == TOO_MANY:
        raise ParseError(f"Die Tabelle hat mehr als {ROWS_MAX} Zeilen oder {COLUMNS_MAX} Spalten")
    if done.returncode:
        raise ParseError("Die Datei ist keine lesbare Tabelle", advice=_ADVICE)
    return msgspec.json.decode(done.stdout, type=list[list[str]])


def _check_package(data: bytes) -> None:
    if len(data) > FILE_BYTES:
        raise ParseError("Die Datei ist größer als 8 MB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, ValueError) as error:
        raise ParseError("Die Datei ist keine Excel-Datei", advice=_ADVICE) from error
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > _PARTS or unpacked > _UNPACKED_BYTES or unpacked > _RATIO * len(data):
        raise ParseError("Die Datei ist zu groß zum Lesen", advice=_ADVICE)
