"""Work at the desk as people do it, in a real browser without JavaScript: a table, a colleague who leaves, a letter."""

from __future__ import annotations

import io
import re
from typing import Any

import msgspec
import xlsxwriter
from playwright.sync_api import Page

from node import mailing, reviewing
from node.editing import open_offer, own_offers, save_offer
from node.erasing import find
from tests.browser.conftest import NewContext, Served
from tests.browser.look import hold_session
from tests.support.desk import add_person
from tests.support.lone_node import files_with, offer

ROWS, IN_NO_TOWN, WITH_WRONG_TOPIC = 120, 3, 4
PERSON = {"name": "Erika Mustermann", "email": "e.mustermann@vhs.example", "phones": [{"number": "+49 2366 303111"}]}


def page_of(served: Served, new_context: NewContext, role: str = "redaktion") -> Page:
    """A browser without JavaScript at the desk."""
    context = new_context(java_script_enabled=False, bypass_csp=False)
    hold_session(served, context, add_person(served.node, "rita", role))
    return context.new_page()


def table(*, is_mended: bool = False) -> bytes:
    """A workbook of 120 offers; three are in a town that does not exist, four have a misspelt topic."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"in_memory": True})
    sheet = book.add_worksheet("Angebote")
    sheet.write_row(0, 0, ["Stadt", "Anbieter", "Titel", "Beschreibung", "Thema", "PLZ", "Ort", "Telefonnummer"])
    for number in range(1, ROWS + 1):
        town = "Nirgendwo" if number <= IN_NO_TOWN and not is_mended else "Herten"
        is_misspelt = IN_NO_TOWN < number <= IN_NO_TOWN + WITH_WRONG_TOPIC
        topic = "Sprachee" if is_misspelt and not is_mended else "Sprache"
        text = f"Deutsch üben in lockerer Runde, Treffpunkt {number}."
        house, title = f"Haus {number}", f"Sprachcafé Nummer {number}"
        sheet.write_row(number, 0, [town, house, title, text, topic, "45699", "Herten", "02366 303-0"])
    book.close()
    return stream.getvalue()


def upload(page: Page, served: Served, content: bytes) -> None:
    """Send a table and go on to the check."""
    page.goto(f"{served.url}/pult/einspielen")
    file: Any = {"name": "angebote.xlsx", "mimeType": "application/vnd.ms-excel", "buffer": content}
    page.get_by_label("Tabelle").set_input_files(file)
    page.get_by_role("button", name="Hochladen und prüfen").click()
    if page.get_by_role("button", name="Weiter zur Prüfung").count():
        page.get_by_role("button", name="Weiter zur Prüfung").click()


def test_table_with_mistakes_is_mended_imported_and_changes_nothing_again(
    served: Served, new_context: NewContext
) -> None:
    page = page_of(served, new_context)
    upload(page, served, table())
    assert page.get_by_text(re.compile(r"Zeile 2\b")).first.is_visible()
    assert own_offers(served.node) == []
    page.get_by_role("button", name="Berichtigen und neu prüfen").click()
    page.get_by_role("button", name="Jetzt einspielen").click()
    with page.expect_download() as started:
        page.get_by_role("link", name=re.compile("Abgelehnte Zeilen herunterladen")).click()
    first = len(own_offers(served.node))

    upload(page, served, table(is_mended=True))
    page.get_by_role("button", name="Jetzt einspielen").click()
    second = len(own_offers(served.node))
    upload(page, served, table(is_mended=True))

    assert started.value.suggested_filename.endswith(".xlsx")
    assert (first, second) == (ROWS - IN_NO_TOWN, ROWS)
    assert page.get_by_text("Es gibt nichts zu ändern").is_visible()
    page.goto(f"{served.url}/pult/vorgaenge")
    assert page.get_by_role("button", name=re.compile("Rückgängig machen")).count() == 2


def test_colleague_in_fourteen_offers_is_replaced_by_one_edit_and_then_erased(
    served: Served, new_context: NewContext
) -> None:
    node = served.node
    ids = [save_offer(node, offer(f"Beratung {n}", contacts=[PERSON])) for n in range(14)]
    save_offer(node, offer("Ohne Kontakt"))
    page = page_of(served, new_context)
    page.goto(f"{served.url}/pult/personen")
    page.get_by_role("link", name="Erika Mustermann").first.click()
    page.locator("#feld-name").fill("Paula Nachfolgerin")
    page.get_by_role("button", name="Weiter zur Vorschau").first.click()
    assert page.get_by_text("14 Angebote werden geändert").is_visible()
    page.get_by_role("button", name="Überall ändern").click()
    named = [open_offer(node, rid).doc["contacts"][0]["name"] for rid in ids]

    page.goto(f"{served.url}/pult/personen/loeschen")
    page.get_by_label("Name der Person").fill("Erika Mustermann")
    page.get_by_role("button", name="Suchen").click()
    page.get_by_label(re.compile("^Zur Sicherheit")).fill("Erika Mustermann")
    page.get_by_role("button", name="Endgültig löschen").click()

    assert named == ["Paula Nachfolgerin"] * 14
    assert page.get_by_role("heading", level=1).is_visible()
    assert find(node, "Erika Mustermann") == []
    assert files_with(node.home, "Erika Mustermann") == []


def test_provider_confirms_an_offer_by_the_link_in_a_letter(served: Served, new_context: NewContext) -> None:
    node = served.node
    node.settings = msgspec.structs.replace(node.settings, public_url=served.url)
    rid = save_offer(node, offer() | {"assured_date": "2020-01-01", "email": "vhs@vhs.example"})
    assert reviewing.remind(node) == 1
    letter = mailing.list_mails(node)[0].body
    link = re.search(r"http\S+/bestaetigen/\S+", letter)
    assert link is not None
    page = new_context(java_script_enabled=False, bypass_csp=False).new_page()

    page.goto(link[0])
    page.get_by_role("button", name="Das stimmt noch").first.click()

    assert page.get_by_text(re.compile("Danke|Vielen Dank")).first.is_visible()
    assert open_offer(node, rid).doc["assured_date"] > "2020-01-01"
    page.goto(link[0])
    assert page.get_by_role("button", name="Das stimmt noch").count() == 0
