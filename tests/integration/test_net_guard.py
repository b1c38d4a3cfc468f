"""Connections go to checked addresses only, TLS names who answers, and a proxy is used where the settings say so."""

from __future__ import annotations

import datetime
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from shared.clock import SystemClock
from shared.errors import ConfigError, FetchError
from shared.net.fetcher import Fetched
from shared.net.http import HttpClient
from shared.net.settings import NetSettings
from tests.support.certificates import Authority
from tests.support.hostile_server import HostileServer, Play, Talk, answer, raw

LOOPBACK = NetSettings(allow_networks=("127.0.0.0/8",))
DEADLINE = 0.5


class NameServer:
    """Resolves invented names and counts the questions."""

    def __init__(self, **names: Sequence[str]) -> None:
        self._names = names
        self.asked: list[str] = []

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        if host.replace(".", "_") not in self._names:
            raise OSError(-2, "Name or service not known")
        return self._names[host.replace(".", "_")]


@pytest.fixture
def sink() -> Iterator[HostileServer]:
    """Counts connections; none should come."""
    with HostileServer() as server:
        server.script("/", answer(b"inside"))
        yield server


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("certificates"))


def ask(client: HttpClient, url: str) -> Fetched:
    return client.get(url, max_bytes=1000, deadline_seconds=DEADLINE)


def kind_of(client: HttpClient, url: str) -> str:
    started = time.monotonic()
    with pytest.raises(FetchError) as caught:
        ask(client, url)
    assert time.monotonic() - started < DEADLINE + 0.5
    return caught.value.kind


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "localhost", "2130706433", "0x7f.1", "127.1",
             "inner.example", "mapped.example", "zero.example", "mixed.example", "mixed2.example"]
)  # fmt: skip
def test_no_connection_is_made_to_a_denied_address(host: str, scheme: str, sink: HostileServer) -> None:
    names = NameServer(
        localhost=["127.0.0.1"],
        inner_example=["127.0.0.1"],
        mapped_example=["::ffff:127.0.0.1"],
        zero_example=["0.0.0.0"],
        mixed_example=["8.8.8.8", "127.0.0.1"],
        mixed2_example=["127.0.0.1", "8.8.8.8"],
    )
    with HttpClient(NetSettings(), SystemClock(), resolve=names) as client:
        assert kind_of(client, f"{scheme}://{host}:{sink.port}/") == "address"

    assert sink.connections == 0


def test_redirect_to_an_inner_address_is_not_followed(sink: HostileServer) -> None:
    with HostileServer() as server, HttpClient(LOOPBACK, SystemClock()) as client:
        line = f"Location: {sink.url}/\r\n".encode()
        url = server.script("/", answer(b"", status="302 Found", extra=line))

        assert kind_of(client, url) == "redirect"

    assert sink.connections == 0


def test_name_is_resolved_once_and_the_checked_address_is_used(sink: HostileServer) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.9"]])
    with HttpClient(LOOPBACK, SystemClock(), resolve=lambda host: next(answers)) as client:
        fetched = ask(client, f"http://peer.example:{sink.port}/")

    assert fetched.body == b"inside"
    assert f"Host: peer.example:{sink.port}".encode() in sink.questions[0].head
    assert next(answers) == ["127.0.0.9"]


def test_second_address_is_tried_when_the_first_does_not_answer(sink: HostileServer) -> None:
    names = NameServer(peer_example=["127.0.0.2", "127.0.0.1"])
    with HttpClient(LOOPBACK, SystemClock(), resolve=names) as client:
        assert ask(client, f"http://peer.example:{sink.port}/").body == b"inside"


def test_unknown_name_ends_in_dns(sink: HostileServer) -> None:
    with HttpClient(LOOPBACK, SystemClock(), resolve=NameServer()) as client:
        assert kind_of(client, "https://nowhere.example/") == "dns"


def test_name_server_that_hangs_ends_in_time() -> None:
    released = threading.Event()

    def resolve(host: str) -> Sequence[str]:
        released.wait(5)
        return ()

    with HttpClient(LOOPBACK, SystemClock(), resolve=resolve) as client:
        assert kind_of(client, "https://slow.example/") == "dns"
    released.set()


def test_tls_peer_proves_its_name_and_is_told_it(authority: Authority) -> None:
    context = authority.server_context("peer.example")
    told: list[str | None] = []
    context.sni_callback = lambda sock, name, own: told.append(name)
    names = NameServer(peer_example=["127.0.0.1"])
    with (
        HostileServer(tls=context) as server,
        HttpClient(LOOPBACK, SystemClock(), tls=authority.client_context(), resolve=names) as client,
    ):
        server.script("/", answer(b"secret"))

        bodies = [ask(client, f"https://peer.example:{server.port}/").body for _ in range(3)]

        assert bodies == [b"secret"] * 3
        assert (told, server.connections) == (["peer.example"], 1)


def test_tls_peer_without_proof_is_refused(authority: Authority, tmp_path: Path) -> None:
    yesterday = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    contexts = {
        "wrong name": authority.server_context("other.example"),
        "expired": authority.server_context("peer.example", ends=yesterday),
        "unknown authority": Authority(tmp_path).server_context("peer.example"),
    }
    names = NameServer(peer_example=["127.0.0.1"])
    kinds = {}
    with HttpClient(LOOPBACK, SystemClock(), tls=authority.client_context(), resolve=names) as client:
        for case, context in contexts.items():
            with HostileServer(tls=context) as server:
                server.script("/", answer(b"secret"))
                kinds[case] = kind_of(client, f"https://peer.example:{server.port}/")
                assert server.questions == []

    assert kinds == dict.fromkeys(contexts, "tls")


def drip_handshake(talk: Talk) -> None:
    talk.send(b"\x16\x03\x03\x3f\xff\x02")  # a handshake record of 16 KiB, a server hello
    while talk.sleep(0.05):
        talk.send(b"\x00")


def hang(talk: Talk) -> None:
    talk.stopped.wait()


@pytest.mark.parametrize(
    ("play", "kind"), [(hang, "timeout"), (drip_handshake, "timeout"), (raw(b"HTTP/1.1 400 Bad\r\n\r\n"), "tls")]
)
def test_tls_handshake_that_fails_ends_in_time(play: Play, kind: str, authority: Authority) -> None:
    with (
        HostileServer(on_accept=play) as server,
        HttpClient(LOOPBACK, SystemClock(), tls=authority.client_context()) as client,
    ):
        assert kind_of(client, f"https://127.0.0.1:{server.port}/") == kind


def test_system_trust_refuses_an_authority_it_does_not_know(authority: Authority) -> None:
    with (
        HostileServer(tls=authority.server_context("127.0.0.1")) as server,
        HttpClient(LOOPBACK, SystemClock()) as client,
    ):
        assert kind_of(client, f"https://127.0.0.1:{server.port}/") == "tls"


def relay_to(port: int) -> Play:
    """Be a proxy: open the tunnel and carry bytes both ways."""

    def play(talk: Talk) -> None:
        with socket.create_connection(("127.0.0.1", port)) as far:
            talk.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_carry, args=(far, talk.sock))
            back.start()
            _carry(talk.sock, far)
            back.join()

    return play


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            sink.sendall(part)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass  # one side is gone, so the tunnel ends


def test_proxy_carries_https_to_names_and_only_these(authority: Authority, sink: HostileServer) -> None:
    names = NameServer(inner_example=["127.0.0.1"], node_city_example=["127.0.0.1"])
    with (
        HostileServer(tls=authority.server_context("peer.example")) as far,
        HostileServer(tls=authority.server_context("node.city.example")) as near,
        HostileServer() as proxy,
    ):
        far.script("/", answer(b"far"))
        near.script("/", answer(b"near"))
        proxy.script("peer.example:443", relay_to(far.port))
        settings = NetSettings(("127.0.0.0/8",), f"http://user:p%40ss@127.0.0.1:{proxy.port}", (".city.example",))
        with HttpClient(settings, SystemClock(), tls=authority.client_context(), resolve=names) as client:
            bodies = [ask(client, "https://peer.example/").body for _ in range(3)]
            bodies.append(ask(client, f"http://inner.example:{sink.port}/").body)
            bodies.append(ask(client, f"https://node.city.example:{near.port}/").body)

        assert bodies == [b"far", b"far", b"far", b"inside", b"near"]
        assert [(question.method, question.path) for question in proxy.questions] == [("CONNECT", "peer.example:443")]
        assert b"Proxy-Authorization: Basic dXNlcjpwQHNz" in proxy.questions[0].head
        assert b"roxy-" not in far.questions[0].head
        assert "peer.example" not in names.asked


def test_proxy_that_refuses_ends_in_connect() -> None:
    with HostileServer() as proxy:
        proxy.script("peer.example:443", raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
        with HttpClient(NetSettings(proxy=f"http://127.0.0.1:{proxy.port}"), SystemClock()) as client:
            assert kind_of(client, "https://peer.example/") == "connect"


def test_proxy_does_not_open_literal_inner_addresses(sink: HostileServer) -> None:
    with HostileServer() as proxy:
        settings = NetSettings(proxy=f"http://127.0.0.1:{proxy.port}")
        with HttpClient(settings, SystemClock()) as client:
            kinds = [kind_of(client, f"{scheme}://127.0.0.1:{sink.port}/") for scheme in ("http", "https")]

        assert kinds == ["address", "address"]
        assert (proxy.connections, sink.connections) == (0, 0)


@pytest.mark.parametrize(
    "proxy",
    [
        "https://proxy.example:3128",
        "socks5://proxy.example",
        "proxy.example:3128",
        "http://",
        "http://[::1",
        "http://p:99999",
        "http://p/x",
    ],
)
def test_proxy_of_another_kind_is_refused_at_start(proxy: str) -> None:
    with pytest.raises(ConfigError, match="proxy"):
        HttpClient(NetSettings(proxy=proxy), SystemClock())
