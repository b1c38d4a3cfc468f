"""What integrators are served: how the outputs are made, and how pages, 304 and whole copies are answered.

The hub of the bench holds the offers already.  Pages are asked for side by side with Datasette, which serves the same
services as rows of equal length: eight connections that stay open, one worker each, server and readers on a core of
their own where there are two.  Both start anew for each round, so that a cold page was never asked for before.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from hub.derived import derived_of
from hub.party import Hub
from shared.hsds.query import ListQuery
from shared.outputs.keeping import OutputsKeeper
from shared.outputs.store import delete_file
from tests.bench import datasette
from tests.bench.federation import load_ports, opened_hub
from tests.bench.measure import Started
from tests.bench.readers import Load, ask, peak_mb
from tests.bench.steps import Stopwatch, let_publish, read_and_note

Figures = dict[str, float]
CONNECTIONS, ROUNDS = 8, 3
PER_PAGE = 50
SERVICES = f"/hsds/services?per_page={PER_PAGE}"
FILTERED = f"{SERVICES}&modified_after=2001-01-01T00:00:00."
_KNOWS_ALL = "If-None-Match: *\r\n"
_AGAIN = 4000
_PEER_AGAIN = 200


def build(directory: Path, size: int, seed: int) -> Figures:
    """Outputs of all offers from nothing; then after one change, and with nothing new."""
    del seed
    port = load_ports(directory)["control"]
    with opened_hub(directory) as hub:
        keeper, origins = _keeper(hub), derived_of(hub).origins
        delete_file(keeper.path)
        watch = Stopwatch()
        made = keeper.catch_up(origins())
        figures = watch.figures()
        if made != size:
            raise RuntimeError(f"{made} outputs made, {size} expected")
        let_publish(port, 1, 500)
        read_and_note(hub, 1)
        watch = Stopwatch()
        if keeper.catch_up(origins()) != 1:
            raise RuntimeError("the outputs did not follow one change")
        after_one = watch.figures()["work_cpu_seconds"]
        watch = Stopwatch()
        keeper.catch_up(origins())
        idle = watch.figures()["work_cpu_seconds"]
    megabytes = keeper.path.stat().st_size / 2**20
    return {"changes": size, **figures, "change_cpu_seconds": after_one, "idle_cpu_seconds": idle, "file_mb": megabytes}


def pages(directory: Path, size: int, seed: int) -> Figures:
    """A page of 50 asked again, each page once, each page of another question once, 304; and Datasette beside it."""
    del size, seed
    server_cores, own_cores = _cores()
    if own_cores:
        os.sched_setaffinity(0, set(own_cores))
    with opened_hub(directory) as hub:
        items = list(hub.outputs.reader.all_services(ListQuery(), masks=False))
    peer = _Peer(directory, items)
    rounds = []
    for _ in range(ROUNDS):
        with _served_hub(directory, server_cores) as (port, server):
            ours = _ask_hub(port, server, len(items))
        rounds.append((ours, peer.ask(server_cores)))
    return _figures(rounds)


def export(directory: Path, size: int, seed: int) -> Figures:
    """The whole catalogue as lines, from a server that was just started."""
    del seed
    server_cores, _ = _cores()
    with _served_hub(directory, server_cores) as (port, server):
        ask(port, ["/hsds/services?per_page=1"], connections=1, server=server)
        before = peak_mb(server)
        first = ask(port, ["/catalog.ndjson"], connections=1, server=server)
        again = ask(port, ["/catalog.ndjson"], connections=1, server=server)
        peak = peak_mb(server)
    return {
        "changes": size, "work_cpu_seconds": first.server_cpu_seconds, "work_wall_seconds": first.seconds,
        "again_cpu_seconds": again.server_cpu_seconds, "server_mb": before, "server_peak_mb": peak,
        "body_mb": first.body_bytes / 2**20,
    }  # fmt: skip


def _keeper(hub: Hub) -> OutputsKeeper:
    keeper = hub.outputs.keeper
    if keeper is None:
        raise RuntimeError("the hub has no place for outputs")
    return keeper


def _cores() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Cores of what is measured, and of who asks; none named where there is only one."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return ((cores[0],), tuple(cores[1:])) if len(cores) > 1 else ((), ())


@contextmanager
def _served_hub(directory: Path, cores: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Serve the hub in a process of its own; yields port and process."""
    started = Started([sys.executable, "-m", "tests.bench.serve", str(directory), "hub"], cores=cores)
    try:
        if not started.line().startswith("ready"):
            raise RuntimeError("the hub did not start")
        yield load_ports(directory)["hub"], started.pid
    finally:
        started.stopped()


def _ask_hub(port: int, server: int, count: int) -> dict[str, Load]:
    """Ask for what is compared; each page stands in one list alone, so that it is cold."""
    spread = range(1, count // PER_PAGE + 1)
    one = partial(ask, port, connections=CONNECTIONS, server=server)
    one(["/hsds/services?per_page=1"])
    cold = one([f"{SERVICES}&page={number}" for number in spread])
    filtered = one([f"{FILTERED}{number % 1000:03d}Z&page={number}" for number in spread])
    again = one([SERVICES] * _AGAIN)
    tag = _tag(port)
    known = one([SERVICES] * _AGAIN, status=304, headers=f"If-None-Match: {tag}\r\n")
    # A star knows every answer: what an unknown page costs whose reader holds it.
    known_cold = one([f"{SERVICES}&page={number}&full=false" for number in spread], status=304, headers=_KNOWS_ALL)
    return {"cold": cold, "filtered": filtered, "again": again, "known": known, "known_cold": known_cold}


def _tag(port: int) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", SERVICES)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.headers["ETag"]


class _Peer:
    """Datasette over the same services; asks for nothing where it cannot be had."""

    def __init__(self, directory: Path, items: Sequence[bytes]) -> None:
        self._database = directory / "db.db"
        self._program: Path | None = None
        try:
            self._program = datasette.install(directory / "datasette")
        except datasette.NoDatasetteError as error:
            print(f"no comparison, Datasette cannot be installed: {error}", file=sys.stderr)
            return
        self._ids = datasette.make_database(self._database, items)

    def ask(self, cores: Sequence[int]) -> dict[str, Load]:
        """Ask for one page again and again, and for each page once."""
        if self._program is None:
            return {}
        with datasette.served(self._program, self._database, cores) as (port, server):
            one = partial(ask, port, connections=CONNECTIONS, server=server)
            one([datasette.PAGE] * CONNECTIONS)
            return {
                "cold": one(datasette.cold_pages(self._ids)[:_PEER_AGAIN]),
                "again": one([datasette.PAGE] * _PEER_AGAIN),
            }


def _figures(rounds: Sequence[tuple[dict[str, Load], dict[str, Load]]]) -> Figures:
    """Medians over the rounds; ratios are taken within a round."""
    found: Figures = {}
    for side in (0, 1):
        for name in rounds[0][side]:
            loads = [both[side][name] for both in rounds]
            start = f"{'peer_' if side else ''}{name}"
            found[f"{start}_per_second"] = median(load.per_second for load in loads)
            found[f"{start}_per_cpu_second"] = median(load.per_cpu_second for load in loads)
            found[f"{start}_p50_ms"] = median(load.late(0.5) for load in loads)
            found[f"{start}_p99_ms"] = median(load.late(0.99) for load in loads)
            found[f"{start}_bytes"] = median(load.page_bytes for load in loads)
    for name in rounds[0][1]:
        for figure in ("per_second", "per_cpu_second"):
            ratios = [getattr(ours[name], figure) / getattr(peers[name], figure) for ours, peers in rounds]
            found[f"{name}_ratio_{figure}"] = median(ratios)
            found[f"{name}_least_ratio_{figure}"] = min(ratios)
    return found
