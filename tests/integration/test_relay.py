"""Answers to mail links of a node that people cannot reach: letter, page of the hub, inbox, node."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import httpx
import msgspec
import pytest
from litestar.testing import TestClient

from hub import relaying as hub_relaying
from hub.app import create_app
from node import mailing, relaying, reviewing
from node.editing import newest_document, save_offer
from node.party import Node
from node.store import hints
from shared.errors import FetchError
from shared.feed.inbox import PATH, format_acks
from shared.feed.request import HEADER, format_header, sign_request
from shared.holdings import facts
from shared.logs import open_log
from tests.support.world import Answered, Exchange, World, offer_doc

pytestmark = pytest.mark.filterwarnings("ignore:The base_url")

DAY = 86_400
JSON = "application/json"
BROWSER = {"Accept": "text/html,*/*;q=0.8", "Origin": "http://hub"}


class HubSite:
    """The hub's real web application on the network of the world, beside its feed."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._feed = world.network.sites["hub"]
        self.log = StringIO()
        self.asked = 0
        self.is_down = False
        self.open()

    def open(self) -> None:
        hub = self._world.hub
        app = create_app(hub, with_jobs=False, log=open_log(self.log, hub.clock, party="hub"))
        self.client: TestClient[Any] = TestClient(app, base_url="http://hub")

    def answer(self, exchange: Exchange) -> Answered:
        if exchange.path != PATH:
            return self._feed.answer(exchange)
        self.asked += 1
        if self.is_down:
            raise FetchError("hub is down", kind="connect")
        answer = self.send(exchange.body, exchange.headers[HEADER])
        return Answered(answer.status_code, answer.content)

    def send(self, body: bytes, header: str) -> httpx.Response:
        return self.client.post(PATH, content=body, headers={"Content-Type": JSON, HEADER: header})

    def restart(self) -> None:
        self._world.restart("hub")
        self._feed = self._world.network.sites["hub"]
        self._world.network.sites["hub"] = self
        self.open()


@pytest.fixture
def world() -> Iterator[World]:
    world = World(("herten", "marl"), push_only=("herten",))
    yield world
    for db in (world.hub.db, *(node.db for node in world.nodes.values())):
        db.close()


@pytest.fixture
def site(world: World) -> HubSite:
    site = HubSite(world)
    world.network.sites["hub"] = site
    return site


@pytest.fixture
def herten(world: World, site: HubSite) -> Node:
    return world.nodes["herten"]


@pytest.fixture
def rid(world: World, herten: Node) -> bytes:
    return make_overdue(world, herten)


def make_overdue(world: World, node: Node, title: str = "Sprachkurs am Vormittag") -> bytes:
    """An offer in everybody's catalogue whose review is due."""
    checked = {"assured_date": "2025-01-01", "email": "vhs@example.org"}
    doc = offer_doc(b"\0" * 16, node.settings.ags, title)
    rid = save_offer(node, {name: doc[name] for name in doc if name not in ("id", "owner")} | checked)
    world.settle()
    return rid


def letter_link(node: Node) -> str:
    """Write the reminders; returns the path of the link in the newest."""
    assert reviewing.remind(node) == 1
    found = re.findall(r"http://hub(/antwort/\S+)", mailing.list_mails(node)[0].body)
    assert len(found) == 1
    return str(found[0])


def ask(world: World, node: Node) -> int:
    """Let five minutes pass; returns how many answers the node then gets."""
    world.clock.time += 301
    return relaying.fetch_answers(node)


def post(site: HubSite, path: str, **fields: str) -> httpx.Response:
    return site.client.post(path, data=fields, headers=BROWSER)


def signed(node: Node, *acks: str, time: int | None = None) -> tuple[bytes, str]:
    body, time = format_acks(acks), node.clock.now() if time is None else time
    signature = sign_request(node.signer.log_keys[0], PATH, time, body)
    return body, format_header(node.settings.origin, time, signature)


def waiting(site: HubSite, node: Node, *acks: str) -> list[dict[str, Any]]:
    answer = site.send(*signed(node, *acks))
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["hints"]
    return found


def checked_on(node: Node, rid: bytes) -> object:
    with node.db.read() as conn:
        return (newest_document(node, conn, rid) or {}).get("assured_date")


def today(node: Node) -> str:
    return (datetime.fromtimestamp(node.clock.now(), UTC) + timedelta(hours=1)).date().isoformat()


def test_letter_leads_to_the_hub_where_the_node_has_no_address(herten: Node, rid: bytes) -> None:
    path = letter_link(herten)

    assert path.startswith(f"/antwort/{rid.hex()}/")
    assert "Der Kreis reicht Ihre Antwort an uns weiter" in mailing.list_mails(herten)[0].body


def test_confirmation_arrives_and_is_published(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    path = letter_link(herten)

    page = site.client.get(path, headers=BROWSER)
    thanks = post(site, path, answer="confirmed")

    assert (page.status_code, thanks.status_code) == (200, 200)
    assert "die Stadt bekommt Ihre Antwort" in thanks.text
    assert ask(world, herten) == 1
    assert checked_on(herten, rid) == today(herten)
    assert ask(world, herten) == 0  # the hub heard that it was dealt with
    world.clock.time += 1
    assert waiting(site, herten) == []


def test_change_arrives_as_a_hint_even_after_a_confirmation(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    path = letter_link(herten)
    post(site, path, answer="confirmed")
    assert ask(world, herten) == 1

    post(site, path, answer="changed", text="Der Kurs beginnt jetzt um 10 Uhr.")

    assert ask(world, herten) == 1
    with herten.db.read() as conn:
        found = [(hint.rid, hint.text, hint.source) for hint in hints.load_hints(conn)]
    assert found == [(rid, "Der Kurs beginnt jetzt um 10 Uhr.", "link")]


def test_each_answer_works_once_and_unknown_links_are_dealt_with(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    path = letter_link(herten)
    for text in ("Neue Zeit: 10 Uhr", "Noch eine andere Zeit"):
        post(site, path, answer="changed", text=text)
        assert ask(world, herten) == 1
    post(site, f"/antwort/{rid.hex()}/{'A' * 43}", answer="confirmed")

    assert ask(world, herten) == 1
    assert ask(world, herten) == 0
    with herten.db.read() as conn:
        assert hints.count_open(conn) == 1
    assert checked_on(herten, rid) == "2025-01-01"


def test_hub_is_asked_every_ten_minutes_and_every_five_while_a_link_is_open(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    def count(seconds: int) -> int:
        before = site.asked
        for _ in range(seconds // 60):
            world.clock.time += 60
            relaying.fetch_answers(herten)
        return site.asked - before

    count(600)
    assert count(3600) == 6

    letter_link(herten)
    assert count(3600) == 12

    world.clock.time += 22 * DAY
    count(600)
    assert count(3600) == 6


def test_tick_of_the_node_fetches(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    post(site, letter_link(herten), answer="confirmed")

    world.tick(400)

    assert checked_on(herten, rid) == today(herten)


def test_failure_is_told_and_waits_longer(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    letter_link(herten)
    site.is_down, before = True, site.asked
    for _ in range(4):
        ask(world, herten)

    assert site.asked - before < 4
    assert "nicht erreichbar" in relaying.describe_failure(herten)

    site.is_down = False
    world.clock.time += 3601
    relaying.fetch_answers(herten)
    assert relaying.describe_failure(herten) == ""


def test_answer_that_was_applied_before_a_crash_is_not_applied_again(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    post(site, letter_link(herten), answer="changed", text="Neue Zeit: 10 Uhr")
    ask(world, herten)
    with herten.db.write() as conn:
        facts.delete_fact(conn, "relay-acks")

    assert ask(world, herten) == 1
    with herten.db.read() as conn:
        assert hints.count_open(conn) == 1


# --- who may ask -----------------------------------------------------------------------------------------------------


def test_another_member_gets_nothing_and_deletes_nothing(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    post(site, letter_link(herten), answer="confirmed")
    mine = waiting(site, herten)[0]["id"]

    assert waiting(site, world.nodes["marl"], mine) == []

    world.clock.time += 1
    assert [hint["id"] for hint in waiting(site, herten)] == [mine]


def test_replayed_foreign_and_late_requests_are_refused(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    marl, now = world.nodes["marl"], herten.clock.now()
    body, header = signed(herten)
    foreign = format_header(herten.settings.origin, now, sign_request(marl.signer.log_keys[0], PATH, now, body))

    found = [
        site.send(body, foreign), site.send(body, header), site.send(body, header),
        site.send(*signed(herten, time=now - 1)), site.send(*signed(herten, time=now + 301)),
        site.send(*signed(marl, time=now - 301)), site.send(b'{"ack":["x"]}', header), site.send(body, ""),
        site.send(body, header.replace("herten", "datteln")),
    ]  # fmt: skip

    assert [(answer.status_code, answer.json().get("code")) for answer in found] == [
        (422, "E_SIG"), (200, None), (422, "E_REPLAY"), (422, "E_REPLAY"), (422, "E_CLOCK"), (422, "E_CLOCK"),
        (400, "E_FORMAT"), (400, "E_FORMAT"), (403, "access"),
    ]  # fmt: skip


def test_suspended_member_may_not_ask(
    world: World, site: HubSite, herten: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.hub.book, "status_of", lambda *_: "suspended")

    answer = site.send(*signed(herten))

    assert (answer.status_code, answer.headers["content-type"]) == (403, "application/problem+json")


# --- what is kept ----------------------------------------------------------------------------------------------------


def test_restarted_hub_still_has_the_answer(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    post(site, letter_link(herten), answer="confirmed")

    site.restart()

    assert ask(world, herten) == 1
    assert checked_on(herten, rid) == today(herten)


def test_answer_that_nobody_fetches_is_deleted_after_30_days(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    post(site, letter_link(herten), answer="confirmed")
    for days, left in ((29, 1), (1, 0)):
        world.clock.time += days * DAY
        with world.hub.db.write() as conn:
            hub_relaying.forget_old(conn, now=world.hub.clock.now())
        assert len(waiting(site, herten)) == left


def test_same_answer_is_kept_once_and_an_offer_takes_twenty(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    path = letter_link(herten)
    for _ in range(3):
        assert post(site, path, answer="confirmed").status_code == 200
    assert len(waiting(site, herten)) == 1

    statuses = []
    for number in range(20):
        world.clock.time += 3601
        statuses.append(post(site, path, answer="changed", text=f"Neue Zeit: {number} Uhr").status_code)
    assert statuses == [200] * 19 + [429]


def test_one_network_is_slowed_down(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    path = letter_link(herten)
    found = [post(site, path, answer="changed", text=f"Neue Zeit: {number} Uhr") for number in range(11)]

    assert [answer.status_code for answer in found] == [200] * 10 + [429]
    assert found[-1].headers["retry-after"] == "60"
    assert "Neue Zeit: 10 Uhr" in found[-1].text  # nothing typed is lost


# --- the page --------------------------------------------------------------------------------------------------------


def test_page_is_plain_to_use_and_sets_no_cookie(site: HubSite, herten: Node, rid: bytes) -> None:
    page = site.client.get(letter_link(herten), headers=BROWSER)

    assert '<html lang="de"' in page.text
    assert re.search(r"<title>[^<]*Stimmt das noch\?", page.text)
    assert '<label class="kern-label" for="feld-text">Es hat sich etwas geändert' in page.text
    assert "Sprachkurs am Vormittag" in page.text
    assert "Ihre Antwort geht an" in page.text
    assert page.text.count("<h1") == 1
    assert "set-cookie" not in page.headers
    assert page.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("text", ["", "x" * 1001])
def test_page_says_what_is_wrong_with_a_text(site: HubSite, herten: Node, rid: bytes, text: str) -> None:
    answer = post(site, letter_link(herten), answer="changed", text=text)

    assert answer.status_code == 422
    assert "Bitte berichtigen" in answer.text
    assert waiting(site, herten) == []


def test_unknown_offers_and_broken_links_are_not_found_in_german(site: HubSite, herten: Node, rid: bytes) -> None:
    token = letter_link(herten).rpartition("/")[2]
    for path in (f"/antwort/{'0' * 32}/{token}", f"/antwort/{rid.hex()}/kurz", f"/antwort/x/{token}"):
        for answer in (site.client.get(path, headers=BROWSER), post(site, path, answer="confirmed")):
            assert answer.status_code == 404
            assert "Seite nicht gefunden" in answer.text
            assert "set-cookie" not in answer.headers


def test_forms_of_other_sites_are_refused(site: HubSite, herten: Node, rid: bytes) -> None:
    path = letter_link(herten)

    answer = site.client.post(path, data={"answer": "confirmed"}, headers={**BROWSER, "Origin": "http://evil.example"})

    assert answer.status_code == 403
    assert waiting(site, herten) == []


def test_logs_name_neither_link_nor_text(site: HubSite, herten: Node, rid: bytes) -> None:
    path = letter_link(herten)
    post(site, path, answer="changed", text="Frau Beispiel ist nicht mehr da.")
    site.send(b"{", "x")

    assert path.rpartition("/")[2] not in site.log.getvalue()
    assert "Beispiel" not in site.log.getvalue()


def test_node_refuses_answers_that_are_none(world: World, site: HubSite, herten: Node, rid: bytes) -> None:
    letter_link(herten)
    hint = {"id": "0" * 32, "kind": "answer", "token": "kurz", "answer": "confirmed"}
    bodies = [b"[]", json.dumps({"hints": [{**hint, "id": "x"}]}).encode()]
    for body in bodies:
        world.network.sites["hub"] = msgspec.structs.replace(_Fixed(body))
        world.clock.time += 3601
        assert relaying.fetch_answers(herten) == 0
        assert relaying.describe_failure(herten) != ""

    world.network.sites["hub"] = _Fixed(json.dumps({"hints": [hint, {**hint, "kind": "later"}]}).encode())
    world.clock.time += 3601
    assert relaying.fetch_answers(herten) == 2
    with herten.db.read() as conn:
        assert facts.load_fact(conn, "relay-acks") == "0" * 32


def test_kind_of_a_later_version_is_noted_once_and_not_asked_for_again(
    world: World, site: HubSite, herten: Node, rid: bytes
) -> None:
    stream = StringIO()
    herten.log = open_log(stream, herten.clock, party="herten")
    hint = {"id": "1" * 32, "kind": "later", "text": "Frau Beispiel"}
    world.network.sites["hub"] = _Fixed(json.dumps({"hints": [hint]}).encode())
    world.clock.time += 3601
    relaying.fetch_answers(herten)
    with herten.db.read() as conn:
        assert facts.load_fact(conn, "relay-acks") == "1" * 32

    world.network.sites["hub"] = _Fixed(b'{"hints":[]}')
    assert ask(world, herten) == 0

    assert stream.getvalue().count("hint_of_unknown_kind") == 1
    assert "Beispiel" not in stream.getvalue()
    with herten.db.read() as conn:
        assert facts.load_fact(conn, "relay-acks") == ""


class _Fixed(msgspec.Struct):
    body: bytes

    def answer(self, exchange: Exchange) -> Answered:
        return Answered(200, self.body)
