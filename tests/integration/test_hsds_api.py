"""The HSDS API as integrators' tools meet it, over HTTP, with real offers: schemathesis, the validator of the UK."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode

from shared.outputs.formats.all import FORMATS
from tests.quality.real_offers import import_offers
from tests.support import oruk
from tests.support.loopback import app_of, close_all, hub_on_disk, running
from tests.support.searching import give_index
from tests.support.world import World


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("api")
    world = World(["marl"])
    world.settle()
    import_offers(world)
    hub = hub_on_disk(world, folder)
    give_index(hub, folder)
    with running(app_of(hub)) as base:
        yield base
    hub.outputs.reader.close()
    hub.finder.close()
    close_all(world)


@pytest.fixture(scope="module")
def whole_api(base: str) -> Any:
    schema = schemathesis.openapi.from_url(f"{base}/openapi.json")
    schema.config.update(base_url=base)
    schema.config.generation.update(deterministic=True)
    return schema


LISTS = ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms")
PATHS = (
    "/hsds/", *(f"/hsds/{name}" for name in LISTS), *(f"/hsds/{name}/{{id}}" for name in LISTS), "/changes",
    "/hsds/profile", "/hsds/profile/{name}", *(one.path for one in FORMATS),
)  # fmt: skip
MANY_PARAMETERS = ("/hsds/services", "/hsds/organizations")
EVERY_BOUND = (
    "/hsds/", "/hsds/services/{id}", "/hsds/organizations/{id}", "/hsds/taxonomy_terms", "/hsds/taxonomy_terms/{id}",
    "/hsds/profile/{name}", "/changes",
)  # fmt: skip


def test_every_operation_is_asked_but_the_stream_without_end(whole_api: Any) -> None:
    described = {operation.ok().path for operation in whole_api.get_all_operations()}

    assert described == {*PATHS, "/events"}


def ask(case: schemathesis.Case[Any]) -> None:
    """Ask, and hold the answer against the description: status, headers, type, schema; no 5xx."""
    # What no schema can say: a distance is measured from somewhere, and a cursor is one that was given.
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        if "proximity" in case.query:
            case.query["postcode"] = "45699"
        if case.path == "/changes":
            case.query |= {"after": "0", "wait": 0}
    case.call_and_validate()


def ask_some(cases: SearchStrategy[schemathesis.Case[Any]]) -> None:
    @settings(max_examples=5, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(case=cases)
    def ask_one(case: schemathesis.Case[Any]) -> None:
        ask(case)

    ask_one()


@pytest.mark.parametrize("path", PATHS)
def test_whatever_the_description_allows_is_answered_as_it_says(whole_api: Any, path: str) -> None:
    ask_some(whole_api[path]["GET"].as_strategy(generation_mode=GenerationMode.POSITIVE))


@pytest.mark.parametrize("path", MANY_PARAMETERS)
def test_whatever_it_does_not_allow_is_refused_as_it_says(whole_api: Any, path: str) -> None:
    ask_some(whole_api[path]["GET"].as_strategy(generation_mode=GenerationMode.NEGATIVE))


@pytest.mark.parametrize("path", EVERY_BOUND)
def test_each_bound_and_each_method_is_kept(whole_api: Any, path: str) -> None:
    modes, how = list(GenerationMode), whole_api.config.generation
    cases = whole_api.iter_coverage_cases(whole_api[path]["GET"], generation_modes=modes, generation_config=how)

    asked = 0
    for case in cases:
        ask(case)
        asked += 1

    assert asked > 5


# --- the validator of Open Referral UK -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "code", "level"),
    [
        (lambda document: document.pop("info"), "MISSING_INFO", oruk.ERROR),
        (lambda document: document["components"]["schemas"]["organization"]["properties"].pop("name"),
         "ADDITIONAL_FIELD", oruk.INFO),
        (lambda document: document["components"]["schemas"]["organization"]["required"].append("colour"),
         "SCHEMA_VALIDATION_ERROR", oruk.ERROR),
        (lambda document: document["paths"].update({"/colours": {"get": {**document["paths"]["/"]["get"]}}}),
         "REQUIRED_ENDPOINT_FAILED", oruk.ERROR),
    ],
)  # fmt: skip
def test_validator_finds_what_is_wrong(base: str, change: Callable[[Any], object], code: str, level: str) -> None:
    """The check itself: a document that says something else than the answers is noticed."""

    def alter(request: httpx.Request) -> httpx.Response:
        answer = real.send(request)
        if not request.url.path.endswith("/openapi.json"):
            return answer
        document = answer.json()
        change(document)
        return httpx.Response(200, json=document)

    with httpx.Client() as real, httpx.Client(transport=httpx.MockTransport(alter)) as client:
        report = oruk.validate(client, f"{base}/hsds")

    assert code in report.codes(level)
    assert report.is_level_2 == (level == oruk.INFO or code == "MISSING_INFO")
