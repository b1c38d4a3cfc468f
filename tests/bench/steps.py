"""The steps between the floors: each runs in a process of its own, which is the party that is measured.

A step is a function `(directory, size, seed) -> figures`.  What it reads from is served by another process
(`tests.bench.serve`).  `work_cpu_seconds` and `work_wall_seconds` are of the work alone: without the interpreter's
start, and, for increments and idle rounds, in a process that has done the same before (a running hub).
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from hub.notes import publish_note
from hub.party import Hub
from hub.pulling import pull_member, pull_named
from node.party import Node
from node.receiving import refresh
from shared.feed.outcomes import Code
from shared.follow import Report
from tests.bench.federation import (
    NAMES,
    PUBLISHER,
    SECOND,
    keep_pristine,
    load_ports,
    make_federation,
    opened_hub,
    opened_node,
    restore,
)
from tests.bench.material import Material
from tests.bench.material import prepare as prepare_material
from tests.bench.publishing import publish_material
from tests.bench.traffic import Traffic, counted

Figures = dict[str, float]
REPEATS = 5
"""Increments in one step: their cost depends on how they lie in bundles of 256, so the mean of several counts."""


def prepare(directory: Path, size: int, seed: int) -> Figures:
    """Make material and parties; not a figure of anything."""
    figures = prepare_material(directory, size, seed)
    make_federation(directory)
    keep_pristine(directory, "hub", PUBLISHER, SECOND)
    return figures


class Stopwatch:
    """CPU and wall time of this process between two moments."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def figures(self) -> Figures:
        return {
            "work_cpu_seconds": time.process_time() - self._cpu,
            "work_wall_seconds": time.perf_counter() - self._wall,
        }


def publish(directory: Path, size: int, seed: int) -> Figures:
    """Outbox to signed log, every offer."""
    del seed
    restore(directory, PUBLISHER)
    with opened_node(directory, PUBLISHER) as node:
        watch = Stopwatch()
        stored = publish_material(node, Material(directory))
        figures = watch.figures()
    _verify_count("entries sealed", stored, size + 1)
    return {"changes": size, **figures}


def full(directory: Path, size: int, seed: int) -> Figures:
    """The hub reads the publisher from nothing: fetched, verified, checked against the schema, stored, co-signed."""
    del seed
    restore(directory, "hub")
    with counted() as traffic, opened_hub(directory) as hub:
        _load_client(hub, load_ports(directory)[PUBLISHER])
        watch = Stopwatch()
        report = _pull(hub, PUBLISHER)
        figures = watch.figures()
        _verify_count("payloads stored", report.stored, size)
        note = Stopwatch()
        publish_note(hub)
        note_seconds = note.figures()["work_cpu_seconds"]
    return {"changes": size, "note_cpu_seconds": note_seconds, **figures, **_traffic(traffic)}


def second(directory: Path, size: int, seed: int) -> Figures:
    """Another node follows the hub's catalogue note from nothing: reads the mirror with the city's own signatures."""
    del seed
    restore(directory, SECOND)
    with counted() as traffic, opened_node(directory, SECOND) as node:
        _load_client(node, load_ports(directory)["hub"])
        watch = Stopwatch()
        refresh(node)
        figures = watch.figures()
        _verify_level(node, size)
    return {"changes": size, **figures, **_traffic(traffic)}


def _verify_level(node: Node, size: int) -> None:
    standing = node.consumer.standing()
    if standing is None or not standing.agrees or standing.missing:
        raise RuntimeError(f"the second node is not level with the hub: {standing}")
    _verify_count("offers shown", standing.offers, size)


def idle(directory: Path, size: int, seed: int) -> Figures:
    """One round over eleven members of which none has news, by a hub that has asked them before."""
    del size, seed
    with opened_hub(directory) as hub:
        pull_named(hub, [], "bench")
        costs, signatures = [], 0
        with _fresh_connections(hub) as traffic:
            for _ in range(REPEATS):
                watch = Stopwatch()
                reports = [_pull(hub, name) for name in NAMES]
                costs.append(watch.figures())
                if any(report.code != Code.OK_UNCHANGED for report in reports):
                    raise RuntimeError(f"an idle round came to {[str(report.code) for report in reports]}")
                signatures = max(signatures, *(report.signatures_checked for report in reports))
    per_round = {name: value / REPEATS for name, value in _traffic(traffic).items()}
    return {**_middle(costs), **per_round, "members": len(NAMES), "signatures_per_member": signatures}


def increment_100(directory: Path, size: int, seed: int) -> Figures:
    """A hundred edited offers, whatever the size (P7)."""
    return _increments(directory, min(100, size), size, seed, revision=100)


def increment_percent(directory: Path, size: int, seed: int) -> Figures:
    """Every hundredth offer edited."""
    return _increments(directory, max(1, size // 100), size, seed, revision=200)


def increment_one(directory: Path, size: int, seed: int) -> Figures:
    """One edited offer."""
    return _increments(directory, 1, size, seed, revision=300)


def _increments(directory: Path, count: int, size: int, seed: int, *, revision: int) -> Figures:
    """A running hub reads `count` edits and signs the next catalogue note, several times; the mean counts."""
    del size, seed  # the server knows
    port = load_ports(directory)["control"]
    reads: list[Figures] = []
    notes: list[Figures] = []
    with opened_hub(directory) as hub:
        let_publish(port, count, revision)
        read_and_note(hub, count)
        with _fresh_connections(hub) as traffic:
            for number in range(1, REPEATS + 1):
                let_publish(port, count, revision + number)
                read, note = read_and_note(hub, count)
                reads.append(read)
                notes.append(note)
    whole = [{name: read[name] + note[name] for name in read} for read, note in zip(reads, notes, strict=True)]
    per_read = {name: value / REPEATS for name, value in _traffic(traffic).items()}
    return {
        "changes": count, **_mean(whole), **per_read, "read_cpu_seconds": _mean(reads)["work_cpu_seconds"],
        "note_cpu_seconds": _mean(notes)["work_cpu_seconds"],
    }  # fmt: skip


def read_and_note(hub: Hub, count: int) -> tuple[Figures, Figures]:
    watch = Stopwatch()
    report = _pull(hub, PUBLISHER)
    read = watch.figures()
    _verify_count("payloads stored", report.stored, count)
    _wait_for_next_second(hub)  # at most one note a second (PROTOCOL 7)
    watch = Stopwatch()
    if not publish_note(hub):
        raise RuntimeError("the catalogue note did not change")
    return read, watch.figures()


def _wait_for_next_second(hub: Hub) -> None:
    now = hub.clock.now()
    while hub.clock.now() == now:
        time.sleep(0.02)


def _load_client(party: Hub | Node, port: int) -> None:
    """Ask for something, so that the HTTP library and the system's certificates are loaded, as in a serving party."""
    party.web.get(f"http://127.0.0.1:{port}/livez", max_bytes=100, deadline_seconds=10)


def let_publish(port: int, count: int, revision: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    connection.request("GET", f"/revise/{count}/{revision}")
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"the publisher answered {answer.status}")
    connection.close()


def _pull(hub: Hub, name: str) -> Report:
    row = next(row for row in hub.members() if row.name == name)
    report = pull_member(hub, row, "bench")
    if not report.is_good or report.refused:
        raise RuntimeError(f"{name}: {report.code} {report.message}, {report.refused} refused")
    return report


@contextmanager
def _fresh_connections(hub: Hub) -> Iterator[Traffic]:
    """Count from here on: kept connections are closed, since only new ones are counted."""
    close: Callable[[], None] = hub.web.close  # type: ignore[attr-defined]
    close()
    with counted() as traffic:
        yield traffic


def _traffic(traffic: Traffic) -> Figures:
    return {"requests": traffic.requests, "bytes": traffic.total, "received_bytes": traffic.received}


def _mean(costs: list[Figures]) -> Figures:
    return {name: sum(cost[name] for cost in costs) / len(costs) for name in costs[0]}


def _middle(costs: list[Figures]) -> Figures:
    return {name: median(cost[name] for cost in costs) for name in costs[0]}


def _verify_count(what: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise RuntimeError(f"{found} {what}, {wanted} expected")
