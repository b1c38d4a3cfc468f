"""Freshness, statistics and newsletter at the district's desk, with figures in them: accessible, readable, usable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from playwright.sync_api import BrowserContext

from hub import digests, letters
from hub.store import figures, reports
from hub.store.figures import DayOfChecks
from shared.feed.report import Report, format_report
from tests.browser.look import Look, hold_session_of
from tests.support.checked import let_send, publish_checked, publish_with
from tests.support.desk import add_person
from tests.support.loopback import app_of, close_all, free_port, running
from tests.support.mail_server import Mailbox
from tests.support.world import World

PAGES = (
    "/pult/aktualitaet", "/pult/aktualitaet/herten", "/pult/aktualitaet/herten?liste=nie", "/pult/aktualitaet/waltrop",
    "/pult/monatsmail", "/pult/monatsmail/herten", "/pult/statistik", "/pult/statistik?stelle=marl", "/pult/rundbrief",
    "/pult/rundbrief/2026-02", "/pult/rundbrief/2026-02/vorschau", "/pult/rundbrief/2026-01/vorschau", "/rundbrief",
    "/rundbrief/2026-01", "/rundbrief?lang=ar", "/rundbrief/2026-01?lang=ar",
)  # fmt: skip


@dataclass(frozen=True)
class Address:
    """Where the hub is served."""

    url: str


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl", "oer-erkenschwick", "waltrop"])
    furnish(world)
    yield world
    close_all(world)


def furnish(world: World) -> None:
    """Offers on every step, half a year of figures and reports, a released issue and a draft."""
    hub = world.hub
    let_send(hub, Mailbox())
    publish_with(world.nodes["marl"], "Fahrradwerkstatt", summary="Räder reparieren, gemeinsam mit anderen.")
    world.settle()
    letters.begin(hub, "2026-01")
    letters.release(hub, "2026-01", 1)
    world.clock.time = datetime(2026, 2, 20, 9, tzinfo=UTC).timestamp()
    world.settle()
    for late in (-30, 3, 12, 35, 61, 95, 130):
        publish_checked(world, "herten", f"Sprachkurs für Eltern, Gruppe {late + 30}", late=late)
    publish_checked(world, "herten", "Neues Café", late=None)
    publish_checked(world, "oer-erkenschwick", "Beratung im Rathaus", late=33)
    world.settle()
    digests.save_digest(hub, "herten", "integration@herten.example", is_on=True)
    _note_half_a_year(world)
    letters.begin(hub, "2026-02")


def _note_half_a_year(world: World) -> None:
    languages = (("de", 140), ("uk", 31), ("ar", 24), ("de-simple", 9), ("tr", 1))
    first = date(2025, 9, 1)
    with world.hub.db.write() as conn:
        for number in range(0, 170, 10):
            day = first + timedelta(days=number)
            figures.save_days(conn, [DayOfChecks("herten", day.isoformat(), 40, 8 + number // 9, 3, 90 + number // 4)])
            for member, share in (("herten", 3), ("marl", 1)):
                told = Report(
                    day, share * (40 + number), share * (90 + number), shares=share * number // 40, languages=languages
                )
                reports.save_report(conn, member, day.isoformat(), format_report(told).decode(), now=0)


def test_pages_with_figures_are_accessible(world: World, context: BrowserContext) -> None:
    with running(app_of(world.hub)) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "betrieb", "betrieb"))
        look = Look(Address(url), context)
        for path in PAGES:
            look.at(path, name="zahlen-" + re.sub(r"\W+", "-", path.strip("/")))
            for summary in look.page.locator("main details > summary").all():
                summary.click()
            look.here("zahlen-offen-" + re.sub(r"\W+", "-", path.strip("/")))

    assert look.found == []
    assert world.hub.today() == date(2026, 2, 20)


def test_issue_is_ordered_and_released_by_keyboard(world: World, context: BrowserContext) -> None:
    port = free_port()
    world.hub.settings = msgspec.structs.replace(world.hub.settings, url=f"http://127.0.0.1:{port}")
    with running(app_of(world.hub), port=port) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "kurator", "kurator"))
        page = context.new_page()
        page.goto(url + "/pult/rundbrief/2026-02")
        page.get_by_label("Titel").fill("Unser Februar")
        page.get_by_label("Platz: Neues Café").fill("1")
        page.get_by_label("Sprachkurs für Eltern, Gruppe 0", exact=True).focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Speichern und Vorschau").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/vorschau")
        shown = page.locator(".kw-issue__offers > li a").all_inner_texts()
        page.get_by_label("Der Rundbrief ist fertig.").focus()
        page.keyboard.press("Space")
        page.get_by_role("button", name="Veröffentlichen und senden").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/pult/rundbrief")
        said = page.locator(".kw-alert .kern-title").first.inner_text()
        page.goto(url + "/rundbrief/2026-02")
        title = page.locator("h1").inner_text()

    assert "Neues Café" in shown
    assert "Sprachkurs für Eltern, Gruppe 0" not in shown
    assert said == "Der Rundbrief ist veröffentlicht. Noch hat ihn niemand bestellt."
    assert title == "Unser Februar"
