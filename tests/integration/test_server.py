"""Serving as a process: its end by signal, and a start on an address that is taken."""

from __future__ import annotations

import io
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from node.app import create_app
from node.opening import close_node, init_node, open_node
from shared.errors import ConfigError
from shared.holdings import facts
from shared.logs import open_log
from shared.web.server import serve
from tests.support.loopback import close_all, free_port, node_on_disk
from tests.support.world import World, recovering

ROOT = Path(__file__).parents[2]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    node_on_disk(world, "herten", tmp_path)
    yield world
    close_all(world)


def test_signal_ends_the_server_and_the_next_process_may_work_at_once(tmp_path: Path) -> None:
    close_node(init_node(tmp_path / "herten", name="herten", ags="05562020", title="Stadt Herten"))
    command = [
        sys.executable, "-m", "node", "--home", str(tmp_path / "herten"), "serve", "--json", "--port", str(free_port()),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert '"ready"' in process.stdout.readline()
        process.terminate()
        _, said = process.communicate(timeout=15)

    assert process.returncode == 0
    assert "jobs_stopped" in said
    node = open_node(tmp_path / "herten")
    with node.db.write() as conn:
        assert facts.take_lease(conn, "jobs", "another", now=node.clock.now(), seconds=10)
    close_node(node)


def test_address_that_is_taken_is_told_before_any_job_begins(world: World) -> None:
    node, stream = world.nodes["herten"], io.StringIO()
    log = open_log(stream, node.clock, party="herten")

    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(ConfigError, match="nicht gelauscht"):
        serve(create_app(node, log=log), log, host="127.0.0.1", port=taken.getsockname()[1])

    assert not recovering(node.db)
    assert "jobs_started" not in stream.getvalue()
