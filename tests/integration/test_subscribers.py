"""Integrators manage their subscribers over HTTP: each its own alone, secrets shown once, mistakes explained."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.integrators import revoke_key
from hub.subscribers import SUBSCRIBERS_MAX
from shared.web.problems import PROBLEM_JSON
from tests.support.integrators import Program, open_to_loopback
from tests.support.loopback import app_of, close_all, hub_on_disk
from tests.support.world import World

HOOK = "https://app.example/hook"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    folder = tmp_path_factory.mktemp("hub")
    open_to_loopback(hub_on_disk(world, folder), folder)
    yield world
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


@pytest.fixture(scope="module")
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture(scope="module")
def client(world: World, log: io.StringIO) -> Iterator[TestClient[Litestar]]:
    with TestClient(app_of(world.hub, log)) as client:
        yield client


@pytest.fixture
def program(client: TestClient[Litestar], world: World) -> Program:
    """A program of an integrator of its own for each test."""
    return Program(client, world.hub)


@pytest.fixture
def other(client: TestClient[Litestar], world: World) -> Program:
    return Program(client, world.hub)


def test_new_subscriber_is_described_with_its_secret_and_its_place(program: Program) -> None:
    answer = program.ask("POST", "", {"url": HOOK, "description": " Unsere  Kopie ", "kinds": ["erased", "created"]})

    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/subscribers/{made['id']}"
    assert answer.headers["cache-control"] == "no-store"
    assert made.pop("secret").startswith("whsec_")
    assert made == {
        "id": made["id"], "url": HOOK, "description": "Unsere Kopie", "kinds": ["created", "erased"],
        "state": "active", "reason": None, "created": made["created"], "old_secret_until": None, "waiting": None,
        "failing_since": None, "acknowledged": None, "erasures": {"owed_since": None, "due": None},
    }  # fmt: skip
    assert made["created"].startswith("2026-01-01T00:")
    assert program.show(made) == made
    assert program.ask("GET", "").json() == {"subscribers": [made]}


def test_secret_is_in_no_later_answer_and_neither_it_nor_the_key_in_the_log(program: Program, log: io.StringIO) -> None:
    made = program.subscribe(HOOK)
    rotated = program.ask("POST", f"/{made['id']}/secret").json()["secret"]

    later = "".join(
        program.ask("GET", path).text for path in ("", f"/{made['id']}", f"/{made['id']}/deliveries")
    ) + program.ask("PATCH", f"/{made['id']}", {"paused": True}).text  # fmt: skip

    assert made["secret"] != rotated
    for secret in (made["secret"], rotated, program.key):
        assert secret.removeprefix("whsec_") not in later + log.getvalue()


def test_reader_that_looks_by_itself_needs_no_address(program: Program) -> None:
    made = program.subscribe()

    assert (made["url"], made["state"]) == (None, "active")
    answer = program.ask("POST", f"/{made['id']}/test")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


def test_named_fields_change_and_others_stay(program: Program) -> None:
    made = program.subscribe(HOOK, description="Kopie", kinds=["withdrawn"])

    changed = program.ask("PATCH", f"/{made['id']}", {"url": "https://neu.example/", "paused": True}).json()
    nothing = program.ask("PATCH", f"/{made['id']}", {}).json()
    ended = program.ask("PATCH", f"/{made['id']}", {"url": None, "paused": False}).json()

    assert (changed["url"], changed["state"]) == ("https://neu.example/", "paused")
    assert (changed["description"], changed["kinds"]) == ("Kopie", ["withdrawn"])
    assert nothing == changed
    assert (ended["url"], ended["state"]) == (None, "active")


def test_deleted_subscriber_is_gone(program: Program) -> None:
    made = program.subscribe(HOOK)

    answer = program.ask("DELETE", f"/{made['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert program.ask("GET", f"/{made['id']}").status_code == 404
    assert program.ask("GET", "").json() == {"subscribers": []}


def every_way(made: dict[str, Any]) -> list[tuple[str, str, object]]:
    """Each route of one subscriber, with a body that would be taken."""
    key = f"/{made['id']}"
    return [
        ("GET", key, None), ("PATCH", key, {"paused": True}), ("DELETE", key, None), ("POST", f"{key}/secret", None),
        ("POST", f"{key}/test", None), ("GET", f"{key}/deliveries", None), ("PUT", f"{key}/ack", {"cursor": "0"}),
    ]  # fmt: skip


def test_subscriber_of_another_integrator_is_as_unknown_as_none(program: Program, other: Program) -> None:
    made = program.subscribe(HOOK)
    nothing = {"id": "0" * 32}

    foreign = [other.ask(*way) for way in every_way(made)]
    unknown = [other.ask(*way) for way in every_way(nothing)]

    assert {answer.status_code for answer in foreign + unknown} == {404}
    assert [a.text.replace(made["id"], nothing["id"]) for a in foreign] == [a.text for a in unknown]
    assert program.show(made) == {name: value for name, value in made.items() if name != "secret"}
    assert other.ask("GET", "").json() == {"subscribers": []}


def test_each_way_needs_a_key_and_strangers_are_slowed_down_but_nobody_with_a_key(
    client: TestClient[Litestar], program: Program
) -> None:
    made = program.subscribe(HOOK)
    ways = [*every_way(made), ("GET", "", None), ("POST", "", {"url": HOOK})]

    answers = [client.request(method, f"/subscribers{path}", json=body) for method, path, body in ways]
    slowed = [client.get("/subscribers", headers={"Authorization": f"Bearer {'x' * 40}"}) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Bearer realm="kreisweit"'}
    assert {answer.headers["content-type"] for answer in answers} == {PROBLEM_JSON}
    assert slowed[-1].status_code == 429
    assert int(slowed[-1].headers["retry-after"]) > 0
    assert program.ask("GET", f"/{made['id']}").status_code == 200


def test_revoked_key_is_no_key(program: Program, world: World) -> None:
    revoke_key(world.hub, program.made.id)
    world.clock.time += 3600

    assert program.ask("GET", "").status_code == 401


@pytest.mark.parametrize(
    ("wish", "field", "part"),
    [
        ({"url": "https://nutzer:wort@app.example/"}, "url", "plain address"),
        ({"url": "https://app.example/#teil"}, "url", "plain address"),
        ({"url": "ftp://app.example/"}, "url", "plain address"),
        ({"url": "https://0x7f.1/"}, "url", "plain address"),
        ({"url": "https://2130706433/"}, "url", "plain address"),
        ({"description": "x" * 201}, "description", "one line"),
        ({"description": "rechts\u202enach links"}, "description", "one line"),
        ({"kinds": ["deleted"]}, "kinds", "created, updated, withdrawn, erased"),
        ({"kinds": []}, "kinds", "some of"),
        ({"colour": "red"}, "body", "unknown field `colour`"),
        ({"url": 7}, "body", "Expected `str | null`"),
    ],
)
def test_what_cannot_be_is_explained_by_field(program: Program, wish: dict[str, object], field: str, part: str) -> None:
    made = program.subscribe(HOOK)

    for answer in (program.ask("POST", "", wish), program.ask("PATCH", f"/{made['id']}", wish)):
        assert answer.status_code == 422
        assert answer.headers["content-type"] == PROBLEM_JSON
        assert part in answer.json()["errors"][field][0]
    assert len(program.ask("GET", "").json()["subscribers"]) == 1


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/", "https://[::1]/", "https://[::ffff:7f00:1]/", "https://[64:ff9b::7f00:1]/",
     "https://169.254.169.254/latest/meta-data", "https://100.64.0.1/", "https://192.168.1.1/"],
)  # fmt: skip
def test_address_that_is_not_public_is_refused_at_once(program: Program, url: str) -> None:
    answer = program.ask("POST", "", {"url": url})

    assert (answer.status_code, answer.json()["code"]) == (422, "target_forbidden")


@pytest.mark.parametrize("url", ["http://app.example/", "https://app.example:8443/", "http://127.0.0.1/"])
def test_without_the_setting_for_tests_only_https_at_its_port_will_do(
    program: Program, world: World, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.hub, "settings", msgspec.structs.replace(world.hub.settings, webhook_networks=()))

    assert program.ask("POST", "", {"url": url}).json()["errors"]["url"] == ["is not https at port 443"]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [(b"{", "application/json", 400), (b"\xff", "application/json", 400), (b"[]", "application/json", 422),
     (b"", "application/json", 400), (b"{}", "text/plain", 415), (b" " * 20_000, "application/json", 413)],
)  # fmt: skip
def test_body_that_is_no_json_of_ours_is_refused(
    client: TestClient[Litestar], program: Program, body: bytes, kind: str, status: int
) -> None:
    headers = {"Authorization": f"Bearer {program.key}", "Content-Type": kind}

    answer = client.post("/subscribers", content=body, headers=headers)

    assert answer.status_code == status
    assert answer.headers["content-type"] == PROBLEM_JSON


def test_number_of_subscribers_is_bounded(program: Program) -> None:
    for _ in range(SUBSCRIBERS_MAX):
        program.subscribe()

    assert program.ask("POST", "", {}).status_code == 409


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "before=-1", "before=1e3"])
def test_page_of_the_log_that_cannot_be_is_refused(program: Program, query: str) -> None:
    made = program.subscribe(HOOK)

    assert program.ask("GET", f"/{made['id']}/deliveries?{query}").status_code == 400
