"""The guide for integrators as pages of node and hub."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import unquote

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared.web.public.guide import EDITIONS, EXAMPLE_HUB, SCHNITTSTELLE, Edition, render_guide
from tests.support.guide import GUIDES, blocks_of
from tests.support.loopback import app_of, close_all
from tests.support.world import World

HUB = "https://hub.kreis.example"


@pytest.fixture(scope="module")
def sites() -> Iterator[dict[str, TestClient[Litestar]]]:
    """A node and a hub that knows its address."""
    world = World(["herten"])
    world.settle()
    world.hub.settings = msgspec.structs.replace(world.hub.settings, url=HUB)
    with TestClient(app_of(world.nodes["herten"])) as herten, TestClient(app_of(world.hub)) as hub:
        yield {"herten": herten, "hub": hub}
    close_all(world)


@pytest.fixture(scope="module", params=EDITIONS, ids=lambda edition: edition.language)
def edition(request: pytest.FixtureRequest) -> Edition:
    found: Edition = request.param
    return found


@pytest.fixture(scope="module")
def page(sites: dict[str, TestClient[Litestar]], edition: Edition) -> str:
    """The guide in the middle of an Arabic page."""
    return sites["herten"].get(edition.path, params={"lang": "ar"}).text


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


def test_links_of_the_overview_into_the_guide_lead_somewhere(
    sites: dict[str, TestClient[Litestar]], edition: Edition, page: str
) -> None:
    overview = sites["herten"].get(SCHNITTSTELLE, params={"lang": edition.language}).text
    links = re.findall(rf'href="{edition.path}[^"#]*#([^"]+)"', overview)

    assert len(links) >= 5
    assert {unquote(link) for link in links} - set(re.findall(r' id="([^"]+)"', page)) == set()


def test_hub_names_itself_in_the_examples(sites: dict[str, TestClient[Litestar]], edition: Edition) -> None:
    page = sites["hub"].get(edition.path).text

    assert EXAMPLE_HUB not in page
    assert f"hub, db = &#34;{HUB}&#34;" in page


def test_markup_in_the_text_stays_text() -> None:
    guide = render_guide("# A\n\n## B & <b>\n\n<script>x</script>\n\n```js <i>\n</code><script>\n```\n")

    assert "<script>" not in guide.body
    assert "<i>" not in guide.body
    assert [section.text for section in guide.sections] == ["B & <b>"]
