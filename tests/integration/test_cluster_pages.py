"""What was joined at the hub, on the pages and in the interface of a node: one card, all cities, every id answered."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from litestar.testing import TestClient

from hub.clusters import load_verdicts
from hub.deciding import same
from hub.undoing import last_of, undo
from tests.support.loopback import app_of
from tests.support.pairs import BY, publish_pairs
from tests.support.searching import give_index
from tests.support.world import World

TITLE = "Nähcafé International"


@pytest.fixture
def world() -> World:
    return World(["herten", "marl", "datteln"])


@pytest.fixture
def pair(world: World) -> list[bytes]:
    first, second = publish_pairs(world, [TITLE])[0]
    return [first, second]


def joined(world: World, pair: list[bytes], folder: Path) -> None:
    same(world.hub, *pair, by=BY)
    world.settle()
    give_index(world.nodes["datteln"], folder)


def page(world: World, path: str) -> str:
    """A page of a third city's node."""
    with TestClient(app_of(world.nodes["datteln"])) as client:
        answer = client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 200, answer.text
    return answer.text


def test_search_shows_one_card_with_both_cities(world: World, pair: list[bytes], tmp_path: Path) -> None:
    give_index(world.nodes["datteln"], tmp_path)
    assert page(world, "/?q=Nähcafé").count(f'">{TITLE}</a>') == 2

    joined(world, pair, tmp_path)

    text = page(world, "/?q=Nähcafé")
    assert text.count(f'">{TITLE}</a>') == 1
    assert "<bdi>Stadt Herten</bdi>, <bdi>Stadt Marl</bdi>" in text


def test_page_of_each_offer_names_the_other_city(world: World, pair: list[bytes], tmp_path: Path) -> None:
    joined(world, pair, tmp_path)

    herten, marl = (page(world, f"/angebote/{rid.hex()}") for rid in pair)

    assert "Eingestellt von Stadt Herten · Auch bei: Stadt Marl" in " ".join(herten.split())
    assert "Eingestellt von Stadt Marl · Auch bei: Stadt Herten" in " ".join(marl.split())


def test_offer_that_is_in_no_cluster_names_its_own_city_alone(world: World, pair: list[bytes], tmp_path: Path) -> None:
    give_index(world.nodes["datteln"], tmp_path)

    assert "Auch bei" not in page(world, f"/angebote/{pair[0].hex()}")


def test_interface_names_the_other_id(world: World, pair: list[bytes], tmp_path: Path) -> None:
    joined(world, pair, tmp_path)

    with TestClient(app_of(world.nodes["datteln"])) as client:
        found = [client.get(f"/hsds/services/{UUID(bytes=rid)}").json()["x_kreisweit"]["same_as"] for rid in pair]

    assert found == [[str(UUID(bytes=pair[1]))], [str(UUID(bytes=pair[0]))]]


def test_taken_back_decision_shows_two_cards_again(world: World, pair: list[bytes], tmp_path: Path) -> None:
    joined(world, pair, tmp_path)
    last = last_of(world.hub, BY.account_id)
    assert last is not None

    undo(world.hub, last.number)
    world.settle()
    give_index(world.nodes["datteln"], tmp_path)

    assert page(world, "/?q=Nähcafé").count(f'">{TITLE}</a>') == 2
    with world.hub.db.read() as conn:
        assert not load_verdicts(world.hub, conn).clusters
