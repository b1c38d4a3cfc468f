"""Spreadsheets for tests: honest ones, and files that want to harm who opens them."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl
import xlsxwriter

from shared.model.table import COLUMNS

ROW = {
    "stadt": "Herten", "traeger": "Haus der Begegnung", "angebot": "Sprachcafé",
    "beschreibung": "Deutsch üben in lockerer Runde.",
    "thema": "Sprache|Begegnung", "zielgruppe": "alle", "sprachen": "Deutsch, Türkisch", "ort_name": "Saal 1",
    "strasse": "Musterweg 1", "plz": "45699", "ort": "Herten", "telefon": "02366 123456", "email": "cafe@example.org",
    "web": "example.org", "zeiten": "montags 10 Uhr", "kosten": "kostenlos", "quelle": "Faltblatt 2024",
}  # fmt: skip


def rows_of(count: int) -> list[dict[str, str]]:
    """Rows of as many different offers."""
    return [ROW | {"angebot": f"Sprachcafé {n}", "telefon": f"02366 {123400 + n}"} for n in range(count)]


def xlsx(rows: Sequence[Mapping[str, object]], columns: Sequence[str] = COLUMNS, *, sheet: str = "Angebote") -> bytes:
    """A workbook with one sheet, its headings in the first row."""
    return xlsx_of({sheet: [list(columns), *([row.get(column, "") for column in columns] for row in rows)]})


def xlsx_of(sheets: Mapping[str, Sequence[Sequence[object]]]) -> bytes:
    """A workbook with these sheets, cell by cell."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"strings_to_formulas": False}) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, cells in enumerate(rows):
                sheet.write_row(at, 0, cells)
    return out.getvalue()


def cells_in(content: bytes) -> list[list[object]]:
    """Every row of the first sheet of a workbook."""
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def ods(rows: Sequence[Sequence[str]], *, manifest: str = "") -> bytes:
    """An OpenDocument sheet, as small as it can be."""
    cells = "".join(
        "<table:table-row>"
        + "".join(f'<table:table-cell office:value-type="string"><text:p>{c}</text:p></table:table-cell>' for c in row)
        + "</table:table-row>"
        for row in rows
    )
    spaces = " ".join(
        f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for short, name in (("office", "office"), ("table", "table"), ("text", "text"))
    )
    content = (
        f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet>'
        f'<table:table table:name="Blatt">{cells}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
        archive.writestr("content.xml", content)
    return out.getvalue()


def with_part(workbook: bytes, name: str, content: bytes) -> bytes:
    """A workbook in which one part is another."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.namelist():
            if entry != name:
                after.writestr(entry, before.read(entry))
        after.writestr(name, content)
    return out.getvalue()


def zip_bomb() -> bytes:
    """A workbook of 60 kB that unpacks to 60 MB, none of it lied about."""
    return with_part(xlsx([ROW]), "xl/media/image1.bin", b"\0" * 60_000_000)


def lying_zip() -> bytes:
    """A workbook whose directory says that the large part is small."""
    bomb, small = bytearray(zip_bomb()), (1000).to_bytes(4, "little")
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = bomb.rindex(mark) if mark == b"PK\x01\x02" else bomb.rindex(mark, 0, bomb.index(b"PK\x01\x02"))
        bomb[start + at : start + at + 4] = small
    return bytes(bomb)


def billion_laughs() -> bytes:
    """A workbook whose sheet defines entities of entities."""
    entities = '<!ENTITY a0 "ha">' + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    sheet = f"""<?xml version="1.0"?><!DOCTYPE x [{entities}]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>&a9;</t></is></c></row></sheetData></worksheet>"""
    return with_part(xlsx([ROW]), "xl/worksheets/sheet1.xml", sheet.encode())


def far_corner() -> bytes:
    """A workbook with two cells that are as far apart as a sheet allows."""
    sheet = b"""<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>
</worksheet>"""
    return with_part(xlsx([ROW]), "xl/worksheets/sheet1.xml", sheet)
