"""What the hub hides for a legal reason, said openly: on the page of the hidden offer, and in a public list of all.

Decided here: the offer's page answers 451 (RFC 7725) and links the list as the place that says who blocks; it says the
reason, since when, when that is looked at again, who decided and where to complain.  An offer that its own city has
ended answers as such, since then nothing is hidden any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from shared.holdings.notices import Notice, find_notice, load_notices
from shared.model.notice import REASONS, NoticeDoc
from shared.web import time_words as t
from shared.web.messages import N_, translate
from shared.web.mixed_text import german
from shared.web.problems import BLOCKED, Problem, problem_json
from shared.web.public.face import Face, Office

NOTICES: Final = "/ausblendungen"
REASON_TEXTS: Final[Mapping[str, str]] = dict(
    zip(
        REASONS,
        (
            N_("Der Inhalt verstößt gegen ein Gesetz"),
            N_("Ein Gericht oder eine Behörde hat es angeordnet"),
            N_("Der Inhalt verletzt die Rechte einer Person"),
            N_("Der Inhalt verletzt ein Urheberrecht"),
            N_("Das Angebot gefährdet oder täuscht Menschen"),
            N_("Anderer rechtlicher Grund"),
        ),
        strict=True,
    )
)


@dataclass(frozen=True)
class NoticeText:
    """One notice as pages show it; what the district wrote is German."""

    number: str
    member: str
    publisher: str
    title: str
    reason: str
    text: str
    basis: str
    since: str
    review: str
    lifted: str
    lifted_because: str


def reason_text(code: str) -> str:
    """Return the words for a reason in the language of the request."""
    return translate(REASON_TEXTS.get(code, REASON_TEXTS["other"]))


def describe(face: Face, doc: NoticeDoc) -> NoticeText:
    """Return the words for a notice."""
    return NoticeText(
        number=doc.number,
        member=doc.member,
        publisher=german(face.words.publisher(doc.member)),
        title=german(doc.title),
        reason=reason_text(doc.reason),
        text=german(doc.text),
        basis=german(doc.basis),
        since=_day(doc.since),
        review=_day(doc.review),
        lifted=_day(doc.lifted),
        lifted_because=german(doc.lifted_because),
    )


def _day(value: date | None) -> str:
    return "" if value is None else t.day(value)


def notice_on(face: Face, rid: bytes) -> NoticeDoc | None:
    """Return the notice that hides an offer here; None for one that is not hidden."""
    origins = face.origins()
    with face.db.read() as conn:
        found = find_notice(conn, origins, rid)
    return None if found is None else found.doc


def blocked(face: Face, doc: NoticeDoc, *, as_page: bool) -> Response[Any]:
    """Answer for a hidden offer: a page for people, problem+json for programs."""
    headers = {"Link": f'<{face.absolute(NOTICES)}>; rel="blocked-by"', "Vary": "Accept, Accept-Language"}
    if not as_page:
        return problem_json(Problem(BLOCKED, "notice", _DETAIL, extra=_members(face, doc), headers=headers))
    page = face.pages.respond(
        "public/offer_blocked.html", status_code=BLOCKED.status, notice=describe(face, doc), decider=deciding(face),
        standing=face.standing(), notices_path=NOTICES,
    )  # fmt: skip
    page.headers.update(headers)
    return page


_DETAIL: Final = "the district has hidden this offer in the whole catalogue for a legal reason"


def _members(face: Face, doc: NoticeDoc) -> Mapping[str, object]:
    contact = face.words.district.contact
    said = {
        "number": doc.number, "member": doc.member, "grounds": doc.reason, "text": doc.text, "basis": doc.basis,
        "since": doc.since, "review": doc.review, "decided_by": contact.organisation,
        "complaints": contact.email or contact.url, "notices": face.absolute(NOTICES),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def deciding(face: Face) -> Office:
    """Return who decides about notices and takes complaints: the district, whichever party shows the page."""
    contact = face.words.district.contact
    return Office(
        name=contact.organisation, street=contact.street, town=f"{contact.postal_code} {contact.city}".strip(),
        phone=contact.phone, email=contact.email, url=contact.url,
    )  # fmt: skip


def notice_routes(face: Face) -> Sequence[HTTPRouteHandler]:
    """Return the route of the list."""

    @get(NOTICES, sync_to_thread=True, include_in_schema=False)
    def notices_page() -> Response[str]:
        origins = face.origins()
        with face.db.read() as conn:
            found = sorted(load_notices(conn, origins), key=_newest_first)
        return face.pages.respond(
            "public/notices.html", path=NOTICES, standing=face.standing(), decider=deciding(face),
            current=[describe(face, one.doc) for one in found if one.doc.hides],
            past=[describe(face, one.doc) for one in found if not one.doc.hides],
        )  # fmt: skip

    return [notices_page]


def _newest_first(one: Notice) -> tuple[int, bytes]:
    return -(one.doc.since or date.min).toordinal(), one.rid
