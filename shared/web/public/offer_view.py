"""Everything that the page of one offer says, put together for one request; read from what is held here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

import msgspec
from markupsafe import Markup

from shared.holdings.catalogue import Ended
from shared.model.dates import Timetable
from shared.model.offer import OfferDoc
from shared.model.public_holidays import holiday_on
from shared.search.asking import Asked, format_asked
from shared.web import catalogue_page
from shared.web import time_words as t
from shared.web.catalogue_page import OfferView
from shared.web.messages import N_, translate
from shared.web.mixed_text import fill, german, in_language
from shared.web.offer_page import Reading, Section, sections, status_words
from shared.web.public.face import Face
from shared.web.public.links import offer_path, provider_path
from shared.web.public.own_text import OwnText, own_text
from shared.web.public.sharing import Share, address_of, share
from shared.web.public.structured import data_block, page_data

DATES_SHOWN: Final = 5
FACTS: Final = ("wann", "wo", "kosten", "fuer-wen", "sprache", "teilnehmen", "fragen")
"""Sections that stand above the description, as short answers to what people ask first."""


@dataclass(frozen=True)
class OfferText:
    """One offer as its page shows it.  Texts are marked where they are in another language than the page."""

    view: OfferView
    plain_title: str  # without markup, for the title of the window and for passing on
    title: str
    summary: str
    alert: str
    facts: list[Section]
    rest: list[Section]
    standing: list[str]
    dates: list[str]
    ended: str  # why it does not take place; empty for an offer that does
    translation: OwnText
    checked: str
    others: list[str]  # further cities of its cluster
    share: Share | None
    data: Markup


def show_offer(face: Face, rid: bytes, *, others: Sequence[str] = ()) -> OfferText:
    """Return one offer in the language of the request; NotFoundError when no shown log has it.

    Args:
        others: members that publish the same offer, where a cluster is known; its own one may be among them.
    """
    view = find_offer(face, rid)
    reading = Reading(provider_url=lambda name: face.pages.url(provider_path(name)))
    text = own_text(view.doc, reading)
    if not view.has_alert:
        text = replace(text, doc=msgspec.structs.replace(text.doc, alert=""))
    doc, moment = text.doc, face.moment()
    title = doc.name or view.card.title
    parts = sections(doc, face.words, text.reading)
    table = timetable(face, view.doc)
    url = address_of(face, offer_path(view.card.id))
    return OfferText(
        view=view,
        plain_title=title,
        title=in_language(title, text.reading.language_of("name")),
        summary=text.reading.text(doc, "summary"),
        alert=text.reading.text(doc, "alert"),
        facts=[part for part in parts if part.key in FACTS],
        rest=[part for part in parts if part.key not in FACTS],
        standing=_standing(face, table),
        dates=[t.slot_line(slot) for slot in table.upcoming(moment, DATES_SHOWN)],
        ended=_ended(doc, moment.date()),
        translation=text,
        checked=t.day(doc.assured_date) if doc.assured_date else "",
        others=[face.words.publisher(member) for member in others if member != view.member],
        share=share(url, title),
        data=data_block(page_data(face, view.doc)),
    )


def find_offer(face: Face, rid: bytes) -> OfferView:
    """Return the offer as it is shown here; NotFoundError when no shown log has it."""
    return catalogue_page.show_offer(
        face.db, face.said(), face.words, rid, hides=face.hides, now=face.clock.now()
    )  # fmt: skip


def timetable(face: Face, doc: OfferDoc) -> Timetable:
    """Return the dates of an offer, with the public holidays of the district's state."""
    return Timetable(doc, lambda day: bool(holiday_on(day, face.words.district.state)))


def _standing(face: Face, table: Timetable) -> list[str]:
    moment = face.moment()
    standing, today = table.standing(moment), moment.date()
    return [] if standing is None else t.standing_lines(standing, today, holiday_on(today, face.words.district.state))


def _ended(doc: OfferDoc, today: date) -> str:
    """Say why an offer does not take place, so that nobody sets out for nothing."""
    if doc.valid_to is not None and doc.valid_to < today:
        return fill(translate("Dieses Angebot lief bis %(day)s."), day=t.day(doc.valid_to))
    if not (words := status_words(doc)):
        return ""
    return (
        fill(translate("Dieses Angebot ist %(state)s."), state=words)
        if doc.status != "inactive"
        else translate("Dieses Angebot findet zurzeit nicht statt.")
    )


# --- what has ended --------------------------------------------------------------------------------------------------

REASONS: Final = {
    "ended": N_("Dieses Angebot ist beendet"),
    "paused": N_("Dieses Angebot ruht zurzeit"),
    "duplicate": N_("Dieser Eintrag stand doppelt im Verzeichnis"),
    "mistake": N_("Dieser Eintrag war ein Versehen"),
    "other": N_("Dieses Angebot wurde zurückgezogen"),
}
_ERASED: Final = N_("Dieser Eintrag wurde gelöscht")


@dataclass(frozen=True)
class GoneText:
    """What is said of an offer that was here once; of an erased one only that."""

    heading: str
    sentence: str
    query: list[tuple[str, str]]  # where to look for similar ones


def describe_gone(face: Face, ended: Ended) -> GoneText:
    """Return the words for an offer that has ended."""
    if ended.is_erased:
        return GoneText(translate(_ERASED), "", [])
    sentence = fill(
        translate("%(publisher)s hat ihn am %(day)s aus dem Verzeichnis genommen.")
        if ended.reason in ("duplicate", "mistake")
        else translate("%(publisher)s hat es am %(day)s aus dem Verzeichnis genommen."),
        publisher=german(face.words.publisher(ended.member)),
        day=face.pages.date(ended.time),
    )
    return GoneText(translate(REASONS[ended.reason]), sentence, format_asked(Asked(cities=(ended.member,))))
