"""Feeds of offers: well-formed whatever a publisher wrote, with ids that stay; feedparser reads what was meant."""

from __future__ import annotations

import uuid
from dataclasses import replace
from xml.etree import ElementTree as ET

from shared.model.shipped import shipped_district
from shared.outputs.feeds import Entry, Feed, Text, Topic, format_atom
from shared.search.asking import Asked
from shared.web.offer_words import Words
from shared.web.public.atom import feed_id

WORDS = Words(shipped_district())
ATOM = "{http://www.w3.org/2005/Atom}"
LANG = "{http://www.w3.org/XML/1998/namespace}lang"
RID = bytes.fromhex("0a" * 16)
NOTHING = Text("")
TIME = "2026-01-01T00:00:00.000Z"


def feed(*entries: Entry, **changes: object) -> Feed:
    made = Feed(
        id=feed_id("herten", Asked(words="deutsch"), "ar"), title="Angebote", author="Stadt Herten",
        author_language="de", language="ar", updated="2026-01-01T00:00:00Z",
        self_url="https://h.example/angebote.atom?q=a&lang=ar", page_url="https://h.example/angebote?q=a&lang=ar",
        next_url="", topic_scheme=WORDS.vocabularies["topic"].uri, entries=entries,
    )  # fmt: skip
    return replace(made, **changes)  # type: ignore[arg-type]


def entry(title: Text, summary: Text = NOTHING) -> Entry:
    topics = [Topic("sprache", "Deutsch lernen")]
    return Entry(RID, title, summary, "https://h.example/angebote/0a", "Stadt Herten", topics, TIME)


def test_entry_names_its_record_its_languages_and_its_topic() -> None:
    top = ET.fromstring(format_atom(feed(entry(Text("Sprachkurs", "de"), Text("دورة")))))  # noqa: S314 - our own
    found = top.find(f"{ATOM}entry")
    assert found is not None
    title, summary = found.find(f"{ATOM}title"), found.find(f"{ATOM}summary")
    category = found.find(f"{ATOM}category")

    assert top.get(LANG) == "ar"
    assert found.findtext(f"{ATOM}id") == "urn:uuid:0a0a0a0a-0a0a-0a0a-0a0a-0a0a0a0a0a0a"
    assert title is not None
    assert summary is not None
    assert (title.text, title.get(LANG)) == ("Sprachkurs", "de")
    assert (summary.text, summary.get(LANG)) == ("دورة", None)
    assert category is not None
    assert category.get("term") == "sprache"
    assert category.get("scheme") == WORDS.vocabularies["topic"].uri


def test_what_xml_cannot_hold_is_left_out_and_the_rest_stays() -> None:
    body = format_atom(feed(entry(Text("A\x00\x1b[31mB\ufffe <script> & \ud800C\tD"))))

    top = ET.fromstring(body)  # noqa: S314 - our own

    assert top.findtext(f"{ATOM}entry/{ATOM}title") == "A[31mB <script> & C\tD"


def test_feed_has_what_the_standard_asks_of_it() -> None:
    body = format_atom(feed(entry(Text("A")), next_url="https://h.example/x?seite=2", deleted=((RID, 0),)))
    top = ET.fromstring(body)  # noqa: S314 - our own

    assert body.startswith(b"<?xml version='1.0' encoding='utf-8'?>")
    assert top.tag == f"{ATOM}feed"
    assert all(top.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
    assert {link.get("rel") for link in top.findall(f"{ATOM}link")} == {"self", "alternate", "next"}
    gone = top.find("{http://purl.org/atompub/tombstones/1.0}deleted-entry")
    assert gone is not None
    assert gone.attrib == {"ref": uuid.UUID(bytes=RID).urn, "when": "1970-01-01T00:00:00Z"}


def test_id_of_a_feed_is_that_of_its_search_on_every_page_and_in_every_order() -> None:
    asked = Asked(words="deutsch", topics=("sprache",))

    assert feed_id("herten", asked, "de") == feed_id("herten", replace(asked, page=3, order="titel"), "de")
    assert len({feed_id("herten", asked, "de"), feed_id("herten", asked, "ar"), feed_id("marl", asked, "de")}) == 3
