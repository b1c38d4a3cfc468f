"""The page for a meeting: gaps that were chosen, and who does what about each until when; to be printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import agreements
from hub.agreements import STATES, Proposed
from hub.gap_shapes import TOPICS
from hub.needs import count_needs
from hub.web.desk.gaps import chosen_city, chosen_topic, city_options, topic_options
from hub.web.desk.room import AGREEMENTS, Room
from shared.accounts.rights import Right
from shared.errors import RuleError
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_FIELDS = ("city", "topic", "what", "who", "until", "state")
_Problems = Mapping[str, Sequence[str]]


def agreement_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about agreements."""
    return [*_list_routes(room), *_edit_routes(room)]


def _read(form: Form) -> Proposed:
    form.expect(*_FIELDS)
    return Proposed(**{name: form.text(name) for name in _FIELDS})


def _list_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    @desk_get("/luecken/besprechung", right=Right.READ)
    def agreements_page(request: DeskRequest) -> Response[str]:
        needs = count_needs(gaps)
        found = [
            (one, needs.of(one.row.city, TOPICS, one.row.topic)) for one in agreements.list_agreements(gaps)
        ]  # fmt: skip
        return desk.respond(
            request, "desk/agreements.html", here=AGREEMENTS, agreements=found, district=gaps.district.name,
            may_curate=signed_in(request).may(Right.CURATE), now=gaps.hub.clock.now(),
        )  # fmt: skip

    return [agreements_page]


def _edit_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    desk, gaps = room.desk, room.gaps

    def edit(
        request: DeskRequest, number: int | None, proposed: Proposed, problems: _Problems, status: int = 200
    ) -> Response[str]:
        return desk.respond(
            request, "desk/agreement.html", status_code=status, here=AGREEMENTS, number=number,
            proposed=proposed, problems=problems, cities=city_options(gaps), topics=topic_options(gaps),
            states=list(STATES.items()), district=gaps.district.name,
        )  # fmt: skip

    def save(request: DeskRequest, number: int | None) -> Response[str]:
        proposed = _read(form_of(request))
        try:
            saved = agreements.save(gaps, proposed, number)
        except RuleError as error:  # shown beside the fields
            return edit(request, number, proposed, error.problems, 422)
        desk.log.info("agreement_saved", number=saved.row.id)
        desk.say(request, f"Gespeichert: {saved.topic} in {saved.town}.")
        return desk.go(AGREEMENTS)

    @desk_get("/luecken/besprechung/neu", right=Right.CURATE)
    def new_page(request: DeskRequest) -> Response[str]:
        return edit(request, None, Proposed(chosen_city(gaps, request), chosen_topic(gaps, request)), {})

    @desk_post("/luecken/besprechung/neu", right=Right.CURATE)
    def add_agreement(request: DeskRequest) -> Response[str]:
        return save(request, None)

    @desk_get("/luecken/besprechung/{number:int}", right=Right.CURATE)
    def agreement_page(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        kept = msgspec.structs.asdict(agreements.one_agreement(gaps, number).row)
        return edit(request, number, Proposed(**{name: kept[name] for name in _FIELDS}), {})

    @desk_post("/luecken/besprechung/{number:int}", right=Right.CURATE)
    def change_agreement(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        return save(request, number)

    return [new_page, add_agreement, agreement_page, change_agreement]
