"""Real parties of a small world on real files behind a real server on loopback."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from litestar import Litestar

from hub.app import create_app as create_hub_app
from hub.party import Hub
from node.app import create_app as create_node_app
from node.party import Node
from shared.database import Database
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from shared.logs import open_log
from shared.net.fetcher import NO_HEADERS, Fetched, Posted
from shared.net.http import HttpClient
from shared.web.feed_routes import Join
from shared.web.server import make_server
from tests.support.world import World, disk_image

_START_SECONDS = 20
_ROW = 20
_CLAIMS: list[socket.socket] = []
"""Rows of ports that this process has claimed for its tests, against others that run at the same time."""


def database_on_disk(db: Database, path: Path) -> Database:
    """Copy an in-memory database into a file, so that threads have a connection each."""
    path.write_bytes(disk_image(db))
    return Database(f"sqlite:///{path}")


def node_on_disk(world: World, name: str, folder: Path) -> Node:
    """Open a node of the world on a file of its own."""
    world.nodes[name] = world._open_node(name, database_on_disk(world.nodes[name].db, folder / f"{name}.db"))
    return world.nodes[name]


def hub_on_disk(world: World, folder: Path) -> Hub:
    """Open the hub of the world on a file of its own."""
    world.hub = world._open_hub(database_on_disk(world.hub.db, folder / "hub.db"))
    return world.hub


def close_all(world: World) -> None:
    """Give back the connections of every party."""
    world.hub.db.close()
    for node in world.nodes.values():
        node.db.close()


def app_of(party: Node | Hub, stream: io.StringIO | None = None, *, join: Join | None = None) -> Litestar:
    """Return a party's application without jobs: the world ticks."""
    log = open_log(stream or io.StringIO(), party.clock, party="test")
    if isinstance(party, Hub):
        return create_hub_app(party, with_jobs=False, join=join, log=log)
    return create_node_app(party, with_jobs=False, log=log)


def free_port() -> int:
    """A port of loopback that nobody uses just now, for a party that has to know its own address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def free_ports(count: int) -> int:
    """Return the first of `count` ports in a row that nobody listens on, and that no other test takes meanwhile.

    Raises:
        RuntimeError: no row is free.
    """
    assert count <= _ROW
    for base in range(18_100, 28_000, _ROW):
        claim = socket.socket(socket.AF_UNIX)
        try:
            # The claim ends with this process, however that ends.
            claim.bind(f"\0kreisweit-tests-ports-{base}")
        except OSError:
            claim.close()
            continue
        _CLAIMS.append(claim)
        if all(_is_free(port) for port in range(base, base + count)):
            return base
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as asked:
        try:
            asked.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def running(app: Litestar, *, port: int = 0) -> Iterator[str]:
    """Serve an application on loopback, on a free port unless one is given; yields the base URL."""
    server = make_server(app, host="127.0.0.1", port=port)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_START_SECONDS)
        assert not thread.is_alive(), "the server did not end"


@contextmanager
def running_hub(hub: Hub) -> Iterator[str]:
    """Serve a hub under the address that it takes for its own, so that forms of its desk are its own too."""
    port = free_port()
    hub.settings = msgspec.structs.replace(hub.settings, url=f"http://127.0.0.1:{port}")
    with running(app_of(hub), port=port) as url:
        yield url


def newest_commitment(node: Node, rid: bytes) -> bytes:
    """The commitment of the newest live version of an own record."""
    with node.db.read() as conn:
        head = logs.load_heads(conn, logs.load_log(conn, node.settings.origin).id, [rid])[rid]
    assert head.commitment is not None
    return head.commitment


def erase(node: Node, *commitments: bytes) -> None:
    """Put an erasure of these versions into a node's outbox."""
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("erase", "offer", None, NEW, node.clock.now(), body=b"".join(commitments)))


class HubAt:
    """Asks a hub at the port where it happens to listen."""

    def __init__(self, client: HttpClient, url: str) -> None:
        self._client, self._url = client, url

    def get(
        self, url: str, *, max_bytes: int, deadline_seconds: float, etag: str = "", wait_seconds: int = 0,
        content_types: Sequence[str] = (),
    ) -> Fetched:  # fmt: skip
        raise AssertionError(f"only signed requests go this way, not {url}")

    def post(
        self, url: str, body: bytes, *, content_type: str, max_bytes: int, deadline_seconds: float,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> Posted:  # fmt: skip
        return self._client.post(
            url.replace("http://hub", self._url), body, content_type=content_type, max_bytes=max_bytes,
            deadline_seconds=deadline_seconds, headers=headers,
        )  # fmt: skip
