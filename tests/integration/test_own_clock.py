"""A clock that ran ahead: when the stored time of the own log may be set back (PROTOCOL 4 W4)."""

from __future__ import annotations

import pytest

from node.editing import own_offers, save_offer
from node.own_clock import reset_clock
from node.sealing import seal_pending
from shared.errors import FetchError, LogStateError
from tests.support.lone_node import offer, states
from tests.support.world import World


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
