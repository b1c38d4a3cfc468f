"""Every page of the district's desk: accessible, not too wide, asking nobody else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext

from hub import alarm_book, integrators, inviting, pulling, roster_keeping
from hub.roster_keeping import Change
from tests.browser.look import Look, hold_session_of
from tests.support.desk import add_person
from tests.support.loopback import app_of, close_all, running
from tests.support.node_simulator import NodeSimulator
from tests.support.world import World, publish, withdraw


@dataclass(frozen=True)
class Address:
    """Where the hub is served."""

    url: str


PAGES = (
    "/pult", "/pult/mitglieder", "/pult/mitglieder/herten", "/pult/mitglieder/marl",
    "/pult/mitglieder/marl?tage=365", "/pult/mitglieder/marl/schritt/suspend", "/pult/mitglieder/marl/schritt/retire",
    "/pult/mitglieder/marl/neue-schluessel", "/pult/mitglieder/aufnehmen", "/pult/mitglieder/aufnehmen/datteln",
    "/pult/mitgliederliste", "/pult/quarantaene", "/pult/alarme", "/pult/alarme/1", "/pult/alarme/2",
    "/pult/alarme/2/datenschutz", "/pult/integratoren", "/pult/texte", "/pult/texte/impressum",
    "/pult/ausblendungen", "/pult/ausblendungen?q=Kurs",
    "/pult/konten", "/pult/konten/1", "/pult/rollen", "/pult/konto",
    "/pult/doppelte",
)  # fmt: skip


def furnish(world: World) -> None:
    """A withdrawal that waits for a decision, a refused offer, an invitation, and who uses the catalogue elsewhere."""
    rids = [publish(world.nodes["herten"], f"Kurs {number:02}") for number in range(30)]
    publish(world.nodes["marl"], "Sprachcafé")
    world.settle()
    for rid in rids[5:]:
        withdraw(world.nodes["herten"], rid)
    world.settle()
    world.clock.time += 61
    world.tick()
    marl = NodeSimulator.replace(world, "marl")
    marl.publish("Fremd", doc={"owner": "05562020"})
    pulling.pull_named(world.hub, ["marl"], "test")
    alarm_book.save_mailboxes(world.hub, "ki@kreis.example")
    world.clock.time += 61
    world.tick()
    inviting.invite(world.hub, "datteln")
    roster_keeping.request_change(world.hub, "herten", Change.PAUSE)
    integrators.add_key(world.hub, "Stadt-App", "technik@app.example")


def test_every_page_of_the_district_s_desk_is_accessible(context: BrowserContext) -> None:
    world = World(["herten", "marl"])
    furnish(world)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    with running(app_of(world.hub)) as url:
        hold_session_of(world.hub, url, context, add_person(world.hub, "betrieb", "betrieb"))
        look, shown = Look(Address(url), context), {}
        for path in PAGES:
            look.at(path, name="kreis" + re.sub(r"\W", "-", path))
            shown[path] = look.page.locator("h1").inner_text()
    close_all(world)

    assert look.found == []
    assert shown["/pult/mitglieder/herten"] == "Stadt Herten"
    assert shown["/pult/alarme/2/datenschutz"].startswith("Entwurf: Meldung einer Verletzung")
    assert "Diese Seite gibt es nicht" not in shown.values()
    assert {urlsplit(one).netloc for one in asked if not one.startswith("data:")} == {urlsplit(url).netloc}
