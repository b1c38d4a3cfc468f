"""Hints from outside: taken without an account, seen and closed by staff, forgotten in time, erased with a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from litestar.testing import TestClient

from node import hints, mailing
from node.editing import save_offer
from node.erasing import erase, find
from node.hints import PACE
from node.party import Node
from node.store.hints import Hint
from node.workflow import Editor
from shared.errors import NotFoundError, RuleError
from tests.support.desk import BROWSER, add_person, at_desk, make_desk_node
from tests.support.lone_node import files_with, offer
from tests.support.loopback import app_of, close_all
from tests.support.world import VirtualClock, World, publish

CHIEF = Editor("Rita", may_publish=True)
CLUB = Editor("Tarik", may_publish=True, organisations=("Caritas",))
FORM = {"Origin": "http://testserver.local", **BROWSER}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten", clock)
    yield node
    node.db.close()


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    yield world
    close_all(world)


def only(node: Node) -> Hint:
    found = hints.list_hints(node, CHIEF)
    assert len(found) == 1
    return found[0]


def take(node: Node, text: str = "Die Nummer ist falsch.", contact: str = "") -> int:
    rid = save_offer(node, offer())
    hints.take_hint(node, rid, text, contact)
    return hints.list_hints(node, CHIEF)[0].id


# --- from outside ----------------------------------------------------------------------------------------------------


def test_visitor_sends_a_hint_without_account_or_cookie(world: World) -> None:
    rid = publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()
    node, path = world.nodes["herten"], f"/angebote/{rid.hex()}"
    with TestClient(app_of(node)) as client:
        assert f'href="{path}/hinweis"' in client.get(path, headers=BROWSER).text
        form = client.get(f"{path}/hinweis", headers=BROWSER)
        sent = client.post(
            f"{path}/hinweis", data={"text": "Die Nummer ist falsch.", "contact": "a@b.example"}, headers=FORM
        )

    assert "Angabe falsch?" in form.text
    assert "Danke für Ihren Hinweis" in sent.text
    assert all("set-cookie" not in answer.headers for answer in (form, sent, *sent.history))
    hint = only(node)
    assert (hint.rid, hint.title, hint.text) == (rid, "Zeichenkurs", "Die Nummer ist falsch.")
    assert (hint.contact, hint.state, hint.source) == ("a@b.example", "open", "public")


def test_form_says_what_is_missing_and_keeps_what_was_typed(world: World) -> None:
    rid = publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()
    path = f"/angebote/{rid.hex()}/hinweis"
    with TestClient(app_of(world.nodes["herten"])) as client:
        empty = client.post(path, data={"text": "", "contact": "02366 1"}, headers=FORM)
        long = client.post(path, data={"text": "x" * 1001}, headers=FORM)

    assert (empty.status_code, long.status_code) == (422, 422)
    assert 'value="02366 1"' in empty.text
    assert "es sind 1001" in long.text
    assert hints.list_hints(world.nodes["herten"], CHIEF) == []


def test_field_that_people_do_not_see_throws_a_program_s_text_away(world: World) -> None:
    rid = publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()
    with TestClient(app_of(world.nodes["herten"])) as client:
        answer = client.post(
            f"/angebote/{rid.hex()}/hinweis", data={"text": "Kaufen Sie jetzt", "website": "http://x"}, headers=FORM
        )

    assert answer.status_code == 200
    assert hints.list_hints(world.nodes["herten"], CHIEF) == []


def test_one_network_is_slowed_down_and_another_is_not(node: Node) -> None:
    rid = save_offer(node, offer())

    waits = [
        hints.take_hint(node, rid, f"Hinweis {n}", address="198.51.100.7").wait_seconds for n in range(PACE.free + 1)
    ]
    neighbour = hints.take_hint(node, rid, "Hinweis von nebenan", address="198.51.100.200").wait_seconds
    other = hints.take_hint(node, rid, "Hinweis von anderswo", address="203.0.113.9").wait_seconds

    assert (waits[:-1], waits[-1], neighbour, other) == ([0] * PACE.free, 60, 60, 0)
    assert files_with(node.home, "198.51.100") == []


def test_slowed_visitor_keeps_the_text_and_is_told_how_long(world: World) -> None:
    rid = publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()
    path = f"/angebote/{rid.hex()}/hinweis"
    with TestClient(app_of(world.nodes["herten"])) as client:
        answers = [client.post(path, data={"text": f"Hinweis {n}"}, headers=FORM) for n in range(PACE.free + 1)]

    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["retry-after"]) > 0
    assert f"Hinweis {PACE.free}" in answers[-1].text
    assert "60 Sekunden" in answers[-1].text


def test_form_from_another_site_and_unknown_offers_are_refused(world: World) -> None:
    rid = publish(world.nodes["herten"], "Zeichenkurs")
    world.settle()
    with TestClient(app_of(world.nodes["herten"])) as client:
        elsewhere = client.post(
            f"/angebote/{rid.hex()}/hinweis", data={"text": "x" * 9}, headers={"Origin": "https://evil.example"}
        )
        unknown = [client.get(f"/angebote/{text}/hinweis", headers=BROWSER) for text in ("0" * 32, "x")]

    assert elsewhere.status_code == 403
    assert [answer.status_code for answer in unknown] == [404, 404]


# --- at the desk -----------------------------------------------------------------------------------------------------


def test_hint_is_answered_noted_closed_and_counted(node: Node, clock: VirtualClock) -> None:
    number = take(node, contact="frau.a@example.org")
    page = f"/pult/hinweise/{number}"
    with at_desk(node) as desk:
        desk.be(add_person(node, "rita", "redaktion"))
        start = desk.get("/pult").text
        desk.submit(page, f"{page}/notiz", note="Träger angerufen")
        empty = desk.submit(page, f"{page}/antwort", answer="")
        desk.submit(page, f"{page}/antwort", answer="Danke, ist berichtigt.")
        answered = only(node).state
        unclear = desk.submit(page, f"{page}/schliessen", reason="")
        desk.submit(page, f"{page}/schliessen", reason="changed")
        listed = desk.get("/pult/hinweise?zustand=closed").text

    assert re.search(r'href="/pult/hinweise"><span class="kw-tasks__count">1<', start)
    assert (empty.status_code, unclear.status_code) == (422, 422)
    assert answered == "answered"
    assert (only(node).state, only(node).note, only(node).editor) == ("closed", "Träger angerufen", "Person Rita")
    assert "geschlossen (1)" in listed
    mail = mailing.list_mails(node)[0]
    assert mail.recipient == "frau.a@example.org"
    assert "Danke, ist berichtigt." in mail.body
    assert "> Die Nummer ist falsch." in mail.body


def test_contact_is_deleted_30_days_after_closing(node: Node, clock: VirtualClock) -> None:
    number = take(node, contact="frau.a@example.org")
    hints.close_hint(node, CHIEF, number, "right")
    clock.time += 29 * 86_400
    hints.forget_old(node)
    kept = only(node).contact
    clock.time += 2 * 86_400
    hints.forget_old(node)

    assert (kept, only(node).contact) == ("frau.a@example.org", "")


def test_hint_without_mail_address_is_not_answered_by_mail(node: Node) -> None:
    number = take(node, contact="02366 303000")
    with at_desk(node) as desk:
        desk.be(add_person(node))
        page = desk.get(f"/pult/hinweise/{number}").text

    assert "Ohne E-Mail-Adresse" in page
    assert "02366 303000" in page


def test_limited_editor_sees_hints_about_own_offers_alone(node: Node) -> None:
    other, own = take(node), save_offer(node, offer(providers=[{"name": "Caritas"}]))
    hints.take_hint(node, own, "Bitte prüfen Sie das.")

    assert [one.rid for one in hints.list_hints(node, CLUB)] == [own]
    with pytest.raises(NotFoundError):
        hints.open_hint(node, CLUB, other)


def test_closed_hint_opens_again(node: Node) -> None:
    number = take(node)
    hints.close_hint(node, CHIEF, number, "unclear")
    hints.reopen_hint(node, CHIEF, number)

    assert (only(node).state, only(node).reason, only(node).closed_at) == ("open", "", None)
    with pytest.raises(RuleError):
        hints.close_hint(node, CHIEF, number, "weil")


def test_erased_person_stands_in_no_hint(node: Node) -> None:
    take(node, text="Frau Erika Mustermann arbeitet dort nicht mehr.", contact="erika.mustermann@example.org")

    assert [(hit.where, hit.fields) for hit in find(node, "Erika Mustermann")] == [("hint", ("text", "email"))]
    erase(node, "Erika Mustermann")

    assert only(node).text == "Frau [Name entfernt] arbeitet dort nicht mehr."
    assert only(node).contact == ""
    assert files_with(node.home, "Mustermann") == []
