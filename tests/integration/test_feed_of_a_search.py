"""`/angebote.atom` at node and hub: the same entries, pages of fifty, ended offers, found by browsers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from litestar.testing import TestClient

from tests.support.loopback import app_of, close_all, hub_on_disk, node_on_disk
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

ATOM, GONE = "{http://www.w3.org/2005/Atom}", "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
pytestmark = pytest.mark.filterwarnings("ignore:The base_url")


@pytest.fixture
def world() -> Iterator[World]:
    world = World(("herten", "marl"))
    yield world
    close_all(world)


def ask(party: Any, folder: Path, path: str, **headers: str) -> Any:
    give_index(party, folder)
    with TestClient(app_of(party), base_url="http://any") as client:
        return client.get(path, headers=headers)


def read(answer: Any) -> ET.Element:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.content)  # noqa: S314 - our own


def test_node_and_hub_give_the_same_entries_and_say_what_ended(world: World, tmp_path: Path) -> None:
    node, hub = node_on_disk(world, "herten", tmp_path), hub_on_disk(world, tmp_path)
    kept, ended = publish(world.nodes["marl"], "Fahrrad am Morgen"), publish(world.nodes["marl"], "Fahrrad am Abend")
    world.settle()
    withdraw(world.nodes["marl"], ended)
    world.settle()
    feeds = [read(ask(party, tmp_path, "/angebote.atom?q=fahrrad")) for party in (node, hub)]

    for feed in feeds:
        assert [entry.findtext(f"{ATOM}title") for entry in feed.findall(f"{ATOM}entry")] == ["Fahrrad am Morgen"]
        assert [str(gone.get("ref")).replace("-", "") for gone in feed.findall(GONE)] == [f"urn:uuid:{ended.hex()}"]
        assert feed.findtext(f"{ATOM}entry/{ATOM}author/{ATOM}name") == "Stadt Marl"
    ids = [feed.findtext(f"{ATOM}entry/{ATOM}id") for feed in feeds]
    assert ids[0] == ids[1]
    assert str(ids[0]).replace("-", "") == f"urn:uuid:{kept.hex()}"


def test_feed_goes_on_after_fifty_entries_and_is_not_sent_twice(world: World, tmp_path: Path) -> None:
    hub = hub_on_disk(world, tmp_path)
    for number in range(51):
        publish(world.nodes["marl"], f"Fahrrad {number}")
    world.settle()
    answer = ask(hub, tmp_path, "/angebote.atom")
    first = read(answer)
    link = next(str(link.get("href")) for link in first.findall(f"{ATOM}link") if link.get("rel") == "next")
    second = read(ask(hub, tmp_path, link.removeprefix("http://hub")))
    again = ask(hub, tmp_path, "/angebote.atom", **{"If-None-Match": answer.headers["ETag"]})

    assert (len(first.findall(f"{ATOM}entry")), len(second.findall(f"{ATOM}entry"))) == (50, 1)
    assert first.findtext(f"{ATOM}id") == second.findtext(f"{ATOM}id")
    assert again.status_code == 304


def test_result_page_names_the_feed_of_its_search_and_the_letters(world: World, tmp_path: Path) -> None:
    hub = hub_on_disk(world, tmp_path)
    publish(world.nodes["marl"], "Fahrrad am Morgen")
    world.settle()
    page = ask(hub, tmp_path, "/angebote?q=fahrrad&stadt=marl&seite=1").text

    assert '<link rel="alternate" type="application/atom+xml"' in page
    assert 'href="/angebote.atom?q=fahrrad&amp;stadt=marl"' in page
    assert 'href="/abo?q=fahrrad&amp;stadt=marl"' in page


def test_entry_says_when_its_offer_began(world: World, tmp_path: Path) -> None:
    hub, marl = hub_on_disk(world, tmp_path), world.nodes["marl"]
    begun = int(world.clock.time)
    rid = publish(marl, "Fahrrad am Morgen")
    world.settle()
    world.clock.time += 3 * 86_400
    publish(marl, "Fahrrad am Mittag", rid)
    world.settle()

    entry = read(ask(hub, tmp_path, "/angebote.atom")).find(f"{ATOM}entry")

    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == "Fahrrad am Mittag"
    published = datetime.fromisoformat(str(entry.findtext(f"{ATOM}published"))).timestamp()
    assert begun <= published < begun + 3600
