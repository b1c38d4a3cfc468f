"""How a city becomes a member, step by step: invite, wait, compare the fingerprint by telephone, admit, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import asked_pulls, enrolment, inviting, roster_steps
from hub.asked_run import STEP_TEXTS
from hub.holds import find_member
from hub.inviting import Stage
from hub.roster_steps import PASSPHRASE
from hub.web.desk.room import ENROL, MEMBERS, ROSTER, Room, member_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post

_MATCHES = "stimmt"
_COMPARED = "verglichen"


def enrolment_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of enrolment."""
    return [*_invitation_routes(room), *_city_pages(room), *_city_actions(room)]


def _list_page(
    room: Room, request: DeskRequest, form: Form, problems: Mapping[str, Sequence[str]], status_code: int = 200
) -> Response[str]:
    hub = room.hub
    return room.desk.respond(
        request, "desk/enrolment.html", status_code=status_code, path=ENROL, form=form, problems=problems,
        invitations=inviting.list_invitations(hub), stages=Stage, members_path=MEMBERS, words=room.words,
        options=[(member.name, member.title) for member in inviting.invitable(hub)], member_path=member_path,
    )  # fmt: skip


def _invitation_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/mitglieder/aufnehmen", right=Right.OPERATE)
    def enrol_page(request: DeskRequest) -> Response[str]:
        return _list_page(room, request, Form(), {})

    @desk_post("/mitglieder/aufnehmen", right=Right.OPERATE)
    def invite(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("name")
        try:
            code = inviting.invite(hub, form.text("name"))
        except RuleError as error:
            return _list_page(room, request, form, error.problems, 422)
        except ConflictError as error:
            return _list_page(room, request, form, {"name": [error.message]}, 409)
        name = form.text("name")
        desk.log.info("member_invited", member=name, purpose="join")
        return desk.respond(
            request, "desk/enrol_code.html", path=ENROL, code=code, words=room.words, name=name, is_new=True,
            next_path=f"{ENROL}/{name}",
        )  # fmt: skip

    @desk_post("/mitglieder/aufnehmen/{name:str}/zuruecknehmen", right=Right.OPERATE)
    def revoke(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        inviting.revoke(hub, name)
        desk.log.info("invitation_revoked", member=name)
        desk.say(
            request, f"Die Einladung für {room.words.publisher(name)} ist zurückgenommen; ihr Code gilt nicht mehr."
        )
        return desk.go(ENROL)

    return [enrol_page, invite, revoke]


def _city_page(
    room: Room, request: DeskRequest, name: str, problems: Mapping[str, Sequence[str]], *, status_code: int = 200,
    is_part: bool = False,
) -> Response[str]:  # fmt: skip
    hub = room.hub
    found = inviting.find_invitation(hub, name)
    row = next((row for row in hub.members() if row.name == name), None)
    is_member = found.stage is Stage.USED and row is not None
    return room.desk.respond(
        request, "desk/enrol_city_part.html" if is_part else "desk/enrol_city.html", status_code=status_code,
        path=ENROL, invitation=found, is_part=is_part, stages=Stage, name=name, words=room.words,
        here=f"{ENROL}/{name}",
        back=ENROL, members_path=MEMBERS, member=member_path(name), problems=problems,
        can_sign=roster_steps.can_sign_here(hub), is_member=is_member, roster_path=ROSTER,
        is_read=is_member and row is not None and asked_pulls.is_established(hub, row),
        run=asked_pulls.find_run(hub, name) if is_member else None, step_texts=STEP_TEXTS,
    )  # fmt: skip


def _city_pages(room: Room) -> Sequence[HTTPRouteHandler]:
    @desk_get("/mitglieder/aufnehmen/{name:str}", right=Right.OPERATE)
    def city_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        return _city_page(room, request, name, {})

    @desk_get("/mitglieder/aufnehmen/{name:str}/stand", right=Right.OPERATE)
    def city_part(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        return _city_page(room, request, name, {}, is_part=True)

    return [city_page, city_part]


def _city_actions(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_post("/mitglieder/aufnehmen/{name:str}/annehmen", right=Right.OPERATE)
    def admit(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect(PASSPHRASE, _MATCHES, _COMPARED)
        inviting.find_invitation(hub, name)
        try:
            return _admit(room, request, name, form)
        except RuleError as error:
            return _city_page(room, request, name, error.problems, status_code=422)
        except ConflictError as error:
            said = f"{error.message.rstrip('.')}. {error.advice}".strip()
            return _city_page(room, request, name, {"": [said]}, status_code=409)

    @desk_post("/mitglieder/aufnehmen/{name:str}/abrufen", right=Right.OPERATE)
    def read_now(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        find_member(hub, name)
        _read_first(room, name)
        desk.log.info("member_pulled", member=name)
        return desk.go(f"{ENROL}/{name}")

    @desk_post("/mitglieder/aufnehmen/{name:str}/ablehnen", right=Right.OPERATE)
    def refuse(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        try:
            enrolment.dismiss(hub, name)
        except NotFoundError as error:
            desk.say(request, error.message, "info")
            return desk.go(ENROL)
        desk.log.info("application_refused", member=name)
        desk.say(request, "Abgelehnt. Solange ihr Code gilt, kann sich die Stadt noch einmal anmelden.", "info")
        return desk.go(ENROL)

    return [admit, read_now, refuse]


def _admit(room: Room, request: DeskRequest, name: str, form: Form) -> Response[str]:
    """Admit an applicant, or note it where the key is elsewhere; RuleError, ConflictError."""
    hub, desk, compared = room.hub, room.desk, form.text(_COMPARED)
    if form.text(_MATCHES) != "1":
        said = "Vergleichen Sie erst den Fingerabdruck, und bestätigen Sie, dass er übereinstimmt."
        raise RuleError("Der Fingerabdruck ist nicht verglichen", {_MATCHES: [said]})
    if not roster_steps.can_sign_here(hub):
        roster_steps.note_approval(hub, name, compared=compared)
        desk.log.info("roster_change_noted", member=name, change="approve")
        desk.say(request, "Die Aufnahme ist vorgemerkt. Jetzt fehlt die Unterschrift.")
        return desk.go(ROSTER)
    version = roster_steps.approve(hub, name, form.raw(PASSPHRASE), compared=compared)
    desk.log.info("roster_changed", member=name, change="approve", version=version)
    _read_first(room, name)
    desk.say(request, f"{room.words.publisher(name)} ist aufgenommen (Fassung {version} der Mitgliederliste).")
    return desk.go(f"{ENROL}/{name}")


def _read_first(room: Room, name: str) -> None:
    """Begin to read a new member; one that delivers by itself is waited for."""
    with suppress(ConflictError):
        asked_pulls.begin(room.hub, name)
