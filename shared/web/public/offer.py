"""The page of one offer and what belongs to it: calendar file, code to photograph, linked data.

An offer that has left the catalogue answers 410 on all of them, never 404: its page says that it ended and where to go
instead.  One that a notice of the district hides answers 451 on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.types import ControllerRouterHandler

from shared.errors import NotFoundError
from shared.holdings import catalogue
from shared.holdings.catalogue import Ended
from shared.outputs.calendar import CalendarText, changed_at, place_of, write_calendar
from shared.outputs.linked_data import TYPE
from shared.web.catalogue_page import OfferView, read_record_id
from shared.web.languages import CODE
from shared.web.messages import LANGUAGE
from shared.web.problems import GONE, Problem, problem_json, wants_page
from shared.web.public.face import Face
from shared.web.public.links import offer_path
from shared.web.public.notices import blocked, notice_on
from shared.web.public.offer_view import describe_gone, find_offer, show_offer, timetable
from shared.web.public.own_text import own_text
from shared.web.public.sharing import address_of, passed_on, qr_svg
from shared.web.public.structured import page_data

_FRESH: Final = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
AnyRequest = Request[Any, Any, Any]


def offer_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the routes of one offer."""

    @get("/angebote/{rid:str}", sync_to_thread=True, include_in_schema=False)
    def offer_page(request: AnyRequest, rid: FromPath[str]) -> Response[Any]:
        return answer(face, request, rid, lambda key: _page(face, key))

    @get("/angebote/{rid:str}/termine.ics", sync_to_thread=True, include_in_schema=False)
    def offer_calendar(request: AnyRequest, rid: FromPath[str]) -> Response[Any]:
        return answer(face, request, rid, lambda key: _calendar(face, find_offer(face, key)))

    @get("/angebote/{rid:str}/qr.svg", sync_to_thread=True, include_in_schema=False)
    def offer_code(request: AnyRequest, rid: FromPath[str]) -> Response[Any]:
        return answer(face, request, rid, lambda key: _code(face, find_offer(face, key)))

    @get("/angebote/{rid:str}/daten.jsonld", sync_to_thread=True, include_in_schema=False)
    def offer_data(request: AnyRequest, rid: FromPath[str]) -> Response[Any]:
        return answer(face, request, rid, lambda key: _data(face, find_offer(face, key)))

    return [offer_page, offer_calendar, offer_code, offer_data]


def answer(face: Face, request: AnyRequest, rid: str, show: Callable[[bytes], Response[Any]]) -> Response[Any]:
    """Show an offer, or that it has ended or is hidden; NotFoundError only for an id that never was an offer."""
    key = read_record_id(rid)
    try:
        return show(key)
    except NotFoundError:
        with face.db.read() as conn:
            ended = catalogue.find_ended(conn, key)
        as_page = wants_page(request)
        if ended is not None:
            return _gone(face, ended, as_page=as_page)
        if (notice := notice_on(face, key)) is not None:
            return blocked(face, notice, as_page=as_page)
        raise


def _page(face: Face, key: bytes) -> Response[str]:
    offer = show_offer(face, key, others=_publishers(face, key))
    return face.pages.respond(
        "public/offer.html", offer=offer, path_of_offer=offer_path(offer.view.card.id), standing=face.standing(),
        office=face.texts().office,
    )  # fmt: skip


def _publishers(face: Face, key: bytes) -> list[str]:
    """Return the members that publish an offer, those of its cluster included; nothing while it is not indexed."""
    facts = face.finder.entry(key)
    return [] if facts is None else list(dict.fromkeys([facts.member, *(member for member, _ in facts.others)]))


def _gone(face: Face, ended: Ended, *, as_page: bool) -> Response[Any]:
    if as_page:
        page = face.pages.respond(
            "public/offer_gone.html", status_code=410, gone=describe_gone(face, ended), office=face.texts().office,
            standing=face.standing(),
        )  # fmt: skip
        page.headers["Vary"] = "Accept, Accept-Language"
        return page
    said = {} if ended.is_erased else {"reason": ended.reason, "time": ended.time, "member": ended.member}
    return problem_json(Problem(GONE, "gone", extra=said))


def _calendar(face: Face, view: OfferView) -> Response[bytes]:
    table, today = timetable(face, view.doc), face.today()
    if not table.upcoming(face.moment(), 1):
        raise NotFoundError(f"offer {view.card.id} has no dates that can be computed")
    text = CalendarText(
        rid=view.card.id,
        title=own_text(view.doc).doc.name or view.card.title,
        place=place_of(view.doc),
        url=address_of(face, offer_path(view.card.id)),
        changed=changed_at(view.doc),
    )
    written = BytesIO()
    write_calendar(
        [(table, text)], written, key=text.rid, name=text.title, language=LANGUAGE.get(), changed=text.changed,
        today=today, zone=face.words.district.timezone,
    )  # fmt: skip
    named = {"Content-Disposition": f'attachment; filename="angebot-{view.card.id[:8]}.ics"'}
    return Response(written.getvalue(), media_type="text/calendar; charset=utf-8", headers={**_FRESH, **named})


def _code(face: Face, view: OfferView) -> Response[bytes]:
    url = passed_on(address_of(face, offer_path(view.card.id)), CODE)
    if not url:
        raise NotFoundError("the public address of these pages is not known (public_url)")
    return Response(qr_svg(url), media_type="image/svg+xml", headers=_FRESH)


def _data(face: Face, view: OfferView) -> Response[bytes]:
    thing = page_data(face, view.doc)
    headers = {**_FRESH, "Access-Control-Allow-Origin": "*"}
    return Response(msgspec.json.encode(thing), media_type=TYPE, headers=headers)
