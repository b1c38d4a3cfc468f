"""The newsletter for everybody: all issues, each of them, a feed, and a form to get it by mail (double opt-in).

The pages speak the visitor's language; the newsletter itself is German and says so to programs that read aloud.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler
from markupsafe import Markup

from hub import letters
from hub.letters import Issue
from hub.months import month_name
from hub.party import Hub
from shared.clock import in_utc
from shared.errors import RuleError
from shared.mailing.subscribing import ADDRESS_MAX, PER_ADDRESS_MAX
from shared.outputs.feeds import ATOM_TYPE, RSS_TYPE, Entry, Feed, Text, format_atom, format_rss
from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE
from shared.web.public.face import Face
from shared.web.public.subscription_pages import (
    FORM_BYTES,
    LEFT_EMPTY,
    NEWSLETTER,
    NO_STORE,
    SENT,
    in_words,
    say_wait,
)
from shared.web.routers import OwnRouter

FEED, RSS = f"{NEWSLETTER}/feed", f"{NEWSLETTER}/rss"
_IN_FEED = 24
_NAMED = uuid.UUID("0f4a3a8e-5a0b-5f59-9d5e-3c1d6a4a7b11")
"""The name space of issues: their ids in feeds stay, whatever the address of the hub."""


def letter_routes(hub: Hub, face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the public routes of the newsletter."""

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=face.public_url)

    @get(NEWSLETTER, sync_to_thread=True, include_in_schema=False)
    def archive_page() -> Response[str]:
        return _archive(hub, face)

    @post(NEWSLETTER, sync_to_thread=True, include_in_schema=False, status_code=200)
    def subscribe(request: DeskRequest) -> Response[str]:
        return _take(hub, face, form_of(request), request.client.host if request.client is not None else "")

    @get(f"{NEWSLETTER}/{{month:str}}", sync_to_thread=True, include_in_schema=False)
    def issue_page(month: FromPath[str]) -> Response[str]:
        issue = letters.load_issue(hub, month, is_public=True)
        return face.pages.respond(
            "newsletter_issue.html", path=NEWSLETTER, standing=face.standing(), issue=issue, words=face.words,
            name=month_name(month),
        )  # fmt: skip

    @get(FEED, sync_to_thread=True, include_in_schema=False)
    def feed() -> Response[bytes]:
        return _fed(format_atom(make_feed(hub, face, FEED)), ATOM_TYPE)

    @get(RSS, sync_to_thread=True, include_in_schema=False)
    def rss() -> Response[bytes]:
        return _fed(format_rss(make_feed(hub, face, RSS)), RSS_TYPE)

    guarded = OwnRouter(
        "/", route_handlers=[archive_page, subscribe], before_request=before, request_max_body_size=FORM_BYTES,
        opt={"form_bytes": FORM_BYTES},
    )  # fmt: skip
    return [guarded, issue_page, feed, rss]


def public_paths(hub: Hub) -> list[str]:
    """Return the paths of all released issues, for the sitemap."""
    return [f"{NEWSLETTER}/{one.month}" for one in letters.released(hub)]


def _archive(
    hub: Hub, face: Face, form: Form | None = None, problems: Mapping[str, Sequence[str]] | None = None, *,
    status: int = 200, waits: str = "",
) -> Response[str]:  # fmt: skip
    answer = face.pages.respond(
        "newsletter.html", status_code=status, path=NEWSLETTER, standing=face.standing(), form=form or Form(),
        problems=problems or {}, waits=waits, left_empty=LEFT_EMPTY, address_max=ADDRESS_MAX, most=PER_ADDRESS_MAX,
        can_send=face.subscriptions is not None and face.subscriptions.can_send(), feed_path=FEED, rss_path=RSS,
        issues=[(f"{NEWSLETTER}/{one.month}", month_name(one.month), one.title) for one in letters.released(hub)],
    )  # fmt: skip
    if form is not None:
        answer.headers.update(NO_STORE)
    return answer


def _take(hub: Hub, face: Face, form: Form, network: str) -> Response[str]:
    """Take what the form sent; what a program filled in is thrown away and answered alike."""
    if face.subscriptions is None or not face.subscriptions.can_send():
        return _archive(hub, face, form)
    if not form.text(LEFT_EMPTY):
        try:
            wait = face.subscriptions.subscribe_newsletter(form.text("email"), LANGUAGE.get(), network=network)
        except RuleError as error:
            return _archive(hub, face, form, in_words(error.problems), status=422)
        if wait:
            answer = _archive(hub, face, form, status=429, waits=say_wait(wait))
            answer.headers["Retry-After"] = str(wait)
            return answer
    location = face.pages.url(SENT)
    return Response("", status_code=303, media_type="text/html", headers={**NO_STORE, "Location": location})


# --- the feed --------------------------------------------------------------------------------------------------------


def _fed(content: bytes, kind: str) -> Response[bytes]:
    return Response(content, media_type=f"{kind}; charset=utf-8", headers={"Cache-Control": "no-cache"})


def make_feed(hub: Hub, face: Face, path: str) -> Feed:
    """Return the newest issues as a feed that stands at this path, in German."""
    issues = [letters.load_issue(hub, one.month, is_public=True) for one in letters.released(hub)[:_IN_FEED]]
    entries = [_entry(face, issue) for issue in issues]
    return Feed(
        id=uuid.uuid5(_NAMED, hub.settings.origin),
        title=f"Rundbrief: {face.words.district.name}",
        author=face.pages.shell.party,
        author_language=SOURCE_LANGUAGE,
        language=SOURCE_LANGUAGE,
        updated=max((one.updated for one in entries), default=in_utc(0)),
        self_url=face.absolute(face.pages.link(path, ())),
        page_url=face.absolute(face.pages.link(NEWSLETTER, ())),
        next_url="",
        topic_scheme="",
        entries=entries,
        deleted=(),
    )


def _entry(face: Face, issue: Issue) -> Entry:
    letter = issue.letter
    return Entry(
        rid=uuid.uuid5(_NAMED, letter.month).bytes,
        title=Text(letter.title),
        summary=Text(month_name(letter.month)),
        url=face.absolute(face.pages.link(f"{NEWSLETTER}/{letter.month}", ())),
        author=face.pages.shell.party,
        topics=(),
        updated=in_utc(letter.released or 0),
        published=in_utc(letter.released or 0),
        content=_content(face, issue),
    )


def _content(face: Face, issue: Issue) -> Markup:
    parts = [Markup("<p>{}</p>").format(text) for text in issue.letter.intro.split("\n\n") if text.strip()]
    for heading, items in issue.sections:
        parts.append(Markup("<h3>{}</h3>").format(heading))
        rows = [
            Markup('<li><a href="{}">{}</a> ({}) {}</li>').format(
                face.absolute(face.pages.link(f"/angebote/{one.rid.hex()}", ())), one.title,
                face.words.publisher(one.member), one.summary,
            )
            for one in items
        ]  # fmt: skip
        parts.append(Markup("<ul>{}</ul>").format(Markup("").join(rows)))
    parts += [Markup("<p>{}</p>").format(text) for text in issue.letter.closing.split("\n\n") if text.strip()]
    return Markup("").join(parts)
