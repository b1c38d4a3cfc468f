"""A clock that ran ahead: when the stored time of the own log may be set back (PROTOCOL 4 W4)."""

from __future__ import annotations

import pytest

from hub.own_clock import reset_clock as reset_hub_clock
from node.editing import own_offers, save_offer
from node.own_clock import reset_clock
from node.sealing import seal_pending
from shared.errors import ConflictError, FetchError, LogStateError
from tests.support.lone_node import offer, states
from tests.support.world import World, publish, titles


@pytest.fixture
def world() -> World:
    made = World(("herten", "marl"))
    made.settle()
    return made


def test_time_that_nobody_else_has_is_set_back_and_sealing_works_again(world: World) -> None:
    node = world.nodes["herten"]
    node.sealer.resign(now=node.clock.now() + 10_000)
    save_offer(node, offer())
    refused = seal_pending(node, "test")

    reset_clock(node)
    world.settle()

    assert refused.code == "E_OWN_CLOCK"
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "published"}


def test_time_that_the_hub_holds_is_waited_for(world: World) -> None:
    node = world.nodes["herten"]
    world.clock_of("herten").skew = 250
    save_offer(node, offer())
    world.settle()
    world.clock_of("herten").skew = 0

    with pytest.raises(LogStateError) as caught:
        reset_clock(node)

    assert caught.value.code == "E_OWN_CLOCK"


def test_unreachable_hub_leaves_the_time_as_it_is(world: World) -> None:
    world.stop("hub")

    with pytest.raises(FetchError):
        reset_clock(world.nodes["herten"])


def test_hub_whose_clock_ran_ahead_signs_catalogue_notes_again_after_a_reset(world: World) -> None:
    world.clock_of("hub").skew = 30 * 86_400
    world.tick(5)
    world.clock_of("hub").skew = 0
    save_offer(world.nodes["herten"], offer("Danach"))
    world.tick(30)
    assert titles(world.nodes["marl"]) == []

    reset_hub_clock(world.hub)
    world.settle()

    assert titles(world.nodes["marl"]) == ["Danach"]


def test_hub_clock_reset_is_refused_when_a_node_has_accepted_the_later_note(world: World) -> None:
    world.clock_of("hub").skew = 200
    publish(world.nodes["herten"], "Vorher")
    world.settle()
    world.clock_of("hub").skew = 0

    with pytest.raises(ConflictError):
        reset_hub_clock(world.hub)
