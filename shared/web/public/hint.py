"""`Angabe falsch?`: a form on every offer's page, at every node and at the hub; where it goes is the party's to know.

Nobody signs in, no cookie is set, no address of a visitor is stored: it is looked at for the pace alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from litestar import Response, Router, get, post
from litestar.params import FromPath

from shared.model.hints import CONTACT_MAX, TEXT_MAX, find_problems
from shared.model.text import one_line, running_text
from shared.web import catalogue_page
from shared.web.catalogue_page import OfferView
from shared.web.desk.forms import Form, form_of, read_form
from shared.web.desk.guard import DeskRequest
from shared.web.messages import N_, translate, translate_plural
from shared.web.public.face import Face
from shared.web.routers import OwnRouter

_FORM_BYTES = 16 * 1024
_NO_STORE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
_LEFT_EMPTY = "website"
"""A field that people do not see; what fills it in is a program."""
_TOO_SHORT = N_("Bitte schreiben Sie kurz, was nicht stimmt.")
_TOO_LONG = N_("Höchstens %(most)s Zeichen; es sind %(n)s.")


def hint_path(rid: str) -> str:
    """Return the path of the form about an offer."""
    return f"/angebote/{rid}/hinweis"


def hint_router(face: Face) -> Router:
    """Return the routes of the form."""

    async def before(request: DeskRequest) -> None:
        await read_form(request, public_url=face.public_url)

    @get("/angebote/{rid:str}/hinweis", sync_to_thread=True, include_in_schema=False)
    def hint_page(rid: FromPath[str]) -> Response[str]:
        return show_form(face, find_offer(face, rid), Form())

    @post("/angebote/{rid:str}/hinweis", sync_to_thread=True, include_in_schema=False, status_code=200)
    def send_hint(request: DeskRequest, rid: FromPath[str]) -> Response[str]:
        address = request.client.host if request.client is not None else ""
        return take(face, find_offer(face, rid), form_of(request), address)

    @get("/angebote/{rid:str}/hinweis/danke", sync_to_thread=True, include_in_schema=False)
    def thanks_page(rid: FromPath[str]) -> Response[str]:
        view = find_offer(face, rid)
        office = face.texts().office
        is_near = view.member == face.member or not face.own_city
        return _respond(face, "public/hint_thanks.html", offer=view, office=office if is_near else None)

    return OwnRouter(
        "/", route_handlers=[hint_page, send_hint, thanks_page], before_request=before,
        request_max_body_size=_FORM_BYTES, opt={"form_bytes": _FORM_BYTES},
    )  # fmt: skip


def find_offer(face: Face, rid: str) -> OfferView:
    """Return an offer that is shown, without persons; NotFoundError for any other."""
    key = catalogue_page.read_record_id(rid)
    return catalogue_page.show_offer(face.db, face.said(), face.words, key, hides=lambda _: True, now=face.clock.now())


def show_form(
    face: Face, view: OfferView, form: Form, problems: Mapping[str, Sequence[str]] | None = None, *,
    status: int = 200, wait_seconds: int = 0,
) -> Response[str]:  # fmt: skip
    """Show the form with what was typed, what is wrong with it, and how long to wait."""
    answer = _respond(
        face, "public/hint.html", status=status, offer=view, form=form, problems=problems or {},
        waits=say_wait(wait_seconds), text_max=TEXT_MAX, contact_max=CONTACT_MAX, left_empty=_LEFT_EMPTY,
        goes_by_hub=bool(face.own_city) and view.member != face.member, is_hub=not face.own_city,
        action=hint_path(view.card.id),
    )  # fmt: skip
    if wait_seconds:
        answer.headers["Retry-After"] = str(wait_seconds)
    return answer


def take(face: Face, view: OfferView, form: Form, address: str) -> Response[str]:
    """Take a hint about an offer; what a program filled in is thrown away and answered alike."""
    if not form.text(_LEFT_EMPTY):
        text, contact = running_text(form.text("text")), one_line(form.text("contact"))
        if problems := say_problems(text, contact):
            return show_form(face, view, form, problems, status=422)
        taken = face.take_hint(catalogue_page.read_record_id(view.card.id), text, contact, address)
        if taken.wait_seconds:
            return show_form(face, view, form, status=429, wait_seconds=taken.wait_seconds)
    location = face.pages.url(f"{hint_path(view.card.id)}/danke")
    return Response("", status_code=303, media_type="text/html", headers={**_NO_STORE, "Location": location})


def say_problems(text: str, contact: str) -> dict[str, list[str]]:
    """Say by field what is wrong with a hint, in the visitor's language."""
    lengths = {"text": (TEXT_MAX, len(text)), "contact": (CONTACT_MAX, len(contact))}
    said = {}
    for name, word in find_problems(text, contact).items():
        most, number = lengths[name]
        text = _TOO_SHORT if word == "short" else _TOO_LONG
        said[name] = [translate(text) % {"most": most, "n": number}]
    return said


def say_wait(seconds: int) -> str:
    """Say how long to wait, in the visitor's language; nothing for no time."""
    if not seconds:
        return ""
    if seconds <= 90:
        return translate_plural(
            "Von Ihrem Anschluss kamen eben viele Hinweise. Bitte senden Sie diesen in %(n)s Sekunde noch einmal ab.",
            "Von Ihrem Anschluss kamen eben viele Hinweise. Bitte senden Sie diesen in %(n)s Sekunden noch einmal ab.",
            seconds,
        ) % {"n": seconds}
    minutes = -(-seconds // 60)
    return translate_plural(
        "Von Ihrem Anschluss kamen eben viele Hinweise. Bitte senden Sie diesen in %(n)s Minute noch einmal ab.",
        "Von Ihrem Anschluss kamen eben viele Hinweise. Bitte senden Sie diesen in %(n)s Minuten noch einmal ab.",
        minutes,
    ) % {"n": minutes}


def _respond(face: Face, template: str, *, status: int = 200, **context: object) -> Response[str]:
    answer = face.pages.respond(template, status_code=status, **context)
    answer.headers.update(_NO_STORE)
    return answer
