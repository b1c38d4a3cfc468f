"""A spreadsheet (XLSX or ODS) to rows of cells, read by a child process that may die of it (threat T23).

Decided here: how long the child may take, and what a person is told when a file is not read.  What is refused and why
it cannot do harm: `node/sheet_child.py`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from node import sheet_child
from shared.errors import RuleError
from shared.model.grid import Grid, GridRow

SECONDS: Final = 10
_ANSWER_MAX: Final = 2 * sheet_child.CELLS_BYTES_MAX
_CRASHED: Final = "Die Datei lässt sich nicht lesen: Sie ist beschädigt oder verlangt zu viel Speicher."
_AS_CSV: Final = "Speichern Sie die Tabelle neu als XLSX oder als CSV und laden Sie diese Datei hoch."

REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "password": (
        "Die Datei ist mit einem Passwort geschützt.",
        "Speichern Sie sie in der Tabellenkalkulation ohne Passwort und laden Sie sie noch einmal hoch.",
    ),
    "old-excel": ("Das ist eine Datei im alten Excel-Format (.xls).", _AS_CSV),
    "broken": ("Die Datei lässt sich nicht als Tabelle lesen.", _AS_CSV),
    "empty": ("In der Datei ist kein Tabellenblatt.", "Wählen Sie eine Datei mit Angeboten."),
    "entries": (
        f"Die Datei besteht aus mehr als {sheet_child.ENTRIES_MAX} Teilen, etwa sehr vielen Blättern oder Bildern.",
        "Speichern Sie das Blatt mit den Angeboten allein in einer neuen Datei.",
    ),
    "bomb": ("Entpackt ist die Datei zu groß.", _AS_CSV),
    "dtd": ("Die Datei enthält Anweisungen, die in einer Tabelle nichts zu suchen haben (DTD).", _AS_CSV),
    "rows": (
        f"Ab Zeile {sheet_child.ROWS_MAX + 2} wird nicht gelesen: Mehr als {sheet_child.ROWS_MAX} Zeilen sind zu viel.",
        "Teilen Sie die Tabelle auf mehrere Dateien auf, oder löschen Sie leere Zeilen am Ende.",
    ),
    "columns": (
        f"Die Tabelle hat mehr als {sheet_child.COLUMNS_MAX} Spalten.",
        "Löschen Sie die Spalten, die nicht gebraucht werden, auch leere am rechten Rand.",
    ),
    "memory": (_CRASHED, _AS_CSV),
    "time": ("Das Lesen der Datei dauert zu lange und wurde abgebrochen.", _AS_CSV),
}
"""What a person is told and what to do about it, by the code of the child."""


class Sheet(msgspec.Struct, frozen=True):
    """One sheet of a spreadsheet, and what the others are called."""

    grid: Grid
    name: str
    names: tuple[str, ...]


class _Answer(msgspec.Struct, frozen=True):
    refused: str = ""
    sheets: tuple[str, ...] = ()
    sheet: str = ""
    rows: tuple[tuple[int, tuple[str, ...]], ...] = ()


def is_spreadsheet(content: bytes) -> bool:
    """Tell by its beginning whether a file is a zip or of the old Office, so nothing that could be CSV."""
    return content.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"))


def read_spreadsheet(content: bytes, sheet: str = "", *, seconds: float = SECONDS) -> Sheet:
    """Read one sheet of a spreadsheet.

    Args:
        sheet: which one; empty or unknown for the first.
        seconds: after which the child is killed.
    Raises:
        RuleError: not readable, locked, or too large in any way; says it in German.
    """
    command = [sys.executable, "-I", str(Path(sheet_child.__file__)), sheet]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter and our own file
            command, input=content, capture_output=True, timeout=seconds, check=False, env={}, cwd="/"
        )
    except subprocess.TimeoutExpired:
        raise refusal("time") from None
    if child.returncode or len(child.stdout) > _ANSWER_MAX:
        raise refusal("time" if child.returncode == -24 else "memory")  # 24: SIGXCPU
    answer = msgspec.json.decode(child.stdout, type=_Answer)
    if answer.refused:
        raise refusal(answer.refused)
    return Sheet(Grid(tuple(GridRow(n, cells) for n, cells in answer.rows)), answer.sheet, answer.sheets)


def read_cells(content: bytes) -> list[list[str]]:
    """Return the cells of the first sheet, row by row from the first one on; RuleError as `read_spreadsheet`."""
    return [list(row.cells) for row in read_spreadsheet(content).grid.rows]


def refusal(code: str) -> RuleError:
    """Return the error that tells a person why a file is not read."""
    text, advice = REFUSALS.get(code, REFUSALS["broken"])
    return RuleError(text, {"datei": [f"{text} {advice}"]}, advice=advice)
