"""The monthly letters to the cities: mailboxes, a look at the letter before it leaves, and sending at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import digests
from hub.freshness import Checks
from hub.months import first_working_day
from hub.web.desk.room import DIGESTS, Room, digest_path, freshness_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, RuleError
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in


def digest_routes(room: Room, checks: Checks) -> Sequence[HTTPRouteHandler]:
    """Return the routes about monthly letters."""
    return [*_pages(room, checks), *_actions(room, checks)]


def _pages(room: Room, checks: Checks) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/monatsmail", right=Right.READ)
    def digests_page(request: DeskRequest) -> Response[str]:
        today = hub.today()
        return desk.respond(
            request, "desk/digests.html", path=DIGESTS, digests=digests.list_digests(hub), words=room.words,
            digest_path=digest_path, sends=hub.settings.sends_mail,
            first=first_working_day(today.year, today.month, hub.district.state), hour=digests.MORNING,
        )  # fmt: skip

    @desk_get("/monatsmail/{name:str}", right=Right.READ)
    def digest_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        return _page(room, checks, request, name)

    return [digests_page, digest_page]


def _actions(room: Room, checks: Checks) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_post("/monatsmail/{name:str}", right=Right.OPERATE)
    def save(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect("address", "is_on")
        address, is_on = form.text("address"), bool(form.text("is_on"))
        try:
            digests.save_digest(hub, name, address, is_on=is_on)
        except RuleError as error:  # shown beside the fields
            return _page(room, checks, request, name, error.problems, (address, is_on), 422)
        desk.log.info("digest_set", member=name, on=is_on)
        said = "Die Monatsmail ist eingeschaltet." if is_on else "Die Monatsmail ist ausgeschaltet."
        desk.say(request, f"Gespeichert. {said}")
        return desk.go(digest_path(name))

    @desk_post("/monatsmail/{name:str}/senden", right=Right.OPERATE)
    def send(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            address = digests.send_now(hub, name, checks.offers())
        except ConflictError as error:
            desk.say(request, f"{error.message}. {error.advice}", "info")
            return desk.go(digest_path(name))
        desk.log.info("digest_written", member=name)
        desk.say(request, f"Die Mail an {address} liegt im Postausgang und geht in wenigen Sekunden hinaus.")
        return desk.go(digest_path(name))

    @desk_post("/monatsmail/{name:str}/wiederholen", right=Right.OPERATE)
    def send_again(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            digests.send_again(hub, name)
        except ConflictError as error:
            desk.say(request, f"{error.message}.", "info")
            return desk.go(digest_path(name))
        desk.log.info("digest_tried_again", member=name)
        desk.say(request, "Der Hub versucht es gleich noch einmal.")
        return desk.go(digest_path(name))

    return [save, send, send_again]


def _page(
    room: Room, checks: Checks, request: DeskRequest, name: str, problems: Mapping[str, Sequence[str]] | None = None,
    typed: tuple[str, bool] | None = None, status_code: int = 200,
) -> Response[str]:  # fmt: skip
    hub = room.hub
    found = digests.load_digest(hub, name)
    subject, body = digests.preview(hub, name, checks.offers())
    return room.desk.respond(
        request, "desk/digest.html", status_code=status_code, path=DIGESTS, name=name, digest=found, subject=subject,
        body=body, problems=problems or {}, typed=typed or (found.setting.address, found.setting.is_on),
        words=room.words, here=digest_path(name), city_path=freshness_path(name), sends=hub.settings.sends_mail,
        may_act=signed_in(request).may(Right.OPERATE),
    )  # fmt: skip
