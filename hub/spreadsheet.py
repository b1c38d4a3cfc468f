"""Figures and lists of the desk as CSV that a German spreadsheet opens by double click."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from shared.model.formulas import guarded


def write_csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table with semicolons; nothing in it is taken for a formula."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _cell(value: object) -> object:
    if isinstance(value, float):
        return f"{value:.1f}".replace(".", ",")
    return guarded(value) if isinstance(value, str) else value
