"""Following a search as visitors do, by letter to the end; without JavaScript, on narrow screens, right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import BrowserContext, Page

from node import following, mailing
from node.city import save_city
from node.derived import derived_of
from shared.mailing.telling import tell_due
from tests.browser.conftest import NARROW, NewContext, Served
from tests.browser.look import Look, hold_session
from tests.support.desk import add_person
from tests.support.mail_server import Mailbox, mail_server

ADDRESS = "amina.beispiel@example.org"


@pytest.fixture
def mailbox(served: Served) -> Iterator[Mailbox]:
    """A mail server that the node uses; links in letters lead to the node."""
    node = served.node
    node.settings = msgspec.structs.replace(node.settings, public_url=served.url)
    with mail_server() as mailbox:
        save_city(node, {
            "mail_host": "127.0.0.1", "mail_port": str(mailbox.port), "mail_security": "none",
            "mail_sender": "ki@herten.example",
        })  # fmt: skip
        derived_of(node).catch_up()
        yield mailbox


def newest_link(served: Served, mailbox: Mailbox) -> str:
    """The link in the letter that comes next, as a path."""
    while mailing.send_due(served.node):
        pass
    found = re.search(rf"{re.escape(served.url)}(/abo/\S+)", mailbox.letters[-1].get_content())
    assert found is not None
    return found[1]


def order(page: Page) -> None:
    """Fill in the form that is open and send it."""
    page.get_by_label("Ihre E-Mail-Adresse").fill(ADDRESS)
    page.get_by_label("Wie oft?").select_option(label="wöchentlich")
    page.get_by_role("button", name="Abo bestellen").click()


def test_search_is_followed_and_left_without_javascript(
    served: Served, new_context: NewContext, mailbox: Mailbox
) -> None:
    context = new_context(java_script_enabled=False, bypass_csp=False, viewport=NARROW)
    page = context.new_page()
    page.goto(f"{served.url}/angebote?q=deutsch")
    page.get_by_role("link", name="Neue Angebote per E-Mail").click()
    order(page)
    sent = page.get_by_role("heading", name="Sehen Sie in Ihr Postfach").is_visible()
    page.goto(served.url + newest_link(served, mailbox))
    page.get_by_role("button", name="Ja, Abo bestätigen").click()
    runs = page.get_by_role("heading", name="Ihr Abo läuft").is_visible()
    ending = mailbox.letters[-1]["List-Unsubscribe"].strip("<>")
    page.goto(ending)
    stored = page.get_by_text(ADDRESS).is_visible()
    page.get_by_role("button", name="Abo beenden").click()

    assert (sent, runs, stored) == (True, True, True)
    assert page.get_by_role("heading", name="Das Abo ist beendet").is_visible()
    assert context.cookies() == []
    with served.node.db.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM subscription").scalar() == 0


def send(page: Page) -> None:
    """Send the form of a page and wait for what answers it."""
    with page.expect_navigation():
        page.locator("form[method=post] button").click()


@pytest.mark.parametrize("language", ["de", "ar"])
def test_every_state_of_its_pages_is_accessible(
    served: Served, context: BrowserContext, mailbox: Mailbox, language: str
) -> None:
    look = Look(served, context)
    page, name = look.page, f"abo-{language}"
    look.at(f"/abo?q=deutsch&kostenfrei=ja&lang={language}", name=f"{name}-form")
    send(page)
    look.here(f"{name}-fehler")
    page.locator("#feld-email").fill(ADDRESS)
    send(page)
    look.here(f"{name}-gesendet")
    look.at(newest_link(served, mailbox), name=f"{name}-bestaetigen")
    send(page)
    look.here(f"{name}-laeuft")
    ending = mailbox.letters[-1]["List-Unsubscribe"].strip("<>").removeprefix(served.url)
    look.at(ending, name=f"{name}-beenden")
    send(page)
    look.here(f"{name}-beendet")
    look.at(ending, name=f"{name}-vorbei")
    save_city(served.node, {"mail_host": ""})
    look.at(f"/abo?lang={language}", name=f"{name}-ohne-mail")

    assert look.found == []


def test_desk_counts_followers_and_names_only_what_many_follow(
    served: Served, context: BrowserContext, mailbox: Mailbox
) -> None:
    subscriptions = following.subscriptions_of(served.node)
    for number, query in enumerate(["q=deutsch"] * 3 + ["q=selten"]):
        with served.node.db.write() as conn:
            values = (bytes([number]) * 16, f"leserin{number}@example.org", query, b"", bytes([number]) * 32)
            conn.exec_driver_sql(
                "INSERT INTO subscription (id, address, query, language, rhythm, state, confirm_hash, end_hash,"
                " created, due, seen) VALUES (?, ?, ?, 'de', 'daily', 'active', ?, ?, 1, 1, x'')",
                values,
            )
    assert tell_due(subscriptions) == 0
    hold_session(served, context, add_person(served.node))
    look = Look(served, context)
    look.at("/pult/postausgang", name="abo-postausgang")
    text = look.page.locator("main").inner_text()

    assert look.found == []
    assert "„deutsch“" in text
    assert "selten" not in text
    assert "leserin" not in text
