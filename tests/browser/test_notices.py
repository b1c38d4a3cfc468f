"""A notice set and lifted: an offer vanishes from a city's public search, its page says why, and it is back after."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import BrowserContext

from hub import notices
from hub.notices import Wanted
from tests.browser.look import Look, hold_session_of
from tests.support.apart import apart
from tests.support.desk import add_person
from tests.support.loopback import app_of, close_all, running
from tests.support.searching import give_index
from tests.support.world import World, publish

TITLE, REASON = "Unerhörter Kurs", "Der Text wirbt für eine verbotene Vereinigung."


def free_port() -> int:
    """A port that nobody listens on: forms are taken from the address alone that the hub knows as its own."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@dataclass(frozen=True)
class Address:
    """Where a party is served."""

    url: str


@dataclass(frozen=True)
class Scene:
    """The hub and a city behind real servers."""

    world: World
    folder: Path
    hub: Address
    city: Address
    rid: str

    def settle(self) -> None:
        """Let everybody have what was decided."""
        apart(self._settle)

    def _settle(self) -> None:
        self.world.settle()
        give_index(self.world.nodes["marl"], self.folder)
        give_index(self.world.hub, self.folder)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    world = World(["herten", "marl"])
    rid = publish(world.nodes["marl"], TITLE).hex()
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()
    give_index(world.nodes["marl"], tmp_path)
    give_index(world.hub, tmp_path)
    port = free_port()
    world.hub.settings = msgspec.structs.replace(world.hub.settings, url=f"http://127.0.0.1:{port}")
    with running(app_of(world.hub), port=port) as hub, running(app_of(world.nodes["marl"])) as city:
        yield Scene(world, tmp_path, Address(hub), Address(city), rid)
    close_all(world)


def test_notice_is_set_and_lifted(scene: Scene, context: BrowserContext) -> None:
    hold_session_of(scene.world.hub, scene.hub.url, context, add_person(scene.world.hub, "betrieb", "betrieb"))
    desk, public = Look(scene.hub, context), Look(scene.city, context)
    page = desk.page

    # The offer is looked for, hidden with a reason, and gone from the search of its own city.
    public.at("/angebote?q=Unerhört", name="ausblendung-vorher")
    assert public.page.get_by_role("link", name=TITLE).count() == 1
    desk.at("/pult/ausblendungen", name="ausblendungen-leer")
    page.get_by_label("Titel, Kennung oder Adresse der Seite").fill("unerhört")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_role("main").get_by_role("link", name=TITLE).click()
    page.get_by_role("button", name="Kreisweit ausblenden").click()
    desk.here("ausblenden-fehler")
    page.get_by_label("Der Inhalt verstößt gegen ein Gesetz").check()
    page.get_by_label("Begründung für alle").fill(REASON)
    page.get_by_label("Ich habe das Angebot geprüft").check()
    desk.here("ausblenden")
    page.get_by_role("button", name="Kreisweit ausblenden").click()
    desk.here("ausblendung")
    scene.settle()
    public.at("/angebote?q=Unerhört", name="ausblendung-suche")
    assert public.page.get_by_role("link", name=TITLE).count() == 0

    # Its page says so openly, as does the list.
    answer = public.page.goto(f"{scene.city.url}/angebote/{scene.rid}")
    assert answer is not None
    assert answer.status == 451
    public.here("ausblendung-seite")
    assert REASON in public.page.get_by_role("main").inner_text()
    public.page.get_by_role("link", name="Ausgeblendete Angebote").first.click()
    public.here("ausblendungen-liste")
    assert REASON in public.page.get_by_role("main").inner_text()
    desk.at("/pult/ausblendungen", name="ausblendungen")

    # It is lifted with a reason, and the offer is back.
    page.get_by_role("link", name="1/2026").click()
    page.get_by_label("Warum wird sie aufgehoben?").fill("Die Stadt hat den Text berichtigt.")
    page.get_by_role("button", name="Ausblendung aufheben").click()
    desk.here("ausblendung-aufgehoben")
    scene.settle()
    public.at("/angebote?q=Unerhört", name="ausblendung-nachher")
    assert public.page.get_by_role("link", name=TITLE).count() == 1
    public.at("/ausblendungen", name="ausblendungen-frueher")
    assert "Die Stadt hat den Text berichtigt." in public.page.get_by_role("main").inner_text()

    assert desk.found + public.found == []


def test_city_s_desk_shows_the_notice(scene: Scene, context: BrowserContext) -> None:
    wanted = Wanted("law", REASON, "", "2026-03-31", is_sure=True)
    apart(lambda: notices.hide(scene.world.hub, bytes.fromhex(scene.rid), wanted))
    scene.settle()
    marl = scene.world.nodes["marl"]
    hold_session_of(marl, scene.city.url, context, add_person(marl, "erika", "redaktion"))
    look = Look(scene.city, context)

    look.at("/pult", name="ausblendung-stadt-start")
    look.page.get_by_role("main").get_by_role("link", name=TITLE).first.click()
    look.here("ausblendung-stadt")

    assert "kreisweit ausgeblendet" in look.page.get_by_role("main").inner_text()
    assert look.found == []
