"""A member that misbehaves below the protocol, over real HTTP: our own client against its server (PROTOCOL 5)."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping, Sequence

import pytest

from shared.clock import SystemClock
from shared.feed.outcomes import State
from shared.net.fetcher import NO_HEADERS, Fetched, Posted, WebAccess
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from tests.fault.scenes import OFFERS, Scene
from tests.support.hostile_server import HostileServer, Play, answer, drip, endless, format_answer, raw, silence
from tests.support.world import Exchange

GOOD = sorted(OFFERS)
NOTE = "/feed/g1/checkpoint"
MOST_SECONDS = 0.6
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"


class Detour:
    """Asks one host through real HTTP and everybody else through the world's network.

    Deadlines are cut short: what the protocol gives a minute, a test gives half a second.
    """

    def __init__(self, web: WebAccess, host: str, client: HttpClient, url: str) -> None:
        self._web = web
        self._prefix = f"http://{host}"
        self._client = client
        self._url = url

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        is_real = url.startswith(self._prefix + "/")
        return (self._client if is_real else self._web).get(
            self._url + url.removeprefix(self._prefix) if is_real else url,
            max_bytes=max_bytes,
            deadline_seconds=min(deadline_seconds, MOST_SECONDS),
            etag=etag,
            content_types=content_types,
        )

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        return self._web.post(
            url, body, content_type=content_type, max_bytes=max_bytes, deadline_seconds=deadline_seconds
        )


@pytest.fixture
def server(scene: Scene) -> Iterator[HostileServer]:
    """The liar's web server; the hub asks it through its real client."""
    with HostileServer() as server, HttpClient(NetSettings(allow_networks=("127.0.0.0/8",)), SystemClock()) as client:
        scene.hub.web = Detour(scene.hub.web, "herten", client, server.url)
        yield server


def honestly(scene: Scene, server: HostileServer, *paths: str) -> None:
    """Serve these files as they are."""
    for path in paths:
        served = scene.liar.answer(Exchange("hub", "herten", "GET", path))
        server.script(path, answer(served.body, status=f"{served.status} X"))


def note_of(scene: Scene) -> bytes:
    return scene.liar.checkpoint()


def plays(scene: Scene) -> dict[str, tuple[Play, str, str]]:
    """Every misbehaviour, with the code it ends in and a word of its explanation."""
    note = note_of(scene)
    packed = gzip.compress(note)
    head = format_answer(note)[: -len(note)]
    return {
        "a page with 200": (answer(b"<html>Anmeldung</html>", content_type="text/html"), "E_FETCH", "text/html"),
        "a redirect": (
            answer(b"", status="302 Found", extra=b"Location: http://169.254.169.254/\r\n"), "E_FETCH", "302"
        ),
        "a permanent redirect": (
            answer(b"", status="301 Moved", extra=b"Location: /feed/g1/other\r\n"), "E_FETCH", "301"
        ),
        "a compressed body": (answer(packed, extra=b"Content-Encoding: gzip\r\n"), "E_FETCH", "gzip"),
        "a slow drip": (drip(head, note, every_seconds=0.02), "E_FETCH", ""),
        "a slow drip of headers": (drip(b"HTTP/1.1 200 OK\r\n", head[17:] + note, every_seconds=0.02), "E_FETCH", ""),
        "silence": (silence, "E_FETCH", ""),
        "an endless body": (endless(CHUNKED, b"1000\r\n" + b"x" * 4096 + b"\r\n"), "E_OVERSIZE", ""),
        "a body without end": (endless(CHUNKED.replace(b"Transfer-Encoding: chunked\r\n", b""), b"x"), "E_FETCH", ""),
        "too long a body": (answer(note + b"x" * 20_000), "E_OVERSIZE", ""),
        "less than promised": (raw(head + note[:-10]), "E_FETCH", ""),
        "no HTTP": (raw(b"220 mail.example ESMTP\r\n"), "E_FETCH", ""),
        "nothing": (raw(b""), "E_FETCH", ""),
        "a server error": (answer(b"", status="500 Oops"), "E_FETCH", "500"),
        "part of it": (
            answer(note[:50], status="206 Partial", extra=b"Content-Range: bytes 0-49/500\r\n"), "E_FETCH", "206",
        ),
        "204": (answer(b"", status="204 No Content"), "E_FETCH", "204"),
    }  # fmt: skip


NAMES = (
    "a page with 200", "a redirect", "a permanent redirect", "a compressed body", "a slow drip",
    "a slow drip of headers", "silence", "an endless body", "a body without end", "too long a body",
    "less than promised", "no HTTP", "nothing", "a server error", "part of it", "204",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_misbehaviour_of_the_server_keeps_the_last_good_state(scene: Scene, server: HostileServer, name: str) -> None:
    play, code, word = plays(scene)[name]
    server.script(NOTE, play)

    pull = scene.pull()

    assert (pull.code, pull.outcome, pull.size) == (code, "unreachable", 4)
    assert pull.message
    assert word in pull.message
    assert scene.shown() == GOOD
    assert scene.standing().state is State.ACTIVE

    honestly(scene, server, NOTE)
    pull = scene.pull()
    assert (pull.outcome, pull.code) == ("unchanged", None)


def test_list_of_misbehaviours_is_complete(scene: Scene) -> None:
    assert tuple(plays(scene)) == NAMES


@pytest.mark.parametrize("name", ["a page with 200", "a redirect", "a compressed body", "less than promised"])
def test_misbehaviour_over_a_payload_ends_the_payloads_of_this_run_only(
    scene: Scene, server: HostileServer, name: str
) -> None:
    scene.liar.publish("Neues Angebot")
    commitment = next(iter(scene.liar.bodies.keys() - scene.truth.bodies.keys())).hex()
    bundle = f"/feed/g1/tile/entries/000.p/{scene.liar.size}"
    honestly(scene, server, NOTE, bundle)
    server.script(f"/feed/g1/payload/{commitment}", plays(scene)[name][0])

    pull = scene.pull()

    assert (pull.code, pull.size) == ("E_FETCH", 5)
    assert scene.size_at_hub() == 5
    assert scene.shown() == GOOD
    honestly(scene, server, NOTE, f"/feed/g1/payload/{commitment}")
    scene.pull()
    assert "Neues Angebot" in scene.shown()
