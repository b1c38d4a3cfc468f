"""The overview for developers: in two languages, with every format and only links that lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared.outputs.formats.all import FORMATS
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.world import World, publish

PAGE = "/schnittstelle"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    world = World(["herten"])
    world.settle()
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()
    give_index(world.hub, tmp_path_factory.mktemp("interface"))
    with TestClient(app_of(world.hub)) as client:
        yield client
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


def text_of(client: TestClient[Litestar], language: str) -> str:
    answer = client.get(PAGE, params={"lang": language}, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    (text,) = re.findall(r'<div class="kw-guide".*(?=</main>)', answer.text, re.DOTALL)
    return str(text)


@pytest.mark.parametrize(
    ("language", "own", "title"),
    [("de", "de", "Schnittstelle für"), ("de-simple", "de", "Schnittstelle für"), ("en", "en", "Interface for"),
     ("ar", "en", "Interface for")],
)  # fmt: skip
def test_text_is_german_for_its_readers_and_english_for_others(
    client: TestClient[Litestar], language: str, own: str, title: str
) -> None:
    text = text_of(client, language)

    assert f'<div class="kw-guide" lang="{own}" dir="ltr">' in text
    assert f"<h1>{title}" in text
    assert ('hreflang="en" lang="en"' in text) == (own == "de")


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_format_is_named_with_what_it_is(client: TestClient[Litestar], language: str) -> None:
    text = text_of(client, language)

    for one in FORMATS:
        assert (one.title if language == "de" else one.title_en) in text
        assert f'href="{one.path}"' in text
        assert f"<code>{one.media_type.partition(';')[0]}</code>" in text


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_link_leads_somewhere(client: TestClient[Litestar], language: str) -> None:
    links = re.findall(r'href="(/[^"]*)"', text_of(client, language))

    dead = []
    for link in links:
        path, _, place = link.replace("&amp;", "&").partition("#")
        answer = client.get(path, headers={"Accept": "text/html"})
        if answer.status_code != 200 or (place and f'id="{unquote(place)}"' not in answer.text):
            dead.append(link)
    assert len(links) > 15
    assert dead == []


def test_page_is_linked_from_the_foot_of_every_page(client: TestClient[Litestar]) -> None:
    assert f'href="{PAGE}?lang=tr">Programlar' in client.get("/?lang=tr", headers={"Accept": "text/html"}).text


def test_licence_of_the_district_is_named(client: TestClient[Litestar]) -> None:
    assert "https://www.govdata.de/dl-de/by-2-0" in text_of(client, "de")
