"""Tables as files: a workbook of all, one of them as CSV, and a report as PDF where a program for that is there."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from litestar import Response

from hub.figure_tables import Table, find_table, format_csv, format_sheets
from hub.gap_report import about
from hub.web.desk.room import CSV, Room, attachment, query_text
from shared.errors import NotFoundError
from shared.web.assets import Assets
from shared.web.desk.guard import DeskRequest

SHEETS: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_STATIC: Final = "/static/"
_BASE: Final = "https://kreisweit.invalid/"
"""Stands for ourselves; nothing is asked over a network."""


def answer_with(
    room: Room, request: DeskRequest, tables: Sequence[Table], *, title: str, name: str, made: int | None = None
) -> Response[bytes]:
    """Answer with the file that the query asks for: `form` is xlsx or csv, for which `tabelle` names one of several.

    Args:
        made: of which time the tables are, Unix seconds; by default now.
    Raises:
        NotFoundError: no such table or form.
    """
    form, wanted = query_text(request, "form"), query_text(request, "tabelle")
    table = find_table(tables, wanted) if wanted else next(iter(tables), None)
    if form == "csv" and table is not None:
        part = f"-{table.name}" if len(tables) > 1 else ""
        return attachment(format_csv(table), CSV, f"{name}{part}.csv")
    if form == "xlsx" and tables:
        given = about(room.gaps, title, room.hub.clock.now() if made is None else made)
        return attachment(format_sheets(tables, title=title, about=given), SHEETS, f"{name}.xlsx")
    raise NotFoundError("Diese Tabelle gibt es nicht", advice="Alle stehen auf der Seite davor mit ihren Dateien.")


def can_make_pdf() -> bool:
    """Tell whether WeasyPrint is installed; the program runs without it, and browsers print to PDF too."""
    return find_spec("weasyprint") is not None


def make_pdf(html: str, assets: Assets) -> bytes:
    """Return a page as PDF; of all that it links to only our own static files are looked at.

    Raises:
        NotFoundError: WeasyPrint is not installed.
    """
    if not can_make_pdf():
        raise NotFoundError(
            "PDF-Dateien kann dieser Rechner nicht erzeugen", advice="Im Browser: Drucken, dann „Als PDF speichern“."
        )
    import weasyprint
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OwnFiles(URLFetcher):  # type: ignore[misc] # comes without types
        """Answers with our own static files and asks nobody."""

        def fetch(self, url: str, headers: object = None) -> Any:
            path = urlsplit(url).path
            if not url.startswith(_BASE) or _STATIC not in path:
                raise ValueError("only our own files belong on paper")
            asset = assets.find(unquote(path.partition(_STATIC)[2]))
            return URLFetcherResponse(url, asset.file.read_bytes(), {"Content-Type": asset.content_type})

    page = weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=OwnFiles())
    return bytes(page.write_pdf(pdf_variant="pdf/ua-1"))
