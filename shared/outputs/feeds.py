"""News about offers as XML that feed readers understand: Atom (RFC 4287) and RSS 2.0, of searches and of everything.

Ids are those of the records, so the same offer is one entry in every feed of every party.  Offers that ended can be
named in Atom (RFC 6721); RSS has no word for that.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

from shared.clock import in_utc

ATOM_TYPE: Final = "application/atom+xml"
RSS_TYPE: Final = "application/rss+xml"
_ATOM, _DELETED = "http://www.w3.org/2005/Atom", "http://purl.org/atompub/tombstones/1.0"
_DUBLIN_CORE: Final = "http://purl.org/dc/elements/1.1/"
_NO_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even escaped: control characters, lone surrogates."""


@dataclass(frozen=True)
class Text:
    """A text and its language; empty where it is that of the feed."""

    text: str
    language: str = ""


@dataclass(frozen=True)
class Topic:
    """A term of the vocabulary of topics."""

    code: str
    label: str


@dataclass(frozen=True)
class Entry:
    """One offer of a feed; times are those of RFC 3339.

    Args:
        url: of its page; empty if unknown, then there must be `content`.
        author: who published it, in German.
        published: when its first version was; empty where that is not told.
        content: all that is said, as HTML that is safe to show; empty for none.
    """

    rid: bytes
    title: Text
    summary: Text
    url: str
    author: str
    topics: Sequence[Topic]
    updated: str
    published: str = ""
    content: Markup = Markup()  # noqa: RUF009 - immutable


@dataclass(frozen=True)
class Feed:
    """One page of a feed.

    Args:
        id: what all its pages have in common.
        self_url: of the feed; empty if unknown.
        page_url: of the page that shows the same; empty if unknown.
        next_url: empty on the last page.
        topic_scheme: address of the vocabulary of topics.
        deleted: records that ended, each with its time in seconds.
        rights: under which terms it may be used; empty where that is not told.
    """

    id: uuid.UUID
    title: str
    author: str
    author_language: str
    language: str
    updated: str
    self_url: str
    page_url: str
    next_url: str
    topic_scheme: str
    entries: Sequence[Entry]
    deleted: Sequence[tuple[bytes, int]] = ()
    rights: str = ""


def format_atom(feed: Feed) -> bytes:
    """Write a feed as Atom; what XML cannot hold is left out of its texts."""
    top = ET.Element("feed", {"xmlns": _ATOM, "xmlns:at": _DELETED, "xml:lang": feed.language})
    _add(top, "id", feed.id.urn)
    _add(top, "title", feed.title)
    _add(top, "updated", feed.updated)
    _add(ET.SubElement(top, "author"), "name", feed.author)
    if feed.rights:
        _add(top, "rights", feed.rights)
    _add_link(top, "self", ATOM_TYPE, feed.self_url)
    _add_link(top, "alternate", "text/html", feed.page_url)
    _add_link(top, "next", ATOM_TYPE, feed.next_url)
    for rid, time in feed.deleted:
        ET.SubElement(top, "at:deleted-entry", {"ref": uuid.UUID(bytes=rid).urn, "when": in_utc(time)})
    for entry in feed.entries:
        _add_entry(top, entry, feed)
    body: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return body


def _add_entry(top: ET.Element, entry: Entry, feed: Feed) -> None:
    node = ET.SubElement(top, "entry")
    _add(node, "id", uuid.UUID(bytes=entry.rid).urn)
    _add_said(node, "title", entry.title)
    if entry.summary.text:
        _add_said(node, "summary", entry.summary)
    if entry.content:
        _add(node, "content", entry.content).set("type", "html")
    if entry.published:
        _add(node, "published", entry.published)
    _add(node, "updated", entry.updated)
    _add(ET.SubElement(node, "author", {"xml:lang": feed.author_language}), "name", entry.author)
    _add_link(node, "alternate", "text/html", entry.url)
    for topic in entry.topics:
        ET.SubElement(node, "category", {"term": topic.code, "scheme": feed.topic_scheme, "label": _clean(topic.label)})


def format_rss(feed: Feed) -> bytes:
    """Write a feed as RSS 2.0; an item's date is that of the version it shows, since RSS has no other one."""
    top = ET.Element("rss", {"version": "2.0", "xmlns:atom": _ATOM, "xmlns:dc": _DUBLIN_CORE})
    channel = ET.SubElement(top, "channel")
    _add(channel, "title", feed.title)
    _add(channel, "link", feed.page_url)
    _add(channel, "description", feed.title)
    _add(channel, "language", feed.language)
    if feed.rights:
        _add(channel, "copyright", feed.rights)
    _add(channel, "lastBuildDate", _mail_time(feed.updated))
    if feed.self_url:
        ET.SubElement(channel, "atom:link", {"rel": "self", "type": RSS_TYPE, "href": feed.self_url})
    for entry in feed.entries:
        _add_item(channel, entry, feed)
    body: bytes = ET.tostring(top, encoding="utf-8", xml_declaration=True)
    return body


def _add_item(channel: ET.Element, entry: Entry, feed: Feed) -> None:
    node = ET.SubElement(channel, "item")
    _add(node, "title", entry.title.text)
    if entry.url:
        _add(node, "link", entry.url)
    _add(node, "description", entry.content or Markup.escape(entry.summary.text))
    _add(node, "dc:creator", entry.author)
    for topic in entry.topics:
        _add(node, "category", topic.label).set("domain", feed.topic_scheme)
    _add(node, "guid", uuid.UUID(bytes=entry.rid).urn).set("isPermaLink", "false")
    _add(node, "pubDate", _mail_time(entry.updated))


def _mail_time(text: str) -> str:
    """Write a time of RFC 3339 as RFC 822 does, which RSS wants."""
    return format_datetime(datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0), usegmt=True)


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    child = ET.SubElement(parent, name)
    child.text = _clean(text)
    return child


def _add_link(parent: ET.Element, relation: str, kind: str, url: str) -> None:
    if url:
        ET.SubElement(parent, "link", {"rel": relation, "type": kind, "href": url})


def _add_said(parent: ET.Element, name: str, said: Text) -> None:
    child = _add(parent, name, said.text)
    if said.language:
        child.set("xml:lang", said.language)


def _clean(text: str) -> str:
    # A plain text: ElementTree escapes what it writes, markup included.
    return _NO_XML.sub("", str(text))
