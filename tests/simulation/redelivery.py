"""Pushes are idempotent and commute (I10): any of them again, in any order, to a party that begins anew.

A push carries what its receiver lacked then, so a fresh party that gets only some of them also reads, as it would."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hub import pulling
from hub import receiving as hub_receiving
from hub.party import Hub
from node import receiving as node_receiving
from node.party import Node
from shared.errors import ParseError
from shared.feed.push import PushBody, parse_push
from tests.simulation.disks import SimulatedDisk
from tests.simulation.federation import NAMES, PUSH_ONLY, Federation, settled
from tests.simulation.network import FaultyNetwork
from tests.simulation.violations import ensure

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 14


def check_redelivery(federation: Federation, dice: random.Random) -> None:
    """Deliver a random multiset of the run's pushes to a fresh hub and node; both end where the real ones are."""
    network = federation.network
    assert isinstance(network, FaultyNetwork)
    to_hub = [body for request in network.pushes if request.receiver == "hub" and (body := _parsed(request.body))]
    _check_hub(federation, dice, to_hub)
    name = dice.choice([name for name in NAMES if name not in (PUSH_ONLY, federation.liar)])
    to_node = [body for request in network.pushes if request.receiver == name and (body := _parsed(request.body))]
    if to_node:
        _check_node(federation, dice, name, to_node)


def _parsed(data: bytes) -> PushBody | None:
    try:
        return parse_push(data)
    except ParseError:
        return None


def _shuffled(bodies: Sequence[PushBody], dice: random.Random) -> list[PushBody]:
    return dice.choices(bodies, k=min(len(bodies), _MOST)) if bodies else []


def _check_hub(federation: Federation, dice: random.Random, bodies: Sequence[PushBody]) -> None:
    disk = SimulatedDisk("fresh hub", lambda _disk, _moment: None)
    disk.load(settled().disks["hub"])
    real = federation.hub
    hub = Hub(real.settings, disk, real.signer, real.judges, clock=real.clock, dice=real.dice, web=real.web)
    with disk.write() as conn:
        for note in federation.rosters:
            hub.book.extend(conn, note)
    from_unreachable = [body for body in bodies if _origin(body) == federation.origin(PUSH_ONLY)]
    for body in [*_shuffled(bodies, dice), *from_unreachable]:
        hub_receiving.receive_push(hub, body)
    # What no push brought is read, as every hub does.
    pulling.pull_named(hub, [name for name in federation.honest_nodes() if name != PUSH_ONLY], "fresh hub")
    for body in _shuffled(bodies, dice):
        hub_receiving.receive_push(hub, body)
    for name in federation.honest_nodes():
        _compare(federation, disk, "hub", federation.origin(name))
    disk.close()


def _check_node(federation: Federation, dice: random.Random, name: str, bodies: Sequence[PushBody]) -> None:
    disk = SimulatedDisk(f"fresh {name}", lambda _disk, _moment: None)
    disk.load(settled().disks[name])
    real = federation.nodes[name]
    node = Node(
        real.settings, disk, real.signer, real.judges, real.membership, clock=real.clock, dice=real.dice, web=real.web
    )  # fmt: skip
    for body in [*_shuffled(bodies, dice), bodies[-1]]:
        node_receiving.receive_push(node, body)
    node_receiving.refresh(node)
    for other in federation.honest_nodes():
        if other != name:
            _compare(federation, disk, name, federation.origin(other))
    disk.close()


def _origin(body: PushBody) -> str:
    return body.note.split(b"\n", 1)[0].decode("utf-8", "replace")


def _compare(federation: Federation, fresh: SimulatedDisk, party: str, origin: str) -> None:
    """The fresh party holds as much of this log as the real one, with the same records and payloads."""
    query = (
        "SELECT r.rid, r.position, r.live, r.commitment, p.id IS NOT NULL AND p.apart_until IS NULL "
        "FROM record r JOIN log l ON l.id = r.log_id "
        "LEFT JOIN payload p ON p.log_id = r.log_id AND p.commitment = r.commitment WHERE l.origin = ? ORDER BY r.rid"
    )
    ensure(
        "I10", fresh.rows(query, origin) == federation.disk(party).rows(query, origin),
        f"pushes delivered again to {fresh.name} give other records of {origin}",
    )  # fmt: skip
