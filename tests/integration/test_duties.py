"""What every party owes its visitors, at node and hub: legal pages, help, a way to write, security.txt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from hub.party import Hub
from node.city import save_city
from node.feedback import PACE
from node.mailing import list_mails
from node.party import Node
from shared.web.public.legal import FOOTER
from shared.web.public.legal_texts import load_checklist
from shared.web.public.offline import say_in_all
from tests.support.desk import BROWSER
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.world import World, publish

FORM = {"Origin": "http://testserver.local", **BROWSER}
OFFICE = {
    "office": "Integrationsbüro", "office_street": "Kurt-Schumacher-Straße 2", "office_town": "45699 Herten",
    "office_email": "ki@herten.example", "office_phone": "02366 303-0",
}  # fmt: skip
MAIL = {"mail_host": "mail.herten.example", "mail_sender": "verzeichnis@herten.example"}


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()
    yield world
    close_all(world)


@pytest.fixture(params=["herten", "hub"])
def party(request: pytest.FixtureRequest, world: World) -> Node | Hub:
    return world.hub if request.param == "hub" else world.nodes[request.param]


def get(party: Node | Hub, path: str, **headers: str) -> httpx.Response:
    with TestClient(app_of(party)) as client:
        return client.get(path, headers={**BROWSER, **headers})


def test_every_public_page_links_to_every_duty_and_each_answers(party: Node | Hub, tmp_path: Path) -> None:
    give_index(party, tmp_path)
    duties = [link.path for link in FOOTER]
    with TestClient(app_of(party)) as client:
        waiting, seen = ["/", "/offline", *duties], dict[str, str]()
        while waiting:
            path = waiting.pop().partition("?")[0]  # one of each page: filters and languages make thousands
            if path in seen or path.startswith(("/pult", "/feed", "/mirror", "/static")):
                continue
            answer = client.get(path, headers=BROWSER)
            assert answer.status_code == 200, path
            if not answer.headers["content-type"].startswith("text/html"):
                continue
            seen[path] = answer.text
            waiting += re.findall(r'href="(/[^"#]*)"', answer.text)

    party.outputs.reader.close()
    party.finder.close()
    assert set(duties) <= set(seen)
    assert any(path.startswith("/angebote/") for path in seen)
    missing = {path: [duty for duty in duties if f'href="{duty}"' not in text] for path, text in seen.items()}
    assert {path: found for path, found in missing.items() if found} == {}


def test_privacy_page_says_what_the_program_does_where_the_party_wrote_nothing(party: Node | Hub) -> None:
    page = get(party, "/datenschutz").text

    assert "keine Cookies" in page
    assert "48\nStunden" in page or "48 Stunden" in page
    assert "Landesbeauftragte für Datenschutz" in page
    assert "noch in Arbeit" not in page


def test_legal_text_is_marked_as_german_on_a_page_in_another_language(party: Node | Hub) -> None:
    page = get(party, "/datenschutz").text

    assert '<div class="kw-text" lang="de" dir="ltr">' in page
    assert "nur auf Deutsch" not in page


def test_accessibility_statement_comes_from_the_checklist(party: Node | Hub) -> None:
    page, made = get(party, "/barrierefreiheit").text, load_checklist()

    assert all(check.what in page for check in made.checks)
    assert all(gap.what in page for gap in made.gaps)
    assert f"{made.tested_on:%d.%m.%Y}" in page
    assert 'href="/rueckmeldung"' in page
    assert "Ombudsstelle für barrierefreie Informationstechnik" in page
    assert "ombudsstelle-barrierefreie-it@mags.nrw.de" in page


def test_city_s_own_texts_take_the_place_of_made_ones_once_they_have_no_gaps(world: World) -> None:
    node = world.nodes["herten"]
    save_city(node, {"privacy": "Unser Datenschutz", "accessibility": "### Stand\n\n[was fehlt …]"})

    assert "Unser Datenschutz" in get(node, "/datenschutz").text
    assert "Ombudsstelle" in get(node, "/barrierefreiheit").text
    save_city(node, {"accessibility": "Unsere Erklärung"})
    assert "Unsere Erklärung" in get(node, "/barrierefreiheit").text


def test_hub_reads_its_texts_from_files(world: World, tmp_path: Path) -> None:
    world.hub.settings = msgspec.structs.replace(world.hub.settings, home=str(tmp_path))
    unfinished = get(world.hub, "/impressum").text
    (tmp_path / "impressum.md").write_text("### Angaben\n\nKreis <b>RE</b>", "utf-8")

    assert "noch in Arbeit" in unfinished
    assert "Kurt-Schumacher-Allee 1" in unfinished
    page = get(world.hub, "/impressum").text
    assert "<h3>Angaben</h3>" in page
    assert "<b>RE" not in page


# --- installing, and reading without a network -----------------------------------------------------------------------


def test_worker_names_the_files_of_this_deployment_and_is_asked_for_each_time(party: Node | Hub) -> None:
    answer = get(party, "/sw.js")

    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    named = re.findall(r'"(static/[^"]+)"', answer.text.partition("\n")[0])
    assert all(get(party, f"/{path}").status_code == 200 and "?v=" in path for path in named)
    page = get(party, "/").text
    assert set(re.findall(r'(?:href|src)="/(static/[^"]+)"', page)) == set(named)


def test_manifest_names_the_party_and_icons_that_are_there(party: Node | Hub) -> None:
    answer = get(party, "/manifest.webmanifest")
    found = answer.json()

    assert answer.headers["content-type"].startswith("application/manifest+json")
    assert found["short_name"] in found["name"]
    assert {icon["sizes"] for icon in found["icons"]} == {"any", "192x192", "512x512"}
    for icon in found["icons"]:
        assert get(party, icon["src"]).headers["content-type"].startswith(icon["type"])


def test_offline_page_says_a_missing_translation_in_german_once() -> None:
    lines = say_in_all(["de", "xx", "ar"])

    assert lines[0][:2] == ("de", "ltr")
    assert len(lines) == len({text for _, _, text in lines})


# --- security.txt ----------------------------------------------------------------------------------------------------


def test_security_text_names_a_contact_and_expires_within_a_year(party: Node | Hub) -> None:
    answer = get(party, "/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.text.splitlines())

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert fields["Contact"] == "https://www.kreis-re.de/"
    now = datetime.fromtimestamp(party.clock.now(), UTC)
    assert timedelta(days=30) < datetime.fromisoformat(fields["Expires"]) - now < timedelta(days=365)


def test_security_text_prefers_the_office_of_the_city(world: World) -> None:
    save_city(world.nodes["herten"], OFFICE)

    contacts = re.findall("Contact: (.*)", get(world.nodes["herten"], "/.well-known/security.txt").text)

    assert contacts == ["mailto:ki@herten.example", "tel:023663030"]


# --- feedback --------------------------------------------------------------------------------------------------------


def send(client: TestClient, **fields: str) -> httpx.Response:  # type: ignore[type-arg]
    return client.post("/rueckmeldung", data=fields, headers=FORM)


def test_message_goes_to_the_office_as_a_letter_and_sets_no_cookie(world: World) -> None:
    node = world.nodes["herten"]
    save_city(node, {**OFFICE, **MAIL})
    with TestClient(app_of(node)) as client:
        answer = send(client, text="Die Liste ist am Telefon schwer zu lesen.", contact="a@b.example")

    assert "Danke für Ihre Nachricht" in answer.text
    assert "set-cookie" not in answer.headers
    letter = list_mails(node)[0]
    assert (letter.kind, letter.recipient) == ("feedback", "ki@herten.example")
    assert "schwer zu lesen" in letter.body
    assert "a@b.example" in letter.body


def test_form_is_not_shown_where_nobody_would_get_the_message(party: Node | Hub) -> None:
    if isinstance(party, Node):
        save_city(party, OFFICE)
    with TestClient(app_of(party)) as client:
        page = client.get("/rueckmeldung", headers=BROWSER).text
        sent = send(client, text="Die Liste ist am Telefon schwer zu lesen.")

    assert "<textarea" not in page + sent.text
    assert ("02366 303-0" if isinstance(party, Node) else "https://www.kreis-re.de/") in page
    assert "Danke" not in sent.text


def test_message_without_text_is_refused_and_what_was_typed_stays(world: World) -> None:
    node = world.nodes["herten"]
    save_city(node, {**OFFICE, **MAIL})
    with TestClient(app_of(node)) as client:
        answer = send(client, text="", contact="02366 1")

    assert answer.status_code == 422
    assert 'value="02366 1"' in answer.text
    assert list_mails(node) == []


def test_programs_and_other_sites_get_nothing_through(world: World) -> None:
    node = world.nodes["herten"]
    save_city(node, {**OFFICE, **MAIL})
    with TestClient(app_of(node)) as client:
        trapped = send(client, text="Kaufen Sie jetzt", website="https://x.example")
        foreign = client.post("/rueckmeldung", data={"text": "Hallo zusammen"}, headers={"Origin": "https://x.example"})

    assert trapped.status_code == 200
    assert foreign.status_code == 403
    assert list_mails(node) == []


def test_one_network_is_slowed_down(world: World) -> None:
    node = world.nodes["herten"]
    save_city(node, {**OFFICE, **MAIL})
    with TestClient(app_of(node)) as client:
        answers = [send(client, text=f"Nachricht {number}") for number in range(PACE.free + 1)]

    assert [answer.status_code for answer in answers] == [200] * PACE.free + [429]
    assert "in 1 Minute noch einmal" in answers[-1].text
    assert len(list_mails(node)) == PACE.free


def test_form_page_is_neither_kept_nor_compressed(world: World) -> None:
    save_city(world.nodes["herten"], {**OFFICE, **MAIL})
    answer = get(world.nodes["herten"], "/rueckmeldung", **{"Accept-Encoding": "gzip"})

    assert answer.headers["cache-control"] == "no-store"
    assert "content-encoding" not in answer.headers
