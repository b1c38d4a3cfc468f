"""A search as an Atom feed (RFC 4287): what is new first, with entries for offers that ended (RFC 6721).

Ids are those of the records, so the same offer is one entry in every feed of every party.  A reader that never had an
ended offer leaves its entry out by itself; so the feed names every offer of the asked cities that was withdrawn in the
last 30 days, without keeping what each search once found.

Known gap: `published` is left out, since a record says when it was changed and not when it first appeared.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from xml.etree import ElementTree as ET

from litestar import Request, Response, get
from litestar.types import ControllerRouterHandler

from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.search.asking import Asked, format_asked, keep_known, parse_asked
from shared.search.found import Hit
from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE, translate
from shared.web.offer_page import read_offer
from shared.web.offer_words import Words
from shared.web.public.cards import HitCard, Said, hit_cards
from shared.web.public.face import Face
from shared.web.public.question import address, known_values
from shared.web.public.search_words import FEED, describe_search

PER_PAGE: Final = 50
DELETED_MAX: Final = 100
_DELETED_SECONDS: Final = 30 * 86_400
_ATOM, _DELETED = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/tombstones/1.0"
_TYPE: Final = "application/atom+xml"
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped: control characters, lone surrogates."""


@dataclass(frozen=True)
class Entry:
    """One offer of a feed; `updated` is a time of RFC 3339."""

    rid: bytes
    card: HitCard
    url: str
    author: str
    topics: Sequence[str]
    updated: str


@dataclass(frozen=True)
class Feed:
    """One page of a feed; `next_url` is empty on the last one."""

    id: uuid.UUID
    title: str
    author: str
    language: str
    updated: str
    self_url: str
    page_url: str
    next_url: str
    entries: Sequence[Entry]
    deleted: Sequence[tuple[bytes, int]]


def feed_routes(face: Face) -> Sequence[ControllerRouterHandler]:
    """Return the route of the feed."""
    known = known_values(face.words)

    @get(FEED, sync_to_thread=True, include_in_schema=False)
    def feed(request: Request[Any, Any, Any]) -> Response[bytes]:
        asked = keep_known(parse_asked(request.query_params.multi_items()), known)
        body = format_feed(make_feed(face, replace(asked, order="neu")), face.words)
        headers = {"Cache-Control": "no-cache", "Vary": "Accept-Language"}
        return Response(body, media_type=f"{_TYPE}; charset=utf-8", headers=headers)

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
        deleted = (
            catalogue.load_withdrawn(conn, origins, since=since, members=asked.cities, most=DELETED_MAX)
            if asked.page == 1
            else []
        )
    entries = [_entry(face, hit, found[hit.rid]) for hit in wanted if hit.rid in found]
    searched = replace(asked, order="")
    has_more = len(hits) > start + PER_PAGE
    return Feed(
        id=feed_id(face.member, searched, LANGUAGE.get()),
        title=translate("Angebote: %(search)s") % {"search": describe_search(searched, face.words)},
        author=face.pages.shell.party,
        language=LANGUAGE.get(),
        updated=max([entry.updated for entry in entries] + [_instant(time) for _, time in deleted] or [_instant(0)]),
        self_url=face.absolute(address(face.pages, searched, FEED)),
        page_url=face.absolute(address(face.pages, searched.on_page(1))),
        next_url=face.absolute(address(face.pages, searched.on_page(asked.page + 1), FEED)) if has_more else "",
        entries=entries,
        deleted=deleted,
    )


def feed_id(member: str, asked: Asked, language: str) -> uuid.UUID:
    """Return what the pages of one feed have in common, whatever the address of the party."""
    pairs = format_asked(replace(asked, order="", page=1))
    return uuid.uuid5(uuid.NAMESPACE_URL, f"kreisweit:{member}:{language}:{pairs!r}")


def _entry(face: Face, hit: Hit, shown: Shown) -> Entry:
    doc = read_offer(shown.body)
    hit = replace(hit, member=shown.member)
    return Entry(
        rid=hit.rid,
        card=hit_cards([hit], {(hit.member, hit.rid): shown}, face.words)[0],
        url=face.absolute(face.pages.url(f"/angebote/{hit.rid.hex()}")),
        author=face.words.publisher(shown.member),
        topics=doc.topics,
        updated=doc.last_modified or _instant(0),
    )


def format_feed(feed: Feed, words: Words) -> bytes:
    """Write a feed as XML; what XML cannot hold is left out of its texts."""
    top = ET.Element("feed", {"xmlns": _ATOM, "xmlns:at": _DELETED, "xml:lang": feed.language})
    _add(top, "id", feed.id.urn)
    _add(top, "title", feed.title)
    _add(top, "updated", feed.updated)
    _add(ET.SubElement(top, "author"), "name", feed.author)
    ET.SubElement(top, "link", {"rel": "self", "type": _TYPE, "href": feed.self_url})
    ET.SubElement(top, "link", {"rel": "alternate", "type": "text/html", "href": feed.page_url})
    if feed.next_url:
        ET.SubElement(top, "link", {"rel": "next", "type": _TYPE, "href": feed.next_url})
    for rid, time in feed.deleted:
        ET.SubElement(top, "at:deleted-entry", {"ref": uuid.UUID(bytes=rid).urn, "when": _instant(time)})
    for entry in feed.entries:
        _add_entry(top, entry, words)
    body: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return body


def _add_entry(top: ET.Element, entry: Entry, words: Words) -> None:
    node = ET.SubElement(top, "entry")
    _add(node, "id", uuid.UUID(bytes=entry.rid).urn)
    _add_said(node, "title", entry.card.title)
    if entry.card.summary.text:
        _add_said(node, "summary", entry.card.summary)
    _add(node, "updated", entry.updated)
    _add(ET.SubElement(node, "author", {"xml:lang": SOURCE_LANGUAGE}), "name", entry.author)
    ET.SubElement(node, "link", {"rel": "alternate", "type": "text/html", "href": entry.url})
    scheme = words.vocabularies["topic"].uri
    for code in entry.topics:
        label = _clean(words.label("topic", code))
        ET.SubElement(node, "category", {"term": code, "scheme": scheme, "label": label})


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = _clean(text)
    return child


def _add_said(parent: ET.Element, name: str, said: Said) -> None:
    child = _add(parent, name, said.text)
    if said.lang:
        child.set("xml:lang", said.lang)


def _clean(text: str) -> str:
    return _NO_XML.sub("", text)


def _instant(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
