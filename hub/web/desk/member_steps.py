"""Steps that change the roster, a page each: pause, suspend, resume, retire, drop an old key, invite to new keys.

Where the root key lies on this computer the step is signed here; the passphrase is a field of one request, and neither
kept nor logged.  Else the change is noted, and the page of the roster says how it is signed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from hub import inviting, roster_keeping, roster_steps
from hub.holds import find_member
from hub.roster_steps import PASSPHRASE, RosterStep
from hub.web.desk.room import ENROL, MEMBERS, ROSTER, Room, attachment, member_path
from shared.accounts.rights import Right
from shared.errors import ConflictError, KreisweitError, RuleError
from shared.feed import limits
from shared.web.desk.forms import Form, form_of
from shared.web.desk.guard import DeskRequest, desk_get, desk_post, signed_in

_DRAFT = "roster-draft.txt"
_FILE_BYTES = limits.LARGE_NOTE_MAX_BYTES + 64 * 1024


def member_step_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the steps, and of the roster's own page."""
    return [*_step_routes(room), *_new_keys_routes(room), *_roster_pages(room), *_roster_actions(room)]


def _step_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    def page(
        request: DeskRequest, name: str, step: RosterStep, problems: Mapping[str, Sequence[str]], status_code: int = 200
    ) -> Response[str]:
        return desk.respond(
            request, "desk/member_step.html", status_code=status_code, path=member_path(name), step=step, name=name,
            words=room.words, here=f"{member_path(name)}/schritt/{step.word}", members_path=MEMBERS,
            back=member_path(name), can_sign=roster_steps.can_sign_here(hub), problems=problems,
            command=f"kreisweit-hub {step.word} {name}", roster_path=ROSTER,
        )  # fmt: skip

    @desk_get("/mitglieder/{name:str}/schritt/{word:str}", right=Right.OPERATE)
    def step_page(request: DeskRequest, name: FromPath[str], word: FromPath[str]) -> Response[str]:
        return page(request, name, roster_steps.find_step(hub, name, word), {})

    @desk_post("/mitglieder/{name:str}/schritt/{word:str}", right=Right.OPERATE)
    def take_step(request: DeskRequest, name: FromPath[str], word: FromPath[str]) -> Response[str]:
        form = form_of(request)
        form.expect(PASSPHRASE)
        step = roster_steps.find_step(hub, name, word)
        try:
            version = roster_steps.take_step(hub, name, step.change, form.raw(PASSPHRASE))
        except RuleError as error:
            return page(request, name, step, error.problems, 422)
        except ConflictError as error:
            return page(request, name, step, {"": [_say(error)]}, 409)
        desk.log.info("roster_changed", member=name, change=step.word, version=version)
        desk.say(request, f"{step.title}: erledigt. Die Mitgliederliste hat jetzt Fassung {version}.")
        return desk.go(member_path(name))

    @desk_post("/mitglieder/{name:str}/schritt/{word:str}/vormerken", right=Right.OPERATE)
    def note_step(request: DeskRequest, name: FromPath[str], word: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        step = roster_steps.find_step(hub, name, word)
        try:
            roster_keeping.request_change(hub, name, step.change)
        except ConflictError as error:
            return page(request, name, step, {"": [_say(error)]}, 409)
        desk.log.info("roster_change_noted", member=name, change=step.word)
        desk.say(
            request, f"{step.title} ist für {room.words.publisher(name)} vorgemerkt. Jetzt fehlt die Unterschrift."
        )
        return desk.go(ROSTER)

    return [step_page, take_step, note_step]


def _new_keys_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    @desk_get("/mitglieder/{name:str}/neue-schluessel", right=Right.OPERATE)
    def new_keys_page(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        find_member(hub, name)
        return desk.respond(
            request, "desk/member_new_keys.html", path=member_path(name), words=room.words, name=name,
            here=f"{member_path(name)}/neue-schluessel", members_path=MEMBERS, back=member_path(name),
        )  # fmt: skip

    @desk_post("/mitglieder/{name:str}/neue-schluessel", right=Right.OPERATE)
    def invite_to_new_keys(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        code = inviting.invite_to_new_keys(hub, name)
        desk.log.info("member_invited", member=name, purpose="new-keys")
        return desk.respond(
            request, "desk/enrol_code.html", path=MEMBERS, code=code, words=room.words, name=name, is_new=False,
            next_path=f"{ENROL}/{name}",
        )  # fmt: skip

    return [new_keys_page, invite_to_new_keys]


# --- the roster ------------------------------------------------------------------------------------------------------


def _roster_page(
    room: Room, request: DeskRequest, problems: Mapping[str, Sequence[str]], status_code: int = 200
) -> Response[str]:
    hub = room.hub
    return room.desk.respond(
        request, "desk/roster.html", status_code=status_code, path=ROSTER, roster=roster_steps.roster_in_force(hub),
        noted=roster_steps.noted_changes(hub), can_sign=roster_steps.can_sign_here(hub), problems=problems,
        words=room.words, member_path=member_path, members_path=MEMBERS, draft_name=_DRAFT,
        may_act=signed_in(request).may(Right.OPERATE),
    )  # fmt: skip


def _roster_pages(room: Room) -> Sequence[HTTPRouteHandler]:
    hub = room.hub

    @desk_get("/mitgliederliste", right=Right.READ)
    def roster_page(request: DeskRequest) -> Response[str]:
        return _roster_page(room, request, {})

    @desk_get("/mitgliederliste/entwurf", right=Right.OPERATE)
    def roster_draft() -> Response[bytes]:
        return attachment(roster_keeping.draft(hub).encode(), "text/plain; charset=utf-8", _DRAFT)

    return [roster_page, roster_draft]


def _roster_actions(room: Room) -> Sequence[HTTPRouteHandler]:
    hub, desk = room.hub, room.desk

    def done(request: DeskRequest, version: int) -> Response[str]:
        desk.log.info("roster_published", version=version)
        desk.say(
            request, f"Die Mitgliederliste hat jetzt Fassung {version}. Sie geht mit dem nächsten Katalog an alle."
        )
        return desk.go(ROSTER)

    @desk_post("/mitgliederliste/unterschreiben", right=Right.OPERATE)
    def sign_roster(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect(PASSPHRASE)
        try:
            version = roster_steps.renew(hub, form.raw(PASSPHRASE))
        except RuleError as error:
            return _roster_page(room, request, error.problems, 422)
        except ConflictError as error:
            return _roster_page(room, request, {"": [_say(error)]}, 409)
        return done(request, version)

    @desk_post("/mitgliederliste/einspielen", right=Right.OPERATE, form_bytes=_FILE_BYTES)
    def publish_roster(request: DeskRequest) -> Response[str]:
        form: Form = form_of(request)
        form.expect("file")
        sent = form.file("file")
        if sent is None:
            return _roster_page(room, request, {"file": ["Wählen Sie die unterschriebene Datei aus."]}, 422)
        try:
            version = roster_steps.publish_signed(hub, sent.content)
        except KreisweitError as error:
            said = f"Die Datei gilt nicht: {error.message}. {error.advice}".strip()
            return _roster_page(room, request, {"file": [said]}, 422)
        return done(request, version)

    @desk_post("/mitgliederliste/{name:str}/verwerfen", right=Right.OPERATE)
    def drop_noted(request: DeskRequest, name: FromPath[str]) -> Response[str]:
        form_of(request).expect()
        roster_steps.drop_noted(hub, name)
        desk.log.info("roster_change_dropped", member=name)
        desk.say(request, f"Für {room.words.publisher(name)} ist nichts mehr vorgemerkt.")
        return desk.go(ROSTER)

    return [sign_roster, publish_roster, drop_noted]


def _say(error: KreisweitError) -> str:
    return f"{error.message.rstrip('.')}. {error.advice}".strip()
