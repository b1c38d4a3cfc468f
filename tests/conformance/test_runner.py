"""The runner against the product: a node's own log, the hub's mirror of it, and another node's copy of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.conformance.runner import run_rules
from tests.support.loopback import app_of, close_all, erase, hub_on_disk, newest_commitment, node_on_disk, running
from tests.support.world import World, publish, withdraw

OFFERS = 285
HOURS_LATER = 7200


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Three parties; one log of about 300 entries with superseded, withdrawn and erased records, hours ago."""
    world = World(["herten", "marl"])
    herten = world.nodes["herten"]
    rids = [publish(herten, f"Angebot {number}") for number in range(OFFERS)]
    world.settle()
    for rid in rids[:8]:
        publish(herten, "Angebot in neuer Fassung", rid)
    erased = [newest_commitment(herten, rid) for rid in rids[20:23]]
    world.settle()
    for rid in rids[10:14]:
        withdraw(herten, rid)
    erase(herten, *erased)
    world.settle()
    world.clock.time += HOURS_LATER
    world.tick(3)
    folder = tmp_path_factory.mktemp("parties")
    hub_on_disk(world, folder)
    for name in world.names:
        node_on_disk(world, name, folder)
    yield world
    close_all(world)


HERTEN = "herten.example/feed/g1"
MIRROR = f"mirror/{hashlib.sha256(HERTEN.encode()).hexdigest()}/"


@pytest.mark.parametrize(
    ("who", "path"),
    [
        pytest.param("herten", "feed/g1/", id="own log of a node"),
        pytest.param("hub", MIRROR, id="mirror at the hub"),
        pytest.param("marl", MIRROR, id="copy at another node"),
        pytest.param("hub", "feed/g1/", id="own log of the hub"),
    ],
)
def test_party_keeps_every_rule_of_the_protocol(world: World, who: str, path: str) -> None:
    party = world.hub if who == "hub" else world.nodes[who]
    signer = world._signers["herten" if path == MIRROR or who == "herten" else "hub"]

    with running(app_of(party)) as base_url:
        findings = list(run_rules(base_url, origin_path=path, vkey=signer.log_keys[0].verifying.vkey))

    assert [finding.line for finding in findings if finding.problems] == []
    assert len(findings) == 23
