"""What the bench's publisher publishes: the prepared material, and later revisions of single offers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from node.party import Node
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits, logs
from shared.holdings.edits import NEW, Edit
from tests.bench.material import Material, document
from tests.bench.offers import revised

EDITS_A_SEAL = 10_000


def publish_material(node: Node, material: Material) -> int:
    """Put every prepared offer into the outbox and seal, as many at once as a seal takes; returns the log's size."""
    lines = zip(material.record_ids(), material.payload_lines(), strict=True)
    size = 0
    while batch := list(islice(lines, EDITS_A_SEAL)):
        now = node.clock.now()
        size = _seal(node, [Edit("publish", "offer", i, NEW, now, commitment_of(line), line) for i, line in batch])
    return size


def revise(node: Node, count: int, revision: int, size: int, seed: int) -> int:
    """Edit and seal `count` offers; returns the log's size."""
    put_revisions(node, count, revision, size, seed)
    return node.sealer.seal(now=node.clock.now()).size


def put_revisions(node: Node, count: int, revision: int, size: int, seed: int) -> list[bytes]:
    """Put edits of `count` offers, spread evenly over all `size`, into the outbox; returns their commitments."""
    now, numbers = node.clock.now(), [number * size // count for number in range(count)]
    documents = [revised(document(number, seed), revision) for number in numbers]
    ids = [bytes.fromhex(found["id"]) for found in documents]
    with node.db.read() as conn:
        heads = logs.load_heads(conn, logs.load_log(conn, node.settings.origin).id, ids)
    bodies = [seal_payload(found, node.dice.token(32)) for found in documents]
    commitments = [commitment_of(body) for body in bodies]
    new = [
        Edit("publish", "offer", rid, heads[rid].position, now, commitment, body)
        for rid, commitment, body in zip(ids, commitments, bodies, strict=True)
    ]
    with node.db.write() as conn:
        edits.add_edits(node.db, conn, new)
    return commitments


def _seal(node: Node, new: Sequence[Edit]) -> int:
    with node.db.write() as conn:
        edits.add_edits(node.db, conn, new)
    return node.sealer.seal(now=node.clock.now()).size
