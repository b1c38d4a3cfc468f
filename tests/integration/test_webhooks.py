"""Webhooks against real receivers on loopback: signed, tried again, coalesced, stopped, and never led astray."""

from __future__ import annotations

import datetime
import io
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import standardwebhooks.webhooks
from litestar import Litestar
from litestar.testing import TestClient
from standardwebhooks import Webhook

from hub import overview, webhooks
from hub.app import create_app
from hub.integrators import add_key, revoke_key
from hub.opening import close_hub, init_hub, new_settings
from hub.party import Hub
from hub.store import subscribers as stored
from shared.clock import SystemClock
from shared.feed import limits
from shared.feed.catalogue_note import parse_catalogue_text
from shared.feed.note import parse_note
from shared.holdings import papers
from shared.logs import open_log
from shared.mailing.store import mails
from shared.net.fetcher import Posted
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from tests.support.enrolling import PASSPHRASE
from tests.support.hostile_server import HostileServer, Question, answer, raw
from tests.support.integrators import LOOPBACK, Program, headers_of, note_everything, open_to_loopback, settle
from tests.support.loopback import app_of, close_all, erase, hub_on_disk, newest_commitment, running
from tests.support.world import World, publish, withdraw

TAKEN = answer(b"", status="204 No Content")
BUSY = answer(b"later", status="500 Internal Server Error")
DAY = 86_400


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    folder = tmp_path_factory.mktemp("hub")
    open_to_loopback(hub_on_disk(world, folder), folder)
    yield world
    close(world)


def close(world: World) -> None:
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    if "egress" in vars(world.hub):
        world.hub.egress.close()  # type: ignore[attr-defined]
    close_all(world)


@pytest.fixture(scope="module")
def client(world: World) -> Iterator[TestClient[Litestar]]:
    with TestClient(app_of(world.hub)) as client:
        yield client


@pytest.fixture
def program(client: TestClient[Litestar], world: World) -> Iterator[Program]:
    """A program of an integrator of its own; nobody is told of anything after the test."""
    program = Program(client, world.hub)
    yield program
    for made in program.ask("GET", "").json().get("subscribers", []):
        program.ask("DELETE", f"/{made['id']}")


@pytest.fixture
def receiver() -> Iterator[HostileServer]:
    with HostileServer() as server:
        server.script("/hook", TAKEN)
        yield server


@pytest.fixture
def library_clock(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receiver's library lives at the time of the world."""

    class WorldTime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> WorldTime:
            return cls.fromtimestamp(world.clock.time, tz)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", WorldTime)


def hook(receiver: HostileServer) -> str:
    return f"{receiver.url}/hook"


def news(world: World, title: str = "Sprachcafé") -> bytes:
    """Something happens, and a tick passes in which it is told to whoever may be told."""
    world.clock.time += webhooks.SPACING_SECONDS
    rid = publish(world.nodes["herten"], title)
    settle(world)
    return rid


def later(world: World, seconds: int) -> None:
    """Let time pass at once; then a tick."""
    world.clock.time += seconds - 1
    world.tick()


def ids(questions: Sequence[Question]) -> list[str]:
    return [headers_of(question)["webhook-id"] for question in questions]


def note_of(question: Question) -> bytes:
    found: str = msgspec.json.decode(question.body)["data"]["note"]
    return found.encode()


def newest_note(hub: Hub) -> bytes:
    with hub.db.read() as conn:
        held = papers.load_catalogue_note(conn)
    assert held is not None
    return bytes(held[1])


def letters_to(hub: Hub, program: Program) -> list[tuple[str, str]]:
    """Subject and text of what waits for the integrator's mailbox."""
    with hub.db.read() as conn:
        found = mails.load_mails(conn)
    return [(one.subject, one.body) for one in found if one.recipient == program.made.email]


# --- what is sent ----------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("library_clock")
def test_change_is_told_in_a_signed_message_that_carries_the_note_and_no_record(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver))
    rid = news(world, "Sprachcafé mit Rita Beispiel")

    (question,) = receiver.questions
    message = Webhook(made["secret"]).verify(question.body, headers_of(question))

    assert set(message) == {"type", "timestamp", "data"}
    assert message["type"] == "kreisweit.catalogue"
    assert set(message["data"]) == {"note"}
    assert note_of(question) == newest_note(world.hub)
    parse_catalogue_text(parse_note(note_of(question), max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
    assert b"Sprachcaf" not in question.body
    assert rid.hex().encode() not in question.body
    assert headers_of(question)["content-type"] == "application/json"
    assert program.show(made)["waiting"] is None


def test_what_it_tells_of_can_be_read_when_it_arrives(
    world: World, program: Program, receiver: HostileServer, client: TestClient[Litestar]
) -> None:
    program.subscribe(hook(receiver))
    before = client.get("/changes", params={"limit": 1000}).json()["cursor"]
    world.clock.time += webhooks.SPACING_SECONDS
    publish(world.nodes["herten"], "Lesekreis")
    note_everything(world)
    world.tick()  # the catalogue has it, the list of changes not yet
    early = len(receiver.questions)

    settle(world)

    assert (early, len(receiver.questions)) == (0, 1)
    assert len(client.get("/changes", params={"after": before}).json()["changes"]) == 1


def test_log_says_when_and_how_it_ended_and_not_what_came_back(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver))
    receiver.script("/hook", answer(b"Geheimnis", status="500 Internal Server Error"), answer(b"Geheimnis"))
    news(world)
    later(world, 7)

    taken, refused = program.log(made)

    assert (refused["status"], refused["error"], refused["attempt"]) == (500, "status", 1)
    assert (taken["status"], taken["error"], taken["attempt"], taken["kind"]) == (200, None, 2, "news")
    assert taken["message_id"] == refused["message_id"]
    assert "Geheimnis" not in program.ask("GET", f"/{made['id']}/deliveries").text


def test_log_is_read_in_pages_and_forgotten_after_thirty_days(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver))
    for _ in range(3):
        news(world)
    place = f"/{made['id']}/deliveries"

    first = program.ask("GET", f"{place}?limit=2").json()
    second = program.ask("GET", f"{place}?limit=2&before={first['before']}").json()

    assert [len(page["deliveries"]) for page in (first, second)] == [2, 1]
    assert second["before"] is None
    with world.hub.db.write() as conn:
        webhooks.forget_old(conn, now=world.hub.clock.now() + 30 * DAY - 60)
    assert len(program.log(made)) == 3
    with world.hub.db.write() as conn:
        webhooks.forget_old(conn, now=world.hub.clock.now() + 30 * DAY + 60)
    assert program.log(made) == []


def test_test_message_is_sent_once_even_to_a_paused_one_and_changes_nothing(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver), paused=True)
    receiver.script("/hook", answer(b"", status="410 Gone"))

    asked, again = (program.ask("POST", f"/{made['id']}/test") for _ in range(2))
    world.tick(3)
    early = program.ask("POST", f"/{made['id']}/test")

    assert (asked.status_code, again.json()) == (202, asked.json())
    assert ids(receiver.questions) == [asked.json()["message_id"]]
    assert (early.status_code, early.headers["retry-after"]) == (429, "8")
    (kept,) = program.log(made)
    assert (kept["kind"], kept["status"]) == ("test", 410)
    assert program.show(made) == {name: value for name, value in made.items() if name != "secret"}


# --- who is told -----------------------------------------------------------------------------------------------------


def test_kinds_choose_what_is_told_but_an_erasure_concerns_everybody(
    world: World, program: Program, receiver: HostileServer
) -> None:
    herten = world.nodes["herten"]
    program.subscribe(hook(receiver), kinds=["withdrawn"])
    counts = []
    first, second = news(world), news(world)
    counts.append(len(receiver.questions))
    withdraw(herten, first)
    settle(world)
    counts.append(len(receiver.questions))
    world.clock.time += webhooks.SPACING_SECONDS
    erase(herten, newest_commitment(herten, second))
    settle(world)
    counts.append(len(receiver.questions))

    assert counts == [0, 1, 2]


def test_paused_one_is_told_when_it_goes_on(world: World, program: Program, receiver: HostileServer) -> None:
    made = program.subscribe(hook(receiver), paused=True)
    news(world)
    world.tick(5)
    early = len(receiver.questions)

    program.ask("PATCH", f"/{made['id']}", {"paused": False})
    world.tick()

    assert (early, len(receiver.questions)) == (0, 1)


def test_integrator_without_a_valid_key_is_told_no_more(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver))
    revoke_key(world.hub, program.made.id)
    news(world)

    assert receiver.questions == []
    with world.hub.db.write() as conn:
        stored.drop_subscriber(conn, bytes.fromhex(made["id"]))


# --- trying again ----------------------------------------------------------------------------------------------------


def test_message_is_tried_again_with_growing_waits_and_one_id_until_it_is_taken(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver))
    receiver.script("/hook", BUSY, BUSY, BUSY, TAKEN)
    counts = []
    news(world)
    for wait in (4, 3, 299, 62, 1799, 362):
        later(world, wait)
        counts.append(len(receiver.questions))

    assert counts == [1, 2, 2, 3, 3, 4]
    assert len(set(ids(receiver.questions))) == 1
    assert len({question.body for question in receiver.questions[:2]}) == 1
    shown = program.show(made)
    assert (shown["waiting"], shown["failing_since"]) == (None, None)


def test_wait_that_the_receiver_asks_for_is_kept(world: World, program: Program, receiver: HostileServer) -> None:
    program.subscribe(hook(receiver))
    receiver.script("/hook", answer(b"", status="429 Too Many Requests", extra=b"Retry-After: 600\r\n"), TAKEN)
    news(world)
    later(world, 599)
    early = len(receiver.questions)
    later(world, 2)

    assert (early, len(receiver.questions)) == (1, 2)


def test_only_the_newest_state_waits(world: World, program: Program, receiver: HostileServer) -> None:
    made = program.subscribe(hook(receiver))
    receiver.script("/hook", BUSY, BUSY, TAKEN)
    news(world)
    later(world, 6)
    first = program.show(made)["waiting"]
    for number in range(3):
        news(world, f"Kurs {number}")
    waiting = program.show(made)["waiting"]

    later(world, 360)

    assert len(receiver.questions) == 3
    last = receiver.questions[-1]
    assert ids([last]) == [waiting["message_id"]] != [first["message_id"]]
    assert waiting["failures"] == first["failures"] == 2  # news do not shorten the wait
    assert note_of(last) == newest_note(world.hub)


def test_bulk_of_changes_is_told_at_most_every_five_seconds(
    world: World, program: Program, receiver: HostileServer
) -> None:
    program.subscribe(hook(receiver))
    news(world)
    begun = world.clock.time
    for number in range(4):
        publish(world.nodes["herten"], f"Viele {number}")
        settle(world)
    world.tick(webhooks.SPACING_SECONDS)

    assert len(receiver.questions) <= 2 + (world.clock.time - begun) // webhooks.SPACING_SECONDS
    assert note_of(receiver.questions[-1]) == newest_note(world.hub)


@pytest.mark.parametrize(
    "play",
    [
        raw(b"HTTP/1.1 200 OK\r\n\r\n"),
        answer(b"x" * 100, extra=b"Content-Encoding: gzip\r\n", keep=False),
        answer(b"angenommen", status="202 Accepted"),
    ],
    ids=["no-length", "encoded", "202"],
)
def test_every_2xx_is_a_success(world: World, program: Program, receiver: HostileServer, play: Any) -> None:
    made = program.subscribe(hook(receiver))
    receiver.script("/hook", play)
    news(world)

    assert [one["error"] for one in program.log(made)] == [None]


# --- stopping --------------------------------------------------------------------------------------------------------


def test_410_stops_at_once_and_a_new_beginning_sends_what_waits(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver))
    receiver.script("/hook", answer(b"", status="410 Gone"), TAKEN)
    news(world)
    stopped = program.show(made)
    news(world)
    later(world, DAY)
    told = len(receiver.questions)

    begun = program.ask("PATCH", f"/{made['id']}", {"paused": False}).json()
    world.tick()

    assert (stopped["state"], stopped["reason"], told) == ("disabled", "gone", 1)
    ((subject, text),) = letters_to(world.hub, program)
    assert "abgestellt" in subject
    assert made["id"] in text
    assert (begun["state"], begun["reason"]) == ("active", None)
    assert len(receiver.questions) == 2
    assert note_of(receiver.questions[-1]) == newest_note(world.hub)


def test_address_that_fails_for_five_days_is_given_up_with_an_alarm_and_a_letter(
    world: World, program: Program, receiver: HostileServer
) -> None:
    made = program.subscribe(hook(receiver), description="Testsystem")
    receiver.script("/hook", BUSY)
    news(world)
    while (shown := program.show(made))["state"] == "active":
        due = datetime.datetime.fromisoformat(shown["waiting"]["next_try"]).timestamp()
        later(world, round(due - world.clock.time))

    attempts = program.log(made)
    alarms = [alarm.message for alarm in overview.status(world.hub).alarms if alarm.name == "webhook-stopped"]
    last = datetime.datetime.fromisoformat(attempts[0]["time"]) - datetime.datetime.fromisoformat(attempts[-1]["time"])

    assert datetime.timedelta(days=5) <= last <= datetime.timedelta(days=6, hours=5)
    assert len(attempts) == 12
    assert program.show(made)["reason"] == "failing"
    assert len(letters_to(world.hub, program)) == 1
    assert len(alarms) == 1
    assert "Ein Abnehmer des Katalogs hat seit über fünf Tagen" in alarms[0]
    assert program.name not in alarms[0]  # the page is public

    program.ask("PATCH", f"/{made['id']}", {"url": f"{receiver.url}/neu"})
    assert not [alarm for alarm in overview.status(world.hub).alarms if alarm.name == "webhook-stopped"]


# --- where messages go -----------------------------------------------------------------------------------------------


def with_egress(monkeypatch: pytest.MonkeyPatch, hub: Hub, client: HttpClient) -> None:
    monkeypatch.setitem(vars(hub), "egress", client)


def test_redirect_is_not_followed(world: World, program: Program, receiver: HostileServer) -> None:
    with HostileServer() as inner:
        made = program.subscribe(hook(receiver))
        line = f"Location: {inner.url}/\r\n".encode()
        receiver.script("/hook", answer(b"", status="307 Temporary Redirect", extra=line))
        news(world)

        assert inner.connections == 0
    assert [(one["status"], one["error"]) for one in program.log(made)] == [(307, "redirect")]


def test_networks_that_are_open_for_members_are_closed_to_webhooks(
    world: World, program: Program, receiver: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = program.subscribe(hook(receiver))
    settings = msgspec.structs.replace(world.hub.settings, webhook_networks=(), allow_networks=LOOPBACK)
    monkeypatch.setattr(world.hub, "settings", settings)
    monkeypatch.delitem(vars(world.hub), "egress", raising=False)
    news(world)

    assert receiver.connections == 0
    assert [(one["status"], one["error"]) for one in program.log(made)] == [(None, "address")]


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"], ["10.1.2.3"]])
def test_name_that_leads_inside_is_refused_before_a_packet_leaves(
    world: World, program: Program, receiver: HostileServer, addresses: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = program.subscribe(f"https://hook.example:{receiver.port}/hook")
    with HttpClient(NetSettings(), SystemClock(), resolve=lambda _: addresses) as client:
        with_egress(monkeypatch, world.hub, client)
        news(world)

    assert receiver.connections == 0
    assert [one["error"] for one in program.log(made)] == ["address"]


def test_name_that_leads_elsewhere_the_next_time_is_checked_again(
    world: World, program: Program, receiver: HostileServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the first answer of the name server is allowed, the second one is not."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    receiver.script("/hook", answer(b"", keep=False))
    made = program.subscribe(f"http://hook.example:{receiver.port}/hook")
    settings = NetSettings(allow_networks=("127.0.0.1/32",))
    with HttpClient(settings, SystemClock(), resolve=lambda _: next(answers)) as client:
        with_egress(monkeypatch, world.hub, client)
        news(world)
        news(world)

    assert receiver.connections == 1
    assert [one["error"] for one in program.log(made)] == ["address", None]
    assert next(answers, None) is None  # one question for each connection: no answer was there to be swapped


def test_endless_answer_is_cut_off(world: World, program: Program, receiver: HostileServer) -> None:
    made = program.subscribe(hook(receiver))
    receiver.script("/hook", answer(b"x" * 70_000))
    news(world)

    assert [one["error"] for one in program.log(made)] == ["oversize"]


# --- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("library_clock")
def test_old_secret_signs_beside_the_new_one_for_a_day(world: World, program: Program, receiver: HostileServer) -> None:
    made = program.subscribe(hook(receiver))
    rotated = program.ask("POST", f"/{made['id']}/secret").json()["secret"]
    news(world)
    during = headers_of(receiver.questions[-1])

    for secret in (made["secret"], rotated):
        assert Webhook(secret).verify(receiver.questions[-1].body, during)
    later(world, DAY)
    news(world)
    after = headers_of(receiver.questions[-1])

    assert [len(one["webhook-signature"].split(" ")) for one in (during, after)] == [2, 1]
    assert Webhook(rotated).verify(receiver.questions[-1].body, after)
    with pytest.raises(standardwebhooks.WebhookVerificationError):
        Webhook(made["secret"]).verify(receiver.questions[-1].body, after)
    assert program.show(made)["old_secret_until"] is None


# --- serving ---------------------------------------------------------------------------------------------------------


def test_hub_that_serves_sends_by_itself(tmp_path: Path, receiver: HostileServer) -> None:
    """Real time, real threads, a real server: the worker beside the pages finds what waits."""
    settings = new_settings(tmp_path / "hub", "hub.example", "http://127.0.0.1:1", webhook_networks=LOOPBACK)
    hub = init_hub(settings, PASSPHRASE)
    with running(create_app(hub, log=open_log(io.StringIO(), hub.clock, party="hub"))) as url:
        key, _ = add_key(hub, "Integreat", "technik@app.example")
        with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"}) as program:
            made = program.post("/subscribers", json={"url": hook(receiver)}).json()
            asked = program.post(f"/subscribers/{made['id']}/test").json()
            deadline = time.monotonic() + 30
            while not (log := program.get(f"/subscribers/{made['id']}/deliveries").json()["deliveries"]):
                assert time.monotonic() < deadline
                time.sleep(0.1)
    close_hub(hub)

    assert ids(receiver.questions) == [asked["message_id"]] == [log[0]["message_id"]]
    Webhook(made["secret"]).verify(receiver.questions[0].body, headers_of(receiver.questions[0]))


# --- crashes ---------------------------------------------------------------------------------------------------------


class PowerCutError(Exception):
    """The machine stops."""


class DiesAfterSending:
    """Sends, and then the machine stops before anything is written down."""

    def __init__(self, client: HttpClient) -> None:
        self._client = client

    def post(self, *args: Any, **more: Any) -> Posted:
        self._client.post(*args, **more)
        raise PowerCutError


def test_message_whose_end_was_lost_in_a_crash_is_sent_again_under_its_id(
    tmp_path: Path, receiver: HostileServer
) -> None:
    world = World(["herten"], seed=7)
    world.settle()
    open_to_loopback(world.hub, tmp_path)
    with TestClient(app_of(world.hub)) as client:
        program = Program(client, world.hub)
        made = program.subscribe(hook(receiver))
    with HttpClient(NetSettings(allow_networks=LOOPBACK), SystemClock()) as real:
        vars(world.hub)["egress"] = DiesAfterSending(real)
        with pytest.raises(PowerCutError):
            news(world)
        world.hub.outputs.reader.close()
        world.hub.finder.close()
        world.restart("hub")
        open_to_loopback(world.hub, tmp_path)
        vars(world.hub)["egress"] = real
        world.tick(5)
        with TestClient(app_of(world.hub)) as client:
            program.client = client
            statuses = [one["status"] for one in program.log(made)]
    del vars(world.hub)["egress"]
    close(world)

    assert len(receiver.questions) == 2
    assert len(set(ids(receiver.questions))) == 1
    assert statuses == [204]
