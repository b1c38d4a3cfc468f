"""Reads one spreadsheet in a process of its own, with little memory and time; run as a program by `sheet_reading`.

    python -I sheet_child.py < file.xlsx > cells.json

Ends with 3 where there are too many rows or columns, with another number where the file is no spreadsheet; a file that
wants more memory or time than it gets ends the process (threat T23).  Needs nothing of the project.
"""

from __future__ import annotations

import io
import json
import resource
import sys

MEMORY_BYTES = 768 * 1024 * 1024
CPU_SECONDS = 8
ROWS_MAX, COLUMNS_MAX = 20_000, 100
TOO_MANY = 3


def main() -> int:
    """Read the spreadsheet on stdin and write its first sheet as rows of texts."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    from python_calamine import CalamineWorkbook

    sheet = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
    if sheet.total_height > ROWS_MAX or sheet.total_width > COLUMNS_MAX:
        return TOO_MANY
    rows = [[_text(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)]
    sys.stdout.write(json.dumps(rows))
    return 0


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


if __name__ == "__main__":
    sys.exit(main())
