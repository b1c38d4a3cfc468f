"""The newest offers as Atom and RSS, as a feed reader that nobody here wrote understands them."""

from __future__ import annotations

import calendar
import dataclasses
import uuid
from typing import Any

import feedparser
import pytest

from shared.outputs.formats.format import Format
from shared.outputs.formats.news import ATOM, NEWEST, RSS
from tests.support.offered import (
    ABOUT,
    NEW_YEAR,
    RID,
    SomeOffers,
    make_doc,
    make_offered,
    offers_of,
    real_docs,
    written,
)

HOSTILE = "Mit *Kaffee* & <script>alert(1)</script> <img src=x onerror=alert(1)> [hier](javascript:alert(1))"
PAGE = "https://katalog.example/angebote/"
each_feed = pytest.mark.parametrize("form", [ATOM, RSS], ids=["atom", "rss"])


def parsed(form: Format, offers: SomeOffers, about: Any = ABOUT) -> Any:
    feed = feedparser.parse(written(form, offers, about), sanitize_html=False)
    assert not feed.bozo, feed.get("bozo_exception")
    return feed


@each_feed
def test_newest_hundred_come_newest_first_with_ids_pages_and_dates(form: Format) -> None:
    docs = [make_doc(id=uuid.UUID(int=number).hex, name=f"Kurs {number}") for number in range(NEWEST + 30)]

    feed = parsed(form, offers_of(*docs))

    assert feed.version == {"atom": "atom10", "rss": "rss20"}[form.name]
    assert [entry.title for entry in feed.entries] == [f"Kurs {number}" for number in range(NEWEST + 29, 29, -1)]
    newest = feed.entries[0]
    assert newest.id == uuid.UUID(int=NEWEST + 29).urn
    assert newest.link == PAGE + docs[-1].id
    assert newest.author == "Stadt Herten"
    assert calendar.timegm(feed.feed.updated_parsed) == 1_769_940_540  # of its newest entry: 2026-02-01T10:09:00Z


def test_atom_says_when_an_offer_began_and_when_it_changed() -> None:
    (entry,) = parsed(ATOM, offers_of(make_doc())).entries

    assert calendar.timegm(entry.published_parsed) == NEW_YEAR
    assert entry.updated == "2026-02-01T08:00:00.000Z"


def test_rss_dates_the_version_that_it_shows() -> None:
    (entry,) = parsed(RSS, offers_of(make_doc())).entries

    assert entry.published == "Sun, 01 Feb 2026 08:00:00 GMT"


@each_feed
def test_text_of_an_offer_is_html_as_its_page_has_it_and_nothing_runs(form: Format) -> None:
    doc = make_doc(name="Kaffee & <b>Kuchen</b>", summary="Für <alle>.", body=f"{HOSTILE}\x0b\n\n- eins\n- zwei")

    (entry,) = parsed(form, offers_of(doc)).entries

    html = entry.content[0].value if form is ATOM else entry.description
    assert "<p>Für &lt;alle&gt;.</p>" in html
    assert "<em>Kaffee</em>" in html
    assert "<li>eins</li>" in html
    assert not [word for word in ("<script", "<img", 'href="javascript') if word in html]
    assert b"Kaffee &amp; &lt;b&gt;Kuchen&lt;/b&gt;" in written(form, offers_of(doc))


@each_feed
def test_topics_and_terms_of_use_are_named(form: Format) -> None:
    feed = parsed(form, offers_of(make_doc(topics=["sprache.cafe", "frauen"])))

    terms = {(tag.scheme, tag.label or tag.term) for tag in feed.entries[0].tags}
    topic = ABOUT.vocabularies["topic"]
    assert terms == {(topic.uri, topic.label("sprache.cafe")), (topic.uri, topic.label("frauen"))}
    assert feed.feed.rights == ABOUT.licence_name


@each_feed
def test_persons_and_a_confidential_address_are_not_told(form: Format) -> None:
    secret = make_doc(
        address_confidential=True, locations=[{"name": "Schutzhaus", "address_1": "Geheim 1", "city": "Herten"}],
        contacts=[{"name": "Erika Mustermann", "email": "erika@example.org"}],
    )  # fmt: skip

    body = written(form, offers_of(secret)).decode()

    assert not [word for word in ("Mustermann", "erika@", "Geheim", "Schutzhaus") if word in body]


@each_feed
def test_party_without_a_public_address_still_gives_a_whole_feed(form: Format) -> None:
    offered = make_offered(make_doc())
    service = {**offered.service, "x_kreisweit": {}}
    nameless = SomeOffers([dataclasses.replace(offered, service=service)])

    (entry,) = parsed(form, nameless, dataclasses.replace(ABOUT, base_url="")).entries

    assert entry.id == uuid.UUID(RID).urn
    assert "link" not in entry or not entry.link.startswith("http")


@each_feed
def test_empty_catalogue_gives_an_empty_feed(form: Format) -> None:
    feed = parsed(form, SomeOffers([]))

    assert feed.entries == []
    assert feed.feed.title == "Integrationsangebote im Kreis Recklinghausen: Neues"


@each_feed
def test_real_offers_are_read_without_complaint(form: Format) -> None:
    docs = real_docs()[:40]

    feed = parsed(form, offers_of(*docs))

    assert {entry.id for entry in feed.entries} == {uuid.UUID(doc.id).urn for doc in docs}
    assert all(entry.title and entry.published_parsed and entry.updated_parsed for entry in feed.entries)
