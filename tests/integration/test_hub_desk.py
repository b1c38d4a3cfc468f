"""The district's desk: who may open what, what waits for a person, and what can be decided about a member there."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from hub.roles import ROLES
from shared.web.desk.guard import ANYBODY, SIGNING_IN, desk_routes
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.desk_matrix import ON_THE_WAY_IN, OPEN, everybody, wrong_answers
from tests.support.loopback import app_of
from tests.support.world import World, publish, withdraw


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        yield desk


def be(desk: Desk, role: str) -> None:
    desk.be(add_person(desk.node, role, role))


def press(desk: Desk, page: str, action: str) -> str:
    """Press a button of a page and return the page that follows."""
    answer = desk.submit(page, f"{page}/{action}")
    assert answer.status_code == 303, answer.text
    return desk.get(answer.headers["location"]).text


def hold_herten(world: World) -> list[bytes]:
    """Herten publishes many offers and withdraws nearly all of them at once."""
    rids = [publish(world.nodes["herten"], f"Kurs {number:02}") for number in range(30)]
    world.settle()
    for rid in rids[5:]:
        withdraw(world.nodes["herten"], rid)
    world.settle()
    return rids


@pytest.mark.parametrize("who", everybody(ROLES))
def test_route_answers_exactly_those_who_have_its_right(desk: Desk, who: str) -> None:
    assert wrong_answers(desk, who) == []


def test_routes_without_a_right_are_known(world: World) -> None:
    found = {(method, path): handler.opt["right"] for path, method, handler in desk_routes(app_of(world.hub))}

    assert {route for route, right in found.items() if right is ANYBODY} == OPEN
    assert {route for route, right in found.items() if right is SIGNING_IN} == ON_THE_WAY_IN


def test_person_signs_in_with_password_and_code(desk: Desk) -> None:
    add_person(desk.node, "erika", "betrieb")

    desk.sign_in_fully()

    assert "Guten Tag, Person Erika" in desk.get("/pult").text


def test_table_of_roles_names_only_what_somebody_here_may(desk: Desk) -> None:
    be(desk, "leser")

    text = desk.get("/pult/rollen").text

    assert "Doppelte Angebote verschiedener Städte zusammenführen" in text
    assert "Entwürfe schreiben" not in text
    assert "nur für Angebote der Träger" not in text


def test_account_form_of_the_hub_knows_no_providers(desk: Desk) -> None:
    be(desk, "betrieb")

    assert "Nur für diese Träger" not in desk.get("/pult/konten").text


def test_quiet_federation_says_so(world: World, desk: Desk) -> None:
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()
    be(desk, "leser")

    text = desk.get("/pult").text

    assert "Alles läuft." in text
    assert "1 Angebot im Verbund" in text


def test_stopped_withdrawal_is_shown_with_what_would_vanish(world: World, desk: Desk) -> None:
    rids = hold_herten(world)
    be(desk, "leser")

    start, listed, page = (desk.get(path).text for path in ("/pult", "/pult/mitglieder", "/pult/mitglieder/herten"))

    assert 'href="/pult/mitglieder/herten"' in start
    assert listed.index("Stadt Herten") < listed.index("Stadt Marl")
    assert "braucht eine Entscheidung" in listed
    assert "25 Angebote würden aus dem Katalog verschwinden" in page
    assert f'href="/angebote/{rids[5].hex()}">Kurs 05<' in page
    assert "Kurs 04" not in page
    assert "Bestätigen: Es ist so gewollt" not in page


def test_confirmed_withdrawal_takes_effect(world: World, desk: Desk) -> None:
    hold_herten(world)
    be(desk, "betrieb")

    page = press(desk, "/pult/mitglieder/herten", "bestaetigen")
    world.settle()

    assert "Was angehalten war, gilt jetzt." in page
    assert "Zu entscheiden" not in page
    assert "5 Angebote im Verbund" in desk.get("/pult").text


def test_rejected_withdrawal_keeps_the_offers(world: World, desk: Desk) -> None:
    hold_herten(world)
    be(desk, "betrieb")

    page = press(desk, "/pult/mitglieder/herten", "ablehnen")
    world.settle()

    assert "Es bleibt beim Stand davor" in page
    assert "Ablehnen: Stand davor behalten" not in page
    assert "30 Angebote im Verbund" in desk.get("/pult").text


def test_decision_that_is_no_longer_open_is_explained(world: World, desk: Desk) -> None:
    be(desk, "betrieb")

    page = press(desk, "/pult/mitglieder/marl", "bestaetigen")

    assert "wartet nichts auf eine Entscheidung" in page


def test_member_is_read_at_once(world: World, desk: Desk) -> None:
    be(desk, "betrieb")
    publish(world.nodes["marl"], "Sprachcafé")
    world.settle()
    publish(world.nodes["marl"], "Nähstube")
    world.nodes["marl"].sealer.seal(now=world.clock.now())

    page = press(desk, "/pult/mitglieder/marl", "abrufen")

    assert "Abgerufen: ein neuer Eintrag." in page


def test_silent_member_is_told_with_the_next_step(world: World, desk: Desk) -> None:
    publish(world.nodes["marl"], "Sprachcafé")
    world.settle()
    del world.network.sites["marl"]
    world.clock.time += 2 * 86_400
    world.tick()
    be(desk, "betrieb")

    page = press(desk, "/pult/mitglieder/marl", "abrufen")

    assert "im Auge behalten" in page
    assert "nachfragen, ob der Knoten läuft" in page


def test_key_of_an_integrator_is_shown_once_and_opens_its_subscribers(desk: Desk) -> None:
    be(desk, "betrieb")

    made = desk.submit("/pult/integratoren", "/pult/integratoren", name="Stadt-App", email="technik@app.example")
    key = re.search(r"kwk_[\w-]+", made.text)
    listed = desk.get("/pult/integratoren").text

    assert key is not None
    assert key[0] not in listed
    assert "Stadt-App" in listed
    answer = desk.client.get("/subscribers", headers={"Authorization": f"Bearer {key[0]}", "Cookie": ""})
    assert answer.json() == {"subscribers": []}


def test_revoked_key_opens_nothing(desk: Desk) -> None:
    be(desk, "betrieb")
    made = desk.submit("/pult/integratoren", "/pult/integratoren", name="Stadt-App", email="technik@app.example")
    key = re.search(r"kwk_[\w-]+", made.text)

    answer = desk.submit("/pult/integratoren", "/pult/integratoren/schluessel/1/sperren")

    assert answer.status_code == 303
    assert "ist gesperrt" in desk.get("/pult/integratoren").text
    assert key is not None
    assert desk.client.get("/subscribers", headers={"Authorization": f"Bearer {key[0]}"}).status_code == 401


def test_key_without_a_mailbox_is_refused_beside_the_field(desk: Desk) -> None:
    be(desk, "betrieb")

    answer = desk.submit("/pult/integratoren", "/pult/integratoren", name="Stadt-App", email="niemand")

    assert answer.status_code == 422
    assert "ist keine E-Mail-Adresse" in answer.text
    assert 'value="Stadt-App"' in answer.text


def test_unknown_member_is_not_found(desk: Desk) -> None:
    be(desk, "leser")

    answer = desk.get("/pult/mitglieder/atlantis")

    assert answer.status_code == 404
    assert "Alle stehen unter „Mitglieder“." in answer.text


def test_sessions_end_by_themselves(world: World, desk: Desk) -> None:
    be(desk, "leser")
    world.clock.time += 25 * 3600
    world.tick()

    assert desk.get("/pult").status_code == 303
    with world.hub.db.read() as conn:
        assert conn.exec_driver_sql("SELECT count(*) FROM account_session").scalar_one() == 0
