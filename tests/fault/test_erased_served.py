"""Somebody still serves what a city erased: the alarm, and what takes it back (PROTOCOL 8, E_ERASED_SERVED)."""

from __future__ import annotations

from hub.overview import alarms
from node.erasing import erase
from shared.errors import FetchError
from tests.support.world import Answered, Exchange, World, publish

PERSON = "Erika Mustermann"


def erased_world() -> World:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Mit Person", summary=f"Fragen beantwortet {PERSON} gern.")
    world.settle()
    erase(world.nodes["herten"], PERSON)
    world.settle()
    return world


class Serving:
    """A site that answers requests for payloads as it is told, and all others as it should."""

    def __init__(self, world: World, name: str) -> None:
        self._site = world.network.sites[name]
        self.answer_with: Answered | None = Answered(200, b"noch da")
        world.network.sites[name] = self

    def answer(self, exchange: Exchange) -> Answered:
        if "/payload/" not in exchange.path:
            return self._site.answer(exchange)
        if self.answer_with is None:
            raise FetchError("no answer in time", kind="timeout")
        return self.answer_with


def watched(world: World) -> bool:
    """An hour later: is there an alarm about Marl?"""
    world.clock.time += 3700
    world.tick(3)
    return any(alarm.name == "marl" and "/payload/" in alarm.message for alarm in alarms(world.hub))


def test_member_that_serves_erased_bytes_is_named_with_the_address() -> None:
    world = erased_world()
    Serving(world, "marl")

    assert watched(world)


def test_silence_does_not_take_the_alarm_back_but_a_denial_does() -> None:
    world = erased_world()
    site = Serving(world, "marl")
    assert watched(world)

    site.answer_with = None
    assert watched(world)
    site.answer_with = Answered(410)
    assert not watched(world)


def test_member_that_never_served_them_raises_no_alarm() -> None:
    assert not watched(erased_world())
