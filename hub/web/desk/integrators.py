"""Who uses the catalogue elsewhere, as the district sees it: open erasures first, copies, and keys to manage them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import integrators
from hub.erasure_duty import list_behind
from hub.web.desk.room import INTEGRATORS, Room
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_STATES = {"active": "wird benachrichtigt", "paused": "pausiert", "disabled": "abgestellt"}
_REASONS = {"gone": "hat sich abgemeldet", "failing": "antwortet seit Tagen nicht"}


def integrator_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about integrators."""
    hub, desk = room.hub, room.desk

    @desk_get("/integratoren", right=Right.READ)
    def integrators_page(request: DeskRequest) -> Response[str]:
        return _page(room, request, Form(), {})

    @desk_post("/integratoren", right=Right.OPERATE)
    def add_key(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("name", "email")
        try:
            text, made = integrators.add_key(hub, form.text("name"), form.text("email"))
        except RuleError as error:  # shown beside the fields
            return _page(room, request, form, error.problems, 422)
        desk.log.info("integrator_key_added", number=made.id)
        return desk.respond(request, "desk/integrator_key.html", key=text, made=made, path=INTEGRATORS)

    @desk_post("/integratoren/schluessel/{number:int}/sperren", right=Right.OPERATE)
    def revoke_key(request: DeskRequest, number: FromPath[int]) -> Response[str]:
        form_of(request).expect()
        try:
            known = integrators.revoke_key(hub, number)
        except ConflictError as error:
            desk.say(request, f"{error.message}.", "info")
            return desk.go(INTEGRATORS)
        desk.log.info("integrator_key_revoked", number=number)
        desk.say(request, f"Der Schlüssel {known.id} von {known.name} ist gesperrt.")
        return desk.go(INTEGRATORS)

    return [integrators_page, add_key, revoke_key]


def _page(
    room: Room, request: DeskRequest, form: Form, problems: Mapping[str, Sequence[str]], status_code: int = 200
) -> Response[str]:
    hub = room.hub
    return room.desk.respond(
        request, "desk/integrators.html", status_code=status_code, path=INTEGRATORS, form=form, problems=problems,
        behind=list_behind(hub), everyone=integrators.list_integrators(hub), copies=integrators.list_subscribers(hub),
        keys=integrators.list_keys(hub), states=_STATES, reasons=_REASONS,
        may_act=signed_in(request).may(Right.OPERATE),
    )  # fmt: skip
