"""The pages of a subscription: ask for it, confirm it, see what is stored, end it.

Nobody signs in, no cookie is set, no address of a visitor is stored; an answer never tells whether a mail address is
known.  Opening a link from a letter changes nothing, since programs that look through mails open links too.  Ending
takes a request from anywhere: mail programs send it for their users (RFC 8058), and the link itself is the right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from shared.errors import RuleError
from shared.mailing.store.subscriptions import ACTIVE, DAILY, Subscription
from shared.mailing.subscribing import ADDRESS_MAX, PER_ADDRESS_MAX, RHYTHMS, Subscriptions, asked_of, query_of
from shared.search.asking import Asked, parse_asked
from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.messages import LANGUAGE, N_, translate, translate_plural
from shared.web.public.face import Face
from shared.web.public.question import address, settle
from shared.web.public.search_words import SUBSCRIBE, describe_search, follow_search
from shared.web.public.subscription_letters import CONFIRM, END, RHYTHM_WORDS
from shared.web.routers import OwnRouter

SENT: Final = f"{SUBSCRIBE}/gesendet"
FORM_BYTES: Final = 16 * 1024
NO_STORE: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer"}
LEFT_EMPTY: Final = "website"
"""A field that people do not see; what fills it in is a program."""
NEWSLETTER: Final = "/rundbrief"
"""Where a party that writes a newsletter shows it."""
_PROBLEMS: Final[Mapping[str, str]] = {
    "address": N_("Das ist keine E-Mail-Adresse. Beispiel: name@example.org"),
    "rhythm": N_("Wählen Sie, wie oft Sie Mails möchten."),
}


def subscription_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the routes of subscriptions; none for a party that offers no letters."""
    if face.subscriptions is None:
        return []
    pages = _Pages(face, face.subscriptions)

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=face.public_url)

    guarded = OwnRouter(
        "/", route_handlers=[*_asking(pages), *_confirming(pages)], before_request=before,
        request_max_body_size=FORM_BYTES, opt={"form_bytes": FORM_BYTES},
    )  # fmt: skip
    return [guarded, OwnRouter("/", route_handlers=[*_ending(pages)], request_max_body_size=FORM_BYTES)]


class _Pages:
    """What these pages share."""

    def __init__(self, face: Face, subscriptions: Subscriptions) -> None:
        self.face = face
        self.subscriptions = subscriptions

    def respond(self, template: str, *, status_code: int = 200, **context: object) -> Response[str]:
        """Return a page that nobody keeps."""
        answer = self.face.pages.respond(f"public/{template}", status_code=status_code, **context)
        answer.headers.update(NO_STORE)
        return answer

    def known(self, asked: Asked) -> Asked:
        """Return a search with only those values that exist."""
        return settle(asked, self.face.words)

    def show_form(
        self, asked: Asked, form: Form, problems: Mapping[str, Sequence[str]] | None = None, *, status: int = 200,
        waits: str = "",
    ) -> Response[str]:  # fmt: skip
        """Show the form, or that no letters are sent here and how a search can be followed all the same."""
        pages = self.face.pages
        return self.respond(
            "subscribe.html", status_code=status, can_send=self.subscriptions.can_send(), problems=problems or {},
            form=form, waits=waits, query=query_of(asked), search=describe_search(asked, self.face.words),
            results_url=address(pages, asked), feed_url=follow_search(pages, asked).feed_url, left_empty=LEFT_EMPTY,
            rhythms=[(code, translate(RHYTHM_WORDS[code])) for code in RHYTHMS], address_max=ADDRESS_MAX,
            chosen_rhythm=form.text("rhythm") or DAILY, chosen_language=form.text("language") or LANGUAGE.get(),
            most=PER_ADDRESS_MAX,
        )  # fmt: skip

    def take(self, form: Form, network: str) -> Response[str]:
        """Take what the form sent; what a program filled in is thrown away and answered alike."""
        asked = self.known(asked_of(form.text("suche")))
        if not self.subscriptions.can_send():
            return self.show_form(asked, form)
        if not form.text(LEFT_EMPTY):
            offered = self.face.pages.languages
            language = form.text("language") if form.text("language") in offered else LANGUAGE.get()
            try:
                wait = self.subscriptions.subscribe(
                    asked, form.text("email"), language, form.text("rhythm"), network=network
                )
            except RuleError as error:
                return self.show_form(asked, form, in_words(error.problems), status=422)
            if wait:
                answer = self.show_form(asked, form, status=429, waits=say_wait(wait))
                answer.headers["Retry-After"] = str(wait)
                return answer
        location = self.face.pages.url(SENT)
        return Response("", status_code=303, media_type="text/html", headers={**NO_STORE, "Location": location})

    def show(self, template: str, found: Subscription | None, **context: object) -> Response[str]:
        """Show a page about one subscription, or that its link says nothing any more."""
        if found is None:
            return self.respond("subscription_gone.html", status_code=404)
        asked = self.known(asked_of(found.query))
        return self.respond(
            template, status_code=200, subscription=found, search=describe_search(asked, self.face.words),
            results_url=self.face.pages.url(NEWSLETTER) if found.is_newsletter else address(self.face.pages, asked),
            rhythm=translate(RHYTHM_WORDS[found.rhythm]),
            language_name=self.face.pages.languages.get(found.language, found.language), **context,
        )  # fmt: skip


def _asking(pages: _Pages) -> Sequence[ControllerRouterHandler]:
    @get(SUBSCRIBE, sync_to_thread=True, include_in_schema=False)
    def form_page(request: Request[Any, Any, Any]) -> Response[str]:
        return pages.show_form(pages.known(parse_asked(request.query_params.multi_items())), Form())

    @post(SUBSCRIBE, sync_to_thread=True, include_in_schema=False, status_code=200)
    def subscribe(request: DeskRequest) -> Response[str]:
        return pages.take(form_of(request), request.client.host if request.client is not None else "")

    @get(SENT, sync_to_thread=True, include_in_schema=False)
    def sent_page() -> Response[str]:
        return pages.respond("subscribe_sent.html")

    return [form_page, subscribe, sent_page]


def _confirming(pages: _Pages) -> Sequence[ControllerRouterHandler]:
    @get(CONFIRM + "/{token:str}", sync_to_thread=True, include_in_schema=False)
    def confirm_page(token: FromPath[str]) -> Response[str]:
        found = pages.subscriptions.find_waiting(token)
        template = "subscription_runs.html" if found is not None and found.state == ACTIVE else "subscribe_confirm.html"
        return pages.show(template, found, action=pages.face.pages.url(f"{CONFIRM}/{token}"))

    @post(CONFIRM + "/{token:str}", sync_to_thread=True, include_in_schema=False, status_code=200)
    def confirm(token: FromPath[str]) -> Response[str]:
        return pages.show("subscription_runs.html", pages.subscriptions.confirm(token))

    return [confirm_page, confirm]


def _ending(pages: _Pages) -> Sequence[ControllerRouterHandler]:
    @get(END + "/{token:str}", sync_to_thread=True, include_in_schema=False)
    def end_page(token: FromPath[str]) -> Response[str]:
        found = pages.subscriptions.find_running(token)
        return pages.show("subscription.html", found, action=pages.face.pages.url(f"{END}/{token}"))

    @post(END + "/{token:str}", sync_to_thread=True, include_in_schema=False, status_code=200)
    def end(token: FromPath[str]) -> Response[str]:
        found = pages.subscriptions.find_running(token)
        pages.subscriptions.end(token)
        return pages.respond("subscription_ended.html", is_newsletter=found is not None and found.is_newsletter)

    return [end_page, end]


def in_words(problems: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Say in the language of the page what is wrong with each field."""
    return {field: [translate(_PROBLEMS[code]) for code in codes] for field, codes in problems.items()}


def say_wait(seconds: int) -> str:
    """Say in the language of the page how long to wait."""
    minutes = -(-seconds // 60)
    text = translate_plural(
        "Von Ihrem Anschluss kamen gerade viele Anfragen. Bitte versuchen Sie es in %(n)s Minute noch einmal.",
        "Von Ihrem Anschluss kamen gerade viele Anfragen. Bitte versuchen Sie es in %(n)s Minuten noch einmal.",
        minutes,
    )
    return text % {"n": minutes}
