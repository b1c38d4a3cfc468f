"""Offers at the desk in a real browser: written, checked, published, seen elsewhere; two editors; undo; accessible."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from node import workflow
from node.editing import open_offer, own_offers, save_offer
from node.importing import import_table
from node.workflow import Editor
from shared.holdings import edits
from shared.holdings.edits import Edit
from tests.browser.conftest import NewContext, Served
from tests.browser.look import Look, hold_session
from tests.support.desk import add_person
from tests.support.lone_node import offer, states
from tests.support.loopback import app_of, running
from tests.support.searching import give_index
from tests.support.world import World

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
AUTHOR = Editor("Person Ayla")


def write_offer(page: Page, title: str) -> None:
    """Fill in what an offer needs, as a person would."""
    page.get_by_label("Titel des Angebots").fill(title)
    page.get_by_label("Kurzbeschreibung").fill("Gemeinsam nähen, reden und dabei Deutsch üben.")
    page.get_by_label("Freizeit und Begegnung").check()
    page.get_by_label("Name des Trägers").first.fill("Haus der Begegnung")


def as_person(served: Served, context: BrowserContext, name: str, role: str) -> Page:
    hold_session(served, context, add_person(served.node, name, role))
    return context.new_page()


def test_offer_is_written_handed_in_approved_and_seen_at_another_node(new_context: NewContext, tmp_path: Path) -> None:
    world = World(("herten", "marl"))
    with running(app_of(world.nodes["herten"])) as url:
        served = Served(world.nodes["herten"], url)
        author = as_person(served, new_context(java_script_enabled=False, bypass_csp=False), "ayla", "autor")
        author.goto(f"{url}/pult")
        author.get_by_role("link", name="Neues Angebot").click()
        write_offer(author, "Nähcafé am Dienstag")
        author.get_by_label("Zeiten, so wie Sie sie sagen würden").fill("dienstags 15–17 Uhr")
        author.get_by_role("button", name="Entwurf sichern").click()
        author.get_by_role("link", name="Bearbeiten").click()
        author.get_by_label("Das stimmt; Menschen können danach suchen").check()
        author.get_by_role("button", name="Zur Freigabe geben").click()
        assert author.get_by_text("Zur Freigabe gegeben.").is_visible()

        editor = as_person(served, new_context(java_script_enabled=False, bypass_csp=False), "rita", "redaktion")
        editor.goto(f"{url}/pult")
        editor.get_by_role("link", name=re.compile("Warten auf Freigabe")).click()
        editor.get_by_role("link", name="Nähcafé am Dienstag").click()
        editor.get_by_role("link", name="Vorschau").click()
        assert editor.get_by_text("So sehen es alle").is_visible()
        assert editor.get_by_text("Di 15:00–17:00 Uhr").first.is_visible()
        editor.go_back()
        editor.get_by_role("button", name="Freigeben und veröffentlichen").click()
        assert editor.get_by_text("Veröffentlicht.").is_visible()
    world.settle()
    give_index(world.nodes["marl"], tmp_path)
    with running(app_of(world.nodes["marl"])) as url:
        visitor = new_context(java_script_enabled=False).new_page()
        visitor.goto(f"{url}/angebote?q=nähen")
        visitor.get_by_role("link", name="Nähcafé am Dienstag").click()
        assert visitor.get_by_text("Gemeinsam nähen, reden und dabei Deutsch üben.").is_visible()


def test_text_is_kept_while_typing_and_hours_and_lookalikes_are_shown(served: Served, new_context: NewContext) -> None:
    save_offer(served.node, offer("Nähcafé im Haus der Begegnung"))
    page = as_person(served, new_context(bypass_csp=False), "rita", "redaktion")
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{served.url}/pult/angebote/neu")

    write_offer(page, "Naehcafe im Haus der Begegnung")
    page.get_by_label("Kurzbeschreibung").focus()
    expect(page.get_by_text("Gibt es das schon?")).to_be_visible()
    page.get_by_label("Zeiten, so wie Sie sie sagen würden").fill("Mo, Mi 9-12 Uhr")
    page.get_by_label("Kurzbeschreibung").focus()
    expect(page.get_by_text("So haben wir es gelesen")).to_be_visible()
    expect(page.get_by_text(re.compile("Gesichert um"))).to_be_visible(timeout=15_000)

    assert wrong == []
    assert page.url.endswith("/bearbeiten")
    assert states(own_offers(served.node))["Naehcafe im Haus der Begegnung"] == "draft"
    page.get_by_role("button", name="Veröffentlichen").click()
    assert page.get_by_text("Veröffentlicht.").is_visible()


def test_two_editors_in_conflict_lose_nothing(served: Served, new_context: NewContext) -> None:
    rid = save_offer(served.node, offer("Sprachcafé"))
    path = f"{served.url}/pult/angebote/{rid.hex()}/bearbeiten"
    first = as_person(served, new_context(java_script_enabled=False), "rita", "redaktion")
    second = as_person(served, new_context(java_script_enabled=False), "vera", "verwaltung")
    first.goto(path)
    second.goto(path)
    first.get_by_label("Titel des Angebots").fill("Sprachcafé am Abend")
    first.get_by_role("button", name="Veröffentlichen").click()

    second.get_by_label("Kurzbeschreibung").fill("Deutsch üben bei Kaffee und Kuchen, ohne Anmeldung.")
    second.get_by_role("button", name="Veröffentlichen").click()
    assert second.get_by_role("heading", name="Jemand anderes hat inzwischen gespeichert").is_visible()
    second.get_by_role("button", name="Meinen Text weiter bearbeiten").click()
    second.get_by_label("Titel des Angebots").fill("Sprachcafé am Abend")
    second.get_by_role("button", name="Veröffentlichen").click()

    doc = open_offer(served.node, rid).doc
    assert doc["name"] == "Sprachcafé am Abend"
    assert doc["summary"].startswith("Deutsch üben bei Kaffee")


def test_bulk_withdrawal_is_undone(served: Served, new_context: NewContext) -> None:
    for number in range(3):
        save_offer(served.node, offer(f"Angebot {number}"))
    page = as_person(served, new_context(java_script_enabled=False), "rita", "redaktion")
    page.goto(f"{served.url}/pult/angebote")
    for number in range(2):
        page.get_by_label(f"Auswählen: Angebot {number}").check()
    page.get_by_label("Aktion").select_option(label="zurückziehen")
    page.get_by_role("button", name="Vorschau").click()
    page.get_by_label("Das Angebot ist beendet").check()
    page.get_by_role("button", name="Weiter zur Vorschau").click()
    page.get_by_role("button", name="Ausführen").click()
    assert page.get_by_text("2 Angebote wurden geändert.").is_visible()
    gone = sorted(states(own_offers(served.node)).values())

    page.get_by_role("link", name="Vorgänge").click()
    page.get_by_role("button", name=re.compile("Rückgängig machen")).click()

    assert gone == ["pending", "pending-withdrawal", "pending-withdrawal"]
    assert set(states(own_offers(served.node)).values()) == {"pending"}


def test_pages_about_offers_are_accessible(served: Served, context: BrowserContext) -> None:
    node = served.node
    look_at = Look(served, context)
    hold_session(served, context, add_person(node, "rita", "redaktion"))
    look_at.at("/pult", name="start-leer")
    look_at.at("/pult/angebote", name="angebote-leer")
    import_table(node, SAMPLE.read_bytes(), own_only=True, editor="Person Rita")
    shown = bytes.fromhex(own_offers(node)[0].id)
    waiting = workflow.save_draft(node, AUTHOR, open_offer(node, shown).doc | {"alert": "Heute geschlossen"}, shown).id
    workflow.submit(node, AUTHOR, waiting)
    returned = workflow.save_draft(node, AUTHOR, {"name": "Angebot mit einem sehr langen Titel " * 4}).id
    workflow.give_back(node, Editor("Person Rita", may_publish=True), returned, "Bitte die Uhrzeit ergänzen")
    with node.db.write() as conn:
        edit = next(one for one in edits.load_edits(conn) if one.rid == shown)
        edits.add_conflict(conn, Edit("publish", "offer", shown, 0, 1, body=edit.body), "stale")
    for path in ("/pult", "/pult/angebote", "/pult/angebote?aufgabe=submitted", "/pult/angebote?q=gibtsnicht",
                 "/pult/vorgaenge", "/pult/angebote/neu", "/pult/konflikte/1"):  # fmt: skip
        look_at.at(path, name=re.sub(r"\W+", "-", path.strip("/")))
    for rid, name in ((shown, "angebot"), (returned, "zurueckgegeben")):
        for part in ("", "/bearbeiten", "/verlauf", "/vorschau"):
            look_at.at(f"/pult/angebote/{rid.hex()}{part}", name=f"{name}{part.replace('/', '-')}")
    look_at.page.goto(f"{served.url}/pult/angebote/{returned.hex()}/bearbeiten")
    look_at.page.get_by_role("button", name="Veröffentlichen").click()
    look_at.here("formular-falsch")
    look_at.page.goto(f"{served.url}/pult/angebote")
    look_at.page.get_by_label("Aktion").select_option(label="zurückziehen")
    look_at.page.get_by_label(re.compile("^Alle 12")).check()
    look_at.page.get_by_role("button", name="Vorschau").click()
    look_at.here("sammelaktion-grund")
    look_at.page.get_by_label("Das Angebot ist beendet").check()
    look_at.page.get_by_role("button", name="Weiter zur Vorschau").click()
    look_at.here("sammelaktion-vorschau")
    hold_session(served, context, add_person(node, "leserin", "leser"))
    look_at.at("/pult/angebote", name="angebote-leser")
    look_at.at(f"/pult/angebote/{shown.hex()}", name="angebot-leser")

    assert look_at.found == []
