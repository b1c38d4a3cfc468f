"""The page of the own account: password, second factor, where one is signed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from shared.accounts import own_account, signing_in
from shared.accounts.links import DESK
from shared.accounts.passwords import LENGTH_MIN
from shared.accounts.signing_in import Refused
from shared.errors import RuleError
from shared.web.desk.desk import Desk
from shared.web.desk.forms import form_of
from shared.web.desk.guard import SIGN_IN, SIGNED_IN, DeskRequest, ElsewhereError, desk_get, desk_post, session_of
from shared.web.desk.sessions import visit_of
from shared.web.desk.signing_in import refuse, setup_context

OWN_ACCOUNT = f"{DESK}/konto"
_WRONG_PASSWORD = "Das bisherige Passwort stimmt nicht."  # noqa: S105 - a sentence
_WRONG_CODE = "Der Code stimmt nicht. Warten Sie auf den nächsten und tippen Sie ihn ein."


def own_account_routes(desk: Desk) -> list[HTTPRouteHandler]:
    """Return the routes of the own account; everybody who is signed in has one."""
    return [*_password_routes(desk), *_second_factor_routes(desk), *_session_routes(desk)]


def _context(desk: Desk, request: DeskRequest) -> dict[str, Any]:
    session = session_of(request)
    return {
        "sessions": own_account.list_sessions(desk.registry, session),
        "session": session,
        "length_min": LENGTH_MIN,
        "has_second_factor": bool(session.account.totp_secret),
        "limit": desk.registry.limit(),
        "path": OWN_ACCOUNT,
    }


def _page(
    desk: Desk, request: DeskRequest, problems: Mapping[str, Sequence[str]] | None = None, status_code: int = 200
) -> Response[str]:
    context = _context(desk, request)
    return desk.respond(request, "desk/account.html", status_code=status_code, problems=problems or {}, **context)


def _password_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_get("/konto", right=SIGNED_IN)
    def account_page(request: DeskRequest) -> Response[str]:
        return _page(desk, request)

    @desk_post("/konto/passwort", right=SIGNED_IN)
    def change_password(request: DeskRequest) -> Response[str]:
        form, session = form_of(request), session_of(request)
        form.expect("name", "old", "password", "repeated")
        try:
            outcome = own_account.change_password(
                desk.registry, session, old=form.raw("old"), new=form.raw("password"), repeated=form.raw("repeated"),
                visit=visit_of(request),
            )  # fmt: skip
        except RuleError as error:  # shown beside the fields
            return _page(desk, request, error.problems, 422)
        if isinstance(outcome, Refused):
            context = _context(desk, request)
            return refuse(desk, request, "desk/account.html", outcome, ("old", _WRONG_PASSWORD), **context)
        desk.log.info("password_changed")
        said = ("success", "Ihr Passwort ist geändert. Andere Sitzungen wurden beendet.")
        return desk.go_on(outcome, OWN_ACCOUNT, say=said)

    return [account_page, change_password]


def _second_factor_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_post("/konto/zweiter-faktor", right=SIGNED_IN)
    def begin_second_factor(request: DeskRequest) -> Response[str]:
        form, session = form_of(request), session_of(request)
        form.expect("name", "current")
        refused = own_account.begin_second_factor(desk.registry, session, form.raw("current"), visit_of(request))
        if refused is not None:
            context = _context(desk, request)
            return refuse(desk, request, "desk/account.html", refused, ("current", _WRONG_PASSWORD), **context)
        return desk.go(f"{OWN_ACCOUNT}/zweiter-faktor")

    @desk_get("/konto/zweiter-faktor", right=SIGNED_IN)
    def second_factor_page(request: DeskRequest) -> Response[str]:
        session = session_of(request)
        if not session.row.pending:
            raise ElsewhereError(OWN_ACCOUNT)
        return desk.respond(
            request, "desk/second_factor.html", problems={}, path=OWN_ACCOUNT, **setup_context(desk, session)
        )

    @desk_post("/konto/zweiter-faktor/bestaetigen", right=SIGNED_IN)
    def confirm_second_factor(request: DeskRequest) -> Response[str]:
        form, session = form_of(request), session_of(request)
        form.expect("code")
        if not session.row.pending:
            raise ElsewhereError(OWN_ACCOUNT)
        outcome = signing_in.confirm_second_factor(desk.registry, session, form.text("code"), visit_of(request))
        if isinstance(outcome, Refused):
            setup = {**setup_context(desk, session), "path": OWN_ACCOUNT}
            return refuse(desk, request, "desk/second_factor.html", outcome, ("code", _WRONG_CODE), **setup)
        desk.log.info("second_factor_set")
        return desk.go_on(outcome, OWN_ACCOUNT, say=("success", "Ab jetzt gelten die Codes der neuen App."))

    return [begin_second_factor, second_factor_page, confirm_second_factor]


def _session_routes(desk: Desk) -> Sequence[HTTPRouteHandler]:
    @desk_post("/konto/ueberall-abmelden", right=SIGNED_IN)
    def sign_out_everywhere(request: DeskRequest) -> Response[str]:
        form_of(request).expect()
        own_account.sign_out_everywhere(desk.registry, session_of(request))
        desk.log.info("signed_out_everywhere")
        answer = desk.go(SIGN_IN)
        answer.headers["Set-Cookie"] = desk.cookie.clear()
        return answer

    return [sign_out_everywhere]
