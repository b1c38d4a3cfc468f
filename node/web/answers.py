"""The answers to a reminder, which people outside give; hints about offers are `shared.web.public.hint`.

Nobody signs in, no cookie is set, no address of a visitor is stored.  A reminder's link is the right to answer it;
opening it changes nothing, since programs that look through mails open links too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Response, Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import reviewing
from node.city import load_city
from node.party import Node
from node.reviewing import CHANGE, CONFIRM, Asked
from shared.errors import RuleError
from shared.model.hints import TEXT_MAX
from shared.model.offer import offer_from_builtins
from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.offer_page import sections
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.routers import OwnRouter

_FORM_BYTES = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_STATUS = {"": 200, "unknown": 404, "used": 410, "expired": 410, "gone": 410}


def answer_router(node: Node, pages: Pages, words: Words) -> Router:
    """Return the routes of every form that needs no account."""

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=node.settings.public_url)

    return OwnRouter(
        "/",
        route_handlers=_link_routes(_Outside(node, pages, words)),
        before_request=before,
        request_max_body_size=_FORM_BYTES,
        opt={"form_bytes": _FORM_BYTES},
    )


def _respond(pages: Pages, template: str, *, status_code: int = 200, **context: object) -> Response[str]:
    answer = pages.respond(template, status_code=status_code, **context)
    answer.headers.update(_NO_STORE)
    return answer


@dataclass(frozen=True)
class _Outside:
    """What the forms for visitors share."""

    node: Node
    pages: Pages
    words: Words


# --- answers to a reminder -------------------------------------------------------------------------------------------


def _link_routes(outside: _Outside) -> Sequence[HTTPRouteHandler]:
    node, pages, words = outside.node, outside.pages, outside.words

    def show(asked: Asked, template: str, status: int = 0, **context: object) -> Response[str]:
        if asked.problem:
            return _respond(
                pages, "link_ended.html", status_code=_STATUS[asked.problem], problem=asked.problem,
                city=load_city(node),
            )  # fmt: skip
        doc = offer_from_builtins({**(asked.doc or {}), "id": asked.rid.hex()})
        given = {"doc": doc, "sections": sections(doc, words), "text_max": TEXT_MAX, "city": load_city(node)}
        return _respond(pages, template, status_code=status or 200, **{**given, **context})

    @get("/bestaetigen/{token:str}", sync_to_thread=True, include_in_schema=False)
    def confirm_page(token: FromPath[str]) -> Response[str]:
        return show(reviewing.look_up(node, token, CONFIRM), "link_confirm.html", token=token)

    @post("/bestaetigen/{token:str}", sync_to_thread=True, include_in_schema=False, status_code=200)
    def confirm_offer(token: FromPath[str]) -> Response[str]:
        return show(reviewing.confirm(node, token), "link_done.html", is_confirmed=True)

    @get("/aendern/{token:str}", sync_to_thread=True, include_in_schema=False)
    def change_page(token: FromPath[str]) -> Response[str]:
        asked = reviewing.look_up(node, token, CHANGE)
        return show(asked, "link_change.html", token=token, form=Form(), problems={})

    @post("/aendern/{token:str}", sync_to_thread=True, include_in_schema=False, status_code=200)
    def report_change(request: DeskRequest, token: FromPath[str]) -> Response[str]:
        form = form_of(request)
        try:
            asked = reviewing.report_change(node, token, form.text("text"))
        except RuleError as error:
            asked = reviewing.look_up(node, token, CHANGE)
            return show(asked, "link_change.html", 422, token=token, form=form, problems=error.problems)
        return show(asked, "link_done.html", is_confirmed=False)

    return [confirm_page, confirm_offer, change_page, report_change]
