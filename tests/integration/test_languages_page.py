"""The page about the languages, at a node and at the hub."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from litestar.testing import TestClient

from shared.model.shipped import shipped_district
from tests.support.loopback import app_of, close_all
from tests.support.world import World


@pytest.fixture
def world() -> Iterator[World]:
    world = World(["herten"])
    world.settle()
    yield world
    close_all(world)


@pytest.mark.parametrize("who", ["hub", "herten"])
def test_page_lists_every_language_and_says_that_nobody_has_checked_it(world: World, who: str) -> None:
    party = world.hub if who == "hub" else world.nodes[who]
    with TestClient(app_of(party)) as client:
        german = client.get("/sprachen", headers={"Accept": "text/html"})
        arabic = client.get("/sprachen?lang=ar", headers={"Accept": "text/html"})

    assert german.status_code == arabic.status_code == 200
    for tag in shipped_district().languages:
        assert f'href="/sprachen?lang={tag}"' in german.text
    assert german.text.count("noch nicht geprüft</span>") == len(shipped_district().languages) - 1
    assert arabic.headers["content-language"] == "ar"
    assert "لم تُراجَع بعد" in arabic.text
    assert re.search(r'<span lang="de" dir="ltr">Kreis Recklinghausen</span>', arabic.text)


def test_page_of_the_federation_is_german_for_everybody(world: World) -> None:
    with TestClient(app_of(world.hub)) as client:
        answer = client.get("/verbund?lang=ar", headers={"Accept": "text/html", "Accept-Language": "ar"})

    assert '<html lang="de" dir="ltr">' in answer.text
    assert "Der Verbund" in answer.text
