"""Pages for visitors in every language: accessible, not too wide, asking nobody else.

`tests/run` looks at a result page in each language, and at every page in German and Arabic; every page in every
language, size and theme is a command of its own:

    KREISWEIT_TEST_SWEEP=all .venv/bin/python -m pytest tests/browser/test_public_sweep.py
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext

from shared.model.shipped import shipped_district
from tests.browser.conftest import NARROW, WHOLE, NewContext, Served
from tests.browser.look import Look
from tests.support.catalogue import make_world, publish_fitting
from tests.support.loopback import app_of, close_all, node_on_disk, running
from tests.support.searching import give_index

LANGUAGES = shipped_district().languages
PAGES = (
    "/", "/angebote", "/angebote?q=sprachkurs", "/angebote?q=gartenprojekt+nachts", "/angebote/{offer}",
    "/angebote/{offer}/hinweis", "/traeger", "/staedte", "/staedte/herten", "/termine", "/ausschreibungen",
    "/angebote/karte", "/abo?q=kurs", "/sprachen", "/hilfe", "/impressum", "/datenschutz", "/barrierefreiheit",
    "/rueckmeldung", "/vertrauen", "/ausblendungen", "/offline", "/schnittstelle", "/schnittstelle/anleitung",
    "/schnittstelle/guide",
    "/gibt-es-nicht",
)  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A node with the sample offers, and the id of one of them."""
    folder, world = tmp_path_factory.mktemp("sweep"), make_world()
    offer = publish_fitting(world)[0].hex()
    node = node_on_disk(world, "herten", folder)
    give_index(node, folder)
    with running(app_of(node)) as url:
        yield Served(node, url), offer
    close_all(world)


def look_at(site: tuple[Served, str], context: BrowserContext, paths: Sequence[str], language: str) -> list[str]:
    """Open pages in a language; return what is wrong with them, requests to other hosts among it."""
    served, offer = site
    asked: set[str] = set()
    context.on("request", lambda request: asked.add(urlsplit(request.url).netloc))
    look = Look(served, context)
    for path in paths:
        whole = path.replace("{offer}", offer)
        look.at(f"{whole}{'&' if '?' in whole else '?'}lang={language}", name=f"{language}{path.replace('/', '-')}")
    others = asked - {urlsplit(served.url).netloc, ""}
    return [*look.found, *(f"{language}: asked {host}" for host in others)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_answer_is_accessible_in_every_language(
    site: tuple[Served, str], new_context: NewContext, language: str
) -> None:
    context = new_context(viewport=NARROW, locale="de-DE")

    assert look_at(site, context, ["/angebote?q=sprachkurs"], language) == []


@pytest.mark.parametrize("language", LANGUAGES if WHOLE else ("de", "ar"))
def test_every_page_is_accessible(site: tuple[Served, str], context: BrowserContext, language: str) -> None:
    assert look_at(site, context, PAGES, language) == []
