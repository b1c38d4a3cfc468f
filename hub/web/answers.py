"""The page behind a mail link of a node that people cannot reach: both answers, which go to the city.

Nobody signs in, no cookie is set.  Opening the link changes nothing: programs that look through mails open links too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from litestar import Response, Router, get, post
from litestar.params import FromPath

from hub import relaying, viewing
from hub.party import Hub
from hub.relaying import TEXT_MAX, Answer
from shared.accounts.links import parse_token
from shared.errors import NotFoundError, RuleError
from shared.feed.inbox import CONFIRMED
from shared.web import catalogue_page
from shared.web.catalogue_page import OfferView
from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.routers import OwnRouter

_FORM_BYTES = 16 * 1024
_PATH = "/antwort/{rid:str}/{token:str}"


def answer_router(hub: Hub, pages: Pages, words: Words) -> Router:
    """Return the routes of the page."""
    place = urlsplit(hub.settings.url)
    origin = f"{place.scheme}://{place.netloc}"

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=origin)

    @get(_PATH, sync_to_thread=True, include_in_schema=False)
    def answer_page(rid: FromPath[str], token: FromPath[str]) -> Response[str]:
        return _show(pages, _find(hub, words, rid, token), token, Form())

    @post(_PATH, sync_to_thread=True, include_in_schema=False, status_code=200)
    def take_answer(request: DeskRequest, rid: FromPath[str], token: FromPath[str]) -> Response[str]:
        view, form = _find(hub, words, rid, token), form_of(request)
        answer = Answer(view.card.id, token, form.text("answer"), form.text("text"))
        address = request.client.host if request.client is not None else ""
        try:
            wait = relaying.take_answer(hub, view.member, answer, address=address)
        except RuleError as error:
            return _show(pages, view, token, form, error.problems, status=422)
        if wait:
            return _show(pages, view, token, form, status=429, wait_seconds=wait)
        return _respond(pages, "answer_thanks.html", offer=view, is_confirmed=answer.answer == CONFIRMED)

    return OwnRouter(
        "/", route_handlers=[answer_page, take_answer], before_request=before, request_max_body_size=_FORM_BYTES,
        opt={"form_bytes": _FORM_BYTES},
    )  # fmt: skip


def _find(hub: Hub, words: Words, rid: str, token: str) -> OfferView:
    """Return a member's offer that is shown; NotFoundError for any other, and for what is no link of a node."""
    if parse_token(token) is None:
        raise NotFoundError("not a link", advice="Öffnen Sie den Link noch einmal aus der Mail, vollständig.")
    said, key = viewing.newest(hub), catalogue_page.read_record_id(rid)
    return catalogue_page.show_offer(hub.db, said, words, key, hides=lambda _: True, now=hub.clock.now())


def _show(
    pages: Pages, view: OfferView, token: str, form: Form, problems: Mapping[str, Sequence[str]] | None = None, *,
    status: int = 200, wait_seconds: int = 0,
) -> Response[str]:  # fmt: skip
    waits = f"Bitte senden Sie Ihre Antwort in {-(-wait_seconds // 60)} Minuten noch einmal ab." if wait_seconds else ""
    answer = _respond(
        pages, "answer.html", status=status, offer=view, token=token, form=form, problems=problems or {}, waits=waits,
        text_max=TEXT_MAX,
    )  # fmt: skip
    if wait_seconds:
        answer.headers["Retry-After"] = str(wait_seconds)
    return answer


def _respond(pages: Pages, template: str, *, status: int = 200, **context: object) -> Response[str]:
    answer = pages.respond(template, status_code=status, **context)
    answer.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex"})
    return answer
