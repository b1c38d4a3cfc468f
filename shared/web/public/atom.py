"""A search as an Atom feed: what is new first, with entries for offers that ended; how it is written: `outputs.feeds`.

A reader that never had an ended offer leaves its entry out by itself; so the feed names every offer of the asked cities
that was withdrawn in the last 30 days, without keeping what each search once found.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from shared.clock import in_utc
from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.holdings.changes import load_first_times
from shared.outputs.feeds import ATOM_TYPE, Entry, Feed, Text, Topic, format_atom
from shared.search.asking import Asked, format_asked, parse_asked
from shared.search.found import Hit
from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE, translate
from shared.web.offer_page import read_offer
from shared.web.public.cards import hit_cards
from shared.web.public.face import Face
from shared.web.public.question import address, settle
from shared.web.public.search_words import FEED, describe_search

PER_PAGE: Final = 50
DELETED_MAX: Final = 100
_DELETED_SECONDS: Final = 30 * 86_400


def feed_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the route of the feed."""

    @get(FEED, sync_to_thread=True, include_in_schema=False)
    def feed(request: Request[Any, Any, Any]) -> Response[bytes]:
        asked = settle(parse_asked(request.query_params.multi_items()), face.words)
        body = format_atom(make_feed(face, replace(asked, order="neu")))
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        return Response(body, media_type=f"{ATOM_TYPE}; charset=utf-8", headers=headers)

    return [feed]


def make_feed(face: Face, asked: Asked) -> Feed:
    """Return one page of the feed of a search; a page beyond the end has no entries."""
    hits = face.finder.matching(asked, today=face.today())
    start = (asked.page - 1) * PER_PAGE
    since = face.clock.now() - _DELETED_SECONDS
    origins = face.origins()
    wanted = hits[start : start + PER_PAGE]
    with face.db.read() as conn:
        found = {one.rid: one for one in catalogue.find_many(conn, origins, [hit.rid for hit in wanted])}
        first = load_first_times(conn, origins, list(found))
        deleted = (
            catalogue.load_withdrawn(conn, origins, since=since, members=asked.cities, most=DELETED_MAX)
            if asked.page == 1
            else []
        )
    entries = [_entry(face, hit, found[hit.rid], first.get(hit.rid)) for hit in wanted if hit.rid in found]
    searched = replace(asked, order="")
    has_more = len(hits) > start + PER_PAGE
    return Feed(
        id=feed_id(face.member, searched, LANGUAGE.get()),
        title=translate("Angebote: %(search)s") % {"search": describe_search(searched, face.words)},
        author=face.pages.shell.party,
        author_language=SOURCE_LANGUAGE,
        language=LANGUAGE.get(),
        updated=max([entry.updated for entry in entries] + [in_utc(time) for _, time in deleted] or [in_utc(0)]),
        self_url=face.absolute(address(face.pages, searched, FEED)),
        page_url=face.absolute(address(face.pages, searched.on_page(1))),
        next_url=face.absolute(address(face.pages, searched.on_page(asked.page + 1), FEED)) if has_more else "",
        topic_scheme=face.words.vocabularies["topic"].uri,
        entries=entries,
        deleted=deleted,
    )


def feed_id(member: str, asked: Asked, language: str) -> uuid.UUID:
    """Return what the pages of one feed have in common, whatever the address of the party."""
    pairs = format_asked(replace(asked, order="", page=1))
    return uuid.uuid5(uuid.NAMESPACE_URL, f"kreisweit:{member}:{language}:{pairs!r}")


def _entry(face: Face, hit: Hit, shown: Shown, first: int | None) -> Entry:
    doc = read_offer(shown.body)
    hit = replace(hit, member=shown.member)
    topics = face.words.vocabularies.current("topic", doc.topics)
    card = hit_cards([hit], {(hit.member, hit.rid): shown}, face.words)[0]
    return Entry(
        rid=hit.rid,
        title=Text(card.title.text, card.title.lang),
        summary=Text(card.summary.text, card.summary.lang),
        url=face.absolute(face.pages.url(f"/angebote/{hit.rid.hex()}")),
        author=face.words.publisher(shown.member),
        topics=[Topic(code, face.words.label("topic", code)) for code in topics],
        updated=doc.last_modified or in_utc(0),
        published="" if first is None else in_utc(first),
    )
