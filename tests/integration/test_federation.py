"""The federation end to end in one process: seal, read, fold, push back, heal."""

from __future__ import annotations

from tests.support.world import World, publish, titles, withdraw


def test_offer_reaches_every_node() -> None:
    world = World(["herten", "marl", "kreis"])
    publish(world.nodes["herten"], "Sprachcafé")

    world.settle()

    assert titles(world.nodes["marl"]) == ["Sprachcafé"]
    assert len(set(world.digests().values())) == 1


def test_withdrawn_offer_leaves_every_node() -> None:
    world = World(["herten", "marl"])
    rid = publish(world.nodes["herten"], "Sprachcafé")
    publish(world.nodes["marl"], "Nähkurs")
    world.settle()

    withdraw(world.nodes["herten"], rid)
    world.settle()

    assert titles(world.nodes["herten"]) == titles(world.nodes["marl"]) == ["Nähkurs"]


def test_change_is_everywhere_within_five_seconds_of_its_seal() -> None:
    world = World(["herten", "marl", "kreis"])
    world.settle()
    world.tick(10)
    publish(world.nodes["herten"], "Sprachcafé")

    world.tick(1)
    seconds = world.settle()

    assert seconds <= 5
    assert titles(world.nodes["kreis"]) == ["Sprachcafé"]


def test_push_only_member_delivers_everything_by_itself() -> None:
    world = World(["herten", "marl"], push_only=["herten"])
    for number in range(5):
        publish(world.nodes["herten"], f"Angebot {number}")

    world.settle(700)

    assert len(titles(world.nodes["marl"])) == 5
    assert not [entry for entry in world.network.log if entry[1] == "herten"]


def test_node_started_on_an_older_disk_gets_its_lost_entries_back() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Alt")
    world.settle()
    old = world.image("herten")
    publish(world.nodes["herten"], "Neu")
    world.settle()

    world.restart("herten", old)
    world.settle()

    assert titles(world.nodes["herten"]) == ["Alt", "Neu"]
    assert len(set(world.digests().values())) == 1


def test_node_resumed_on_an_older_disk_asks_before_it_seals() -> None:
    world = World(["herten", "marl"])
    world.settle()
    old = world.image("herten")
    publish(world.nodes["herten"], "Vor dem Rücksprung")
    world.settle()

    world.resume("herten", old)
    publish(world.nodes["herten"], "Danach")
    world.settle()

    assert titles(world.nodes["marl"]) == ["Danach", "Vor dem Rücksprung"]


def test_hub_started_on_an_older_disk_is_whole_after_its_nodes_have_spoken() -> None:
    world = World(["herten", "marl"])
    world.settle()
    old = world.image("hub")
    publish(world.nodes["herten"], "Neu")
    world.settle()

    world.restart("hub", old)
    world.settle(700)

    assert titles(world.nodes["marl"]) == ["Neu"]


def test_wiped_hub_is_whole_after_its_nodes_have_spoken_to_it_once() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Bleibt")
    world.settle()

    world.wipe("hub")
    world.settle(1500)

    assert titles(world.nodes["marl"]) == ["Bleibt"]
    assert world.hub.book.version() == 1


def test_nodes_answer_with_the_whole_catalogue_while_the_hub_is_down() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()

    world.stop("hub")
    world.tick(60)

    assert titles(world.nodes["marl"]) == ["Sprachcafé"]
