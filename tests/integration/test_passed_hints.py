"""Hints that are given elsewhere reach the owner once: on the hub's page, and on the page of another member."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from hub import relaying as hub_relaying
from hub.store import inbox
from node import erasing, hints, passing, relaying
from node.party import Node
from node.store import hints_out
from node.store.hints import Hint
from node.workflow import Editor
from shared.feed.passed_hints import PATH, PassedHint, format_passed, parse_taken
from shared.feed.request import format_header, sign_request
from shared.holdings import facts
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from tests.support.desk import add_person, at_desk
from tests.support.flaky import Failure, FlakyWrites
from tests.support.lone_node import files_with
from tests.support.loopback import HubAt, app_of, close_all, hub_on_disk, node_on_disk, running
from tests.support.world import World, publish

pytestmark = pytest.mark.filterwarnings("ignore:The base_url")

DAY = 86_400
CHIEF = Editor("Rita", may_publish=True)
TEXT, CONTACT = "Frau Erika Mustermann ist nicht mehr da.", "erika.mustermann@example.org"


@pytest.fixture
def world() -> Iterator[World]:
    world = World(("herten", "marl"))
    yield world
    close_all(world)


@pytest.fixture
def herten(world: World) -> Node:
    return world.nodes["herten"]


@pytest.fixture
def marl(world: World) -> Node:
    return world.nodes["marl"]


@pytest.fixture
def rid(world: World, marl: Node) -> bytes:
    """An offer of Marl in everybody's catalogue."""
    rid = publish(marl, "Zeichenkurs")
    world.settle()
    return rid


def send(party: Any, rid: bytes, text: str = TEXT, contact: str = "", *, lang: str = "", **more: str) -> httpx.Response:
    """Fill in the form on a party's page; returns the last page."""
    base = "http://hub" if party.settings.origin.startswith("hub") else "http://testserver.local"
    path = f"/angebote/{rid.hex()}/hinweis{'?lang=' + lang if lang else ''}"
    with TestClient(app_of(party), base_url=base) as client:
        headers = {"Accept": "text/html", "Origin": base}
        return client.post(path, data={"text": text, "contact": contact, **more}, headers=headers)


def at(node: Node) -> list[Hint]:
    return hints.list_hints(node, CHIEF)


def pass_on(world: World, *, hours: int = 2) -> None:
    """Let time pass in steps of five minutes, in which both nodes do what is due for hints."""
    for _ in range(hours * 12):
        world.clock.time += 300
        for node in world.nodes.values():
            passing.send_hints(node)
            relaying.fetch_answers(node)


def waiting(world: World, member: str = "marl") -> int:
    with world.hub.db.read() as conn:
        return inbox.count_waiting(conn, member)


def unsent(node: Node) -> int:
    with node.db.read() as conn:
        return hints_out.count_out(conn)


# --- the way ---------------------------------------------------------------------------------------------------------


def test_hint_on_the_hub_s_page_reaches_the_owner_and_leaves_the_hub(world: World, marl: Node, rid: bytes) -> None:
    thanks = send(world.hub, rid, contact=CONTACT)

    pass_on(world)

    assert "bekommt Ihren Hinweis" in thanks.text
    assert [(one.rid, one.text, one.contact, one.source) for one in at(marl)] == [(rid, TEXT, CONTACT, "hub")]
    assert waiting(world) == 0


def test_hint_on_another_node_waits_for_the_hub_and_arrives_once(
    world: World, herten: Node, marl: Node, rid: bytes
) -> None:
    site = world.network.sites.pop("hub")
    thanks = send(herten, rid, contact=CONTACT)
    pass_on(world)
    assert (unsent(herten), at(herten), at(marl)) == (1, [], [])

    world.network.sites["hub"] = site
    pass_on(world, hours=3)

    assert "bekommt Ihren Hinweis" in thanks.text
    assert [(one.title, one.text, one.contact, one.source) for one in at(marl)] == [
        ("Zeichenkurs", TEXT, CONTACT, "node")
    ]
    assert (unsent(herten), waiting(world), at(herten)) == (0, 0, [])


def test_ticks_alone_bring_a_hint_to_its_owner(world: World, herten: Node, marl: Node, rid: bytes) -> None:
    passing.keep_hint(herten, rid, TEXT, "", address="198.51.100.7")

    world.tick(900)

    assert [one.text for one in at(marl)] == [TEXT]


@pytest.mark.parametrize("failure", [Failure.UNSTORED, Failure.STORED])
@pytest.mark.parametrize("party", ["herten", "hub", "marl"])
def test_hint_arrives_once_whatever_write_fails(world: World, rid: bytes, party: str, failure: Failure) -> None:
    marl = world.nodes["marl"]
    flaky = FlakyWrites(world.hub.db if party == "hub" else world.nodes[party].db)
    for number in range(1, 8):
        passing.keep_hint(world.nodes["herten"], rid, f"Hinweis {number}", "", address=f"198.51.{number}.7")
        flaky.arm(number, failure)
        for _ in range(8):
            world.clock.time += 300
            for node in world.nodes.values():
                with suppress(sa.exc.OperationalError):
                    passing.send_hints(node)
                with suppress(sa.exc.OperationalError):
                    relaying.fetch_answers(node)
        flaky.heal()
    pass_on(world)

    assert sorted(one.text for one in at(marl)) == [f"Hinweis {number}" for number in range(1, 8)]
    assert (unsent(world.nodes["herten"]), waiting(world)) == (0, 0)


def test_hint_sent_again_after_the_owner_had_it_is_not_kept_twice(
    world: World, herten: Node, marl: Node, rid: bytes
) -> None:
    passed = PassedHint(b"\1" * 16, rid, TEXT)
    for _ in range(2):
        world.clock.time += 1
        assert ask_to_pass(world, herten, passed) == {passed.id}
        assert ask_to_pass(world, herten, passed) == {passed.id}
        pass_on(world)

    assert [one.text for one in at(marl)] == [TEXT]


def ask_to_pass(world: World, node: Node, *passed: PassedHint, time: int | None = None) -> frozenset[bytes]:
    world.clock.time += 1
    body, now = format_passed(passed), node.clock.now() if time is None else time
    header = format_header(node.settings.origin, now, sign_request(node.signer.log_keys[0], PATH, now, body))
    return parse_taken(hub_relaying.receive_hints(world.hub, header, body))


def test_real_servers_pass_a_hint_over_loopback_and_files_and_logs_forget_it(world: World, tmp_path: Path) -> None:
    rid = publish(world.nodes["marl"], "Zeichenkurs")
    world.settle()
    folders = {name: tmp_path / name for name in ("hub", "herten", "marl")}
    for folder in folders.values():
        folder.mkdir()
    hub, stream = hub_on_disk(world, folders["hub"]), StringIO()
    herten, marl = (node_on_disk(world, name, folders[name]) for name in ("herten", "marl"))
    with (
        running(app_of(hub, stream)) as url,
        HttpClient(NetSettings(allow_networks=("127.0.0.0/8",)), hub.clock) as client,
        running(app_of(herten, stream)) as page,
    ):
        herten.web = marl.web = HubAt(client, url)
        form = {"text": TEXT, "contact": CONTACT}
        sent = httpx.post(f"{page}/angebote/{rid.hex()}/hinweis", data=form, headers={"Origin": page})
        pass_on(world)
    arrived = at(marl)
    erasing.erase(marl, "Erika Mustermann")
    for db in (hub.db, herten.db, marl.db):
        assert db.scrub()

    assert sent.status_code == 303
    assert [(one.text, one.contact, one.source) for one in arrived] == [(TEXT, CONTACT, "node")]
    assert "ustermann" not in stream.getvalue()
    assert [files_with(folders[name], "ustermann") for name in ("hub", "herten")] == [[], []]
    # The order to erase names the person until it is sealed; what she was named in is gone.
    assert [files_with(folders["marl"], text) for text in (CONTACT, "Mustermann ist nicht")] == [[], []]


# --- bounds ----------------------------------------------------------------------------------------------------------


def test_hint_that_nobody_takes_or_fetches_is_deleted_after_30_days(
    world: World, herten: Node, marl: Node, rid: bytes
) -> None:
    send(world.hub, rid)
    world.network.sites.pop("hub")
    send(herten, rid)
    kept = []
    for days in (29, 1):
        world.clock.time += days * DAY
        passing.forget_unsent(herten)
        with world.hub.db.write() as conn:
            hub_relaying.forget_old(conn, now=world.hub.clock.now())
        kept.append((unsent(herten), waiting(world)))

    assert kept == [(1, 1), (0, 0)]


def test_hub_takes_hints_about_shown_offers_alone_and_not_too_many_of_one_member(
    world: World, herten: Node, marl: Node, rid: bytes
) -> None:
    unknown = PassedHint(b"\2" * 16, b"\3" * 16, TEXT)
    empty = PassedHint(b"\4" * 16, rid, "  ")
    good = PassedHint(b"\5" * 16, rid, TEXT)
    assert ask_to_pass(world, herten, unknown, empty, good) == {good.id}

    today = datetime.fromtimestamp(world.hub.clock.now(), UTC).date().isoformat()
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "hints-from:herten", f"{today} 200")
    assert ask_to_pass(world, herten, PassedHint(b"\6" * 16, rid, TEXT)) == frozenset()

    world.clock.time += DAY
    assert ask_to_pass(world, herten, PassedHint(b"\6" * 16, rid, TEXT)) == {b"\6" * 16}


def test_one_network_is_slowed_down_at_the_hub_and_keeps_what_it_typed(world: World, rid: bytes) -> None:
    answers = [send(world.hub, rid, f"Hinweis Nummer {number}") for number in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert "Hinweis Nummer 5" in answers[-1].text
    assert waiting(world) == 5


def test_offer_for_which_much_waits_takes_no_more_for_now(world: World, rid: bytes) -> None:
    for number in range(20):
        hub_relaying.take_hint(world.hub, rid, f"Hinweis {number}", "", address=f"198.51.{number}.7")

    assert hub_relaying.take_hint(world.hub, rid, "Noch einer", "", address="203.0.113.9").wait_seconds > 0
    assert waiting(world) == 20


def test_poisoned_hint_does_not_hold_up_others(world: World, herten: Node, marl: Node, rid: bytes) -> None:
    with herten.db.write() as conn:
        for number in range(20):
            hints_out.add_out(conn, PassedHint(bytes([number]) * 16, b"\3" * 16, TEXT), now=herten.clock.now() - 9)
        hints_out.add_out(conn, PassedHint(b"\xee" * 16, rid, "Dieser zählt."), now=herten.clock.now())

    pass_on(world, hours=4)

    assert [one.text for one in at(marl)] == ["Dieser zählt."]
    assert unsent(herten) == 20


# --- people ----------------------------------------------------------------------------------------------------------


def test_form_says_where_the_hint_goes_and_sets_no_cookie(world: World, herten: Node, rid: bytes) -> None:
    for party, base, words in (
        (herten, "http://testserver.local", "Ihr Hinweis geht über den Kreis an"),
        (world.hub, "http://hub", "Der Kreis reicht ihn nur weiter"),
    ):
        with TestClient(app_of(party), base_url=base) as client:
            path = f"/angebote/{rid.hex()}"
            assert f'href="{path}/hinweis"' in client.get(path, headers={"Accept": "text/html"}).text
            page = client.get(f"{path}/hinweis", headers={"Accept": "text/html"})
        assert words in page.text
        assert re.search(r'name="contact"[^>]*autocomplete="email"', page.text)
        assert "kw-public" in page.text
        assert "set-cookie" not in page.headers


def test_form_keeps_the_language_and_marks_german_titles(world: World, rid: bytes) -> None:
    with TestClient(app_of(world.hub), base_url="http://hub") as client:
        languages = re.findall(r'hreflang="([a-z-]+)"', client.get("/", headers={"Accept": "text/html"}).text)
        page = client.get(f"/angebote/{rid.hex()}/hinweis?lang=ar", headers={"Accept": "text/html"}).text

    assert '<span lang="de" dir="ltr">Zeichenkurs</span>' in page
    if "ar" in languages:
        assert 'dir="rtl"' in page
        assert f'action="/angebote/{rid.hex()}/hinweis?lang=ar"' in page


def test_program_s_text_is_thrown_away_and_foreign_forms_are_refused(world: World, herten: Node, rid: bytes) -> None:
    assert send(herten, rid, website="http://x").status_code == 200
    with TestClient(app_of(world.hub), base_url="http://hub") as client:
        path = f"/angebote/{rid.hex()}/hinweis"
        foreign = client.post(path, data={"text": TEXT}, headers={"Origin": "https://evil.example"})
        unknown = client.get(f"/angebote/{'0' * 32}/hinweis")

    assert (foreign.status_code, unknown.status_code) == (403, 404)
    assert (unsent(herten), waiting(world)) == (0, 0)


def test_owner_answers_a_hint_from_elsewhere_and_sees_whence_it_came(
    world: World, marl: Node, herten: Node, rid: bytes
) -> None:
    passing.keep_hint(herten, rid, TEXT, CONTACT, address="198.51.100.7")
    pass_on(world)
    number = at(marl)[0].id
    with at_desk(marl) as desk:
        desk.be(add_person(marl, "rita", "redaktion"))
        page = desk.get(f"/pult/hinweise/{number}").text
        desk.submit(f"/pult/hinweise/{number}", f"/pult/hinweise/{number}/antwort", answer="Danke, ist berichtigt.")

    assert "von der Seite einer anderen Stadt" in page
    assert at(marl)[0].state == "answered"


def test_person_in_a_hint_on_its_way_is_found_and_erased(world: World, herten: Node, rid: bytes) -> None:
    passing.keep_hint(herten, rid, TEXT, CONTACT, address="198.51.100.7")

    assert [hit.where for hit in erasing.find(herten, "Erika Mustermann")] == ["hint_out"]
    erasing.erase(herten, "Erika Mustermann")

    with herten.db.read() as conn:
        assert [texts for _, _, texts in hints_out.iterate_texts(conn)] == [
            {"text": "Frau [Name entfernt] ist nicht mehr da.", "email": ""}
        ]
