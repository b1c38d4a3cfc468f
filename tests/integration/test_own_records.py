"""The hub's own records: decided at once, sealed with the next checkpoint, taken back, the same after a rebuild."""

from __future__ import annotations

import pytest

from hub.own_records import find_record, load_records, publish_record, withdraw_record
from shared.errors import NotFoundError
from shared.holdings.clusters import load_clusters
from shared.holdings.edits import count_edits
from tests.support.world import World, publish


@pytest.fixture
def world() -> World:
    return World(["herten", "marl"])


def join(world: World, rids: list[bytes]) -> bytes:
    with world.hub.db.write() as conn:
        return publish_record(world.hub, conn, "cluster", {"members": [rid.hex() for rid in rids], "title": "Kurs"})


def clusters_at(world: World, party: str) -> list[tuple[bytes, ...]]:
    with world.nodes[party].db.read() as conn:
        return list(load_clusters(conn, [world.hub.settings.origin]))


def two_offers(world: World) -> list[bytes]:
    rids = [publish(world.nodes[name], "Kurs") for name in ("herten", "marl")]
    world.settle()
    return rids


def test_decision_counts_before_it_is_sealed(world: World) -> None:
    rid = join(world, two_offers(world))

    with world.hub.db.read() as conn:
        records = load_records(world.hub, conn, "cluster")
        found = find_record(world.hub, conn, "cluster", rid)

    assert [(one.rid, one.is_pending) for one in records] == [(rid, True)]
    assert found is not None
    assert found.doc["owner"] == "05562000"


def test_sealed_decision_reaches_the_nodes(world: World) -> None:
    rids = two_offers(world)
    rid = join(world, rids)

    world.settle()

    assert clusters_at(world, "herten") == clusters_at(world, "marl") == [tuple(rids)]
    with world.hub.db.read() as conn:
        assert [(one.rid, one.is_pending) for one in load_records(world.hub, conn, "cluster")] == [(rid, False)]


def test_new_version_replaces_the_old_one(world: World) -> None:
    rids = [*two_offers(world), publish(world.nodes["herten"], "Kurs")]
    rid = join(world, rids[:2])
    world.settle()

    with world.hub.db.write() as conn:
        publish_record(world.hub, conn, "cluster", {"members": [one.hex() for one in rids]}, rid=rid)
    world.settle()

    assert clusters_at(world, "marl") == [tuple(rids)]


def test_decision_that_was_never_sealed_just_goes(world: World) -> None:
    rid = join(world, two_offers(world))

    with world.hub.db.write() as conn:
        withdraw_record(world.hub, conn, "cluster", rid, "mistake")
        pending = count_edits(conn)

    world.settle()

    assert pending == 0
    assert clusters_at(world, "herten") == []


def test_sealed_decision_is_taken_back_everywhere(world: World) -> None:
    rid = join(world, two_offers(world))
    world.settle()

    with world.hub.db.write() as conn:
        withdraw_record(world.hub, conn, "cluster", rid, "mistake")
        at_once = find_record(world.hub, conn, "cluster", rid)
    world.settle()

    assert at_once is None
    assert clusters_at(world, "herten") == []


def test_record_of_another_kind_is_not_found(world: World) -> None:
    rid = join(world, two_offers(world))

    with world.hub.db.write() as conn:
        assert find_record(world.hub, conn, "notice", rid) is None
        with pytest.raises(NotFoundError, match="notice"):
            withdraw_record(world.hub, conn, "notice", rid, "mistake")
