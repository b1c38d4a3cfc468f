"""Who may open which page of the desk: every route states its right, everything else is denied.

`desk_get` and `desk_post` declare a handler, `desk_guard` judges each request before anything of it is read,
`verify_desk` refuses to start when a route below the desk's path states nothing or is not guarded.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import quote

from litestar import Litestar, Request, get, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException, NotAuthorizedException
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute

from shared.accounts.links import DESK
from shared.accounts.rights import RIGHT_TEXTS, Right
from shared.accounts.sessions import Session, SignedIn, Stage
from shared.errors import AccessError, ConfigError, NotFoundError
from shared.web.problems import wants_page

DeskRequest = Request[Any, Any, Any]
Connection = ASGIConnection[Any, Any, Any, Any]

SIGN_IN = f"{DESK}/anmelden"
STAGE_PAGES = {Stage.CODE: f"{SIGN_IN}/code", Stage.ENROL: f"{SIGN_IN}/einrichten", Stage.FULL: DESK}
FORM_BYTES = 256 * 1024
"""How much a form may hold unless its handler says otherwise: the longest offer takes a tenth of it."""

_SESSION = "desk_session"
_NUMBERS = 2**63  # no row of a database has a number beyond


class Entry(Enum):
    """Ways into the desk that need no right."""

    ANYBODY = "anybody"
    SIGNING_IN = "signing-in"
    SIGNED_IN = "signed-in"


ANYBODY = Entry.ANYBODY
"""The route answers people who are not signed in."""
SIGNING_IN = Entry.SIGNING_IN
"""The route answers people between the password and the code, nobody else."""
SIGNED_IN = Entry.SIGNED_IN
"""The route answers everybody who is signed in, whatever the role: the own account."""

Access = Right | Entry


def desk_get(path: str, *, right: Access) -> get:
    """Declare a page of the desk; the path is below `/pult`."""
    return get(path, sync_to_thread=True, include_in_schema=False, opt={"right": right})


def desk_post(path: str, *, right: Access, form_bytes: int = FORM_BYTES) -> post:
    """Declare what a form of the desk is sent to; the form is read and checked before the handler runs.

    Args:
        form_bytes: how much the form may hold, files included.
    """
    opt = {"right": right, "form_bytes": form_bytes}
    return post(path, sync_to_thread=True, include_in_schema=False, status_code=200, opt=opt)


def signed_in(request: Connection) -> SignedIn:
    """Return who asks; only for routes that state a right."""
    return session_of(request).signed_in


def session_of(request: Connection) -> Session:
    """Return the session of the request; only for routes that somebody in or on the way in may open."""
    found = find_session(request)
    if found is None:
        raise AccessError("this route answers nobody without a session")
    return found


def find_session(request: Connection) -> Session | None:
    """Return the session of the request, if there is one that counts."""
    found = request.scope["state"].get(_SESSION)
    return found if isinstance(found, Session) else None


class ElsewhereError(HTTPException):
    """The browser has to go to another page first: 303 to a path of this application."""

    status_code = 303

    def __init__(self, path: str) -> None:
        super().__init__("see elsewhere", status_code=303)
        self.path = path


def desk_guard(load: Callable[[Connection], Session | None]) -> Callable[[Connection, BaseRouteHandler], None]:
    """Return the guard of the desk's router.

    Args:
        load: finds the session of a request by its cookie.
    """

    def guard(connection: Connection, handler: BaseRouteHandler) -> None:
        session = load(connection)
        connection.scope["state"][_SESSION] = session
        judge(handler.opt.get("right"), session, connection)
        if any(isinstance(value, int) and not 0 <= value < _NUMBERS for value in connection.path_params.values()):
            raise NotFoundError("Diese Nummer gibt es nicht")

    return guard


def judge(access: object, session: Session | None, connection: Connection) -> None:
    """Let a request through or say why not.

    Raises:
        ElsewhereError: a browser that has to sign in first, or is at another step of it.
        NotAuthorizedException: a program that is not signed in.
        AccessError: signed in without the right, or the route states none.
    """
    if access is ANYBODY:
        return
    if not isinstance(access, Right | Entry):
        raise AccessError("this route states no right")
    if session is None:
        raise _sign_in_first(connection)
    wanted_here = session.stage is not Stage.FULL if access is SIGNING_IN else session.stage is Stage.FULL
    if not wanted_here:
        raise ElsewhereError(STAGE_PAGES[session.stage])
    if isinstance(access, Right) and not session.signed_in.may(access):
        raise AccessError(
            f"the right {access.value} is missing",
            advice=f"Ihre Rolle „{session.signed_in.role.title}“ erlaubt das nicht. Nötig ist: {RIGHT_TEXTS[access]}. "
            "Wenn Sie das brauchen, fragen Sie Ihre Verwaltung nach einer anderen Rolle.",
        )


def _sign_in_first(connection: Connection) -> HTTPException:
    request: DeskRequest = Request(connection.scope)
    if not wants_page(request):
        return NotAuthorizedException("not signed in")
    if request.method != "GET" or request.url.path == DESK:
        return ElsewhereError(SIGN_IN)
    query = f"?{request.url.query}" if request.url.query else ""
    return ElsewhereError(f"{SIGN_IN}?weiter={quote(request.scope['path'] + query, safe='/')}")


def verify_desk(app: Litestar) -> None:
    """Refuse to start when a route below the desk's path states no right or is not guarded; ConfigError."""
    for path, method, handler in desk_routes(app):
        guards = [getattr(guard, "func", guard) for guard in handler.resolve_guards()]
        if not isinstance(handler.opt.get("right"), Right | Entry):
            raise ConfigError(f"the route {method} {path} of the desk states no right")
        if not any(getattr(guard, "__qualname__", "").startswith(desk_guard.__qualname__) for guard in guards):
            raise ConfigError(f"the route {method} {path} lies below {DESK} and is not guarded")


def desk_routes(app: Litestar) -> list[tuple[str, str, BaseRouteHandler]]:
    """Return (path, method, handler) of every route below the desk's path; the framework's own OPTIONS left out."""
    found: list[tuple[str, str, BaseRouteHandler]] = []
    for route in app.routes:
        if route.path != DESK and not route.path.startswith(DESK + "/"):
            continue
        if not isinstance(route, HTTPRoute):
            raise ConfigError(f"the route {route.path} of the desk is not plain HTTP")
        found += [
            (route.path_format, method, handler)
            for handler in route.route_handlers
            for method in sorted(handler.http_methods)
            if method != "OPTIONS"
        ]
    return found
