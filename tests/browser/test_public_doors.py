"""Visitors at the doors beside the search: every page accessible on all screens, the map only for those who ask."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route, ViewportSize, expect

from shared.web.headers import TILE_HOST
from tests.browser.conftest import NARROW, WIDE, NewContext, Served
from tests.browser.look import Look
from tests.support.catalogue import make_world, publish_doc
from tests.support.loopback import app_of, close_all, node_on_disk, running
from tests.support.searching import give_index

_PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63f8ffff3f0005fe02fea7d3a3"
    "1e0000000049454e44ae426082"
)
PAGES = ("/traeger", "/traeger?mo=ja", "/traeger/nichts", "/staedte", "/staedte/herten", "/staedte/marl", "/termine",
         "/termine?stadt=marl&tag=di", "/ausschreibungen", "/angebote/karte", "/angebote/karte?karte=ja")  # fmt: skip
_EVERY_DAY = {"byday": ["MO", "TU", "WE", "TH", "FR"], "opens_at": "09:00", "closes_at": "12:00", "freq": "WEEKLY"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node with the sample offers and some for each door; the hub is off."""
    world = make_world()
    marl = world.nodes["marl"]
    point = {"name": "Bürgerhaus", "address_1": "Musterweg 1", "postal_code": "45768", "city": "Marl",
             "latitude": 51.657, "longitude": 7.089}  # fmt: skip
    mosaik = {"name": "Mosaik e. V.", "org_type": "mo", "description": "Wir bringen Menschen zusammen.",
              "website": "https://mosaik.example/", "email": "post@mosaik.example"}  # fmt: skip
    translated = {"ar": {"name": "مقهى اللغة", "state": "aktuell"}}
    publish_doc(
        marl, "Sprachcafé", locations=[point], schedules=[_EVERY_DAY], providers=[mosaik], translations=translated
    )
    publish_doc(marl, "Lerncafé", locations=[point], schedules=[_EVERY_DAY])
    publish_doc(marl, "Nähtreff", locations=[{"postal_code": "45770", "city": "Marl"}])
    publish_doc(marl, "Fördertopf Vielfalt", offer_type="ausschreibung", valid_to="2026-01-09")
    world.settle()
    folder = tmp_path_factory.mktemp("doors")
    node = node_on_disk(world, "herten", folder)
    give_index(node, folder)
    world.stop("hub")
    with running(app_of(node)) as url:
        yield Served(node, url)
    close_all(world)


def _serve_tile(route: Route) -> None:
    route.fulfill(status=200, content_type="image/png", body=_PIXEL)


def with_tiles(context: BrowserContext) -> list[str]:
    """Answer for the host of the tiles; returns every address that is asked for."""
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.route(re.compile(re.escape(TILE_HOST)), _serve_tile)
    return asked


def foreign(asked: list[str], site: Served) -> list[str]:
    ours = urlsplit(site.url).netloc
    return [url for url in asked if not url.startswith("data:") and urlsplit(url).netloc != ours]


@pytest.mark.parametrize(
    ("language", "size", "scheme"),
    [("de", NARROW, "light"), ("de", WIDE, "dark"), ("ar", NARROW, "dark"), ("ar", WIDE, "light")],
)
def test_every_door_is_accessible_and_fits_its_screen(
    site: Served, new_context: NewContext, language: str, size: ViewportSize, scheme: str
) -> None:
    context = new_context(viewport=size, color_scheme=scheme)
    asked = with_tiles(context)
    look = Look(site, context)
    for path in PAGES:
        joint = "&" if "?" in path else "?"
        look.at(f"{path}{joint}lang={language}", name="tuer" + re.sub(r"\W+", "-", path) + f"-{language}")
        if path.endswith("karte=ja"):
            look.page.locator("[data-ready]").wait_for()
            look.here(f"tuer-karte-offen-{language}")

    assert look.found == []
    assert {f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in foreign(asked, site)} == {TILE_HOST}


def test_no_tile_is_asked_for_before_consent(site: Served, new_context: NewContext) -> None:
    context = new_context(viewport=NARROW, bypass_csp=False)
    asked = with_tiles(context)
    page = context.new_page()
    page.goto(site.url + "/angebote/karte?stadt=marl")
    page.wait_for_load_state("networkidle")
    assert foreign(asked, site) == []

    page.get_by_role("link", name="Karte laden").click()
    page.locator("[data-ready]").wait_for()
    expect(page.locator(".kw-pin").first).to_be_visible()

    assert "stadt=marl" in page.url
    assert [url for url in asked if url.startswith(TILE_HOST)]
    assert {url.partition("/wmts")[0] for url in foreign(asked, site)} == {TILE_HOST}
    assert page.locator(".leaflet-tile-loaded").count() > 0  # the policy of the page lets them through

    asked.clear()
    page.get_by_role("link", name="Karte wieder ausschalten").click()
    page.wait_for_load_state("networkidle")
    assert foreign(asked, site) == []


def test_markers_are_reached_and_left_by_keyboard(site: Served, new_context: NewContext) -> None:
    context = new_context(viewport=WIDE, bypass_csp=False)
    with_tiles(context)
    page = context.new_page()
    page.goto(site.url + "/angebote/karte?karte=ja&stadt=marl")
    page.locator("[data-ready]").wait_for()
    pin = page.get_by_role("button", name="2 Angebote an diesem Ort")
    _tab_to(page, "2 Angebote an diesem Ort")

    page.keyboard.press("Enter")
    expect(page.locator(".leaflet-popup a", has_text="Lerncafé")).to_be_visible()
    expect(page.locator(".leaflet-popup ul a").first).to_be_focused()
    page.keyboard.press("Escape")

    expect(page.locator(".leaflet-popup")).to_have_count(0)
    expect(pin).to_be_focused()


def test_area_says_that_the_exact_place_is_not_known(site: Served, new_context: NewContext) -> None:
    context = new_context(viewport=WIDE)
    with_tiles(context)
    page = context.new_page()
    page.goto(site.url + "/angebote/karte?karte=ja")
    page.locator("[data-ready]").wait_for()

    expect(page.locator(".kw-pin--area[title*='45770 Marl, genauer Ort nicht angegeben']")).to_have_count(1)


def test_without_script_the_map_says_so_and_the_list_is_there(site: Served, new_context: NewContext) -> None:
    context = new_context(viewport=NARROW, java_script_enabled=False)
    asked = with_tiles(context)
    page = context.new_page()
    page.goto(site.url + "/angebote/karte?karte=ja&stadt=marl")

    expect(page.get_by_text("Die Karte braucht JavaScript")).to_be_visible()
    expect(page.get_by_role("link", name="Nähtreff")).to_be_visible()
    assert foreign(asked, site) == []


def test_dates_are_chosen_without_script(site: Served, new_context: NewContext) -> None:
    page = new_context(viewport=NARROW, java_script_enabled=False).new_page()
    page.goto(site.url + "/termine")

    page.get_by_label("Stadt", exact=True).select_option("marl")
    page.get_by_role("checkbox", name="Dienstag").check()
    page.get_by_role("button", name="Termine anzeigen").click()

    expect(page).to_have_url(re.compile(r"stadt=marl.*tag=di"))
    expect(page.locator(".kw-day h2").first).to_contain_text("Dienstag")
    expect(page.get_by_role("link", name="Sprachcafé").first).to_be_visible()
    page.get_by_role("link", name="Eine Woche später").first.click()
    expect(page.get_by_label("Stadt", exact=True)).to_have_value("marl")


def _tab_to(page: Page, label: str) -> None:
    """Go on by keyboard until what is called so has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == label:
            return
    raise AssertionError(f"{label} is not reached by keyboard")
