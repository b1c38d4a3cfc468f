"""Visitors search: without and with script, in Arabic on a small telephone, by keyboard, in both themes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import NARROW, WIDE, NewContext, Served
from tests.browser.look import Look
from tests.support.catalogue import QUESTION, make_world, publish_fitting
from tests.support.loopback import app_of, close_all, node_on_disk, running
from tests.support.searching import give_index

SCRIPTED = pytest.mark.parametrize("javascript", [False, True], ids=["plain", "script"])
_SLOW_MS = 15_000


def _serve(folder: Path, *, with_fitting: bool) -> Iterator[Served]:
    world = make_world()
    if with_fitting:
        publish_fitting(world)
    node = node_on_disk(world, "herten", folder)
    give_index(node, folder)
    world.stop("hub")
    with running(app_of(node)) as url:
        yield Served(node, url)
    close_all(world)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node with the sample offers and three that fit the question; the hub is off."""
    yield from _serve(tmp_path_factory.mktemp("site"), with_fitting=True)


@pytest.fixture(scope="module")
def sample_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A node with nothing but the sample offers; the hub is off."""
    yield from _serve(tmp_path_factory.mktemp("sample"), with_fitting=False)


def asked(page: Page) -> list[tuple[str, str]]:
    """The question in the address of a page."""
    return sorted(pair for pair in parse_qsl(urlsplit(page.url).query) if pair[0] not in ("lang", "ordnung"))


def apply(page: Page, *, javascript: bool) -> None:
    """Send the filters; with script they were sent when they changed."""
    if not javascript:
        page.locator(".kw-panel__go button").click()


def tick(page: Page, field: str, *, javascript: bool) -> None:
    """Choose one value as a visitor does on a small screen, and wait for its answer."""
    fold = page.locator("#filter-zeigen")
    if fold.is_visible() and fold.get_attribute("open") is None:
        fold.locator("summary").click()
    box = page.locator(f"[id='{field}']")
    group = page.locator("details.kw-group", has=box)
    if group.count() and group.get_attribute("open") is None:
        group.locator("summary").click()
    box.check()
    key, _, value = field.partition("-")
    apply(page, javascript=javascript)
    expect(page).to_have_url(re.compile(rf"[?&]{key}{'-anmeldung' if key == 'ohne' else ''}={value or 'ja'}"))


@SCRIPTED
def test_in_arabic_on_a_small_screen_five_filters_find_the_three_offers_that_fit(
    new_context: NewContext, site: Served, javascript: bool
) -> None:
    page = new_context(viewport=NARROW, locale="ar", java_script_enabled=javascript).new_page()
    page.goto(site.url + "/?lang=ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")

    page.locator("a[href*='besonders=neu']").click()
    tick(page, "thema-sprache", javascript=javascript)
    tick(page, "tag-di", javascript=javascript)
    tick(page, "kostenfrei", javascript=javascript)
    page.locator("#filter-zeigen[open], #filter-zeigen summary").first.wait_for()
    if page.locator("#filter-zeigen").get_attribute("open") is None:
        page.locator("#filter-zeigen summary").click()
    page.locator("#plz").fill("45770")
    page.locator("#km").select_option("5")
    apply(page, javascript=javascript)
    expect(page).to_have_url(re.compile("km=5"))

    expect(page.locator(".kw-hit")).to_have_count(3)
    assert asked(page) == [
        ("besonders", "neu"), ("km", "5"), ("kostenfrei", "ja"), ("plz", "45770"), ("tag", "di"), ("thema", "sprache")
    ]  # fmt: skip
    assert "lang=ar" in page.url
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    title = page.locator(".kw-hit h2 span").first
    assert (title.get_attribute("lang"), title.get_attribute("dir")) == ("de", "ltr")
    page.locator(".kw-hit h2 a").first.click()
    expect(page).to_have_url(re.compile(r"/angebote/[0-9a-f]{32}\?lang=ar"))


@SCRIPTED
def test_question_that_finds_nothing_leads_on_by_its_next_step(
    new_context: NewContext, sample_site: Served, javascript: bool
) -> None:
    page = new_context(viewport=NARROW, java_script_enabled=javascript).new_page()
    page.goto(sample_site.url + QUESTION)
    expect(page.locator(".kw-hit")).to_have_count(0)

    page.locator(".kw-next__steps a").first.click()

    expect(page.locator(".kw-hit").first).to_be_visible()


@SCRIPTED
def test_chip_takes_its_filter_back(new_context: NewContext, site: Served, javascript: bool) -> None:
    page = new_context(viewport=WIDE, java_script_enabled=javascript).new_page()
    page.goto(site.url + QUESTION)

    page.locator(".kw-chips a", has_text="Dienstag").click()

    expect(page.locator(".kw-hit")).to_have_count(4)
    assert ("tag", "di") not in asked(page)


def test_filter_updates_in_place_keeps_the_focus_and_is_announced(new_context: NewContext, site: Served) -> None:
    page = new_context(viewport=WIDE).new_page()
    page.goto(site.url + "/angebote")
    page.evaluate("document.getElementById('anzahl').dataset.kept = 'yes'")
    before = page.locator("#anzahl h1").inner_text()

    page.locator("#thema-sprache").focus()
    page.keyboard.press("Space")
    expect(page.locator("#anzahl h1")).not_to_have_text(before)

    assert page.evaluate("document.activeElement.id") == "thema-sprache"
    assert page.locator("#anzahl").get_attribute("data-kept") == "yes"  # the live region itself stayed
    assert page.locator("#thema-sprache").is_checked()
    assert asked(page) == [("thema", "sprache")]

    page.go_back()
    expect(page.locator("#anzahl h1")).to_have_text(before)
    assert not page.locator("#thema-sprache").is_checked()


def test_lost_connection_is_said(new_context: NewContext, site: Served) -> None:
    context = new_context(viewport=WIDE)
    page = context.new_page()
    page.goto(site.url + "/angebote")
    context.set_offline(True)

    page.locator("#thema-sprache").check()

    expect(page.locator("#anzahl")).to_contain_text("Die Verbindung fehlt")


def test_from_the_first_tab_to_an_offer_by_keyboard_alone(new_context: NewContext, site: Served) -> None:
    page = new_context(viewport=WIDE, java_script_enabled=False).new_page()
    page.goto(site.url + "/")

    _tab_to(page, "#q")
    page.keyboard.type("deutsch anfang")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("q=deutsch"))
    _tab_to(page, "#kostenfrei")
    page.keyboard.press("Space")
    _tab_to(page, ".kw-panel__go button")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("kostenfrei=ja"))
    _tab_to(page, ".kw-hit h2 a")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(r"/angebote/[0-9a-f]{32}"))


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(120):
        page.keyboard.press("Tab")
        if page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} is not reached by keyboard")


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_state_of_the_search_is_accessible(context: BrowserContext, site: Served, language: str) -> None:
    look = Look(site, context)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))

    paths = {
        "start": "/", "angebote": "/angebote?", "frage": QUESTION, "leer": QUESTION + "&sprache=xx",
        "woerter": "/angebote?q=kurs", "plz": "/angebote?plz=99999",
    }  # fmt: skip
    for name, path in paths.items():
        look.at(f"{path}{'&' if '?' in path else '?'}lang={language}", name=f"suche-{name}-{language}")
    if look.page.locator("#filter-zeigen").is_visible():
        look.page.locator("#filter-zeigen summary").click()
        look.here(f"suche-filter-{language}")

    assert look.found == []
    assert {urlsplit(url).netloc for url in asked if not url.startswith("data:")} == {urlsplit(site.url).netloc}
    assert not [url for url in asked if url.endswith(".woff2")]


def test_nothing_moves_while_the_page_loads(new_context: NewContext, site: Served) -> None:
    page = new_context(viewport=NARROW).new_page()
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver("
        "list => { for (const entry of list.getEntries()) window.moved += entry.value }"
        ").observe({type: 'layout-shift', buffered: true})"
    )  # fmt: skip

    for path in ("/", "/angebote"):
        page.goto(site.url + path, wait_until="networkidle")

        assert page.evaluate("window.moved") == 0
