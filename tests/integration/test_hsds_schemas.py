"""Every answer of the HSDS API is valid under the official schemas: all pages of the real offers, a hundred ids."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from tests.quality.real_offers import import_offers
from tests.support import oruk
from tests.support.hsds import hsds_answer_problems
from tests.support.loopback import app_of, close_all
from tests.support.searching import give_index
from tests.support.world import CITIES, World

LISTS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    world = World([name for name, _ in CITIES])
    world.settle()
    import_offers(world)
    give_index(world.hub, tmp_path_factory.mktemp("hsds"))
    with TestClient(app_of(world.hub)) as client:
        yield client
    world.hub.finder.close()
    world.hub.outputs.reader.close()
    close_all(world)


def all_pages(client: TestClient[Litestar], path: str) -> Iterator[Any]:
    mark = "&" if "?" in path else "?"
    number, is_last = 0, False
    while not is_last:
        number += 1
        page = client.get(f"{path}{mark}page={number}").json()
        is_last = page["last_page"]
        yield page


@pytest.mark.parametrize("options", ["", "?full=true", "?minimal=true", "?full_service=true"])
@pytest.mark.parametrize("name", LISTS)
def test_every_page_of_a_list_is_valid(client: TestClient[Litestar], name: str, options: str) -> None:
    pages = list(all_pages(client, f"/hsds/{name}{options}"))

    problems = [problem for page in pages for problem in hsds_answer_problems(page, f"/{name}")]

    assert problems == []
    ids = [one["id"] for page in pages for one in page["contents"]]
    assert len(ids) == len(set(ids)) == pages[0]["total_items"] > 0


@pytest.mark.parametrize("name", LISTS)
def test_a_hundred_objects_are_valid(client: TestClient[Litestar], name: str) -> None:
    ids = [one["id"] for page in all_pages(client, f"/hsds/{name}") for one in page["contents"]]

    for key in random.Random(5).sample(ids, min(100, len(ids))):
        answer = client.get(f"/hsds/{name}/{key}")

        assert answer.status_code == 200
        assert hsds_answer_problems(answer.json(), f"/{name}/{{id}}") == []
        assert answer.json()["id"] == key


@pytest.mark.parametrize("name", LISTS)
def test_answers_fulfil_the_schemas_with_the_patches_of_the_profile(client: TestClient[Litestar], name: str) -> None:
    pages = list(all_pages(client, f"/hsds/{name}?full=true"))
    ids = [one["id"] for page in pages for one in page["contents"]]

    assert [found for page in pages for found in hsds_answer_problems(page, f"/{name}", is_patched=True)] == []
    for key in random.Random(6).sample(ids, min(20, len(ids))):
        answer = client.get(f"/hsds/{name}/{key}?lang=en").json()
        assert hsds_answer_problems(answer, f"/{name}/{{id}}", is_patched=True) == []


def test_description_of_the_api_is_valid(client: TestClient[Litestar]) -> None:
    answer = client.get("/hsds/").json()

    assert hsds_answer_problems(answer, "/") == []
    assert answer["version"] == "3.2.3"


# --- the validator of Open Referral UK -------------------------------------------------------------------------------


def test_validator_finds_nothing_at_all(client: TestClient[Litestar]) -> None:
    report = oruk.validate(client, "/hsds", seed=1)

    assert report.findings == []
    assert report.quality == 100
    assert (report.is_level_1, report.is_level_2) == (True, True)
    asked = {name: (report.asked[f"/{name}"], report.asked[f"/{name}/{{id}}"]) for name in LISTS}
    assert asked == {
        "services": (2, 10), "organizations": (2, 10), "service_at_locations": (2, 10), "taxonomies": (1, 7),
        "taxonomy_terms": (2, 10),
    }  # fmt: skip
