"""The search index follows what a party shows: published, changed, withdrawn, erased, restored, made anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from node.indexing import keep_index
from node.party import Node
from shared.search.asking import Asked
from tests.support.searching import give_index
from tests.support.world import World, publish, withdraw

TODAY = date(2026, 1, 10)


@pytest.fixture
def world() -> World:
    return World(["herten", "marl"])


def found(party: Node, words: str = "") -> int:
    return party.finder.find(Asked(words=words), today=TODAY).total


def test_index_follows_the_catalogue(world: World, tmp_path: Path) -> None:
    marl, herten = world.nodes["marl"], world.nodes["herten"]
    rid = publish(herten, "Sprachcafé")
    publish(marl, "Ämterlotsen")
    world.settle()
    give_index(marl, tmp_path)
    before = found(marl, "sprachcafe"), found(marl)

    withdraw(herten, rid)
    world.settle()
    changed = keep_index(marl)

    assert (before, changed) == ((1, 2), 1)
    assert (found(marl, "sprachcafe"), found(marl)) == (0, 1)


def test_nothing_is_done_while_nothing_changes(world: World, tmp_path: Path) -> None:
    publish(world.nodes["marl"], "Ämterlotsen")
    world.settle()
    give_index(world.nodes["marl"], tmp_path)
    stamp = world.nodes["marl"].finder.stamp

    assert keep_index(world.nodes["marl"]) == 0
    assert world.nodes["marl"].finder.stamp == stamp != 0


def test_party_without_an_index_finds_nothing_and_breaks_nothing(world: World) -> None:
    answer = world.nodes["marl"].finder.find(Asked(words="kurs"), today=TODAY)

    assert (answer.total, answer.stamp) == (0, 0)
