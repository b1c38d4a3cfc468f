"""`python -m tests.bench.duplicates`: how long the search for duplicates takes over many offers, and after a pull.

    python -m tests.bench.duplicates                 20,000 offers, then 100 changed ones
    python -m tests.bench.duplicates --size 5000

The offers are the real ones of the district over and over, each time in another invented quarter with another
telephone number, so that titles, providers and postcodes repeat as they do in a catalogue; one in fifty is entered a
second time by the district.  Goals: the whole catalogue under 60 seconds of CPU, a pull under one second.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator
from typing import Any

from hub import duplicates
from node.editing import prepare_document, publish_edit
from node.party import Node
from shared.holdings import edits
from shared.model.columns import read_drafts
from shared.model.offer import offer_to_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.table import read_table
from tests.quality.real_offers import OFFERS
from tests.support.world import World

SEED = 20261127
SYLLABLES = ("Hül", "Sick", "Lor", "Ber", "Scha", "Ell", "Wes", "Dün", "Kott", "Rie")
ENDINGS = ("berg", "feld", "hausen", "beck", "rath", "um", "horst", "lar", "scheid", "dorf")
SECOND_ENTRY = 50
CHANGED = 100


def documents(size: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (member, document) of so many offers."""
    dice = random.Random(SEED)
    table = read_table(OFFERS.read_bytes())
    drafts = read_drafts(table, district=shipped_district(), vocabularies=shipped_vocabularies()).drafts
    for number in range(size):
        draft = drafts[number % len(drafts)]
        document = offer_to_builtins(draft.template)
        quarter = dice.choice(SYLLABLES) + dice.choice(ENDINGS)
        document["name"] = f"{document['name'][:120]} {quarter}"
        document["phones"] = [{"number": f"+49 236{dice.randrange(1, 9)} {dice.randrange(10_000, 9_999_999)}"}]
        for place in document.get("locations", ()):
            place["address_1"] = f"{quarter}er Straße {dice.randrange(1, 200)}"
        yield draft.member, document
        if number % SECOND_ENTRY == 0 and draft.member != "kreis":
            yield "kreis", document | {"owner": "05562000"}


def publish_all(node: Node, documents: list[dict[str, Any]]) -> None:
    """Put new offers into a node's outbox."""
    with node.db.write() as conn:
        batch = []
        for document in documents:
            rid = node.dice.token(16)
            batch.append(publish_edit(node, prepare_document(node, document, rid), rid, edits.NEW))
        edits.add_edits(node.db, conn, batch)


def measured(world: World) -> str:
    """Catch up once; returns what it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    count = duplicates.catch_up(world.hub)
    return (
        f"{count:>6} records compared  {time.process_time() - cpu:6.2f} s CPU  {time.perf_counter() - wall:6.2f} s wall"
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.duplicates", description=__doc__)
    parser.add_argument("--size", type=int, default=20_000)
    size = parser.parse_args().size
    world = World()
    by_member: dict[str, list[dict[str, Any]]] = {}
    for member, document in documents(size):
        by_member.setdefault(member, []).append(document)
    for member, some in by_member.items():
        publish_all(world.nodes[member], some)
    world.settle(most_seconds=600)
    print("all    ", measured(world), duplicates.count_open(world.hub))
    publish_all(
        world.nodes["marl"], [document for member, document in documents(20 * CHANGED) if member == "marl"][:CHANGED]
    )
    world.settle(most_seconds=600)
    print("a pull ", measured(world), duplicates.count_open(world.hub))
    wall = time.perf_counter()
    duplicates.open_candidates(world.hub)
    print(f"first page of open pairs {time.perf_counter() - wall:.3f} s")


if __name__ == "__main__":
    main()
