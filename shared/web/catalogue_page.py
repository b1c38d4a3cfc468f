"""The kreisweit catalogue on pages, the same at a node and at the hub: one offer in full.

Read from what is held here, so it answers with every other party down.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from shared.consume import shown_origins
from shared.database import Database
from shared.errors import NotFoundError, ParseError
from shared.feed.catalogue_note import CatalogueNote
from shared.holdings import catalogue, logs
from shared.ids import parse_record_id
from shared.model.offer import OfferDoc
from shared.web.offer_page import Card, card, has_alert, hide_persons, is_in_review, read_offer
from shared.web.offer_words import Words

_PAGE = re.compile(r"[1-9][0-9]{0,5}")

Hides = Callable[[str], bool]
"""Tells whether persons are hidden in the records of a member."""


@dataclass(frozen=True)
class LogPlace:
    """Where a record stands in its log."""

    origin: str
    position: int
    size: int
    commitment: str


@dataclass(frozen=True)
class OfferView:
    """One offer as it is shown; in `doc` persons are hidden where they must be."""

    card: Card
    doc: OfferDoc
    summary: str
    hides_persons: bool
    is_newest: bool
    is_in_review: bool
    has_alert: bool
    member: str
    place: LogPlace


def read_page_number(text: str | None) -> int:
    """Read the number of a page from a query; anything else is the first page."""
    return int(text) if text and _PAGE.fullmatch(text) else 1


def read_record_id(text: str) -> bytes:
    """Read the id in a page's path; NotFoundError for anything that is none."""
    try:
        return parse_record_id(text)
    except ParseError as error:
        raise NotFoundError(error.message) from error


def show_offer(
    db: Database, said: CatalogueNote | None, words: Words, rid: bytes, *, hides: Hides, now: int
) -> OfferView:
    """Return one offer in full; NotFoundError when no shown log has it."""
    origins = [] if said is None else shown_origins(said)
    with db.read() as conn:
        shown = catalogue.find_shown(conn, origins, rid)
        if shown is None or shown.kind != "offer" or said is None:
            raise NotFoundError(f"Ein Angebot {rid.hex()} wird nicht gezeigt")
        origin = next(s.origin for s in said.sources if s.member == shown.member and s.origin in origins)
        row = logs.load_log(conn, origin)
    hidden, today = hides(shown.member), datetime.fromtimestamp(now, ZoneInfo(words.district.timezone)).date()
    doc = hide_persons(read_offer(shown.body)) if hidden else read_offer(shown.body)
    return OfferView(
        card=card(shown, words),
        doc=doc,
        summary=doc.summary,
        hides_persons=hidden and bool(doc.contacts),
        is_newest=shown.is_newest,
        is_in_review=is_in_review(doc, today),
        has_alert=has_alert(doc, today),
        member=shown.member,
        place=LogPlace(origin, shown.position, row.size, shown.commitment.hex()),
    )
