"""The newest offers as Atom and RSS, for feed readers and websites; feeds of a search stand beside its results."""

from __future__ import annotations

import uuid
from collections import deque
from typing import IO, Final

import msgspec
from markupsafe import Markup

from shared.clock import in_utc
from shared.outputs.feeds import ATOM_TYPE, RSS_TYPE, Entry, Feed, Text, Topic, format_atom, format_rss
from shared.outputs.formats.format import Format, Offers
from shared.outputs.offered import About
from shared.outputs.rich_text import markdown

NEWEST: Final = 100
_LANGUAGE: Final = "de"


class _Term(msgspec.Struct, frozen=True):
    code: str


class _Attribute(msgspec.Struct, frozen=True):
    link_type: str
    label: str
    taxonomy_term: _Term


class _Origin(msgspec.Struct, frozen=True):
    publisher: str = ""
    url: str = ""


class _Extension(msgspec.Struct, frozen=True):
    origin: _Origin = _Origin()


class _Service(msgspec.Struct, frozen=True):
    """What a feed tells of a finished service; persons are not among it."""

    id: uuid.UUID
    name: str
    description: str = ""
    last_modified: str = ""
    attributes: tuple[_Attribute, ...] = ()
    x_kreisweit: _Extension = _Extension()


_SERVICES: Final = msgspec.json.Decoder(_Service)


def write_atom(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write the offers that changed last, newest first, as Atom."""
    into.write(format_atom(_feed(offers, about, "/catalog.atom")))


def write_rss(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write the offers that changed last, newest first, as RSS."""
    into.write(format_rss(_feed(offers, about, "/rss")))


def _feed(offers: Offers, about: About, path: str) -> Feed:
    # In the order of lists the newest come last; only they are read.
    newest = [_SERVICES.decode(service) for service in deque(offers.services(), maxlen=NEWEST)]
    newest.sort(key=lambda service: (service.last_modified, service.id), reverse=True)
    first = offers.first_times([service.id.bytes for service in newest])
    base = about.base_url
    return Feed(
        id=uuid.uuid5(uuid.NAMESPACE_URL, f"kreisweit:{about.district.key}:news"),
        title=f"{about.title}: Neues",
        author=about.publisher,
        author_language=_LANGUAGE,
        language=_LANGUAGE,
        updated=newest[0].last_modified if newest else about.made.strftime("%Y-%m-%dT%H:%M:%SZ"),
        self_url=f"{base}{path}" if base else "",
        page_url=f"{base}/angebote" if base else "",
        next_url="",
        topic_scheme=about.vocabularies["topic"].uri,
        entries=[_entry(service, first.get(service.id.bytes)) for service in newest],
        rights=about.licence_name,
    )


def _entry(service: _Service, first: int | None) -> Entry:
    summary, _, rest = service.description.partition("\n\n")
    origin = service.x_kreisweit.origin
    topics = [one for one in service.attributes if one.link_type == "topic"]
    return Entry(
        rid=service.id.bytes,
        title=Text(service.name),
        summary=Text(summary),
        url=origin.url,
        author=origin.publisher,
        topics=[Topic(one.taxonomy_term.code, one.label) for one in topics],
        updated=service.last_modified,
        published="" if first is None else in_utc(first),
        content=Markup("<p>{}</p>\n").format(summary) + markdown(rest),
    )


ATOM: Final = Format(
    name="atom",
    path="/catalog.atom",
    media_type=f"{ATOM_TYPE}; charset=utf-8",
    title=f"Die {NEWEST} zuletzt geänderten Angebote (Atom)",
    title_en=f"The {NEWEST} offers that changed last (Atom)",
    write=write_atom,
)
RSS: Final = Format(
    name="rss",
    path="/rss",
    media_type=f"{RSS_TYPE}; charset=utf-8",
    title=f"Die {NEWEST} zuletzt geänderten Angebote (RSS)",
    title_en=f"The {NEWEST} offers that changed last (RSS)",
    write=write_rss,
)
