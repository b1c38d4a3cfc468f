"""The members as the district looks after them: how each stands, why, what to do, and what can be done from here.

What changes the roster needs the root key, which is on no computer that is always on; so those steps are named with
their command, and what a person may decide at once is decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import care, holds
from hub.notes import publish_note
from hub.party import Hub
from hub.pulling import Pull, pull_named
from hub.web.desk.room import MEMBERS, Room, member_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, LogStateError
from shared.feed.outcomes import ABOUT, Code
from shared.state_words import state_in_german
from shared.web.desk.forms import form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_GOOD = frozenset({"ok", "unchanged", "held"})


def member_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes about members."""
    return [*_pages(room), *_actions(room)]


def _pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/mitglieder", right=Right.READ)
    def members_page(request: DeskRequest) -> Response[str]:
        cared = care.all_members(hub)
        return desk.respond(
            request, "desk/members.html", path=MEMBERS, members=cared, waiting=care.applications(hub),
            counts=care.count_lights(cared), words=room.words, member_path=member_path,
        )  # fmt: skip

    @desk_get("/mitglieder/{name:str}", right=Right.READ)
    def member_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        found = care.one_member(hub, name)
        return desk.respond(
            request, "desk/member.html", one=found, words=room.words, here=member_path(name), members_path=MEMBERS,
            steps=care.steps(found), may_act=signed_in(request).may(Right.OPERATE),
        )  # fmt: skip

    return [members_page, member_page]


def _actions(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_post("/mitglieder/{name:str}/abrufen", right=Right.OPERATE)
    def pull(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            done = pull_named(hub, [name], "desk")[0]
        except LogStateError as error:  # a member that nobody can reach from outside
            desk.say(request, f"{error.message}.", "info")
            return desk.go(member_path(name))
        publish_note(hub)
        desk.log.info("member_pulled", member=name)
        desk.say(request, _pulled(done), "success" if done.outcome in _GOOD else "warning")
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


def _pulled(done: Pull) -> str:
    """Say what came of a pull in one or two sentences."""
    count = done.size - done.from_
    if done.outcome == "ok":
        return f"Abgerufen: {count} neue Einträge." if count != 1 else "Abgerufen: ein neuer Eintrag."
    if done.outcome == "unchanged":
        return f"Es gab nichts Neues. {done.message}".strip()
    reason = ABOUT[Code(done.code)].text if done.code else ""
    return f"{state_in_german(done.outcome).capitalize()}. {reason} {done.message}".strip()
