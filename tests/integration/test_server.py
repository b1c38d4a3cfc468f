"""Serving as a process: its end by signal, and a start on an address that is taken."""

from __future__ import annotations

import io
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.app import create_app
from shared.errors import ConfigError
from shared.holdings import facts
from shared.logs import open_log
from shared.web.server import serve
from tests.support.loopback import close_all, node_on_disk
from tests.support.world import World, recovering


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    node_on_disk(world, "herten", tmp_path)
    yield world
    close_all(world)


def test_signal_ends_the_server_and_the_caller_goes_on(world: World) -> None:
    node, stream = world.nodes["herten"], io.StringIO()
    log = open_log(stream, node.clock, party="herten")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    world.clock.time += 60  # the lease of the world's own ticks is over
    threading.Timer(2.5, signal.raise_signal, [signal.SIGTERM]).start()
    before = time.monotonic()

    serve(create_app(node, log=log), log, host="127.0.0.1", port=port)

    assert time.monotonic() - before < 10
    assert "jobs_stopped" in stream.getvalue()
    with node.db.write() as conn:
        assert facts.take_lease(conn, "jobs", "another", now=node.clock.now(), seconds=10)


def test_address_that_is_taken_is_told_before_any_job_begins(world: World) -> None:
    node, stream = world.nodes["herten"], io.StringIO()
    log = open_log(stream, node.clock, party="herten")

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="nicht gelauscht"):
        serve(create_app(node, log=log), log, host="127.0.0.1", port=taken.getsockname()[1])

    assert not recovering(node.db)
    assert "jobs_started" not in stream.getvalue()
