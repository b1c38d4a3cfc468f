"""Serves parties of the bench, each on its port, in one process that is not charged to what reads from it.

`python -m tests.bench.serve [--jobs] DIRECTORY NAME...` prints "ready" and the CPU seconds spent until then, and ends
at SIGTERM.  Without `--jobs` the parties do nothing by themselves, so that a step alone decides what happens when.

Where the publisher is among them, a control port takes `GET /revise/COUNT/REVISION`: that many of its offers are
edited and sealed before the answer comes, which is the new size of its log.
"""

from __future__ import annotations

import argparse
import http.server
import io
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn
from litestar import Litestar

from node.party import Node
from shared.logs import open_log
from shared.web.server import make_server
from tests.bench.federation import PUBLISHER, load_ports
from tests.bench.publishing import revise

_START_SECONDS = 60


def make_app(directory: Path, name: str, *, with_jobs: bool) -> tuple[Litestar, Node | None]:
    """Open a party and make its application; the node is returned so that it can be told to publish."""
    if name == "hub":
        from hub.app import create_app as create_hub_app
        from hub.opening import open_hub

        hub = open_hub(directory / "hub")
        log = open_log(io.StringIO(), hub.clock, party="hub")
        return create_hub_app(hub, with_jobs=with_jobs, log=log), None
    from node.app import create_app
    from node.opening import open_node

    node = open_node(directory / name)
    return create_app(node, with_jobs=with_jobs, log=open_log(io.StringIO(), node.clock, party=name)), node


class Control(http.server.BaseHTTPRequestHandler):
    """Takes orders from the step that runs."""

    order: Callable[[int, int], int]

    def do_GET(self) -> None:
        _, _, count, revision = self.path.split("/")
        body = str(type(self).order(int(count), int(revision))).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def start_control(node: Node, port: int, size: int, seed: int) -> None:
    handler = type("NodeControl", (Control,), {"order": staticmethod(lambda n, r: revise(node, n, r, size, seed))})
    server = http.server.HTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def start_servers(apps: Sequence[tuple[Litestar, int]]) -> list[tuple[uvicorn.Server, threading.Thread]]:
    """Start each application in a thread of its own and wait until all of them listen."""
    started: list[tuple[uvicorn.Server, threading.Thread]] = []
    for app, port in apps:
        server = make_server(app, host="127.0.0.1", port=port)
        thread = threading.Thread(target=server.run)
        thread.start()
        started.append((server, thread))
    deadline = time.monotonic() + _START_SECONDS
    while not all(server.started for server, _ in started):
        if time.monotonic() > deadline or not all(thread.is_alive() for _, thread in started):
            raise SystemExit("a server did not start")
        time.sleep(0.01)
    return started


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.serve")
    parser.add_argument("--jobs", action="store_true")
    parser.add_argument("--size", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("directory", type=Path)
    parser.add_argument("names", nargs="+")
    given = parser.parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})  # for all threads: the signal waits for `sigwait`
    ports = load_ports(given.directory)
    made = {name: make_app(given.directory, name, with_jobs=given.jobs) for name in given.names}
    started = start_servers([(app, ports[name]) for name, (app, _) in made.items()])
    publisher = made.get(PUBLISHER, (None, None))[1]
    if publisher is not None:
        start_control(publisher, ports["control"], given.size, given.seed)
    print("ready", time.process_time(), flush=True)
    signal.sigwait({signal.SIGTERM})
    for server, _ in started:
        server.should_exit = True
    for _, thread in started:
        thread.join()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
