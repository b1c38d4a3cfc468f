"""`python -m tests.bench.formats`: what it costs to write each format of the whole catalogue.

Each format is written by a process of its own, from the same files of one city's node.  Goals at 20,000 offers: lines
under 5 s CPU and 200 MB; the memory of all others must not grow with the number of offers (the sheet keeps its links).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from node.editing import prepare_document, publish_edit
from node.party import Node
from shared.holdings import edits
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.outputs.everything import opened_offers
from shared.outputs.formats.all import FORMATS
from shared.outputs.offered import About
from tests.bench.federation import opened_node
from tests.bench.measure import run_step
from tests.bench.offers import generate
from tests.bench.steps import Figures, Stopwatch
from tests.support.lone_node import make_member, seal
from tests.support.world import VirtualClock, pending_of

NAME, SEED = "herten", 20261126


def prepare(directory: Path, size: int, seed: int) -> Figures:
    """Make a node that holds and has compiled so many offers of its own; not a figure of anything."""
    node = make_member(directory / NAME, VirtualClock())
    with node.db.write() as conn:
        batch = []
        for document in generate(size, seed):
            rid = node.dice.token(16)
            batch.append(publish_edit(node, prepare_document(node, document, rid), rid, edits.NEW))
        edits.add_edits(node.db, conn, batch)
    while pending_of(node):
        seal(node)
    keeper = node.outputs.keeper
    if keeper is None or keeper.catch_up([node.settings.origin]) != size:
        raise RuntimeError("the outputs are not whole")
    node.db.close()
    return {}


def write(directory: Path, size: int, seed: int) -> Figures:
    """Write the format of this number in the list."""
    form = FORMATS[seed]
    about = About(
        title="Integrationsangebote", publisher="KI", email="", base_url="https://hub.example", licence_url="",
        licence_name="", made=datetime(2026, 1, 1, tzinfo=UTC), digest="", district=shipped_district(),
        vocabularies=shipped_vocabularies(),
    )  # fmt: skip
    with opened_node(directory, NAME) as node, tempfile.TemporaryFile(dir=directory) as into:
        watch = Stopwatch()
        with opened_offers(
            node.outputs.reader, node.db, lambda: [_origin(node)], node.outputs.makers(), masks=False, scratch=directory
        ) as offers:
            form.write(offers, about, into)
        into.flush()
        figures = watch.figures()
        return {"changes": size, **figures, "body_mb": into.seek(0, 2) / 2**20}


def _origin(node: Node) -> str:
    return node.settings.origin


def main() -> int:
    """Print one line for each size and format."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.formats", description=__doc__)
    parser.add_argument("--sizes", default="1000,20000")
    parser.add_argument("--formats", default="", help="names, divided by commas; all where none are given")
    asked = parser.parse_args()
    names = [name for name in asked.formats.split(",") if name]
    print(f"{'offers':>7} {'format':<12}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}{'body MB':>9}")
    for size in (int(size) for size in asked.sizes.split(",")):
        with tempfile.TemporaryDirectory(prefix="kreisweit-bench-") as folder:
            run_step("tests.bench.formats:prepare", Path(folder), size, SEED)
            for number, form in enumerate(FORMATS):
                if names and form.name not in names:
                    continue
                told = run_step("tests.bench.formats:write", Path(folder), size, number)
                body = told.figures["body_mb"]
                print(
                    f"{size:>7} {form.name:<12}{told.work_cpu_seconds:>8.1f}{told.work_wall_seconds:>8.1f}"
                    f"{told.peak_rss_mb:>9.0f}{body:>9.1f}",
                    flush=True,
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
