"""Settings at the desk: what the city decides is checked, shown at once, and never loses a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from node import workflow
from node.city import PASSWORD_FILE, load_city, load_logo, save_city
from node.erasing import erase, find
from node.party import Node
from node.web.desk.help import HELP, SECTIONS, help_path
from shared.web.desk.guard import desk_routes
from tests.support.desk import Desk, add_person, at_desk, make_desk_node
from tests.support.loopback import app_of

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten")
    yield node
    node.db.close()


@pytest.fixture
def desk(node: Node) -> Iterator[Desk]:
    with at_desk(node) as desk:
        desk.be(add_person(node))
        yield desk


def upload(desk: Desk, content: bytes, **fields: str) -> int:
    found = re.search(r'name="csrf_token" value="([^"]*)"', desk.get("/pult/einstellungen/aussehen").text)
    assert found
    answer = desk.client.post(
        "/pult/einstellungen/aussehen", data={"csrf_token": found[1], **fields},
        files={"logo": ("logo.png", content, "image/png")}, headers={"Origin": desk.origin},
    )  # fmt: skip
    return answer.status_code


def test_texts_and_contact_stand_on_the_first_page(desk: Desk) -> None:
    path = "/pult/einstellungen/stadt"
    saved = desk.submit(path, path, greeting="Willkommen!\n\nWelcome!", office_phone="02366 303-0")

    page = desk.get("/").text

    assert saved.status_code == 303
    assert "<p>Willkommen!</p><p>Welcome!</p>" in page
    assert 'href="tel:02366303-0"' in page


def test_wrong_address_is_refused_and_everything_typed_stays(desk: Desk, node: Node) -> None:
    path = "/pult/einstellungen/stadt"
    answer = desk.submit(path, path, greeting="Ein langer Text", office_email="keine")

    assert answer.status_code == 422
    assert "Ein langer Text" in answer.text
    assert "keine E-Mail-Adresse" in answer.text
    assert load_city(node).greeting == ""


def test_accent_colour_is_checked_and_dresses_every_page(desk: Desk) -> None:
    path = "/pult/einstellungen/aussehen"
    refused = desk.submit(path, path, accent="#ffcc00")
    plain = desk.get("/impressum").text
    desk.submit(path, path, accent="#7A0000")
    dressed = desk.get("/impressum").text
    sheet = desk.get("/stadt.css")

    assert (refused.status_code, "Zu hell" in refused.text) == (422, True)
    assert "/stadt.css" not in plain
    assert 'href="/stadt.css?v=7a0000"' in dressed
    assert sheet.headers["content-type"].startswith("text/css")
    assert "--kern-color-action-default:#7a0000" in sheet.text


def test_logo_is_a_small_picture_whatever_it_is_called(desk: Desk, node: Node) -> None:
    refused = [upload(desk, b"<svg onload=alert(1)>"), upload(desk, PNG + bytes(200 * 1024))]
    assert (refused, load_logo(node), desk.get("/stadt/logo").status_code) == ([422, 422], b"", 404)

    assert upload(desk, PNG) == 303
    answer = desk.get("/stadt/logo")
    assert (answer.content, answer.headers["content-type"]) == (PNG, "image/png")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "kw-brand__logo" in desk.get("/").text

    desk.submit("/pult/einstellungen/aussehen", "/pult/einstellungen/aussehen", no_logo="1")
    assert "kw-brand__logo" not in desk.get("/").text


def test_legal_text_is_public_once_it_has_no_gaps(desk: Desk, node: Node) -> None:
    path = "/pult/einstellungen/recht"
    proposed = desk.get(path).text
    desk.submit(path, path, imprint="### Wir\n\n[Name …]", privacy="")
    with_gap = desk.get("/impressum").text
    kept = load_city(node).imprint
    desk.submit(path, path, imprint="### Wir\n\n<b>Stadt</b> Herten", privacy="")
    finished = desk.get("/impressum").text

    assert "§ 5 DDG" in proposed
    assert "Noch offen" in proposed
    assert "noch in Arbeit" in with_gap
    assert kept == "### Wir\n\n[Name …]"
    assert "<h3>Wir</h3>" in finished
    assert "<b>" not in finished
    assert "noch in Arbeit" not in desk.get("/datenschutz").text
    assert 'href="/datenschutz"' in finished


def test_mail_password_goes_into_a_file_and_stays_when_the_field_is_empty(desk: Desk, node: Node) -> None:
    path = "/pult/einstellungen/mail"
    fields = {
        "mail_host": "mail.herten.example", "mail_security": "starttls", "mail_user": "ki",
        "mail_sender": "ki@herten.example", "reminders": "1",
    }  # fmt: skip
    desk.submit(path, path, password="Kanal-und-Zeche", **fields)
    desk.submit(path, path, password="", **fields)

    assert (node.home / PASSWORD_FILE).read_text() == "Kanal-und-Zeche"
    assert "Kanal-und-Zeche" not in desk.get(path).text
    assert load_city(node).sends_mail


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"mail_security": "none", "mail_user": "ki"}, "mitgelesen"),
        ({"mail_security": "starttls", "mail_port": "99999"}, "Der Port ist eine Zahl"),
        ({"mail_security": "starttls", "mail_host": "a b"}, "kein Name eines Servers"),
        ({"mail_security": "ssl"}, "Wählen Sie eine"),
    ],
)
def test_mail_server_that_cannot_be_is_refused(desk: Desk, fields: dict[str, str], word: str) -> None:
    answer = desk.submit("/pult/einstellungen/mail", "/pult/einstellungen/mail", **fields)

    assert answer.status_code == 422
    assert word in answer.text


def test_overview_says_what_is_missing_and_switches_four_eyes(desk: Desk, node: Node) -> None:
    page = desk.get("/pult/einstellungen").text
    desk.submit("/pult/einstellungen", "/pult/einstellungen/freigabe", four_eyes="ja")

    assert "kein Mailserver" in page
    assert "enthalten deshalb keine Links" in page
    assert "Fingerabdruck" in page
    with node.db.read() as conn:
        assert workflow.needs_two_people(conn)
    desk.submit("/pult/einstellungen", "/pult/einstellungen/freigabe", four_eyes="nein")
    with node.db.read() as conn:
        assert not workflow.needs_two_people(conn)


def test_test_letter_lies_in_the_outbox(desk: Desk) -> None:
    desk.submit("/pult/einstellungen/mail", "/pult/einstellungen/mail/probe", recipient="ki@herten.example")

    assert "Probe aus dem Verzeichnis" in desk.get("/pult/postausgang").text


def test_erased_person_stands_in_no_text_of_the_city(node: Node) -> None:
    save_city(node, {"imprint": "Verantwortlich: Erika Mustermann", "office_email": "erika.mustermann@herten.example"})

    assert [hit.where for hit in find(node, "Erika Mustermann")] == ["setting"]
    erase(node, "Erika Mustermann")

    assert load_city(node).imprint == "Verantwortlich: [Name entfernt]"
    assert load_city(node).office_email == ""


def test_every_page_of_the_desk_leads_to_a_section_of_the_help(desk: Desk, node: Node) -> None:
    text = desk.get("/pult/hilfe").text
    anchors = set(re.findall(r'<h2 id="([a-z]+)"', text))
    pages = [path for path, method, handler in desk_routes(app_of(node)) if method == "GET"]
    without = {path for path in pages if help_path(path.replace("{", "").replace("}", "")) == HELP}

    assert anchors == set(SECTIONS)
    assert {help_path(path).partition("#")[2] for path in pages} <= anchors | {""}
    assert {path.split("/")[2] for path in without} <= {"anmelden", "einladung", "hilfe", "lesen"}
    assert f'href="{HELP}#einstellungen"' in desk.get("/pult/einstellungen").text
