"""One party's desk, put together: registry, pages, links; how its pages are answered."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from litestar import Response, Router
from litestar.types import ControllerRouterHandler

from shared.accounts import sessions
from shared.accounts.links import DESK
from shared.accounts.registry import Registry
from shared.accounts.rights import Right
from shared.accounts.sessions import Opened, SignedIn
from shared.logs import Log
from shared.web.desk.forms import read_form
from shared.web.desk.guard import (
    SIGNED_IN,
    STAGE_PAGES,
    DeskRequest,
    ElsewhereError,
    Entry,
    desk_guard,
    find_session,
    session_of,
)
from shared.web.desk.sessions import cookie_of, load_session
from shared.web.pages import Pages
from shared.web.routers import OwnRouter

BODY_MAX = 32 * 1024 * 1024
"""No form of the desk may say that it holds more than this."""
_NO_STORE = {"Cache-Control": "no-store"}
_NEXT = re.compile(rf"{DESK}(?:/(?!/)[\w.~/%-]*)?(?:\?[\w.~/%&=+:,-]*)?", re.ASCII)
_NEXT_MAX = 500


@dataclass(frozen=True)
class DeskLink:
    """One entry of the desk's navigation, shown to those who may open it.

    `group` names the entry of the first line under which it stands; an entry without one stands there itself.
    """

    path: str
    text: str
    right: Right | Entry
    group: str = ""

    def is_for(self, me: SignedIn) -> bool:
        """Tell whether a person may open it."""
        return self.right is SIGNED_IN or (isinstance(self.right, Right) and me.may(self.right))


def is_below(path: str, above: str) -> bool:
    """Tell whether a page is this entry's, or one below it; the desk's first page has none below it."""
    return path.rstrip("/") == above or (above != DESK and path.startswith(f"{above}/"))


class Desk:
    """What the handlers of the desk share.

    Args:
        links: navigation of the room, in order.
        public_url: origin under which people reach the party; empty = whatever the request names.
        help_of: returns where the help about a page of the desk is, by the page's path; empty for none.
    """

    def __init__(
        self, registry: Registry, pages: Pages, log: Log, links: Sequence[DeskLink], *, public_url: str = "",
        help_of: Callable[[str], str] = lambda _: "",
    ) -> None:  # fmt: skip
        self.registry = registry
        self.pages = pages
        self.log = log
        self.links = tuple(links)
        self.public_url = public_url
        self.help_of = help_of
        self.cookie = cookie_of(registry.member, public_url)

    def respond(
        self, request: DeskRequest, template: str, /, *, status_code: int = 200, **context: object
    ) -> Response[str]:
        """Return a page of the desk; never stored anywhere.

        A template finds `me` (SignedIn or None), `desk_links` (the first line), `beside_links` (of the `desk_group`
        that the page is in), `help_path`, `flash` and `csrf_token`, and `path` of the request.
        """
        session = find_session(request)
        me = session.signed_in if session is not None else None
        given = {
            "path": request.scope["path"],
            "me": me,
            **self._navigation(me, str(context.get("path", request.scope["path"]))),
            "flash": sessions.take_message(self.registry, session) if session is not None else None,
            "help_path": self.help_of(request.scope["path"]) if me is not None else "",
            "csrf_token": me.csrf_token if me is not None else "",
        }
        html = self.pages.render(template, **{**given, **context})
        return Response(html, status_code=status_code, media_type="text/html", headers=_NO_STORE)

    def _navigation(self, me: SignedIn | None, path: str) -> dict[str, object]:
        """Return both lines of the navigation: the groups, and the pages of the group that one is in.

        A group of which somebody may open one page alone is that page.
        """
        links = [link for link in self.links if me is not None and link.is_for(me)]
        here = max((link for link in links if is_below(path, link.path)), key=lambda one: len(one.path), default=None)
        grouped: dict[str, list[DeskLink]] = {}
        for link in links:
            grouped.setdefault(link.group or link.path, []).append(link)
        group = here.group if here is not None else ""
        beside = grouped.get(group, [])
        first = [replace(some[0], text=name) if len(some) > 1 else some[0] for name, some in grouped.items()]
        return {"desk_links": first, "desk_group": group, "beside_links": beside if len(beside) > 1 else []}

    def say(self, request: DeskRequest, text: str, kind: str = "success") -> None:
        """Leave a message for the next page; kind is success, info, warning or danger."""
        sessions.leave_message(self.registry, session_of(request), kind, text)

    def go(self, path: str, **query: object) -> Response[str]:
        """Answer a form: 303 to a path of this application."""
        return Response(
            "",
            status_code=303,
            media_type="text/html",
            headers={**_NO_STORE, "Location": self.pages.url(path, **query)},
        )

    def go_on(self, opened: Opened, weiter: str = "", *, say: tuple[str, str] | None = None) -> Response[str]:
        """Answer a step of signing in: the new session's cookie, and the page that comes next."""
        path = STAGE_PAGES[opened.stage]
        if path == DESK:
            answer = self.go(next_path(weiter))
        else:
            answer = self.go(path, weiter=next_path(weiter) if weiter else None)
        if say is not None:
            sessions.leave_message_for(self.registry, opened, *say)
        answer.headers["Set-Cookie"] = self.cookie.write(opened.token)
        return answer

    def router(self, handlers: Sequence[ControllerRouterHandler]) -> Router:
        """Return the router of the whole desk: guarded, forms read, nothing stored."""

        async def before(request: DeskRequest) -> None:
            await read_form(request, public_url=self.public_url)

        def after(response: Response[str]) -> Response[str]:
            response.headers["Cache-Control"] = "no-store"
            return response

        def elsewhere(_request: DeskRequest, error: ElsewhereError) -> Response[str]:
            return self.go(error.path)

        return OwnRouter(
            DESK,
            route_handlers=handlers,
            guards=[desk_guard(lambda connection: load_session(self.registry, self.cookie, connection))],
            before_request=before,
            after_request=after,
            exception_handlers={ElsewhereError: elsewhere},
            request_max_body_size=BODY_MAX,
        )


def next_path(text: str) -> str:
    """Return where to go after signing in: a path of the desk, or its start for anything else."""
    return text if len(text) <= _NEXT_MAX and _NEXT.fullmatch(text) and "//" not in text else DESK
