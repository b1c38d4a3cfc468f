"""The guide for integrators as pages of node and hub."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec
import pytest
from litestar.testing import TestClient

from shared.web.public.guide import EDITIONS, EXAMPLE_HUB, Edition, render_guide
from tests.support.guide import GUIDES, blocks_of
from tests.support.loopback import app_of, close_all
from tests.support.world import World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    yield world
    close_all(world)


def read(world: World, who: str, path: str, language: str = "de") -> str:
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        answer = client.get(path, params={"lang": language})
    assert answer.status_code == 200
    return answer.text


@pytest.fixture(scope="module", params=EDITIONS, ids=lambda edition: edition.language)
def edition(request: pytest.FixtureRequest) -> Edition:
    found: Edition = request.param
    return found


@pytest.fixture(scope="module")
def page(world: World, edition: Edition) -> str:
    return read(world, "herten", edition.path, "ar")


def test_every_guide_is_shown() -> None:
    assert sorted(edition.file for edition in EDITIONS) == sorted(GUIDES)


def test_text_says_its_own_language_within_a_page_of_another(page: str, edition: Edition) -> None:
    assert '<html lang="ar" dir="rtl">' in page
    assert f'<div class="kw-guide" lang="{edition.language}" dir="ltr">' in page
    for other in EDITIONS:
        link = f'<a href="{other.path}?lang=ar" hreflang="{other.language}" lang="{other.language}">{other.name}</a>'
        assert (link in page) == (other != edition)


def test_code_is_there_to_the_letter(page: str, edition: Edition) -> None:
    shown = re.findall(r'<pre tabindex="0"><code lang="en" translate="no">(.*?)</code></pre>', page, re.DOTALL)

    assert [html.unescape(text) for text in shown] == [text for _, _, text in blocks_of(edition.file)]


def test_every_link_within_the_page_leads_somewhere(page: str) -> None:
    ids = re.findall(r' id="([^"]+)"', page)
    links = {html.unescape(link) for link in re.findall(r'href="#([^"]+)"', page)}

    assert len(ids) == len(set(ids))
    assert len(links) > 15
    assert {unquote(link) for link in links} <= set(ids)


def test_hub_names_itself_in_the_examples(world: World, edition: Edition) -> None:
    world.hub.settings = msgspec.structs.replace(world.hub.settings, url="https://hub.kreis.example")

    page = read(world, "hub", edition.path)

    assert EXAMPLE_HUB not in page
    assert "https://hub.kreis.example" in page


def test_markup_in_the_text_stays_text() -> None:
    guide = render_guide("# A\n\n## B & <b>\n\n<script>x</script>\n\n```js <i>\n</code><script>\n```\n")

    assert "<script>" not in guide.body
    assert "<i>" not in guide.body
    assert [section.text for section in guide.sections] == ["B & <b>"]
