"""What is seen of whole running parties: how much a node keeps in memory, how soon a change is everywhere."""

from __future__ import annotations

import http.client
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from hub.party import Hub
from hub.pushing import push_member
from node.party import Node
from shared.holdings import logs, payloads
from tests.bench.federation import (
    NAMES,
    PUBLISHER,
    SECOND,
    load_ports,
    opened_hub,
    opened_node,
    restore,
)
from tests.bench.measure import Started, resident_mb
from tests.bench.publishing import put_revisions

Figures = dict[str, float]
POLLS = 200
_LEVEL_SECONDS = 300
_REPEATS = 3


def resident(directory: Path, size: int, seed: int) -> Figures:
    """A served node that holds the whole catalogue, after 200 polls, pages and pushes."""
    del size, seed
    port = load_ports(directory)[SECOND]
    restore(directory, SECOND)
    command = ["-m", "node", "--home", str(directory / SECOND), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with opened_hub(directory) as hub, opened_node(directory, SECOND) as node:
        served = Started([sys.executable, *command])
        try:
            _wait("the node is level with the hub", lambda: _is_level(node))
            first = resident_mb(served.pid)
            row = next(row for row in hub.members() if row.name == SECOND)
            for _ in range(POLLS):
                for path in (f"/feed/g{row.generation}/checkpoint", "/catalogue", "/"):
                    _ask(port, path)
                if push_member(hub, row) is None:
                    raise RuntimeError("the node did not take a push")
            return {"resident_mb": resident_mb(served.pid), "first_resident_mb": first, "polls": POLLS}
        finally:
            served.stopped()


def _is_level(node: Node) -> bool:
    standing = node.consumer.standing()
    return standing is not None and standing.agrees and not standing.missing


def _ask(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} answered {answer.status}")
    connection.close()


def visible(directory: Path, size: int, seed: int) -> Figures:
    """Seconds from a seal until the new version is held at the hub and at each of the eleven nodes; the longest."""
    restore(directory, SECOND)
    server = Started([sys.executable, "-m", "tests.bench.serve", "--jobs", str(directory), "hub", *NAMES])
    try:
        if not server.line().startswith("ready"):
            raise RuntimeError("the parties did not start")
        with ExitStack() as opened:
            hub = opened.enter_context(opened_hub(directory))
            nodes = {name: opened.enter_context(opened_node(directory, name)) for name in NAMES}
            publisher = nodes.pop(PUBLISHER)
            _wait("all nodes are level", lambda: all(_is_level(node) for node in nodes.values()))
            parties: list[Hub | Node] = [hub, *nodes.values()]
            seconds = [_change(publisher, parties, number, size, seed) for number in range(_REPEATS)]
    finally:
        server.stopped()
    return {"seconds": max(seconds), "parties": 12}


def _change(publisher: Node, parties: Sequence[Hub | Node], number: int, size: int, seed: int) -> float:
    origin = publisher.settings.origin
    before = _size(publisher, origin)
    commitment = put_revisions(publisher, 1, 400 + number, size, seed)[0]
    _wait("the change is sealed", lambda: _size(publisher, origin) > before)
    sealed = time.monotonic()
    _wait("the change is everywhere", lambda: all(_holds(party, origin, commitment) for party in parties))
    return time.monotonic() - sealed


def _size(party: Hub | Node, origin: str) -> int:
    with party.db.read() as conn:
        return int(logs.load_log(conn, origin).size)


def _holds(party: Hub | Node, origin: str, commitment: bytes) -> bool:
    with party.db.read() as conn:
        return bool(payloads.held_among(conn, logs.load_log(conn, origin).id, [commitment]))


def _wait(what: str, is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _LEVEL_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(f"not so after {_LEVEL_SECONDS} s: {what}")
        time.sleep(0.02)
