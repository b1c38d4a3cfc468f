"""What integrators read follows the catalogue: lists, changes and whole copies say the same, whatever happened."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from hub.derived import derived_of
from hub.party import Hub
from node.party import Node
from shared.holdings import logs
from shared.outputs.changes import newest_step
from shared.outputs.cursor import parse_cursor
from tests.support.loopback import app_of, close_all, erase, newest_commitment
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

Copy = dict[str, Any]
HOUR = 3600


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(["herten", "marl"])
    world.settle()
    give_index(world.hub, tmp_path)
    yield world
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


@pytest.fixture
def client(world: World) -> Iterator[TestClient[Litestar]]:
    with TestClient(app_of(world.hub)) as client:
        yield client


def settle(world: World) -> None:
    """Let everybody agree, and the hub's outputs follow."""
    world.settle()
    derived_of(world.hub).catch_up()


def lines(client: TestClient[Litestar], path: str) -> list[Any]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return [msgspec.json.decode(line) for line in answer.content.splitlines()]


def export(client: TestClient[Litestar]) -> Copy:
    return {service["id"]: service for service in lines(client, "/catalog.ndjson")}


def walk(client: TestClient[Litestar], copy: Copy, cursor: str, *, limit: int = 3) -> str:
    """Carry out all changes from a cursor on; returns the next one."""
    while True:
        answer = client.get("/changes", params={"after": cursor, "limit": limit}).json()
        for change in answer["changes"]:
            if change["kind"] in ("created", "updated"):
                copy[change["id"]] = change["service"]
            else:
                copy.pop(change["id"], None)
        cursor = answer["cursor"]
        if not answer["more"]:
            return str(cursor)


def dashed(rid: bytes) -> str:
    return str(UUID(bytes=rid))


# --- changes ---------------------------------------------------------------------------------------------------------


def test_walk_from_the_beginning_gives_what_the_export_gives(world: World, client: TestClient[Litestar]) -> None:
    first = publish(world.nodes["herten"], "Sprachcafé")
    for number in range(7):
        publish(world.nodes["marl"], f"Ämterlotsen {number}")
    settle(world)
    withdraw(world.nodes["herten"], first)
    settle(world)
    copy: Copy = {}

    walk(client, copy, "0")

    assert copy == export(client)
    assert len(copy) == 7


def test_each_kind_of_change_is_told_once(world: World, client: TestClient[Litestar]) -> None:
    herten = world.nodes["herten"]
    changed, ended, forgotten = (publish(herten, title) for title in ("Sprachcafé", "Lesekreis", "Hausaufgabenhilfe"))
    settle(world)
    cursor = walk(client, {}, "0")
    publish(herten, "Sprachcafé am Abend", changed)
    withdraw(herten, ended, "paused")
    erase(herten, newest_commitment(herten, forgotten))
    new = publish(herten, "Nähkurs")
    settle(world)

    answer = client.get("/changes", params={"after": cursor}).json()

    kinds = {change["id"]: change for change in answer["changes"]}
    assert {key: change["kind"] for key, change in kinds.items()} == {
        dashed(changed): "updated", dashed(ended): "withdrawn", dashed(forgotten): "erased", dashed(new): "created",
    }  # fmt: skip
    assert kinds[dashed(ended)]["reason"] == "paused"
    assert set(kinds[dashed(forgotten)]) == {"id", "kind", "modified"}
    assert client.get("/changes", params={"after": answer["cursor"]}).json()["changes"] == []


def test_offer_that_came_and_went_unseen_is_not_told(world: World, client: TestClient[Litestar]) -> None:
    publish(world.nodes["marl"], "Ämterlotsen")
    settle(world)
    cursor = walk(client, {}, "0")
    rid = publish(world.nodes["herten"], "Sprachcafé")
    settle(world)
    withdraw(world.nodes["herten"], rid)
    settle(world)

    assert client.get("/changes", params={"after": cursor}).json()["changes"] == []


def test_erased_version_is_told_also_where_the_offer_stays(world: World, client: TestClient[Litestar]) -> None:
    herten = world.nodes["herten"]
    rid = publish(herten, "Sprachcafé mit Person Rita")
    settle(world)
    cursor = walk(client, {}, "0")
    old = newest_commitment(herten, rid)
    publish(herten, "Sprachcafé", rid)
    erase(herten, old)
    settle(world)

    (change,) = client.get("/changes", params={"after": cursor}).json()["changes"]

    assert (change["kind"], change["erases"], change["service"]["name"]) == ("updated", True, "Sprachcafé")
    number = parse_cursor(client.get("/changes", params={"after": cursor}).json()["cursor"]).number
    step = newest_step(world.hub.outputs.reader)
    assert step is not None
    assert step[1:] == (number, world.clock.now())


def test_cursor_survives_a_list_that_was_made_anew(world: World, client: TestClient[Litestar]) -> None:
    herten, marl = world.nodes["herten"], world.nodes["marl"]
    kept, changed, ended = (publish(herten, title) for title in ("Sprachcafé", "Lesekreis", "Nähkurs"))
    settle(world)
    copy: Copy = {}
    cursor = walk(client, copy, "0")
    publish(herten, "Lesekreis für alle", changed)
    withdraw(herten, ended)
    new = publish(marl, "Ämterlotsen")
    world.settle()
    lose_outputs(world.hub)
    derived_of(world.hub).catch_up()

    answer = client.get("/changes", params={"after": cursor, "limit": 1000}).json()
    walk(client, copy, cursor, limit=1)

    assert {change["id"] for change in answer["changes"]} == {dashed(changed), dashed(ended), dashed(new)}
    assert {key: value["name"] for key, value in copy.items()} == {
        key: value["name"] for key, value in export(client).items()
    }
    assert dashed(kept) in copy


def test_walk_that_was_cut_off_by_a_rebuild_misses_nothing(world: World, client: TestClient[Litestar]) -> None:
    rids = [publish(world.nodes["herten"], f"Kurs {number}") for number in range(6)]
    settle(world)
    copy: Copy = {}
    piece = client.get("/changes", params={"after": "0", "limit": 2}).json()
    copy.update({change["id"]: change["service"] for change in piece["changes"]})
    lose_outputs(world.hub)
    withdraw(world.nodes["herten"], rids[0])
    settle(world)

    walk(client, copy, piece["cursor"], limit=2)

    assert copy.keys() == export(client).keys()
    assert len(copy) == 5


def lose_outputs(hub: Hub) -> None:
    """As after a restore: the file of the outputs is gone."""
    assert hub.outputs_path is not None
    hub.outputs.reader.close()
    for name in ("", "-wal", "-shm"):
        hub.outputs_path.with_name(hub.outputs_path.name + name).unlink(missing_ok=True)


@pytest.mark.parametrize("seed", range(2))
def test_a_week_of_edits_leaves_every_way_of_copying_with_the_same(
    world: World, client: TestClient[Litestar], seed: int
) -> None:
    """Cities edit, are away and come back with what they wrote meanwhile; pollers ask now and then."""
    dice = random.Random(seed)
    rids: list[tuple[str, bytes]] = []
    by_changes: Copy = {}
    by_time: Copy = {}
    cursor, newest, was_lost = "0", "", False
    for _ in range(25):
        for name in ("herten", "marl"):
            edit(world, name, rids, dice)
        world.clock.time += dice.randrange(10 * HOUR)
        if dice.random() < 0.6:
            settle(world)
        if dice.random() < 0.4:
            if dice.random() < 0.1:
                lose_outputs(world.hub)
                was_lost = True
            derived_of(world.hub).catch_up()
            cursor = walk(client, by_changes, cursor)
            newest = poll(client, by_time, newest)
    settle(world)

    walk(client, by_changes, cursor)
    poll(client, by_time, newest)

    whole = export(client)
    assert by_time == whole
    assert without_times(by_changes) == without_times(whole)
    assert by_changes == whole or was_lost


def without_times(copy: Copy) -> Copy:
    """When a service was modified is not known any more on a list that was made anew."""
    return {key: {name: one[name] for name in one if name != "last_modified"} for key, one in copy.items()}


def edit(world: World, name: str, rids: list[tuple[str, bytes]], dice: random.Random) -> None:
    node = world.nodes[name]
    own = [rid for city, rid in rids if city == name and sealed_commitment(node, rid) is not None]
    chance = dice.random()
    if chance < 0.4 or not own:
        rids.append((name, publish(node, f"Angebot {dice.randrange(1000)}")))
    elif chance < 0.75:
        publish(node, f"Geändert {dice.randrange(1000)}", dice.choice(own))
    elif chance < 0.9:
        withdraw(node, dice.choice(own))
    else:
        erase(node, sealed_commitment(node, dice.choice(own)) or b"")


def sealed_commitment(node: Node, rid: bytes) -> bytes | None:
    """Return the newest version of an offer that stands in the log; None while there is none."""
    with node.db.read() as conn:
        row = logs.find_log(conn, node.settings.origin)
        assert row is not None
        head = logs.load_heads(conn, row.id, [rid]).get(rid)
    return None if head is None else head.commitment


def poll(client: TestClient[Litestar], copy: Copy, newest: str) -> str:
    """Ask for what was modified since the newest time seen, and drop what is listed no more."""
    asked = f"&modified_after={newest}" if newest else ""
    for service in lines(client, f"/hsds/services?full=true&format=ndjson{asked}"):
        copy[service["id"]] = service
    there = {known["id"] for known in lines(client, "/hsds/services?minimal=true&format=ndjson")}
    for gone in copy.keys() - there:
        del copy[gone]
    return max((service["last_modified"] for service in copy.values()), default="")
