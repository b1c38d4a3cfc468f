"""A term renamed kreisweit: changed at the district's desk in a browser without JavaScript, read on a city's pages."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from hub.derived import derived_of
from node.derived import derived_of as derived_of_node
from tests.browser.conftest import NARROW, NewContext
from tests.browser.look import Look, Site, hold_session_of
from tests.browser.test_hub_desk import Address
from tests.support.desk import add_person
from tests.support.loopback import app_of, close_all, running, running_hub
from tests.support.searching import give_index
from tests.support.world import World, publish

TOPICS = "/pult/vokabulare/topic"


def furnish(world: World, folder: Path) -> None:
    """Offers of two cities, and places for what is derived."""
    publish(world.nodes["marl"], "Fußball für alle", topics=["sport"])
    publish(world.nodes["herten"], "Lauftreff am Abend", topics=["sport", "freizeit"])
    world.settle()
    give_index(world.hub, folder)
    give_index(world.nodes["herten"], folder)


def settle(world: World) -> None:
    world.settle()
    derived_of(world.hub).catch_up()
    derived_of_node(world.nodes["herten"]).catch_up()


def say_why(page: Page, note: str) -> None:
    """Go to the draft and publish it."""
    page.get_by_role("link", name="Entwurf ansehen und veröffentlichen").click()
    page.get_by_label("Was ändert sich, und warum?").fill(note)
    page.get_by_role("button", name="Veröffentlichen").click()


def test_term_renamed_by_the_district_is_read_on_the_pages_of_a_city(tmp_path: Path, new_context: NewContext) -> None:
    world = World(["herten", "marl"])
    furnish(world, tmp_path)
    with running_hub(world.hub) as hub_url, running(app_of(world.nodes["herten"])) as city_url:
        context = new_context(java_script_enabled=False, bypass_csp=False)
        hold_session_of(world.hub, hub_url, context, add_person(world.hub, "karla", "kurator"))
        page = context.new_page()
        page.goto(f"{city_url}/angebote")
        before = page.locator("main").inner_text()

        page.goto(f"{hub_url}/pult")
        page.get_by_role("link", name="Katalog").click()
        page.get_by_role("link", name="Vokabulare").click()
        page.get_by_role("link", name="Themen").click()
        page.get_by_role("link", name="Sport", exact=True).click()
        page.get_by_label("Deutsche Bezeichnung").fill("Sport und Bewegung")
        page.get_by_label("Englisch (freiwillig)").fill("Sports and exercise")
        page.get_by_label("Arabisch (freiwillig)").fill("الرياضة والحركة")
        direction = page.get_by_label("Arabisch (freiwillig)").get_attribute("dir")
        page.get_by_label("Englisch: geprüft").check()
        page.get_by_role("button", name="Im Entwurf sichern").click()
        say_why(page, "Verständlicher")
        said = page.get_by_role("status").first.inner_text()
        settle(world)

        page.goto(f"{city_url}/angebote")
        german = page.locator("main").inner_text()
        page.goto(f"{city_url}/angebote?lang=en")
        english = page.locator("main").inner_text()
        page.goto(f"{city_url}/angebote?lang=ar")
        arabic = page.locator("main").inner_text()
    close_all(world)

    assert "Sport und Bewegung" not in before
    assert direction == "rtl"
    assert "Fassung 2 ist veröffentlicht" in said
    assert german.count("Sport und Bewegung") >= 3  # two cards and the filter
    assert "Sports and exercise" in english
    assert "الرياضة والحركة" in arabic


def look_everywhere(look: Look, world: World, *, suffix: str) -> None:
    """Look at every page of the vocabularies, with a draft and without one."""
    for path in (
        "/pult/vokabulare", TOPICS, f"{TOPICS}/neu", f"{TOPICS}/begriffe/sprache",
        f"{TOPICS}/begriffe/sport/stilllegen",
        f"{TOPICS}/begriffe/kultur", f"{TOPICS}/entwurf", f"{TOPICS}/verlauf", "/pult/vokabulare/mode",
        "/pult/vokabulare/language", "/pult/vokabulare/access/entwurf", "/pult/suchwoerter",
        "/pult/suchwoerter/gruppen/neu", "/pult/suchwoerter/entwurf", "/pult/suchwoerter/verlauf", "/pult/texte",
    ):  # fmt: skip
        look.at(path, name=path.strip("/").replace("/", "-") + suffix)


def make_drafts(page: Page, site: Site) -> None:
    """A term merged and published, another one renamed, words that wait."""
    page.goto(f"{site.url}{TOPICS}/begriffe/kultur/stilllegen")
    page.get_by_label("Geht auf in").select_option(label="Freizeit und Begegnung")
    page.get_by_role("button", name="Im Entwurf stilllegen").click()
    say_why(page, "Zusammengelegt, weil kaum jemand den Unterschied kannte")
    page.goto(f"{site.url}{TOPICS}/begriffe/sport")
    page.get_by_label("Deutsche Bezeichnung").fill("Sport und Bewegung")
    page.get_by_role("button", name="Im Entwurf sichern").click()
    page.goto(f"{site.url}/pult/suchwoerter/gruppen/neu")
    page.get_by_label("Wörter").fill("Kicken\nBolzen")
    page.get_by_label("Gehört zu").select_option(label="Themen: Sport")
    page.get_by_role("button", name="Im Entwurf sichern").click()


def test_every_page_of_the_vocabularies_is_accessible(tmp_path: Path, new_context: NewContext) -> None:
    world = World(["herten", "marl"])
    furnish(world, tmp_path)
    found: list[str] = []
    with running_hub(world.hub) as url:
        account, site = add_person(world.hub, "karla", "kurator"), Address(url)
        for size, suffix in ((None, ""), (NARROW, "-schmal")):
            context = new_context(**({} if size is None else {"viewport": size}))
            hold_session_of(world.hub, url, context, account)
            look = Look(site, context)
            if size is None:
                make_drafts(look.page, site)
            look_everywhere(look, world, suffix=suffix)
            look.page.goto(f"{url}{TOPICS}/begriffe/sport")
            look.page.get_by_label("Deutsche Bezeichnung").fill("")
            look.page.get_by_role("button", name="Im Entwurf sichern").click()
            look.here("vokabulare-fehler" + suffix)
            found += look.found
    close_all(world)

    assert found == []
