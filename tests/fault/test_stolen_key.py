"""Somebody has a copy of a node's key and database: what they can do, who sees it, and what ends it (threat T4).

The copy speaks for the city until the city speaks again; what it signed then comes back to the city like entries that
were lost, and stands among its own offers.  Nothing tells theft from a restore but the people who look at them.
"""

from __future__ import annotations

import pytest

from hub import roster_keeping
from hub.roster_keeping import Change
from node.status import show_status
from shared.holdings import logs
from tests.support.world import World, publish, titles, withdraw

ORIGIN = "herten.example/feed/g1"


@pytest.fixture
def world() -> World:
    """Two cities, one with an offer."""
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Echt")
    world.settle()
    return world


def held(world: World) -> tuple[int, bytes]:
    """Size and root of the city's log as the hub holds it."""
    with world.hub.db.read() as conn:
        log = logs.load_log(conn, ORIGIN)
    return log.size, log.root


def test_offer_signed_with_a_stolen_key_comes_back_to_its_city_which_ends_it(world: World) -> None:
    own = world.image("herten")
    forged = publish(world.nodes["herten"], "Gefälscht")  # by the thief, for the city knows nothing of it
    world.settle()
    world.resume("herten", own)
    city = world.nodes["herten"]
    publish(city, "Danach")
    world.settle()
    seen, told = titles(city), show_status(city).recovered

    withdraw(city, forged)
    world.settle()

    assert seen == ["Danach", "Echt", "Gefälscht"]
    assert told is not None
    assert told["entries"] == 1
    assert titles(city) == titles(world.nodes["marl"]) == ["Danach", "Echt"]


def test_suspension_hides_the_city_and_takes_nothing_more_of_a_stolen_key(world: World) -> None:
    before = held(world)

    roster_keeping.change_now(world.hub, "herten", Change.SUSPEND, world.root)
    publish(world.nodes["herten"], "Gefälscht")
    world.tick(10)
    hidden = titles(world.nodes["marl"])
    world.tick(120)

    assert hidden == []
    assert titles(world.nodes["marl"]) == []
    assert held(world) == before  # what was there stays provable, and not an entry is added
