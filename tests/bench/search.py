"""`python -m tests.bench.search`: how long the search and its pages take, and how a node bears many visitors.

    python -m tests.bench.search                       pages at 5,000, 20,000 and 50,000 offers
    python -m tests.bench.search --load 600 --sizes 5000   200 requests a second for ten minutes, on a core of its own

Server time is the CPU time of the whole application for one request, compression included, with nothing kept from
before: each question is asked once.  Goals: p95 under 50 ms at 20,000; a word that most offers hold under 100 ms at
50,000; under load p99 under 200 ms while a pull and an import run.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from litestar import Litestar
from litestar.testing import TestClient

from node.editing import prepare_document, publish_edit
from node.party import Node
from shared.holdings import edits
from shared.web.server import make_server
from tests.bench.offers import generate
from tests.support.loopback import app_of, node_on_disk
from tests.support.searching import give_index
from tests.support.world import World

SEED, RATE = 20261126, 200
WORDS = (
    "sprachkurs", "beratung", "kinderbetreuung", "deutsch lernen", "fahrrad", "hilfe behörde", "café frauen", "sport",
    "anerkennung", "wohnung", "language course", "курси", "دورة لغة", "migrationsberatung herten", "nähen", "pflege",
    "sprachkrus", "jugend", "arbeit", "sprechstunde aufenthalt",
)  # fmt: skip
FILTERS = ("", "&thema=sprache", "&besonders=neu", "&tag=di", "&plz=45770&km=10", "&kostenfrei=ja&sprache=ar")
COMMON = "beratung kurs angebot"
HEADERS = {"Accept": "text/html", "Accept-Encoding": "gzip"}


def make_node(size: int, folder: Path) -> Node:
    """Return a node on a disk that shows so many offers, with its index."""
    world = World(["herten"])
    node = node_on_disk(world, "herten", folder)
    with node.db.write() as conn:
        batch = []
        for document in generate(size, SEED):
            rid = node.dice.token(16)
            batch.append(publish_edit(node, prepare_document(node, document, rid), rid, edits.NEW))
        edits.add_edits(node.db, conn, batch)
    world.settle(most_seconds=600)
    give_index(node, folder)
    return node


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of all lies."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def measure_pages(size: int) -> str:
    """Return a line of the table: CPU milliseconds of result pages, of common words, of offer pages."""
    with tempfile.TemporaryDirectory() as folder:
        node = make_node(size, Path(folder))
        with TestClient(app_of(node)) as client:
            paths = [f"/angebote?q={quote(words)}{more}" for words in WORDS for more in FILTERS]
            client.get("/angebote?q=anfang", headers=HEADERS)  # the lists of words are read with the first question
            pages = [_cpu(client, path) for path in paths]
            common = [_cpu(client, f"/angebote?q={word}&x={n}") for word in COMMON.split() for n in range(5)]
            found = client.get("/angebote?q=kurs", headers=HEADERS).text.split('href="/angebote/')[1:20]
            client.get(f"/angebote/{found[0][:32]}", headers=HEADERS)
            offers = [_cpu(client, f"/angebote/{part[:32]}?x=1") for part in found]
        node.db.close()
    columns = (pages, common, offers)
    figures = [(percentile(taken, 0.5), percentile(taken, 0.95), max(taken)) for taken in columns]
    return f"{size:>7}" + "".join(f"{middle:>9.1f}{late:>8.1f}{most:>8.1f}" for middle, late, most in figures)


def _cpu(client: TestClient[Litestar], path: str) -> float:
    """CPU milliseconds of this process for one request; the client's own share is well under a millisecond."""
    began = time.process_time()
    answer = client.get(path, headers=HEADERS)
    taken = 1000 * (time.process_time() - began)
    if answer.status_code != 200:
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return taken


# --- load ------------------------------------------------------------------------------------------------------------


def serve(size: int, port: int, ready: multiprocessing.synchronize.Event) -> None:
    """Serve a node on a core of its own; beside it, changes come in and the index follows them."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory() as folder:
        node = make_node(size, Path(folder))
        threading.Thread(target=_change, args=(node, Path(folder)), daemon=True).start()
        server = make_server(app_of(node), host="127.0.0.1", port=port)
        threading.Timer(1, ready.set).start()
        server.run()


def _change(node: Node, folder: Path) -> None:
    """Write a thousand edits in a row, as an import does, and bring the index level, again and again."""
    documents = list(generate(1000, SEED + 1))
    while True:
        time.sleep(10)
        with node.db.write() as conn:
            batch = []
            for document in documents:
                rid = node.dice.token(16)
                batch.append(publish_edit(node, prepare_document(node, document, rid), rid, edits.NEW))
            edits.add_edits(node.db, conn, batch)
        give_index(node, folder)


async def load(port: int, seconds: int) -> list[tuple[float, int]]:
    """Ask at a steady rate, whatever the answers take; return (milliseconds, status) of each request."""
    dice = random.Random(SEED)
    offers = await _offer_paths(port)
    repeated = [f"/angebote?q={quote(dice.choice(WORDS))}{dice.choice(FILTERS)}&n={n}" for n in range(300)]
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    taken: list[tuple[float, int]] = []

    async def ask(path: str, due: float) -> None:
        pair = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
        status = await _get(*pair, path)
        free.append(pair)
        taken.append((1000 * (time.perf_counter() - due), status))

    began, tasks = time.perf_counter(), set[asyncio.Task[None]]()
    for number in range(RATE * seconds):
        due = began + number / RATE
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        kind = dice.random()
        fresh = f"/angebote?q={quote(dice.choice(WORDS))}{dice.choice(FILTERS)}&neu={number}"
        path = dice.choice(repeated) if kind < 0.6 else dice.choice(offers) if kind < 0.85 else fresh
        task = asyncio.create_task(ask(path, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    return taken


async def _offer_paths(port: int) -> list[str]:
    found: list[str] = []
    for page in range(1, 11):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = await _get_body(reader, writer, f"/angebote?q=kurs&seite={page}")
        found += ["/angebote/" + part[:32] for part in body.split('href="/angebote/')[1:]]
        writer.close()
    return sorted({path for path in found if path.removeprefix("/angebote/").isalnum()})


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, gzip: bool = True) -> int:
    status, _ = await _exchange(reader, writer, path, gzip=gzip)
    return status


async def _get_body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> str:
    _, body = await _exchange(reader, writer, path, gzip=False)
    return body.decode()


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, *, gzip: bool
) -> tuple[int, bytes]:
    accept = "Accept-Encoding: gzip\r\n" if gzip else ""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\nAccept: text/html\r\n{accept}\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length:")[2].partition("\r\n")[0])
    return int(head.split(" ", 2)[1]), await reader.readexactly(length)


def measure_load(size: int, seconds: int) -> str:
    """Return a sentence on how a node bears the load."""
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    server = context.Process(target=serve, args=(size, 18_990, ready), daemon=True)
    server.start()
    ready.wait(600)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    time.sleep(1)
    taken = asyncio.run(load(18_990, seconds))
    server.terminate()
    times = [ms for ms, _ in taken]
    bad = sum(status != 200 for _, status in taken)
    shares = ", ".join(f"p{round(100 * share)} {percentile(times, share):.0f} ms" for share in (0.5, 0.95, 0.99))
    return (
        f"{size} offers, {RATE}/s for {seconds} s: {shares}, most {max(times):.0f} ms; "
        f"{bad} of {len(times)} not answered with 200"
    )


def main() -> None:
    """Print the table, or the load."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.search", description=__doc__)
    parser.add_argument("--sizes", default="5000,20000,50000")
    parser.add_argument("--load", type=int, metavar="SECONDS", help="ask 200 times a second for so long")
    asked = parser.parse_args()
    sizes = [int(size) for size in asked.sizes.split(",")]
    if asked.load:
        print(measure_load(sizes[0], asked.load))
        return
    print(f"{'offers':>7}" + "".join(f"{name:>9}{'p95':>8}{'max':>8}" for name in ("page", "common", "offer")))
    for size in sizes:
        print(measure_pages(size), flush=True)


if __name__ == "__main__":
    main()
