"""The pages about gaps: a report for one city printed, needs reported by keyboard, every page accessible."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from hub import agreements, needs, offices
from hub.agreements import Proposed
from hub.gaps import Gaps
from tests.browser.axe import findings
from tests.browser.conftest import CHROMIUM, WIDE, NewContext
from tests.browser.look import Look, hold_session_of
from tests.browser.test_hub_desk import Address
from tests.support.desk import add_person
from tests.support.gaps import make_gap_world, tell_need
from tests.support.loopback import app_of, close_all, running
from tests.support.world import World

HUB = "http://hub"
GAP = "/pult/luecken"
PAGES = (
    "", "?sicht=stadt-sprache", "?sicht=thema-zielgruppe&stadt=waltrop", "/bedarf", "/bedarf/1", "/bedarf/2", "/suchen",
    "/wege", "/wege?thema=sprache", "/aktualitaet", "/kontakte", "/kontakte/waltrop", "/besprechung", "/besprechung/1",
    "/besprechung/neu", "/bericht", "/bericht/waltrop", "/bericht/kreisweit", "/jahr/2026",
)  # fmt: skip
BESIDE = ("/pult/bedarf", "/pult/konten", "/pult/rollen")
OWN = ("/pult/bedarf", "/pult/konto")


def furnish(world: World) -> None:
    """Needs, an agreement that is late, and an office."""
    gaps = Gaps(world.hub)
    tell_need(gaps, "wohnen", number=3, language="ar", text="Wohnung für sieben Personen, Aufzug nötig.")
    done = tell_need(gaps, "sprache", number=2)
    needs.decide_done(gaps, done, needs.possible_answers(gaps, needs.one_need(gaps, done).row)[0][0])
    agreements.save(gaps, Proposed("waltrop", "wohnen", "Sprechstunde prüfen", "Sozialamt Waltrop", "2025-12-01"))
    offices.save_office(gaps, "waltrop", "Fachdienst Integration, KIM", "02309 9300", "kim@stadt.example")


@contextmanager
def browser_that_finds_the_hub(browser: Browser, url: str) -> Iterator[Browser]:
    """A browser that reaches the hub of a world under its own address: forms from any other are refused."""
    rules = f"--host-resolver-rules=MAP {urlsplit(HUB).netloc} {urlsplit(url).netloc}"
    own = browser.browser_type.launch(executable_path=CHROMIUM, args=["--no-sandbox", rules])
    try:
        yield own
    finally:
        own.close()


def printed(page: Page) -> str:
    """What of a page comes onto paper."""
    page.emulate_media(media="print")
    text = page.locator("body").inner_text()
    page.emulate_media(media="screen")
    return text


@pytest.mark.parametrize("who", ["betrieb", "fallmanagement"])
def test_every_page_about_gaps_is_accessible(context: BrowserContext, tmp_path: Path, who: str) -> None:
    world = make_gap_world(tmp_path)
    furnish(world)
    with running(app_of(world.hub)) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, who, who))
        look = Look(Address(url), context)
        for path in [*(GAP + part for part in PAGES), *BESIDE] if who == "betrieb" else OWN:
            look.at(path, name=f"{who}{path.replace('/', '-').replace('?', '-')}")
    close_all(world)

    assert look.found == []


def test_gap_report_for_waltrop_is_printed(new_context: NewContext, tmp_path: Path) -> None:
    world = make_gap_world(tmp_path)
    furnish(world)
    context = new_context(viewport=WIDE)
    with running(app_of(world.hub)) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "kuno", "kurator"))
        page = context.new_page()
        page.goto(f"{url}/pult")
        page.get_by_role("link", name="Katalog").click()
        page.get_by_role("link", name="Lücken").click()
        page.get_by_role("link", name="Berichte").click()
        page.get_by_role("link", name="Bericht für Waltrop").click()
        text, paper, found = printed(page), page.pdf(prefer_css_page_size=True), findings(page)
        with page.expect_download() as download:
            page.get_by_role("link", name="Alle Tabellen als Excel-Datei").click()
        name = download.value.suggested_filename
    close_all(world)

    assert "Lücken im Angebot: Waltrop" in text
    assert "Stand: 01.01.2026" in text
    assert "Wohnen" in text.partition("Themen ohne Angebot:")[2].partition("Sprachen ohne Angebot:")[0]
    assert "Wohnung für sieben Personen, Aufzug nötig." in text
    assert "Sprechstunde prüfen" in text
    for navigation in ("Abmelden", "Integratoren", "Mein Konto", "Alle Berichte", "Excel", "Impressum", "Zum Inhalt"):
        assert navigation not in text
    assert paper.startswith(b"%PDF-")
    assert found == []
    assert name == "luecken-bericht-waltrop.xlsx"


def test_case_manager_reports_a_need_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    world = make_gap_world(tmp_path)
    with running(app_of(world.hub)) as url, browser_that_finds_the_hub(browser, url) as own:
        context = own.new_context(viewport=WIDE, java_script_enabled=False, locale="de-DE")
        hold_session_of(world.hub, HUB, context, add_person(world.hub, "fatma", "fallmanagement"))
        page = context.new_page()
        page.goto(f"{HUB}/pult")
        page.get_by_label("Was fehlt?").focus()
        page.keyboard.type("Wohnen")
        page.get_by_label("Worum geht es?").focus()
        page.keyboard.type("Frau Yilmaz sucht eine Wohnung")
        page.get_by_role("button", name="Bedarf melden").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Das sieht nach einem Namen aus: „Frau Yilmaz“").first).to_be_visible()
        page.get_by_label("Worum geht es?").fill("Eine Familie mit vier Kindern sucht eine Wohnung")
        page.get_by_role("button", name="Bedarf melden").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Gemeldet: 1 × Wohnen in Waltrop")).to_be_visible()
    told = [(shown.topic, shown.row.text) for shown in needs.list_needs(Gaps(world.hub))]
    close_all(world)

    assert told == [("Wohnen", "Eine Familie mit vier Kindern sucht eine Wohnung")]
