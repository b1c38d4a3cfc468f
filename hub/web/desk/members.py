"""The members as the district looks after them: how each stands, why, what to do, and what can be decided from here.

What changes the roster has pages of its own, see `member_steps`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import alarm_book, asked_pulls, care, evidence_package, holds, member_history
from hub.asked_run import STEP_TEXTS
from hub.guidance import GUIDANCE, NEW_KEYS
from hub.notes import publish_note
from hub.party import Hub
from hub.web.desk.course import draw_course
from hub.web.desk.room import ALARMS, ENROL, MEMBERS, QUARANTINE, ROSTER, Room, attachment, member_path
from shared.accounts.rights import Right
from shared.errors import ConflictError
from shared.feed.outcomes import State
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in


def member_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about members."""
    return [*_pages(room), *_files(room), *_actions(room)]


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/mitglieder", right=Right.READ)
    def members_page(request: DeskRequest) -> Response[str]:
        cared = care.all_members(hub)
        return desk.respond(
            request, "desk/members.html", path=MEMBERS, members=cared, waiting=care.applications(hub),
            counts=care.count_lights(cared), words=room.words, member_path=member_path, enrol_path=ENROL,
            roster_path=ROSTER, may_act=signed_in(request).may(Right.OPERATE),
        )  # fmt: skip

    @desk_get("/mitglieder/{name:str}", right=Right.READ)
    def member_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        found = care.one_member(hub, name)
        span = 365 if request.query_params.get("tage") == "365" else 30
        return desk.respond(
            request, "desk/member.html", one=found, words=room.words, here=member_path(name), members_path=MEMBERS,
            guidance=GUIDANCE.get(State(found.cared.member.state)), may_act=signed_in(request).may(Right.OPERATE),
            run=asked_pulls.find_run(hub, name), step_texts=STEP_TEXTS, quarantine_path=QUARANTINE,
            roster_path=ROSTER, new_keys=NEW_KEYS, enrol_path=ENROL, span=span, spans=member_history.SPANS,
            past=alarm_book.load_of(hub, name), alarms_path=ALARMS,
            course=draw_course(member_history.load_course(hub, name, span)),
        )  # fmt: skip

    @desk_get("/mitglieder/{name:str}/abruf", right=Right.READ)
    def run_part(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        holds.find_member(hub, name)
        return desk.respond(
            request, "desk/member_run.html", run=asked_pulls.find_run(hub, name), step_texts=STEP_TEXTS,
            here=member_path(name),
        )  # fmt: skip

    return [members_page, member_page, run_part]


def _files(room: Room) -> Sequence[HTTPRouteHandler]:
    hub = room.hub

    @desk_get("/mitglieder/{name:str}/beweise.zip", right=Right.READ)
    def evidence(name: FromPath[str]) -> Response[bytes]:
        return attachment(evidence_package.package_evidence(hub, name), "application/zip", f"beweise-{name}.zip")

    return [evidence]


def _actions(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_post("/mitglieder/{name:str}/abrufen", right=Right.OPERATE)
    def pull(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            asked_pulls.begin(hub, name)
        except ConflictError as error:  # a member that nobody can reach from outside, or that is not read now
            desk.say(request, f"{error.message}.", "info")
            return desk.go(member_path(name))
        desk.log.info("member_pulled", member=name)
        return desk.go(member_path(name))

    def decide(
        request: DeskRequest, name: str, act: Callable[[Hub, str], object], action: str, said: str
    ) -> Response[str]:
        form_of(request).expect()
        try:
            act(hub, name)
        except ConflictError as error:
            desk.say(request, error.message, "info")
            return desk.go(member_path(name))
        publish_note(hub)
        desk.log.info(action, member=name)
        desk.say(request, said)
        return desk.go(member_path(name))

    @desk_post("/mitglieder/{name:str}/bestaetigen", right=Right.OPERATE)
    def confirm(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        return decide(request, name, holds.confirm, "hold_confirmed", "Bestätigt. Was angehalten war, gilt jetzt.")

    @desk_post("/mitglieder/{name:str}/ablehnen", right=Right.OPERATE)
    def reject(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        said = "Abgelehnt. Es bleibt beim Stand davor, bis die Stadt ihn ändert."
        return decide(request, name, holds.reject, "hold_rejected", said)

    return [pull, confirm, reject]
