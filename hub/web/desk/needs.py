"""Reported needs: case managers report them for their city, the district sees all and says what became of each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import needs
from hub.gap_shapes import GROUPS, LANGUAGES, TOPICS, Value
from hub.needs import KEPT_MONTHS, STATES, TEXT_MAX, Shown, Told, Wanted
from hub.web.desk.gaps import chosen_city, chosen_topic, city_options, topic_options
from hub.web.desk.room import GAP_NEEDS, NEEDS, Room, query_text
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_FIELDS = ("city", "topic", "number", "language", "target_group", "text")
_Problems = Mapping[str, Sequence[str]]


def need_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about needs."""
    return [*_reporting_routes(room), *_seeing_routes(room), *_deciding_routes(room)]


def _reporting_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def page(request: DeskRequest, told: Told, problems: _Problems, status: int = 200) -> Response[str]:
        me = signed_in(request)
        cities = needs.cities_of(gaps, me)
        wanted = chosen_city(gaps, request)
        city = wanted if wanted in cities else (cities[0] if len(cities) == 1 or (me.is_limited and cities) else "")
        whose = 0 if me.is_limited else me.account_id
        listed, number = needs.page_of_needs(gaps, cities, Wanted(account_id=whose))
        counted = needs.count_needs(gaps)
        return desk.respond(
            request, "desk/needs.html", status_code=status, path=NEEDS, told=told, problems=problems, listed=listed,
            more=number - len(listed),
            city=city, towns=[(name, gaps.town(name)) for name in cities], topics=topic_options(gaps),
            languages=_options(gaps.values(LANGUAGES)), groups=_options(gaps.values(GROUPS)), text_max=TEXT_MAX,
            lines={title: gaps.lines(facet, city, counted) for facet, title in _LINES.items()} if city else {},
            town=gaps.town(city) if city else "", months=KEPT_MONTHS, account_id=me.account_id,
        )  # fmt: skip

    @desk_get("/bedarf", right=Right.NEED)
    def needs_page(request: DeskRequest) -> Response[str]:
        cities = needs.cities_of(gaps, signed_in(request))
        wanted = chosen_city(gaps, request)
        city = wanted if wanted in cities else cities[0] if len(cities) == 1 else ""
        return page(request, Told(city=city, topic=chosen_topic(gaps, request), number="1"), {})

    @desk_post("/bedarf", right=Right.NEED)
    def report_need(request: DeskRequest) -> Response[str]:
        form, me = form_of(request), signed_in(request)
        form.expect(*_FIELDS)
        told = Told(**{name: form.text(name) for name in _FIELDS})
        try:
            row = needs.report(gaps, told, cities=needs.cities_of(gaps, me), account_id=me.account_id)
        except RuleError as error:  # shown beside the fields
            return page(request, told, error.problems, 422)
        desk.log.info("need_reported", city=row.city)
        said = f"Danke. Gemeldet: {row.number} × {gaps.label(TOPICS, row.topic)} in {gaps.town(row.city)}."
        desk.say(request, f"{said} Sie können die Meldung unten zurücknehmen.")
        return desk.go(NEEDS, stadt=row.city if me.is_limited and len(me.organisations) > 1 else None)

    @desk_post("/bedarf/{number:int}/zuruecknehmen", right=Right.NEED)
    def take_back(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        try:
            row = needs.take_back(gaps.hub, number, account_id=signed_in(request).account_id)
        except ConflictError as error:
            desk.say(request, f"{error.message}. {error.advice}", "info")
            return desk.go(NEEDS)
        desk.log.info("need_taken_back", city=row.city)
        desk.say(request, "Die Meldung ist zurückgenommen und gelöscht.")
        return desk.go(NEEDS)

    return [needs_page, report_need, take_back]


_LINES = {TOPICS: "Thema", LANGUAGES: "Sprache", GROUPS: "Zielgruppe"}


def _options(values: Sequence[Value]) -> list[tuple[str, str]]:
    return [(value.code, value.label) for value in values]


def _seeing_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    @desk_get("/luecken/bedarf", right=Right.READ)
    def all_needs_page(request: DeskRequest) -> Response[str]:
        city, topic, state = chosen_city(gaps, request), chosen_topic(gaps, request), query_text(request, "stand")
        wanted = Wanted(topic, state if state in STATES else "")
        page = int(text) if re.fullmatch(r"[1-9][0-9]{0,5}", text := query_text(request, "seite")) else 1
        listed, number = needs.page_of_needs(gaps, (city,) if city else None, wanted, page)
        pages = max(1, -(-number // needs.PER_PAGE))
        return desk.respond(
            request, "desk/all_needs.html", here=GAP_NEEDS, listed=listed, city=city, topic=topic, state=state,
            cities=city_options(gaps), topics=topic_options(gaps), states=list(STATES.items()), months=KEPT_MONTHS,
            number=number, page=page, pages=pages,
        )  # fmt: skip

    return [all_needs_page]


def _deciding_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def page(request: DeskRequest, shown: Shown, answer: str, problems: _Problems, status: int = 200) -> Response[str]:
        return desk.respond(
            request, "desk/need.html", status_code=status, here=f"{GAP_NEEDS}/{shown.row.id}", one=shown,
            needs_path=GAP_NEEDS, answers=needs.possible_answers(gaps, shown.row), answer=answer, problems=problems,
            may_curate=signed_in(request).may(Right.CURATE),
        )  # fmt: skip

    @desk_get("/luecken/bedarf/{number:int}", right=Right.READ)
    def need_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        return page(request, needs.one_need(gaps, number), "", {})

    @desk_post("/luecken/bedarf/{number:int}/erledigt", right=Right.CURATE)
    def mark_done(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form = form_of(request)
        form.expect("answer", "address")
        answer = form.text("address") or form.text("answer")
        try:
            shown = needs.decide_done(gaps, number, answer)
        except RuleError as error:  # shown beside the field
            return page(request, needs.one_need(gaps, number), form.text("address"), error.problems, 422)
        desk.log.info("need_met", number=number)
        desk.say(request, f"Erledigt durch „{shown.answer_title}“. Mit „Weiter offen“ nehmen Sie das zurück.")
        return desk.go(f"{GAP_NEEDS}/{number}")

    @desk_post("/luecken/bedarf/{number:int}/offen", right=Right.CURATE)
    def mark_open(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        needs.decide_open(gaps, number)
        desk.log.info("need_still_open", number=number)
        desk.say(request, "Die Meldung ist als weiter offen vermerkt.")
        return desk.go(f"{GAP_NEEDS}/{number}")

    return [need_page, mark_done, mark_open]
