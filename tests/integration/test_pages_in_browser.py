"""The shell of the pages in a real browser: narrow, dark, by keyboard, without script, and asking nobody else."""

from __future__ import annotations

import io
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import uvicorn
from litestar import Litestar, Response, get
from playwright.sync_api import Browser, Page, sync_playwright

from shared.logs import open_log
from shared.web.assets import asset_routes
from shared.web.conditional import ConditionalRequests
from shared.web.headers import SecurityHeaders
from shared.web.problems import problem_handlers
from tests.unit.test_web_pages import FixedClock, make_pages

SAMPLE = """{% extends "base.html" %}
{% import "macros.html" as m with context %}
{% block title %}Mitglieder{% endblock %}
{% block main %}<h1>Mitglieder der Föderation</h1>
{% call m.alert("warning", "Ein Mitglied ist angehalten") %}<p>Bitte bestätigen oder ablehnen.</p>{% endcall %}
{{ m.table("Mitglieder", ["Name", "Zustand", ("Einträge", "number"), ("Letzter Fehler", "wide"), ("Wurzel", "code")],
  [["Stadt Castrop-Rauxel", m.state("quarantined"), 12345, "Unterschrift passt nicht zum Schlüssel", "00ff" * 16]]) }}
{{ m.definitions([("Prüfsumme", "00ff" * 16), ("Angebote", 141)]) }}
{% endblock %}"""

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium (deploy/bootstrap --browser)"),
]


def make_app() -> SecurityHeaders:
    clock = FixedClock()
    pages = make_pages(sample=SAMPLE)

    @get("/", sync_to_thread=False)
    def home() -> Response[str]:
        return pages.respond("sample.html", path="/")

    handlers = problem_handlers(pages, open_log(io.StringIO(), clock, party="herten"))
    app = Litestar(
        [home, asset_routes(pages.assets)], exception_handlers=handlers, openapi_config=None, logging_config=None
    )
    return SecurityHeaders(ConditionalRequests(app))


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(make_app(), log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=20)
    listener.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, base_url: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The sample at 320 px, without JavaScript of the page's own."""
    context = browser.new_context(viewport={"width": 320, "height": 700}, color_scheme=request.param)
    page = context.new_page()
    yield page
    context.close()


def test_page_fits_320_pixels_without_sideways_scrolling(page: Page, base_url: str) -> None:
    page.goto(base_url)

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_page_asks_only_its_own_server_and_nothing_is_blocked(page: Page, base_url: str) -> None:
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))

    page.goto(base_url, wait_until="networkidle")

    assert [url for url in asked if not url.startswith((base_url, "data:"))] == []
    assert any("FiraSans-Regular" in url for url in asked)
    assert complaints == []


def test_first_tab_shows_the_skip_link_and_enter_leads_to_the_content(page: Page, base_url: str) -> None:
    page.goto(base_url)

    page.keyboard.press("Tab")
    link = page.locator(".kw-skip")
    shown = link.bounding_box()
    page.keyboard.press("Enter")

    assert shown is not None
    assert shown["y"] >= 0
    assert page.evaluate("document.activeElement.id") == "inhalt"


def test_table_keeps_its_meaning_when_it_is_shown_as_cards(page: Page, base_url: str) -> None:
    page.goto(base_url)

    assert page.get_by_role("table").get_by_role("cell").count() == 5
    assert page.get_by_role("cell").nth(1).inner_text().strip() == "in Quarantäne"


def test_unknown_page_is_explained_in_german(page: Page, base_url: str) -> None:
    answer = page.goto(base_url + "/nirgends")

    assert answer is not None
    assert answer.status == 404
    assert page.get_by_role("heading", level=1).inner_text() == "Seite nicht gefunden"
