"""The pages of the way in and out: name and password, code, setting up the second factor, one-time link, sign out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery

from shared.accounts import keeping, second_factor, sessions, signing_in
from shared.accounts.links import parse_invitation
from shared.accounts.passwords import LENGTH_MIN
from shared.accounts.sessions import Opened, Session, Stage
from shared.accounts.signing_in import Reason, Refused
from shared.errors import RuleError
from shared.web.desk.desk import Desk, next_path
from shared.web.desk.forms import form_of
from shared.web.desk.guard import (
    ANYBODY,
    SIGN_IN,
    SIGNING_IN,
    STAGE_PAGES,
    DeskRequest,
    ElsewhereError,
    desk_get,
    desk_post,
    find_session,
    session_of,
)
from shared.web.desk.sessions import visit_of

_WRONG = "Anmeldename oder Passwort stimmen nicht."
_WRONG_CODE = "Der Code stimmt nicht oder wurde schon benutzt. Warten Sie auf den nächsten und tippen Sie ihn ein."


def signing_in_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the routes of the way in and out."""
    return [*_password_routes(desk), *_code_routes(desk), *_enrol_routes(desk), *_invitation_routes(desk)]


def refuse(
    desk: Desk, request: DeskRequest, template: str, refused: Refused, wrong: tuple[str, str], /, **context: Any
) -> Response[str]:
    """Show a form again that was refused: 422 with the reason, or 429 and how long to wait.

    Args:
        wrong: (field, text) for a password or code that was wrong.
    """
    if refused.reason is Reason.WRONG:
        return desk.respond(request, template, status_code=422, problems={wrong[0]: [wrong[1]]}, **context)
    text = _say_wait(refused)
    answer = desk.respond(request, template, status_code=429, problems={}, waits=text, **context)
    answer.headers["Retry-After"] = str(refused.wait_seconds)
    return answer


def _say_wait(refused: Refused) -> str:
    seconds = refused.wait_seconds
    if refused.reason is Reason.BUSY:
        return "Gerade melden sich viele Menschen an. Bitte versuchen Sie es in einigen Sekunden noch einmal."
    wait = f"{-(-seconds // 60)} Minuten" if seconds > 90 else f"{seconds} Sekunden"
    return f"Zu viele Versuche. Bitte warten Sie {wait} und versuchen Sie es dann noch einmal."


def _password_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_get("/anmelden", right=ANYBODY)
    def sign_in_page(request: DeskRequest, weiter: FromQuery[str | None] = None) -> Response[str]:
        _send_on(find_session(request))
        return desk.respond(request, "desk/sign_in.html", problems={}, name="", weiter=next_path(weiter or ""))

    @desk_post("/anmelden", right=ANYBODY)
    def sign_in(request: DeskRequest) -> Response[str]:
        form = form_of(request)
        form.expect("name", "password", "weiter")
        outcome = signing_in.sign_in(desk.registry, form.text("name"), form.raw("password"), visit_of(request))
        weiter = next_path(form.text("weiter"))
        if isinstance(outcome, Refused):
            desk.log.info("sign_in_refused", reason=outcome.reason.value)
            wrong = ("name", _WRONG)
            return refuse(desk, request, "desk/sign_in.html", outcome, wrong, name=form.text("name"), weiter=weiter)
        return _let_in(desk, outcome, weiter)

    @desk_post("/abmelden", right=ANYBODY)
    def sign_out(request: DeskRequest) -> Response[str]:
        form_of(request).expect()
        session = find_session(request)
        if session is not None:
            sessions.end_session(desk.registry, session.row.id_hash)
            desk.log.info("signed_out")
        answer = desk.go(SIGN_IN)
        answer.headers["Set-Cookie"] = desk.cookie.clear()
        return answer

    return [sign_in_page, sign_in, sign_out]


def _code_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_get("/anmelden/code", right=SIGNING_IN)
    def code_page(request: DeskRequest, weiter: FromQuery[str | None] = None) -> Response[str]:
        _must_be_at(session_of(request), Stage.CODE)
        return desk.respond(request, "desk/code.html", problems={}, weiter=next_path(weiter or ""))

    @desk_post("/anmelden/code", right=SIGNING_IN)
    def give_code(request: DeskRequest) -> Response[str]:
        form, session = form_of(request), session_of(request)
        form.expect("code", "weiter")
        _must_be_at(session, Stage.CODE)
        weiter = next_path(form.text("weiter"))
        outcome = signing_in.give_code(desk.registry, session, form.text("code"), visit_of(request))
        if isinstance(outcome, Refused):
            desk.log.info("code_refused", reason=outcome.reason.value)
            return refuse(desk, request, "desk/code.html", outcome, ("code", _WRONG_CODE), weiter=weiter)
        return _let_in(desk, outcome, weiter)

    return [code_page, give_code]


def _enrol_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_get("/anmelden/einrichten", right=SIGNING_IN)
    def enrol_page(request: DeskRequest, weiter: FromQuery[str | None] = None) -> Response[str]:
        session = session_of(request)
        _must_be_at(session, Stage.ENROL)
        setup = setup_context(desk, session)
        return desk.respond(request, "desk/enrol.html", problems={}, weiter=next_path(weiter or ""), **setup)

    @desk_post("/anmelden/einrichten", right=SIGNING_IN)
    def enrol(request: DeskRequest) -> Response[str]:
        form, session = form_of(request), session_of(request)
        form.expect("code", "weiter")
        _must_be_at(session, Stage.ENROL)
        weiter = next_path(form.text("weiter"))
        outcome = signing_in.confirm_second_factor(desk.registry, session, form.text("code"), visit_of(request))
        if isinstance(outcome, Refused):
            desk.log.info("code_refused", reason=outcome.reason.value)
            setup = setup_context(desk, session)
            return refuse(desk, request, "desk/enrol.html", outcome, ("code", _WRONG_CODE), weiter=weiter, **setup)
        desk.log.info("second_factor_set")
        return _let_in(desk, outcome, weiter)

    return [enrol_page, enrol]


def _invitation_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    def show(request: DeskRequest, token: bytes, problems: object, status_code: int) -> Response[str]:
        account = keeping.find_invited(desk.registry, token)
        return desk.respond(
            request, "desk/invitation.html", status_code=status_code, problems=problems, account=account,
            length_min=LENGTH_MIN, totp_required=desk.registry.totp_required,
        )  # fmt: skip

    @desk_get("/einladung/{token:str}", right=ANYBODY)
    def invitation_page(request: DeskRequest, token: FromPath[str]) -> Response[str]:
        return show(request, parse_invitation(token), {}, 200)

    @desk_post("/einladung/{token:str}", right=ANYBODY)
    def accept(request: DeskRequest, token: FromPath[str]) -> Response[str]:
        form, parsed = form_of(request), parse_invitation(token)
        form.expect("name", "password", "repeated")
        try:
            opened = keeping.accept_invitation(
                desk.registry, parsed, form.raw("password"), form.raw("repeated"), visit_of(request)
            )
        except RuleError as error:  # shown beside the fields, so that the person can go on typing
            return show(request, parsed, error.problems, 422)
        desk.log.info("invitation_accepted")
        return _let_in(desk, opened, "")

    return [invitation_page, accept]


def setup_context(desk: Desk, session: Session) -> dict[str, Any]:
    """Return what the page needs that sets up a second factor: picture and secret of the session's pending one."""
    secret = session.row.pending
    address = second_factor.setup_address(secret, name=session.account.name, issuer=desk.registry.title)
    return {
        "picture": second_factor.picture(address, title="QR-Code für Ihre Authenticator-App"),
        "secret": second_factor.in_groups(secret),
        "account": session.account,
    }


def _let_in(desk: Desk, opened: Opened, weiter: str) -> Response[str]:
    desk.log.info("signed_in" if opened.stage is Stage.FULL else "password_accepted")
    return desk.go_on(opened, weiter)


def _send_on(session: Session | None) -> None:
    """Show nobody a form who is past it."""
    if session is not None:
        raise ElsewhereError(STAGE_PAGES[session.stage])


def _must_be_at(session: Session, stage: Stage) -> None:
    if session.stage is not stage:
        raise ElsewhereError(STAGE_PAGES[session.stage])
