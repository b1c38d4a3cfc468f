"""Feed, long poll, push and join over a real server: what a reader, a publisher and an attacker get."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from shared.errors import AccessError
from shared.feed import limits
from shared.feed.payload import commitment_of, seal_payload
from shared.feed.push import PushBody, format_push, parse_answer
from shared.holdings import edits, facts, logs
from shared.holdings.edits import NEW, Edit
from shared.web.feed_files import FeedFiles
from shared.web.feed_routes import WAITERS_MAX
from tests.support.loopback import app_of, close_all, erase, hub_on_disk, newest_commitment, node_on_disk, running
from tests.support.world import World, offer_doc, publish, withdraw


class Reply:
    """An answer, read whole."""

    def __init__(self, answer: http.client.HTTPResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self.body = answer.read()

    @property
    def problem(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


def ask(
    base_url: str, path: str, *, method: str = "GET", body: bytes | Iterator[bytes] | None = None, **headers: str
) -> Reply:
    """One request on a connection of its own; underscores in header names stand for hyphens."""
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=40)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body=body, headers=named)
        return Reply(connection.getresponse())
    finally:
        connection.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    node_on_disk(world, "herten", tmp_path)
    hub_on_disk(world, tmp_path)
    yield world
    close_all(world)


@pytest.fixture
def base_url(world: World) -> Iterator[str]:
    with running(app_of(world.nodes["herten"])) as base_url:
        yield base_url


def payload_path(commitment: bytes) -> str:
    return f"/feed/g1/payload/{commitment.hex()}"


# --- payloads ---------------------------------------------------------------------------------------------------------


def test_superseded_payload_is_served_for_an_hour_and_gone_after_it(world: World, base_url: str) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Erste Fassung")
    world.settle()
    path = payload_path(newest_commitment(herten, rid))
    publish(herten, "Zweite Fassung", rid)
    world.settle()

    within = ask(base_url, path)
    world.clock.time += limits.SUPERSEDED_GRACE_SECONDS + 60
    after = ask(base_url, path)

    assert within.status == 200
    assert b"Erste Fassung" in within.body
    assert (after.status, after.problem["reason"]) == (410, "superseded")
    assert after.headers["Cache-Control"] == "no-store"
    assert ask(base_url, "/feed/g1/payloads/000").body.count(b"Fassung") == 1


def test_withdrawn_payload_is_gone_after_the_hour(world: World, base_url: str) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Angebot")
    world.settle()
    path = payload_path(newest_commitment(herten, rid))
    withdraw(herten, rid)
    world.settle()
    world.clock.time += limits.SUPERSEDED_GRACE_SECONDS + 60

    reply = ask(base_url, path)

    assert (reply.status, reply.problem["reason"]) == (410, "withdrawn")


def test_erased_payload_is_gone_at_once(world: World, base_url: str) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Angebot von Erika Mustermann")
    world.settle()
    commitment = newest_commitment(herten, rid)
    erase(herten, commitment)
    world.settle()

    reply = ask(base_url, payload_path(commitment))

    assert (reply.status, reply.problem["reason"]) == (410, "erased")
    assert b"Mustermann" not in ask(base_url, "/feed/g1/payloads/000").body


def test_payload_that_was_never_held_is_withheld_and_an_unknown_one_not_found(world: World, base_url: str) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Angebot")
    world.settle()
    commitment = newest_commitment(herten, rid)
    with herten.db.engine.begin() as conn:
        conn.exec_driver_sql("DELETE FROM payload")

    reply = ask(base_url, payload_path(commitment))

    assert (reply.status, reply.problem["reason"]) == (410, "withheld")
    assert ask(base_url, payload_path(hashlib.sha256(b"nothing").digest())).status == 404


def test_recovering_party_serves_entries_and_no_payloads(world: World, base_url: str) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Angebot")
    world.settle()
    with herten.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.clock.now())

    for path in (payload_path(newest_commitment(herten, rid)), "/feed/g1/payloads/000"):
        reply = ask(base_url, path)
        assert (reply.status, reply.problem["code"]) == (503, "E_RECOVERING")
        assert int(reply.headers["Retry-After"]) > 0

    for path in ("/feed/g1/checkpoint", "/feed/g1/tile/entries/000.p/2", "/feed/g1/proof/1"):
        assert ask(base_url, path).status == 200


def test_bulk_file_over_its_limit_is_left_to_single_fetches(world: World) -> None:
    herten = world.nodes["herten"]
    ballast, bodies = "x" * 250_000, []
    with herten.db.write() as conn:
        for number in range(140):
            rid = herten.dice.token(16)
            doc = {**offer_doc(rid, herten.settings.ags, f"Angebot {number}"), "x_ballast": ballast}
            body = seal_payload(doc, herten.dice.token(32))
            edits.add_edit(conn, Edit("publish", "offer", rid, NEW, world.clock.now(), commitment_of(body), body))
            bodies.append(body)
    herten.sealer.seal(now=world.clock.now())
    files = FeedFiles(herten.db, herten.book, herten.clock, own_origin=herten.settings.origin)

    assert files.get("/feed/g1/payloads/000").status == 404
    assert files.get(payload_path(commitment_of(bodies[0]))).status == 200


# --- paths ------------------------------------------------------------------------------------------------------------


def test_own_log_of_a_node_is_not_in_its_mirror_and_that_of_the_hub_is(world: World) -> None:
    herten, hub = world.nodes["herten"], world.hub
    node_files = FeedFiles(herten.db, herten.book, herten.clock, own_origin=herten.settings.origin)
    hub_files = FeedFiles(hub.db, hub.book, hub.clock, own_origin=hub.settings.origin)
    mirror_of = {
        party: f"/mirror/{hashlib.sha256(f'{party}.example/feed/g1'.encode()).hexdigest()}/checkpoint"
        for party in ("herten", "hub")
    }

    assert node_files.get(mirror_of["herten"]).status == 404
    assert node_files.get(mirror_of["hub"]).status == 200
    assert hub_files.get(mirror_of["hub"]).status == 200
    assert hub_files.get(mirror_of["herten"]).status == 200


def test_hidden_mirror_is_not_found(world: World) -> None:
    hub = world.hub
    path = f"/mirror/{hashlib.sha256(b'herten.example/feed/g1').hexdigest()}/checkpoint"

    files = FeedFiles(hub.db, hub.book, hub.clock, own_origin=hub.settings.origin, is_hidden=lambda o: "herten" in o)

    assert files.get(path).status == 404


def test_answers_say_nothing_about_the_server_and_set_no_cookie(base_url: str) -> None:
    for path in ("/catalogue", "/feed/g1/nothing", "/", "/livez"):
        reply = ask(base_url, path)

        assert reply.headers["Server"] is None
        assert reply.headers["Set-Cookie"] is None
        assert reply.headers["Content-Encoding"] is None


def test_browser_is_told_to_stay_with_https_when_a_proxy_on_this_computer_says_that_it_came_by_it(
    base_url: str,
) -> None:
    through, plain = ask(base_url, "/", X_Forwarded_Proto="https"), ask(base_url, "/")

    assert through.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert plain.headers["Strict-Transport-Security"] is None


FRAMINGS = (
    b"Content-Length: 0\r\nContent-Length: 30\r\n",
    b"Content-Length: 30\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    b"Content-Length: +0\r\n",
    b"Content-Length : 0\r\n",
)


def test_request_whose_end_can_be_read_in_two_ways_is_refused_and_nothing_behind_it_is_answered(base_url: str) -> None:
    hidden = b"0\r\n\r\nGET /livez HTTP/1.1\r\nHost: b\r\n\r\n"
    address = urlsplit(base_url)

    answers = []
    for framing in FRAMINGS:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as connection:
            connection.sendall(b"POST /nichts HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n" + hidden)
            answers.append(b"".join(iter(lambda: connection.recv(4096), b"")))

    assert [answer[:13] for answer in answers] == [b"HTTP/1.1 400 "] * len(FRAMINGS)
    assert [answer.count(b"HTTP/1.1") for answer in answers] == [1] * len(FRAMINGS)


# --- long poll --------------------------------------------------------------------------------------------------------


def test_long_poll_ends_when_the_log_grows(world: World, base_url: str) -> None:
    tag = ask(base_url, "/feed/g1/checkpoint").headers["ETag"]

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask, base_url, "/feed/g1/checkpoint", If_None_Match=tag, Prefer="wait=20")
        time.sleep(0.5)
        publish(world.nodes["herten"], "Angebot")
        world.settle()
        before = time.monotonic()
        reply = asked.result()

    assert time.monotonic() - before < 2
    assert reply.status == 200
    assert reply.body.split(b"\n")[1] == b"2"


def test_long_poll_without_a_change_is_304_when_its_time_is_over(base_url: str) -> None:
    tag = ask(base_url, "/catalogue").headers["ETag"]
    before = time.monotonic()

    reply = ask(base_url, "/catalogue", If_None_Match=tag, Prefer="respond-async, wait=1")

    assert 0.9 < time.monotonic() - before < 3
    assert (reply.status, reply.headers["ETag"]) == (304, tag)


@pytest.mark.parametrize("prefer", ["wait=x", "wait=", "waiting=9", "wait=-9", "wait=99999"])
def test_preference_that_is_none_is_ignored(base_url: str, prefer: str) -> None:
    tag = ask(base_url, "/catalogue").headers["ETag"]
    before = time.monotonic()

    assert ask(base_url, "/catalogue", If_None_Match=tag, Prefer=prefer).status == 304
    assert time.monotonic() - before < 1


def test_waiters_keep_nobody_from_an_answer_and_one_too_many_does_not_wait(base_url: str) -> None:
    tag = ask(base_url, "/catalogue").headers["ETag"]

    with ThreadPoolExecutor(WAITERS_MAX) as pool:
        waiting = [
            pool.submit(ask, base_url, "/catalogue", If_None_Match=tag, Prefer="wait=4") for _ in range(WAITERS_MAX)
        ]
        time.sleep(1)
        before = time.monotonic()
        assert ask(base_url, "/feed/g1/checkpoint").status == 200
        assert ask(base_url, "/catalogue", If_None_Match=tag, Prefer="wait=4").status == 304
        assert time.monotonic() - before < 1
        assert {reply.result().status for reply in waiting} == {304}


def test_server_ends_soon_though_somebody_waits(world: World) -> None:
    with ThreadPoolExecutor(1) as pool:
        with running(app_of(world.nodes["herten"])) as base_url:
            tag = ask(base_url, "/catalogue").headers["ETag"]
            asked = pool.submit(ask, base_url, "/catalogue", If_None_Match=tag, Prefer="wait=30")
            time.sleep(0.5)
            before = time.monotonic()

        assert time.monotonic() - before < 3
        assert asked.result().status == 304


# --- push and join ----------------------------------------------------------------------------------------------------


def push(base_url: str, body: bytes | Iterator[bytes], *, content_type: str = "application/x-ndjson") -> Reply:
    return ask(base_url, "/federation/push", method="POST", body=body, Content_Type=content_type)


def test_push_is_answered_after_commit_with_what_is_held(world: World) -> None:
    herten = world.nodes["herten"]
    with herten.db.read() as conn:
        note = bytes(logs.load_log(conn, herten.settings.origin).note)

    with running(app_of(world.hub)) as base_url:
        reply = push(base_url, format_push(PushBody(note, "live", 1)))

    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("text/plain")
    assert reply.headers["Cache-Control"] == "no-store"
    assert {holding.origin for holding in parse_answer(reply.body).sources} >= {herten.settings.origin}


@pytest.mark.parametrize(
    "body", [b"", b"\n\n", b"[]\n[]\n", b'{"note":"a"}\n{"state":"live"}\n', b"[" * 100_000 + b"\n\n", b"\x00\xff\n\n"]
)
def test_push_without_form_is_refused_with_its_code(base_url: str, body: bytes) -> None:
    reply = push(base_url, body)

    assert (reply.status, reply.problem["code"]) == (400, "E_FORMAT")


def test_push_of_another_type_is_refused_unread(base_url: str) -> None:
    assert push(base_url, b"{}\n{}\n", content_type="application/json").status == 415


def test_push_that_is_too_large_is_refused_while_it_arrives(base_url: str) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(64):
            sent += 1024 * 1024
            yield b"x" * (1024 * 1024)

    try:
        reply = push(base_url, chunks())
    except (BrokenPipeError, ConnectionResetError):
        reply = None  # the server closed while we were still sending

    assert reply is None or reply.status == 413
    assert ask(base_url, "/livez").status == 200


def test_join_is_the_hubs_alone(world: World, base_url: str) -> None:
    taken: list[bytes] = []

    def join(body: bytes) -> tuple[int, dict[str, Any]]:
        taken.append(body)
        if body == b'{"token":"old"}':
            raise AccessError("unknown or expired token", code="token")
        return 202, {"state": "waiting", "fingerprint": "0000"}

    headers = {"Content_Type": "application/json"}
    with running(app_of(world.hub, join=join)) as hub_url:
        accepted = ask(hub_url, "/federation/join", method="POST", body=b"{}", **headers)
        refused = ask(hub_url, "/federation/join", method="POST", body=b'{"token":"old"}', **headers)
        too_large = ask(hub_url, "/federation/join", method="POST", body=b"x" * 40_000, **headers)

    assert (accepted.status, accepted.problem) == (202, {"state": "waiting", "fingerprint": "0000"})
    assert (refused.status, refused.problem["code"]) == (403, "token")
    assert too_large.status == 413
    assert len(taken) == 2
    assert ask(base_url, "/federation/join", method="POST", body=b"{}", **headers).status in (404, 405)


# --- log --------------------------------------------------------------------------------------------------------------


def test_log_has_no_line_for_requests_and_none_that_an_address_could_forge(world: World) -> None:
    stream = io.StringIO()

    with running(app_of(world.nodes["herten"], stream)) as base_url:
        ask(base_url, "/angebote/Erika%20Mustermann%0d%0a%1b%5b31m?q=Erika+Mustermann")
        push(base_url, b"Erika Mustermann\n\n")
        ask(base_url, "/catalogue", Cookie="token=Erika")

    assert "Erika" not in stream.getvalue()
    assert all(json.loads(line)["action"] for line in stream.getvalue().splitlines())
    assert threading.active_count() < 40
