"""The gaps as the district looks at them: the matrix, freshness, searches without a hit, ways, and whom to call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import gap_report, offices
from hub.figure_tables import Table
from hub.gap_shapes import CITIES, FACET_TITLES, KILOMETRES, TOPICS, VIEWS
from hub.gaps import Gaps
from hub.needs import count_needs
from hub.offices import Office
from hub.web.desk.files import answer_with
from hub.web.desk.room import AGREEMENTS, GAP_NEEDS, GAPS, OFFICES, Room, query_text
from shared.accounts.rights import Right
from shared.errors import RuleError
from shared.search.asking import KEYS
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_FIRST = next(iter(VIEWS))
_VIEW_OPTIONS = [
    (code, f"{view.title} (in einer Stadt)" if view.is_of_one_city else view.title) for code, view in VIEWS.items()
]


def gap_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about gaps."""
    return [*_matrix_routes(room), *_list_routes(room), *_office_routes(room)]


def chosen_city(gaps: Gaps, request: DeskRequest) -> str:
    """Return the city that the query names; empty for none and for an unknown one."""
    name = query_text(request, "stadt")
    return name if gaps.city(name) is not None else ""


def chosen_topic(gaps: Gaps, request: DeskRequest) -> str:
    """Return the topic that the query names; empty for none and for an unknown one."""
    code = query_text(request, "thema")
    return code if any(value.code == code for value in gaps.values(TOPICS)) else ""


def city_options(gaps: Gaps) -> list[tuple[str, str]]:
    """Return the cities to choose from."""
    return [(value.code, value.label) for value in gaps.values(CITIES)]


def topic_options(gaps: Gaps) -> list[tuple[str, str]]:
    """Return the topics to choose from, those below another marked."""
    return [(value.code, gap_report.indented(value.label, value.depth)) for value in gaps.values(TOPICS)]


def _matrix_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def read(request: DeskRequest) -> tuple[str, str]:
        code = query_text(request, "sicht")
        code = code if code in VIEWS else _FIRST
        return code, chosen_city(gaps, request) if VIEWS[code].is_of_one_city else ""

    @desk_get("/luecken", right=Right.READ)
    def matrix_page(request: DeskRequest) -> Response[str]:
        code, city = read(request)
        return desk.respond(
            request, "desk/gaps.html", here=GAPS, code=code, city=city, town=gaps.town(city),
            facet_titles=FACET_TITLES, matrix=gaps.matrix(code, count_needs(gaps), city), keys=KEYS,
            cities=city_options(gaps), views=_VIEW_OPTIONS,
            needs_path=GAP_NEEDS, agreements_path=AGREEMENTS, may_curate=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    @desk_get("/luecken/ausgabe", right=Right.READ)
    def matrix_file(request: DeskRequest) -> Response[bytes]:
        code, city = read(request)
        table = gap_report.matrix_table(gaps.matrix(code, count_needs(gaps), city), code)
        title = f"{table.title}: {gaps.town(city)}"
        return answer_with(room, request, [table], title=title, name=f"luecken-{code}-{city or 'kreis'}")

    return [matrix_page, matrix_file]


def _list_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def show(
        request: DeskRequest, here: str, table: Table, text: str, *, topic: str | None = None, note: str = ""
    ) -> Response[str]:
        return desk.respond(
            request, "desk/gap_list.html", here=f"{GAPS}/{here}", table=table, text=text,
            topics=topic_options(gaps) if topic is not None else [], topic=topic or "", note=note,
        )  # fmt: skip

    @desk_get("/luecken/aktualitaet", right=Right.READ)
    def freshness_page(request: DeskRequest) -> Response[str]:
        return show(request, "aktualitaet", gap_report.freshness_table(gaps), _FRESHNESS)

    @desk_get("/luecken/suchen", right=Right.READ)
    def misses_page(request: DeskRequest) -> Response[str]:
        found = gaps.misses()
        searches = sum(found.searches.values())
        note = f"In den letzten {found.days} Tagen wurde in allen Verzeichnissen zusammen {searches}-mal gesucht."
        return show(request, "suchen", gap_report.misses_table(gaps), _MISSES, note=note)

    @desk_get("/luecken/wege", right=Right.READ)
    def ways_page(request: DeskRequest) -> Response[str]:
        topic = chosen_topic(gaps, request)
        number = gaps.count_without_place()
        note = f"{_WITHOUT_PLACE} {number}." if number else ""
        return show(request, "wege", gap_report.ways_table(gaps, topic), _WAYS, topic=topic, note=note)

    @desk_get("/luecken/ausgabe/{name:str}", right=Right.READ)
    def list_file(request: DeskRequest, name: FromPath[str]) -> Response[bytes]:
        topic = chosen_topic(gaps, request)
        tables = {
            "aktualitaet": lambda: gap_report.freshness_table(gaps),
            "suchen": lambda: gap_report.misses_table(gaps),
            "wege": lambda: gap_report.ways_table(gaps, topic),
            "kontakte": lambda: gap_report.offices_table(gaps),
            "bedarf": lambda: gap_report.needs_table(gaps),
            "besprechung": lambda: gap_report.agreements_table(gaps),
        }
        make = tables.get(name)
        found = [make()] if make is not None else []
        return answer_with(room, request, found, title=found[0].title if found else "", name=f"luecken-{name}")

    return [freshness_page, misses_page, ways_page, list_file]


_FRESHNESS = "Je Stadt: wie viele Angebote rechtzeitig geprüft sind, und seit wann das älteste auf eine Prüfung wartet."
_MISSES = (
    "Was in den Verzeichnissen gesucht und nicht gefunden wurde. Das sagt oft mehr über eine Lücke als jede Liste."
)
_WITHOUT_PLACE = "Nicht gezählt, weil sie keinen Ort nennen (Telefon, online, Anschrift auf Anfrage):"
_WAYS = f"Zu welcher Postleitzahl gibt es im Umkreis von {KILOMETRES} km kein Angebot?"


def _office_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def edit(
        request: DeskRequest,
        office: Office,
        form: Form | None,
        problems: Mapping[str, Sequence[str]],
        status: int = 200,
    ) -> Response[str]:
        values = {name: form.text(name) if form is not None else getattr(office.row, name) for name in _OFFICE_FIELDS}
        return desk.respond(
            request, "desk/gap_office.html", status_code=status, here=OFFICES, office=office, values=values,
            problems=problems,
        )  # fmt: skip

    @desk_get("/luecken/kontakte", right=Right.READ)
    def offices_page(request: DeskRequest) -> Response[str]:
        return desk.respond(
            request, "desk/gap_offices.html", here=OFFICES, offices=offices.list_offices(gaps),
            may_act=signed_in(request).may(Right.OPERATE),
        )  # fmt: skip

    @desk_get("/luecken/kontakte/{city:str}", right=Right.OPERATE)
    def office_page(request: DeskRequest, city: FromPath[str]) -> Response[str]:
        return edit(request, offices.one_office(gaps, city), None, {})

    @desk_post("/luecken/kontakte/{city:str}", right=Right.OPERATE)
    def save_office(request: DeskRequest, city: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect(*_OFFICE_FIELDS)
        try:
            saved = offices.save_office(gaps, city, *(form.text(name) for name in _OFFICE_FIELDS))
        except RuleError as error:  # shown beside the fields
            return edit(request, offices.one_office(gaps, city), form, error.problems, 422)
        desk.log.info("office_saved", city=city)
        town = saved.member.town
        desk.say(
            request,
            f"Der Kontakt für {town} ist gespeichert." if saved.is_known else f"{town} hat keinen Kontakt mehr.",
        )
        return desk.go(OFFICES)

    return [offices_page, office_page, save_office]


_OFFICE_FIELDS = ("name", "phone", "email")
