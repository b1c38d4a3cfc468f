"""Pages without a network: what was read stays readable with its time, the rest says so; nothing private is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.enums import ScopeType
from litestar.types import Message, Receive, Scope, Send
from playwright.sync_api import BrowserContext, Page, Route, expect

from shared.web.public.legal import FOOTER
from tests.browser.axe import findings, is_wider_than_its_window
from tests.browser.conftest import NARROW, NewContext
from tests.browser.look import PICTURES
from tests.support.loopback import app_of, close_all, node_on_disk, running
from tests.support.searching import give_index
from tests.support.world import World, publish

FIRST_LOAD_BYTES = 120_000
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  const add = list => { for (const one of list.getEntries()) sum += one.value; };
  new PerformanceObserver(add).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 500);
})"""


class Wire:
    """Counts what a server sends, headers included."""

    def __init__(self, app: Litestar) -> None:
        self.sent: dict[str, int] = {}
        inner = app.asgi_handler

        async def counting(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != ScopeType.HTTP:
                await inner(scope, receive, send)
                return
            path = scope["path"]

            async def send_and_count(message: Message) -> None:
                if message["type"] == "http.response.start":
                    size = sum(len(name) + len(value) + 4 for name, value in message["headers"]) + 20
                    self.sent[path] = self.sent.get(path, 0) + size
                elif message["type"] == "http.response.body":
                    self.sent[path] += len(message["body"])
                await send(message)

            await inner(scope, receive, send_and_count)

        app.asgi_handler = counting


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    for number in range(30):
        publish(world.nodes["herten"], f"Sprachcafé {number:02}")
    world.settle()
    give_index(node_on_disk(world, "herten", tmp_path), tmp_path)
    yield world
    close_all(world)


@pytest.fixture
def wire(world: World) -> Iterator[tuple[Wire, str]]:
    app = app_of(world.nodes["herten"])
    wire = Wire(app)
    with running(app) as url:
        yield wire, url


def wait_until_kept(page: Page, url: str) -> None:
    """Wait until a page is kept; asked again and again from here, since the pages' policy forbids a script to do so."""
    for _ in range(200):
        if page.evaluate("async url => Boolean(await caches.match(url, {ignoreVary: true}))", url):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{url} is not kept")


def wait_for_worker(page: Page) -> None:
    """Wait until the worker answers for this page and has kept the page it came from."""
    page.evaluate("navigator.serviceWorker.ready")
    wait_until_kept(page, page.url.partition("#")[0])
    assert page.evaluate("navigator.serviceWorker.controller !== null")


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def kept_urls(page: Page, kind: str) -> list[str]:
    found: list[str] = page.evaluate(
        """async kind => (await Promise.all((await caches.keys()).filter(name => name.startsWith('kreisweit-' + kind))
        .map(async name => (await (await caches.open(name)).keys()).map(one => one.url)))).flat()""",
        kind,
    )
    return found


@pytest.fixture
def context(new_context: NewContext) -> BrowserContext:
    return new_context(viewport=NARROW, bypass_csp=False)


def test_first_load_is_small_and_nothing_moves(wire: tuple[Wire, str], context: BrowserContext) -> None:
    counted, url = wire
    page = context.new_page()
    page.goto(url)
    shifts = page.evaluate(SHIFTS)
    wait_for_worker(page)

    assert not [path for path in counted.sent if path.endswith(("woff2", "jpg"))]
    assert sum(counted.sent.values()) < FIRST_LOAD_BYTES, counted.sent
    assert shifts == 0


def test_what_was_read_is_readable_without_a_network_and_says_from_when(
    wire: tuple[Wire, str], context: BrowserContext
) -> None:
    _, url = wire
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{url}/angebote")
    wait_for_worker(page)
    page.get_by_role("link", name="Sprachcafé 07").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sprachcafé 07")
    offer = page.url
    page.goto(f"{url}/angebote?q=kochen")
    wait_until_kept(page, offer)
    assert wrong == []
    assert page.locator("#kw-kept").is_hidden()

    context.set_offline(True)
    page.goto(f"{url}/angebote")
    expect(page.locator("#kw-kept")).to_have_text(re.compile(r"Sie sind offline\. Stand: \d\d\.\d\d\.\d{4}, \d\d:\d\d"))
    assert page.get_by_role("link", name="Sprachcafé 07").is_visible()
    picture(page, "offline-liste")
    page.goto(offer)
    expect(page.locator("#kw-kept")).to_be_visible()
    assert page.get_by_role("heading", name="Sprachcafé 07").is_visible()
    assert page.evaluate("document.styleSheets.length") >= 2
    picture(page, "offline-angebot")
    page.goto(f"{url}/angebote/{'0' * 32}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ohne Internet")
    expect(page.get_by_role("link", name=re.compile("Sprachcafé 07"))).to_be_visible()
    picture(page, "offline-unbekannt")
    assert page.locator("#kw-kept-list a").count() == 3
    assert page.get_by_role("button", name="Alles löschen").is_visible()
    assert page.get_by_role("button", name="Seiten wieder behalten").is_hidden()


def test_forms_and_the_desk_are_not_kept(wire: tuple[Wire, str], context: BrowserContext) -> None:
    _, url = wire
    page = context.new_page()
    page.goto(url)
    wait_for_worker(page)
    for path in ("/rueckmeldung", "/pult/anmelden", "/.well-known/security.txt", "/hilfe"):
        page.goto(url + path)
    wait_until_kept(page, f"{url}/hilfe")

    assert sorted(kept_urls(page, "pages")) == [f"{url}/", f"{url}/hilfe"]
    assert kept_urls(page, "offers") == []


def test_only_the_last_thirty_pages_are_kept(wire: tuple[Wire, str], context: BrowserContext) -> None:
    _, url = wire
    page = context.new_page()
    page.goto(url)
    wait_for_worker(page)
    for number in range(33):
        page.goto(f"{url}/angebote?q={number}")
        wait_until_kept(page, page.url)
    page.wait_for_timeout(300)

    kept = kept_urls(page, "pages")
    assert kept == [f"{url}/angebote?q={number}" for number in range(3, 33)]


def test_another_deployment_brings_its_own_style_at_once(wire: tuple[Wire, str], context: BrowserContext) -> None:
    _, url = wire
    page = context.new_page()
    page.goto(url)
    wait_for_worker(page)
    old = page.locator("link[rel=stylesheet]").evaluate_all("links => links.map(link => link.href)")

    def serve_new(route: Route) -> None:
        answer = route.fetch()
        text = re.sub(r"kreisweit\.css\?v=[0-9a-f]+", "kreisweit.css?v=aaaaaaaaaaaa", answer.text())
        route.fulfill(response=answer, body=text)

    context.route(f"{url}/?neu=1", serve_new)
    context.route(
        re.compile("aaaaaaaaaaaa"),
        lambda route: route.fulfill(body="body { --neu: 1; }", content_type="text/css"),
    )
    page.goto(f"{url}/?neu=1")

    new = page.locator("link[rel=stylesheet]").evaluate_all("links => links.map(link => link.href)")
    assert new != old
    assert page.evaluate("getComputedStyle(document.body).getPropertyValue('--neu').trim()") == "1"


def test_person_deletes_what_is_kept_and_nothing_is_kept_after_that(
    wire: tuple[Wire, str], context: BrowserContext
) -> None:
    _, url = wire
    page = context.new_page()
    page.goto(url)
    wait_for_worker(page)
    page.goto(f"{url}/offline")
    page.get_by_role("button", name="Alles löschen").click()
    expect(page.get_by_text("Zurzeit ist hier nichts behalten.")).to_be_visible()
    page.goto(url)
    page.goto(f"{url}/hilfe")
    page.wait_for_timeout(500)
    assert page.evaluate("caches.keys()") == []
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then(all => all.length)") == 0

    page.goto(f"{url}/offline")
    page.get_by_role("button", name="Seiten wieder behalten").click()
    page.evaluate("navigator.serviceWorker.ready")
    page.goto(url)
    wait_for_worker(page)


def test_duties_are_accessible_and_fit_a_small_screen(
    wire: tuple[Wire, str], context: BrowserContext, new_context: NewContext
) -> None:
    _, url = wire
    for scheme in ("light", "dark"):
        page = new_context(viewport=NARROW, color_scheme=scheme).new_page()
        wrong = []
        for path in ("/", "/offline", *(link.path for link in FOOTER)):
            page.goto(url + path)
            wrong += [f"{path}: {finding}" for finding in findings(page)]
            wrong += [f"{path}: too wide"] if is_wider_than_its_window(page) else []
            picture(page, f"pflicht{path.replace('/', '-')}-{scheme}")
        assert wrong == []


def test_pages_are_installable(wire: tuple[Wire, str], context: BrowserContext) -> None:
    _, url = wire
    page = context.new_page()
    page.goto(url)
    session = context.new_cdp_session(page)
    found = session.send("Page.getAppManifest")

    assert found["errors"] == []
    assert found["url"] == f"{url}/manifest.webmanifest"
    errors = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert [error["errorId"] for error in errors] in ([], ["in-incognito"])  # every context of the test is one
