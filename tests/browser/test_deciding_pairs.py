"""Duplicates decided at the district's desk by keyboard alone, and what visitors of a node see of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from hub.clusters import load_verdicts
from hub.deciding import same
from tests.browser.conftest import NARROW, WIDE, NewContext
from tests.browser.look import Look, hold_session_of
from tests.support.desk import add_person, make_passwords_cheap
from tests.support.loopback import app_of, close_all, node_on_disk, running, running_hub
from tests.support.pairs import BY, COURSE, publish_offer, publish_pairs
from tests.support.searching import give_index
from tests.support.world import World

TITLES = [
    "Nähcafé International", "Frauenfrühstück", "Hausaufgabenhilfe", "Fahrradwerkstatt", "Kochkurs am Abend",
    "Schwimmen für Mädchen", "Bewerbungstraining", "Elterncafé", "Stadtführung auf Türkisch", "Theatergruppe",
]  # fmt: skip
DIFFERENT = TITLES[2], TITLES[7]
"""What the person takes for two offers."""
BOTH_CITIES = re.compile("Stadt Herten, Stadt Marl|Stadt Marl, Stadt Herten")


@dataclass(frozen=True)
class Address:
    """Where the hub is served."""

    url: str


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl", "datteln"])
    make_passwords_cheap(world.hub)
    yield world
    close_all(world)


def title_of(page: Page) -> str:
    """Which offer is asked about."""
    return page.locator("table.kw-compare tbody tr").first.locator("td").first.inner_text()


def press(page: Page, key: str) -> None:
    """Press one key and wait for the page that follows."""
    before = page.url
    page.keyboard.press(key)
    expect(page).not_to_have_url(before)


def tab_to(page: Page, text: str) -> None:
    """Walk to a link or a button by keyboard."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip().startswith(text):
            return
    raise AssertionError(f"{text} cannot be reached by keyboard")


def decide_all(page: Page, look: Look) -> list[str]:
    """Decide every pair: the first one is put off, each third decision is taken back once; returns the keys pressed."""
    pressed = ["s"]
    first = title_of(page)
    press(page, "s")
    assert title_of(page) != first
    while page.locator("table.kw-compare").count():
        title = title_of(page)
        key = "n" if title in DIFFERENT else "y"
        if len(pressed) % 5 == 3:
            press(page, "n" if key == "y" else "y")
            press(page, "u")
            expect(page.locator("table.kw-compare tbody td").first).to_have_text(title)
            pressed += ["n" if key == "y" else "y", "u"]
        press(page, key)
        pressed.append(key)
        if len(pressed) in (4, 7):
            look.here(f"paare-{len(pressed)}")
    return pressed


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=str)
def test_ten_pairs_decided_by_keyboard_are_one_card_each_on_a_node(
    world: World, new_context: NewContext, tmp_path: Path, size: dict[str, int]
) -> None:
    publish_pairs(world, TITLES)
    context = new_context(viewport=size)
    with running_hub(world.hub) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "kurator", "kurator"))
        look = Look(Address(url), context)
        look.at("/pult/doppelte", name="doppelte")
        expect(look.page.locator("table tbody tr")).to_have_count(len(TITLES))
        tab_to(look.page, "Paare nacheinander prüfen")
        press(look.page, "Enter")
        pressed = decide_all(look.page, look)
        expect(look.page.locator(".kw-empty")).to_contain_text("Alles entschieden.")
        for part in ("", "/gruppen", "/verschieden", "/abweichungen"):
            look.at(f"/pult/doppelte{part}", name=f"doppelte{part.replace('/', '-')}-danach")
    with world.hub.db.read() as conn:
        found = load_verdicts(world.hub, conn)

    assert look.found == []
    assert {"y", "n", "s", "u"} == set(pressed)
    assert (len(found.clusters), len(found.rejections)) == (8, 2)

    world.settle()
    node = node_on_disk(world, "datteln", tmp_path)
    give_index(node, tmp_path)
    with running(app_of(node)) as url:
        page = context.new_page()
        for title in TITLES:
            page.goto(f"{url}/?q={title}")
            cards = page.locator(".kw-hit").filter(has=page.get_by_role("link", name=title, exact=True))
            expect(cards).to_have_count(2 if title in DIFFERENT else 1)
            if title not in DIFFERENT:
                expect(cards).to_contain_text(BOTH_CITIES)


def test_keys_do_nothing_in_a_field_and_can_be_switched_off(world: World, new_context: NewContext) -> None:
    publish_pairs(world, TITLES[:2])
    context = new_context(viewport=WIDE)
    with running_hub(world.hub) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "kurator", "kurator"))
        page = context.new_page()
        page.goto(f"{url}/pult/doppelte/weiter")
        press(page, "n")
        page.goto(f"{url}/pult/doppelte")
        page.locator("select").focus()
        page.keyboard.press("u")
        page.goto(f"{url}/pult/doppelte/weiter")
        choice = page.get_by_label("Mit den Tasten y, n, s und u entscheiden")
        expect(page.locator("kbd").first).to_be_visible()
        choice.uncheck()
        page.keyboard.press("y")
        page.reload()
        expect(choice).not_to_be_checked()
        expect(page.locator("kbd").first).to_be_hidden()
        page.keyboard.press("y")
        with world.hub.db.read() as conn:
            before = load_verdicts(world.hub, conn)
        choice.check()
        press(page, "y")
        expect(page.locator(".kw-empty")).to_contain_text("Alles entschieden.")

    assert (len(before.clusters), len(before.rejections)) == (0, 1)


def test_pairs_are_decided_by_buttons_without_script(world: World, new_context: NewContext) -> None:
    publish_pairs(world, TITLES[:2])
    context = new_context(viewport=NARROW, java_script_enabled=False)
    with running_hub(world.hub) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "kurator", "kurator"))
        page = context.new_page()
        page.goto(f"{url}/pult/doppelte/weiter")
        expect(page.locator("kbd").first).to_be_hidden()
        page.get_by_role("button", name="Ja, dasselbe Angebot").click()
        page.get_by_role("button", name="Später entscheiden").click()
        page.get_by_role("button", name="Nein, verschieden").click()
        expect(page.locator(".kw-empty")).to_contain_text("Alles entschieden.")
        page.get_by_role("button", name="Rückgängig").click()
        expect(page.get_by_role("status")).to_contain_text("Es gilt wieder, was davor galt.")


def test_every_page_about_duplicates_is_accessible(world: World, new_context: NewContext) -> None:
    rids = [publish_offer(world.nodes["herten"], **COURSE)]
    other = {"phones": [{"number": "+49 2365 990"}], "schedule_text": "Dienstag 14 bis 16 Uhr"}
    rids.append(publish_offer(world.nodes["marl"], **{**COURSE, **other}))
    publish_pairs(world, TITLES[1:])
    found = []
    with running_hub(world.hub) as url:
        for number, (size, scheme) in enumerate([(NARROW, "dark"), (WIDE, "dark"), (NARROW, "light")]):
            context = new_context(viewport=size, color_scheme=scheme)
            hold_session_of(world.hub, url, context, add_person(world.hub, f"kurator{number}", "kurator"))
            look = Look(Address(url), context)
            look.at(f"/pult/doppelte/paar/{rids[0].hex()}/{rids[1].hex()}", name="doppelte-paar")
            if not number:
                same(world.hub, *rids, by=BY)
            for part in ("weiter", "gruppen", "verschieden", "abweichungen"):
                look.at(f"/pult/doppelte/{part}", name=f"doppelte-{part}")
            look.at("/pult", name="doppelte-start")
            look.page.goto(f"{url}/pult/doppelte/gruppen")
            look.at(str(look.page.locator("tbody a").first.get_attribute("href")), name="doppelte-gruppe")
            found += look.found

    assert found == []
