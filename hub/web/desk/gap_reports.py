"""The report about gaps to be printed or taken along, of a city or the whole district; and the figures of a year."""

from __future__ import annotations

from collections.abc import Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import year_figures
from hub.gap_report import GapReport, make_report
from hub.gap_shapes import WHOLE
from hub.web.desk.files import answer_with, can_make_pdf, make_pdf
from hub.web.desk.gaps import city_options
from hub.web.desk.room import REPORTS, YEARS, Room, attachment, query_text
from hub.year_figures import Year
from shared.accounts.rights import Right
from shared.errors import NotFoundError
from shared.web.desk.guard import DeskRequest, desk_get

_YEAR_DIGITS = 4


def gap_report_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the reports."""
    return [*_report_routes(room), *_year_routes(room)]


def _report_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def report_of(name: str) -> GapReport:
        if name != WHOLE and gaps.city(name) is None:
            raise NotFoundError("Diesen Bericht gibt es nicht", advice="Alle stehen unter „Bericht“.")
        return make_report(gaps, "" if name == WHOLE else name)

    def page(request: DeskRequest, name: str, report: GapReport, *, on_paper: bool = False) -> Response[str]:
        return desk.respond(
            request,
            "desk/gap_report.html",
            path=f"{REPORTS}/{name}",
            here=f"{REPORTS}/{name}",
            report=report,
            can_make_pdf=can_make_pdf(),
            on_paper=on_paper,
        )

    @desk_get("/luecken/bericht", right=Right.READ)
    def reports_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/gap_reports.html", here=REPORTS, cities=city_options(gaps), whole=WHOLE,
            district=gaps.district.name, years=year_figures.list_years(gaps), years_path=YEARS,
        )  # fmt: skip

    @desk_get("/luecken/bericht/{city:str}", right=Right.READ)
    def report_page(request: DeskRequest, city: FromPath[str]) -> Response[str]:
        return page(request, city, report_of(city))

    @desk_get("/luecken/bericht/{city:str}/ausgabe", right=Right.READ)
    def report_file(request: DeskRequest, city: FromPath[str]) -> Response[bytes]:
        report, name = report_of(city), f"luecken-bericht-{city}"
        if query_text(request, "form") == "pdf":
            html = str(page(request, city, report, on_paper=True).content)
            return attachment(make_pdf(html, desk.pages.assets), "application/pdf", f"{name}.pdf")
        return answer_with(room, request, report.tables, title=report.title, name=name)

    return [reports_page, report_page, report_file]


def _year_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def year_of(text: str) -> Year:
        found = None
        if len(text) == _YEAR_DIGITS and text.isascii() and text.isdecimal():
            found = year_figures.show_year(gaps, int(text))
        if found is None:
            raise NotFoundError(
                "Für dieses Jahr liegen keine Zahlen vor",
                advice="Gezählt wird ab dem Jahr, in dem der Hub in Betrieb ging.",
            )
        return found

    @desk_get("/luecken/jahr/{year:str}", right=Right.READ)
    def year_page(request: DeskRequest, year: FromPath[str]) -> Response[str]:
        shown = year_of(year)
        return desk.respond(
            request, "desk/gap_year.html", here=f"{YEARS}/{year}", year=shown, district=gaps.district.name,
            is_over=shown.year < year_figures.this_year(gaps),
        )  # fmt: skip

    @desk_get("/luecken/jahr/{year:str}/ausgabe", right=Right.READ)
    def year_file(request: DeskRequest, year: FromPath[str]) -> Response[bytes]:
        shown = year_of(year)
        title = f"Jahreszahlen {shown.year}: {gaps.district.name}"
        return answer_with(room, request, shown.tables, title=title, name=f"jahreszahlen-{shown.year}", made=shown.made)

    return [year_page, year_file]
