"""Forms that people outside fill in: a hint about an offer, and the answers to a reminder.

Nobody signs in, no cookie is set, no address of a visitor is stored.  A reminder's link is the right to answer it;
opening it changes nothing, since programs that look through mails open links too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from litestar import Response, Router, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from node import hints, reviewing
from node.city import load_city
from node.party import Node
from node.reviewing import CHANGE, CONFIRM, Asked
from shared.errors import RuleError
from shared.model.offer import offer_from_builtins
from shared.web import catalogue_page
from shared.web.catalogue_page import OfferView
from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.offer_page import sections
from shared.web.offer_words import Words
from shared.web.pages import Pages

_FORM_BYTES = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_STATUS = {"": 200, "unknown": 404, "used": 410, "expired": 410, "gone": 410}
_LEFT_EMPTY = "website"
"""A field that people do not see; what fills it in is a program."""


def answer_router(node: Node, pages: Pages, words: Words) -> Router:
    """Return the routes of every form that needs no account."""

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=node.settings.public_url)

    return Router(
        "/",
        route_handlers=[*_hint_routes(_Outside(node, pages, words)), *_link_routes(_Outside(node, pages, words))],
        before_request=before,
        request_max_body_size=_FORM_BYTES,
        opt={"form_bytes": _FORM_BYTES},
    )


def _respond(pages: Pages, template: str, *, status_code: int = 200, **context: object) -> Response[str]:
    answer = pages.respond(template, status_code=status_code, **context)
    answer.headers.update(_NO_STORE)
    return answer


# --- hints -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Outside:
    """What the forms for visitors share."""

    node: Node
    pages: Pages
    words: Words

    def find(self, rid: str) -> OfferView:
        """Return an offer that is shown, without persons; NotFoundError for any other."""
        node, key = self.node, catalogue_page.read_record_id(rid)
        said, now = node.consumer.newest(), node.clock.now()
        return catalogue_page.show_offer(node.db, said, self.words, key, hides=lambda _: True, now=now)

    def show_form(
        self, view: OfferView, form: Form, problems: Mapping[str, Sequence[str]] | None = None, *, status: int = 200,
        waits: str = "",
    ) -> Response[str]:  # fmt: skip
        """Show the form of a hint; of a foreign offer, whom to tell instead."""
        if view.member != self.node.settings.name:
            url, contact = _hint_page_of(self.node, view), self.words.district.contact
            return _respond(self.pages, "hint_elsewhere.html", offer=view, url_of_owner=url, contact=contact)
        return _respond(
            self.pages, "hint_form.html", status_code=status, offer=view, form=form, problems=problems or {},
            waits=waits, text_max=hints.TEXT_MAX, contact_max=hints.CONTACT_MAX, left_empty=_LEFT_EMPTY,
        )  # fmt: skip

    def take(self, view: OfferView, form: Form, address: str) -> Response[str]:
        """Take a hint about an own offer; what a program filled in is thrown away and answered alike."""
        if not form.text(_LEFT_EMPTY):
            key = catalogue_page.read_record_id(view.card.id)
            try:
                taken = hints.take_hint(self.node, key, form.text("text"), form.text("contact"), address=address)
            except RuleError as error:
                return self.show_form(view, form, error.problems, status=422)
            if taken.wait_seconds:
                answer = self.show_form(view, form, status=429, waits=_say_wait(taken.wait_seconds))
                answer.headers["Retry-After"] = str(taken.wait_seconds)
                return answer
        location = self.pages.url(f"/angebote/{view.card.id}/hinweis/danke")
        return Response("", status_code=303, media_type="text/html", headers={**_NO_STORE, "Location": location})


def _hint_routes(outside: _Outside) -> Sequence[HTTPRouteHandler]:
    @get("/angebote/{rid:str}/hinweis", sync_to_thread=True, include_in_schema=False)
    def hint_page(rid: FromPath[str]) -> Response[str]:
        return outside.show_form(outside.find(rid), Form())

    @post("/angebote/{rid:str}/hinweis", sync_to_thread=True, include_in_schema=False, status_code=200)
    def send_hint(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        view, form = outside.find(rid), form_of(request)
        if view.member != outside.node.settings.name:
            return outside.show_form(view, form)
        return outside.take(view, form, request.client.host if request.client is not None else "")

    @get("/angebote/{rid:str}/hinweis/danke", sync_to_thread=True, include_in_schema=False)
    def thanks_page(rid: FromPath[str]) -> Response[str]:
        return _respond(outside.pages, "hint_thanks.html", offer=outside.find(rid), city=load_city(outside.node))

    return [hint_page, send_hint, thanks_page]


def _hint_page_of(node: Node, view: OfferView) -> str:
    """Return where the owner of a foreign offer takes hints; empty where its node cannot be reached from outside."""
    site = node.book.site_of(view.member)
    return f"{site}/angebote/{view.card.id}/hinweis" if site else ""


def _say_wait(seconds: int) -> str:
    wait = f"{-(-seconds // 60)} Minuten" if seconds > 90 else f"{seconds} Sekunden"
    return f"Von Ihrem Anschluss kamen gerade viele Hinweise. Bitte senden Sie diesen in {wait} noch einmal ab."


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
        given = {"doc": doc, "sections": sections(doc, words), "text_max": hints.TEXT_MAX, "city": load_city(node)}
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
