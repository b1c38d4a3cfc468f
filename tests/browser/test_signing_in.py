"""The way into the desk in a real browser: by invitation, by keyboard, without script, and accessible on every page."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, Page

from shared.accounts import keeping
from shared.accounts.keeping import COMMAND_LINE, Profile
from shared.accounts.sessions import Stage
from tests.browser.axe import findings
from tests.browser.conftest import NARROW, NewContext, Served
from tests.browser.look import Look, hold_session
from tests.support.desk import PASSWORD, add_person, code_now


def test_first_sign_in_by_invitation(served: Served, new_context: NewContext) -> None:
    node = served.node
    invited = keeping.add(node.accounts, "e.mustermann", Profile("Erika Mustermann", "verwaltung"), by=COMMAND_LINE)
    context = new_context(java_script_enabled=False, bypass_csp=False)
    page = context.new_page()

    page.goto(served.url + invited.path)
    page.get_by_label("Neues Passwort").fill(PASSWORD)
    page.get_by_label("Passwort noch einmal").fill(PASSWORD)
    page.get_by_role("button", name="Passwort speichern").click()
    page.get_by_text("Ohne Kamera").click()
    secret = page.locator(".kw-secret").inner_text().replace(" ", "")
    page.get_by_label("Sechsstelliger Code").fill(code_now(node, secret))
    page.get_by_role("button", name="Bestätigen").click()

    assert page.url == f"{served.url}/pult"
    assert page.get_by_text("Angemeldet als Erika Mustermann · Verwaltung").is_visible()
    page.get_by_role("button", name="Abmelden").click()
    assert page.url == f"{served.url}/pult/anmelden"
    assert [cookie["name"] for cookie in context.cookies()] == []


def test_sign_in_by_keyboard_alone(served: Served, new_context: NewContext) -> None:
    add_person(served.node)
    page = new_context(java_script_enabled=False, bypass_csp=False).new_page()
    page.goto(f"{served.url}/pult/konten")

    _tab_to(page, "name")
    page.keyboard.type("erika")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/anmelden/code\?"))
    _tab_to(page, "code")
    page.keyboard.type(code_now(served.node))
    page.keyboard.press("Enter")
    page.wait_for_url(f"{served.url}/pult/konten")

    assert page.get_by_role("heading", level=1).inner_text() == "Konten"


def _tab_to(page: Page, name: str) -> None:
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.locator(f"[name={name}]:focus").count():
            return
    raise AssertionError(f"the field {name} is not reached by keyboard")


def test_mistakes_are_summed_up_and_lead_to_their_fields(served: Served, new_context: NewContext) -> None:
    context = new_context(viewport=NARROW)
    hold_session(served, context, add_person(served.node))
    page = context.new_page()
    page.goto(f"{served.url}/pult/konten")

    page.get_by_role("button", name="Konto anlegen").click()

    assert page.title().startswith("Fehler: ")
    assert page.locator("#fehler:focus").count() == 1
    page.get_by_role("link", name="Geben Sie einen Namen an").click()
    assert page.evaluate("document.activeElement.id") == "feld-display"
    assert "Geben Sie einen Namen an" in page.locator("#feld-display-fehler").inner_text()
    assert page.locator("#feld-display").get_attribute("aria-describedby") == "feld-display-hinweis feld-display-fehler"


def test_pages_of_the_way_in_are_accessible(served: Served, context: BrowserContext) -> None:
    node = served.node
    account_id = add_person(node)
    invited = keeping.add(node.accounts, "neu", Profile("Neue Person", "autor"), by=COMMAND_LINE)
    look = Look(served, context)
    look.at("/pult/anmelden")
    look.page.get_by_role("button", name="Weiter").click()
    look.here("anmelden-falsch")
    for _ in range(4):
        look.page.get_by_role("button", name="Weiter").click()
    look.here("anmelden-warten")
    look.at(invited.path, name="einladung")
    look.page.get_by_role("button", name="Passwort speichern").click()
    look.here("einladung-falsch")
    look.at("/pult/einladung/x", name="einladung-ungueltig")
    hold_session(served, context, account_id, Stage.CODE)
    look.at("/pult/anmelden/code")
    look.page.get_by_role("button", name="Anmelden").click()
    look.here("code-falsch")
    hold_session(served, context, account_id, Stage.ENROL)
    look.at("/pult/anmelden/einrichten")
    look.page.get_by_text("Ohne Kamera").click()
    look.here("einrichten-offen")

    assert look.found == []


def test_pages_of_the_desk_are_accessible(served: Served, context: BrowserContext) -> None:
    node = served.node
    reader, provider = add_person(node, "leserin", "leser"), add_person(node, "vhs", "traeger")
    keeping.disable(node.accounts, reader, by=COMMAND_LINE)
    keeping.add(node.accounts, "neu", Profile("Neue Person mit einem recht langen Namen", "autor"), by=COMMAND_LINE)
    hold_session(served, context, add_person(node))
    look = Look(served, context)
    for path in ("/pult", "/pult/rollen", "/pult/konto", "/pult/konto/zweiter-faktor", "/pult/konten"):
        look.at(path)
    look.page.get_by_role("button", name="Konto anlegen").click()
    look.here("konten-falsch")
    for account_id in (reader, provider):
        look.at(f"/pult/konten/{account_id}")
    look.page.get_by_role("button", name="Zugang zurücksetzen").click()
    look.here("link")
    look.at("/pult/konto", name="konto-falsch-vorher")
    look.page.get_by_role("button", name="Passwort ändern").click()
    look.here("konto-falsch")
    hold_session(served, context, provider)
    look.at("/pult/konto", name="konto-traeger")
    look.at("/pult/konten", name="kein-zugriff")

    assert look.found == []


def test_axe_finds_a_mistake(new_context: NewContext) -> None:
    page = new_context().new_page()
    page.set_content('<html lang="de"><title>x</title><img src="data:,"><p style="color:#bbb">blass</p>')

    assert {finding.split(":")[0] for finding in findings(page)} == {"image-alt", "color-contrast"}
