"""`python -m tests.bench.desk`: how long pages of the desk take with thousands of offers, cold and warm.

One node on a disk, one browser's requests through the whole application; wall time in milliseconds, median of the warm
ones.  Goals: the list under 300 ms, saving under 300 ms including the commit.
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from node.editing import prepare_document, publish_edit
from node.history import note_step
from node.party import Node
from shared.holdings import edits
from tests.bench.offers import generate
from tests.support.desk import Desk, add_person, at_desk
from tests.support.lone_node import make_member, seal
from tests.support.world import VirtualClock

SIZE, SEED, REPEATS = 5_000, 20261126, 7


def fill(node: Node, size: int) -> None:
    """Publish offers, with their history."""
    with node.db.write() as conn:
        batch = []
        for document in generate(size, SEED):
            rid = node.dice.token(16)
            values = prepare_document(node, document, rid)
            batch.append(publish_edit(node, values, rid, edits.NEW))
            note_step(node, conn, rid, "imported", "published", doc=values)
        edits.add_edits(node.db, conn, batch)
    seal(node)


def measure(name: str, act: Callable[[], int]) -> str:
    """Return a line of the table: the first time, and the median of those that follow."""
    taken = []
    for _ in range(REPEATS + 1):
        began = time.perf_counter()
        status = act()
        taken.append(1000 * (time.perf_counter() - began))
        if status >= 400:
            raise RuntimeError(f"{name} answered {status}")
    return f"{name:<34} {taken[0]:>8.0f} {median(taken[1:]):>8.0f}"


def save(desk: Desk, path: str) -> Callable[[], int]:
    """Change the text of an offer a little each time, as the form sends it."""
    count = iter(range(1_000_000))

    def act() -> int:
        page = desk.get(path).text
        fields = _fields_of(page)
        text = f"{fields['summary'][:200]} {next(count)}"
        began = time.perf_counter()
        status = desk.post(path, {**fields, "summary": text, "aktion": "sichern"}).status_code
        act.seconds = time.perf_counter() - began  # type: ignore[attr-defined]
        return status

    return act


def _fields_of(page: str) -> dict[str, str]:
    plain = dict(re.findall(r'<input[^>]* name="([^"]+)" value="([^"]*)"', page))
    areas = dict(re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page))
    ticked = dict(re.findall(r'type="checkbox"[^>]* name="(topics)" value="([^"]*)" checked', page))
    return {**plain, **areas, **ticked}


def report(size: int) -> list[str]:
    """Measure every page of the table."""
    with tempfile.TemporaryDirectory() as folder:
        node = make_member(Path(folder) / "herten", VirtualClock())
        fill(node, size)
        with at_desk(node) as desk:
            desk.be(add_person(node, "rita", "redaktion"))
            paths = ("/pult/angebote", "/pult/angebote?q=beratung", "/pult", "/pult/angebote/neu")
            lines = [measure(path, lambda path=path: desk.get(path).status_code) for path in paths]  # type: ignore[misc]
            first = re.findall(r"/pult/angebote/([0-9a-f]{32})", desk.get("/pult/angebote").text)[0]
            act = save(desk, f"/pult/angebote/{first}/bearbeiten")
            seconds = []
            for _ in range(REPEATS + 1):
                if act() >= 400:
                    raise RuntimeError("saving was refused")
                seconds.append(1000 * act.seconds)  # type: ignore[attr-defined]
            lines.append(f"{'saving an offer':<34} {seconds[0]:>8.0f} {median(seconds[1:]):>8.0f}")
        node.db.close()
    return [f"{f'{size} own offers, ms':<34} {'first':>8} {'warm':>8}", *lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.desk", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--size", type=int, default=SIZE)
    print("\n".join(report(parser.parse_args(arguments).size)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
