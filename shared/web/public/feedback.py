"""A message about the pages themselves: a mistake, a barrier, praise.  No account, no cookie, no address kept.

Where the party sends mail it goes to its office through the outbox; else the page says whom to call or write to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response, Router, get, post

from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.messages import N_, translate, translate_plural
from shared.web.public.face import Face
from shared.web.public.legal_texts import contact_of
from shared.web.routers import OwnRouter

PATH = "/rueckmeldung"
TEXT_MIN, TEXT_MAX, CONTACT_MAX = 5, 2000, 254
_FORM_BYTES = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_LEFT_EMPTY = "website"
"""A field that people do not see; what fills it in is a program."""
_TOO_SHORT = N_("Bitte schreiben Sie kurz, worum es geht.")


def feedback_router(face: Face) -> Router:
    """Return the routes of the form."""

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=face.public_url)

    @get(PATH, sync_to_thread=True, include_in_schema=False)
    def feedback_page() -> Response[str]:
        return _show(face, Form())

    @post(PATH, sync_to_thread=True, include_in_schema=False, status_code=200)
    def send_feedback(request: DeskRequest) -> Response[str]:
        return _take(face, form_of(request), request.client.host if request.client is not None else "")

    @get(f"{PATH}/danke", sync_to_thread=True, include_in_schema=False)
    def thanks_page() -> Response[str]:
        return _respond(face, "public/feedback_thanks.html")

    return OwnRouter(
        "/", route_handlers=[feedback_page, send_feedback, thanks_page], before_request=before,
        request_max_body_size=_FORM_BYTES, opt={"form_bytes": _FORM_BYTES},
    )  # fmt: skip


def check_feedback(text: str, contact: str) -> dict[str, list[str]]:
    """Return what is wrong with a message by field; nothing when it can be taken."""
    problems: dict[str, list[str]] = {}
    if len(text) < TEXT_MIN:
        problems["text"] = [translate(_TOO_SHORT)]
    elif len(text) > TEXT_MAX:
        problems["text"] = [_too_long(TEXT_MAX)]
    if len(contact) > CONTACT_MAX:
        problems["contact"] = [_too_long(CONTACT_MAX)]
    return problems


def _too_long(most: int) -> str:
    return translate(N_("Höchstens %(n)s Zeichen.")) % {"n": most}


def _take(face: Face, form: Form, address: str) -> Response[str]:
    """Pass a message on; what a program filled in is thrown away and answered alike."""
    if face.mailbox is None or not face.mailbox.is_open():
        return _show(face, form)
    text, contact = form.text("text"), form.text("contact")
    if not form.text(_LEFT_EMPTY):
        if problems := check_feedback(text, contact):
            return _show(face, form, problems, status=422)
        if wait := face.mailbox.take(text, contact, address=address):
            answer = _show(face, form, status=429, waits=_say_wait(wait))
            answer.headers["Retry-After"] = str(wait)
            return answer
    location = face.pages.url(f"{PATH}/danke")
    return Response("", status_code=303, media_type="text/html", headers={**_NO_STORE, "Location": location})


def _show(
    face: Face, form: Form, problems: Mapping[str, Sequence[str]] | None = None, *, status: int = 200, waits: str = ""
) -> Response[str]:
    return _respond(
        face, "public/feedback.html", status=status, form=form, problems=problems or {}, waits=waits,
        is_open=face.mailbox is not None and face.mailbox.is_open(), text_max=TEXT_MAX, contact_max=CONTACT_MAX,
        left_empty=_LEFT_EMPTY,
    )  # fmt: skip


def _respond(face: Face, template: str, *, status: int = 200, **context: object) -> Response[str]:
    answer = face.pages.respond(
        template, status_code=status, path=PATH, standing=face.standing(), office=contact_of(face), **context
    )
    answer.headers.update(_NO_STORE)
    return answer


def _say_wait(seconds: int) -> str:
    minutes = -(-seconds // 60)
    text = translate_plural(
        "Von Ihrem Anschluss kamen gerade viele Nachrichten. Bitte senden Sie diese in %(n)s Minute noch einmal ab.",
        "Von Ihrem Anschluss kamen gerade viele Nachrichten. Bitte senden Sie diese in %(n)s Minuten noch einmal ab.",
        minutes,
    )
    return text % {"n": minutes}
