"""Journeys at the district's desk about members in trouble: each explained, each resolved, in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from hub import enrolment
from shared.feed.entry import Hello, format_entry
from shared.seal import Signer
from shared.verify.evidence import verify_evidence
from tests.browser.look import Look, hold_session_of
from tests.support.desk import add_person
from tests.support.enrolling import City
from tests.support.loopback import close_all, running_hub
from tests.support.node_simulator import NodeSimulator
from tests.support.root_key import PASSPHRASE, lay_down_root_key
from tests.support.world import World, publish, withdraw


@dataclass(frozen=True)
class Site:
    """Where the hub is served."""

    url: str


@contextmanager
def at_the_desk(world: World, context: BrowserContext) -> Iterator[Look]:
    """Somebody who operates the hub sits at its desk."""
    with running_hub(world.hub) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "betrieb", "betrieb"))
        yield Look(Site(url), context)
    close_all(world)


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(["herten", "marl"])
    for number in range(3):
        publish(world.nodes["herten"], f"Kurs {number}")
    publish(world.nodes["marl"], "Sprachcafé")
    world.settle()
    lay_down_root_key(world, tmp_path)
    return world


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).click()


def read_now(look: Look) -> None:
    press(look.page, "Jetzt abrufen")


def begin_again(liar: NodeSimulator, city: City) -> None:
    """The city's node begins its next generation, with new keys."""
    liar.origin = city.log_key.verifying.name
    liar.signer = Signer((city.log_key,), city.witness_key)
    liar.entries = [format_entry(Hello(liar.name, liar.ags, 2, liar.now))]
    liar.publish("Kurs nach dem Neubeginn")


def test_forked_member_is_explained_and_begins_a_new_generation(
    world: World, context: BrowserContext, tmp_path: Path
) -> None:
    liar = NodeSimulator.replace(world, "herten")
    liar.rewrite(2, "Andere Geschichte")
    for number in range(4):
        liar.publish(f"Andere Geschichte {number}")
    with at_the_desk(world, context) as look:
        page = look.page
        look.at("/pult/mitglieder/herten")
        read_now(look)
        expect(page.get_by_text("Es gibt zwei verschiedene Fassungen des Logs dieser Stadt")).to_be_visible()
        expect(page.get_by_text("widersprüchlich").first).to_be_visible()
        look.here("fork-erklaert")
        with page.expect_download() as download:
            page.get_by_role("link", name="Beweise herunterladen (ZIP)").click()
        download.value.save_as(tmp_path / "beweise.zip")
        page.get_by_role("link", name="Zu neuen Schlüsseln einladen").first.click()
        look.here("fork-einladen")
        press(page, "Code erzeugen")
        look.here("fork-code")
        code = page.locator("code.kw-secret").inner_text().replace("\n", "")
        page.get_by_role("link", name="Weiter: auf die Stadt warten").click()
        expect(page.get_by_text("Die Stadt hat sich noch nicht gemeldet")).to_be_visible()
        look.here("fork-warten")
        city = City("herten", generation=2)
        city.url = "http://herten"
        assert enrolment.receive_join(world.hub, city.application(code))[0] == 202
        begin_again(liar, city)
        page.get_by_role("link", name="Weiter: Fingerabdruck vergleichen").click(timeout=20_000)
        groups = page.locator(".kw-groups code").all_inner_texts()
        assert " ".join(groups) == enrolment.find_waiting(world.hub, "herten").fingerprint
        press(page, "Aufnehmen")
        expect(page.get_by_role("alert")).to_contain_text("Vergleichen Sie erst den Fingerabdruck")
        look.here("fork-vergleichen")
        page.get_by_label("Die Stadt hat mir am Telefon denselben Fingerabdruck vorgelesen").check()
        page.get_by_label("Passphrase des Wurzelschlüssels").fill(PASSPHRASE)
        press(page, "Aufnehmen")
        expect(page.get_by_text("Fertig: Die Stadt ist Mitglied, ihre Angebote werden gezeigt.")).to_be_visible()
        look.here("fork-fertig")
        page.get_by_role("link", name="Zur Seite des Mitglieds").click()
        expect(page.get_by_text("läuft").first).to_be_visible()
        look.at("/angebote?q=Neubeginn")
        assert look.found == []
    verdicts, _ = verify_evidence(tmp_path / "beweise.zip", world.hub.settings.roots, 1)
    assert [(one.code, one.judged is not None) for one in verdicts] == [("E_FORK", True)]


def test_rolled_back_member_is_explained_and_heals_when_its_node_is_back(world: World, context: BrowserContext) -> None:
    liar = NodeSimulator.replace(world, "herten")
    whole = liar.snapshot()
    liar.roll_back(1)
    with at_the_desk(world, context) as look:
        page = look.page
        look.at("/pult/mitglieder/herten")
        read_now(look)
        expect(page.get_by_text("Wahrscheinlich wurde dort eine ältere Sicherung zurückgeholt")).to_be_visible()
        expect(page.get_by_text("zurückgefallen").first).to_be_visible()
        expect(page.get_by_text("Beweise herunterladen")).to_be_visible()
        look.here("rueckfall-erklaert")
        liar.restore(whole, liar.signer)
        read_now(look)
        expect(page.get_by_text("Es gab nichts Neues.")).to_be_visible()
        expect(page.get_by_text("Was ist geschehen, und was ist zu tun?")).not_to_be_visible()
        look.here("rueckfall-geheilt")
        assert look.found == []


def test_mass_withdrawal_is_held_shown_and_released(world: World, context: BrowserContext) -> None:
    rids = [publish(world.nodes["herten"], f"Sommerkurs {number:02}") for number in range(20)]
    world.settle()
    for rid in rids:
        withdraw(world.nodes["herten"], rid)
    world.settle()
    with at_the_desk(world, context) as look:
        page = look.page
        look.at("/pult")
        page.get_by_role("link", name="Zum Mitglied").click()
        expect(page.get_by_text("20 Angebote würden aus dem Katalog verschwinden:")).to_be_visible()
        expect(page.get_by_role("link", name="Sommerkurs 07")).to_be_visible()
        look.here("angehalten")
        press(page, "Bestätigen: Es ist so gewollt")
        expect(page.get_by_text("Bestätigt. Was angehalten war, gilt jetzt.")).to_be_visible()
        expect(page.get_by_text("Zu entscheiden")).not_to_be_visible()
        look.here("freigegeben")
        look.at("/angebote?q=Sommerkurs")
        expect(page.get_by_role("link", name="Sommerkurs 07")).not_to_be_visible()
        assert look.found == []


def test_city_is_paused_and_goes_on(world: World, context: BrowserContext) -> None:
    with at_the_desk(world, context) as look:
        page = look.page
        look.at("/pult/mitglieder/marl")
        page.get_by_role("link", name="Pausieren").click()
        look.here("pausieren")
        page.get_by_label("Passphrase des Wurzelschlüssels").fill("falsch geraten")
        press(page, "Mitglied pausieren")
        expect(page.get_by_role("alert")).to_contain_text("Mit dieser Passphrase lässt sich der Wurzelschlüssel nicht")
        page.get_by_label("Passphrase des Wurzelschlüssels").fill(PASSPHRASE)
        press(page, "Mitglied pausieren")
        expect(page.get_by_text("Pausieren: erledigt.")).to_be_visible()
        expect(page.get_by_text("pausiert").first).to_be_visible()
        page.get_by_role("link", name="Fortsetzen").first.click()
        page.get_by_label("Passphrase des Wurzelschlüssels").fill(PASSPHRASE)
        press(page, "Mitglied fortsetzen")
        expect(page.get_by_text("Fortsetzen: erledigt.")).to_be_visible()
        assert look.found == []
