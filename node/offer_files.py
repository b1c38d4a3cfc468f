"""Own offers as files to take away: XLSX and CSV that can be imported again, JSON with the whole documents.

A cell never becomes a formula: XLSX cells are typed as text, and in CSV an apostrophe stands before what a spreadsheet
would execute (threat T22); reading a table knows it and takes it away again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec

from node.cells import CellWriter
from node.history import last_document
from node.inventory import Inventory
from node.party import Node
from node.store import drafts
from node.uploads import RefusedRow
from node.workflow import Editor
from shared.model.formulas import guarded
from shared.model.table import COLUMNS, ID_COLUMN

MEDIA_TYPES: Final[Mapping[str, str]] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}
"""The formats of an output, with what a browser is told of each."""

REASON_COLUMN: Final = "grund"
_WIDTHS: Final[Mapping[str, int]] = {"traeger": 30, "angebot": 40, "beschreibung": 60, "zeiten": 30, REASON_COLUMN: 60}


def write_offers(node: Node, editor: Editor, ids: Sequence[bytes], kind: str) -> bytes:
    """Return the offers of these ids, in their order, as a file; those that the editor may not see are left out.

    Args:
        kind: one of `MEDIA_TYPES`.
    """
    with node.db.read() as conn:
        own, sources, found = Inventory(node, conn), dict(drafts.iterate_sources(conn)), []
        for rid in ids:
            doc = own.document(rid) or last_document(conn, rid)
            if doc is not None and editor.owns(doc):
                found.append((rid, doc, sources.get(rid, "")))
    if kind == "json":
        documents = [{**doc, "id": rid.hex()} for rid, doc, _ in found]
        return msgspec.json.format(msgspec.json.encode(documents, order="deterministic"))
    writer = CellWriter(node)
    rows = ({ID_COLUMN: rid.hex(), **writer.write(doc, source)} for rid, doc, source in found)
    columns = (*COLUMNS, ID_COLUMN)
    return _xlsx("Angebote", columns, rows) if kind == "xlsx" else _csv(columns, rows)


def write_refused(rows: Iterable[RefusedRow]) -> bytes:
    """Return refused rows as XLSX with the reason beside each: to be corrected and uploaded again."""
    found = list(rows)
    columns = [*COLUMNS, *([ID_COLUMN] if any(row.cells.get(ID_COLUMN) for row in found) else []), REASON_COLUMN]
    cells = ({**row.cells, REASON_COLUMN: f"Zeile {row.number}: {row.reason}"} for row in found)
    return _xlsx("Abgelehnte Zeilen", columns, cells)


def _xlsx(title: str, columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False}) as book:
        sheet, bold = book.add_worksheet(title), book.add_format({"bold": True})
        text = book.add_format({"num_format": "@"})
        for at, column in enumerate(columns):
            sheet.set_column(at, at, _WIDTHS.get(column, 18), text)
        sheet.freeze_panes(1, 0)
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column, bold)
        for number, row in enumerate(rows, start=1):
            for at, column in enumerate(columns):
                sheet.write_string(number, at, row.get(column, ""), text)
    return out.getvalue()


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([guarded(row.get(column, "")) for column in columns] for row in rows)
    return out.getvalue().encode("utf-8-sig")
