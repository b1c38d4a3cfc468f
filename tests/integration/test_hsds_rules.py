"""The rules of the HSDS API, one by one: headers and methods, 304, 410, order, and what each filter means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from node.party import Node
from shared.feed import limits
from shared.feed.payload import commitment_of, seal_payload
from shared.holdings import edits
from shared.holdings.edits import NEW, Edit
from tests.support.loopback import app_of, close_all, erase, newest_commitment
from tests.support.searching import give_index
from tests.support.world import World, offer_doc, publish, withdraw

HERTEN, MARL = "05562020", "05562024"
CAFE: Mapping[str, Any] = {
    "target_groups": ["neu", "frauen"], "especially_for": ["frauen"], "languages": [{"code": "ar"}],
    "access": ["offen"], "mode": ["vor_ort"], "is_free": True, "minimum_age": 16, "maximum_age": 27,
    "service_areas": [HERTEN],
    "schedules": [{"freq": "WEEKLY", "byday": ["TU"], "opens_at": "16:00", "closes_at": "18:00"}],
    "locations": [{"address_1": "Musterstraße 1", "postal_code": "45699", "city": "Herten", "kind": "physical"}],
    "eligibility": "Für alle ab 16",
    "translations": {"ar": {"name": "مقهى اللغة", "summary": "تعلم الألمانية", "origin": "machine"},
                     "tr": {"name": "Dil kafesi", "state": "in_arbeit"}},
}  # fmt: skip
COUNSEL: Mapping[str, Any] = {
    "target_groups": ["gefluechtet"], "access": ["termin"], "mode": ["telefon"], "is_free": False, "topics": ["arbeit"],
    "service_areas": [MARL], "languages": [{"code": "en"}], "minimum_age": 28,
    "schedules": [{"freq": "WEEKLY", "byday": ["MO", "TU"], "opens_at": "08:00", "closes_at": "12:00"}],
    "providers": [{"name": "Beratungsstelle"}],
}  # fmt: skip
EVERY_GET = (
    "/hsds/", "/hsds/openapi.json", "/openapi.json", "/hsds/profile", "/hsds/profile/service.json", "/hsds/services",
    "/hsds/services?format=ndjson", "/hsds/services/{service}", "/hsds/organizations", "/hsds/organizations/{provider}",
    "/hsds/organizations?format=ndjson", "/hsds/service_at_locations", "/hsds/service_at_locations?format=ndjson",
    "/hsds/service_at_locations/{place}", "/hsds/taxonomies", "/hsds/taxonomies/{taxonomy}", "/hsds/taxonomy_terms",
    "/hsds/taxonomy_terms/{term}", "/hsds/taxonomy_terms?format=ndjson", "/catalog.ndjson",
)  # fmt: skip
DATED = ("/hsds/services", "/hsds/organizations", "/hsds/service_at_locations")


def publish_with(node: Node, title: str, fields: Mapping[str, Any]) -> bytes:
    """Put an offer with more than what is needed into a node's outbox; returns its id."""
    rid = node.dice.token(16)
    body = seal_payload({**offer_doc(rid, node.settings.ags, title), **fields}, node.dice.token(32))
    with node.db.write() as conn:
        edits.add_edit(conn, Edit("publish", "offer", rid, NEW, node.clock.now(), commitment_of(body), body))
    return rid


class Api:
    """The hub's API with four offers, two of which are gone.

    Args:
        ids: of one object of each kind, by its name.
    """

    def __init__(self, client: TestClient[Litestar], rids: Mapping[str, bytes]) -> None:
        self.client = client
        self.rids = {name: str(UUID(bytes=rid)) for name, rid in rids.items()}
        whole = client.get(f"/hsds/services/{self.rids['café']}").json()
        attribute = next(one for one in whole["attributes"] if one["link_type"] == "topic")
        self.ids = {
            "service": whole["id"], "provider": whole["organization_id"],
            "place": whole["service_at_locations"][0]["id"], "term": attribute["taxonomy_term_id"],
            "taxonomy": attribute["taxonomy_term"]["taxonomy_id"],
        }  # fmt: skip

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path.format(**self.ids), headers=headers)

    def names(self, query: str, path: str = "/hsds/services") -> list[str]:
        answer = self.get(f"{path}?{query}")
        assert answer.status_code == 200, answer.text
        assert "x-ignored-parameters" not in answer.headers
        return [one.get("service", one)["name"] for one in answer.json()["contents"]]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    world = World(["herten", "marl"])
    world.settle()
    herten, marl = world.nodes["herten"], world.nodes["marl"]
    rids = {"café": publish_with(herten, "Sprachcafé", CAFE)}
    rids["ended"], rids["erased"] = publish(herten, "Nähkurs"), publish(herten, "Lesekreis")
    world.settle()
    folder = tmp_path_factory.mktemp("rules")
    give_index(world.hub, folder)
    world.clock.time += 3600
    rids["counsel"] = publish_with(marl, "Arbeitsberatung", COUNSEL)
    withdraw(herten, rids["ended"], "paused")
    erase(herten, newest_commitment(herten, rids["erased"]))
    world.settle()
    give_index(world.hub, folder)
    with TestClient(app_of(world.hub)) as client:
        yield Api(client, rids)
    world.hub.outputs.reader.close()
    world.hub.finder.close()
    close_all(world)


# --- answers of all addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", EVERY_GET)
def test_answer_is_open_tagged_and_304_when_known(api: Api, path: str) -> None:
    answer = api.get(path)

    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"ETag", "Last-Modified", "X-Ignored-Parameters"} <= set(
        answer.headers["access-control-expose-headers"].split(", ")
    )
    assert answer.headers["cache-control"] == "no-cache"
    known = api.get(path, **{"If-None-Match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["etag"] == answer.headers["etag"]
    assert api.get(path, **{"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", EVERY_GET)
def test_head_answers_what_get_answers_without_the_body(api: Api, path: str) -> None:
    got, head = api.get(path), api.client.head(path.format(**api.ids))

    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "content-length"):
        assert head.headers[name] == got.headers[name], name


@pytest.mark.parametrize("path", [path for path in EVERY_GET if "?" not in path])
def test_nothing_can_be_written(api: Api, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = api.client.request(method, path.format(**api.ids))

        assert answer.status_code == 405
        assert {name.strip() for name in answer.headers["allow"].split(",")} == {"GET", "HEAD", "OPTIONS"}
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/hsds/services", "/hsds/", "/changes", "/events", "/catalog.ndjson", "/openapi.json"]
)
def test_browsers_of_other_sites_may_ask_beforehand(api: Api, path: str) -> None:
    answer = api.client.options(
        path, headers={"Origin": "https://app.example", "Access-Control-Request-Method": "GET",
                       "Access-Control-Request-Headers": "if-none-match"},
    )  # fmt: skip

    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("path", [*DATED, *(f"{name}/{{{kind}}}" for name, kind in zip(
    DATED, ("service", "provider", "place"), strict=True))])  # fmt: skip
def test_date_of_the_last_change_is_told_and_understood(api: Api, path: str) -> None:
    modified = api.get(path).headers["last-modified"]

    assert modified.endswith(" GMT")
    assert api.get(path, **{"If-Modified-Since": modified}).status_code == 304
    assert api.get(path, **{"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}).status_code == 200
    assert api.get(path, **{"If-Modified-Since": modified, "If-None-Match": '"x"'}).status_code == 200


@pytest.mark.parametrize("path", [path for path in EVERY_GET if "openapi" not in path and "catalog" not in path])
def test_unknown_parameters_are_ignored_and_named(api: Api, path: str) -> None:
    answer = api.get(path + ("&" if "?" in path else "?") + "perpage=3&colour=red")

    assert answer.status_code == 200
    assert answer.headers["x-ignored-parameters"] == "colour, perpage"


def test_all_problems_of_a_query_are_told_at_once(api: Api) -> None:
    answer = api.get("/hsds/services?per_page=0&page=-1&postcode=1&full=perhaps")

    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert set(answer.json()["errors"]) == {"per_page", "page", "postcode", "full"}


def test_what_was_withdrawn_or_erased_is_gone_and_never_unknown(api: Api) -> None:
    ended, erased = (api.get(f"/hsds/services/{api.rids[name]}") for name in ("ended", "erased"))

    assert (ended.status_code, ended.json()["code"], ended.json()["reason"]) == (410, "withdrawn", "paused")
    assert (erased.status_code, erased.json()["code"]) == (410, "erased")
    assert all(answer.json()["time"].endswith("Z") for answer in (ended, erased))
    assert "reason" not in erased.json()
    assert api.get("/hsds/services/00000000-0000-4000-8000-000000000000").status_code == 404
    assert api.get("/hsds/services/none").status_code == 404


# --- lists -----------------------------------------------------------------------------------------------------------


def test_lists_are_in_the_order_of_the_last_change(api: Api) -> None:
    assert api.names("") == ["Sprachcafé", "Arbeitsberatung"]


def test_modified_after_includes_the_time_itself_whatever_its_offset(api: Api) -> None:
    newest = api.get("/hsds/services").json()["contents"][-1]["last_modified"]
    moment = newest.removesuffix("Z")

    assert api.names(f"modified_after={newest}") == ["Arbeitsberatung"]
    assert api.names(f"modified_after={moment}%2B00:00") == ["Arbeitsberatung"]
    later = moment[:-1] + "1"
    assert api.names(f"modified_after={later}Z") == []
    assert len(api.names("modified_after=2020-01-01")) == 2


def test_pages_are_counted_from_one_and_one_past_the_end_is_empty(api: Api) -> None:
    pages = [api.get(f"/hsds/services?per_page=1&page={number}").json() for number in (1, 2, 3)]

    found = [
        (page["page_number"], page["size"], page["first_page"], page["last_page"], page["empty"]) for page in pages
    ]
    assert found == [(1, 1, True, False, False), (2, 1, False, True, False), (3, 0, False, True, True)]
    assert {(page["total_items"], page["total_pages"]) for page in pages} == {(2, 2)}


def test_minimal_items_hold_the_time_under_both_names(api: Api) -> None:
    (item, _) = api.get("/hsds/services?minimal=true").json()["contents"]

    assert set(item) == {"id", "name", "status", "last_modified", "modified_date"}
    assert item["last_modified"] == item["modified_date"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=Sprachcafe", ["Sprachcafé"]), ("search=gibtesnicht", []),
        ("target_group=frauen", ["Sprachcafé"]), ("target_group=frauen,gefluechtet", ["Sprachcafé", "Arbeitsberatung"]),
        ("target_group=frauen&target_group=gefluechtet", ["Sprachcafé", "Arbeitsberatung"]),
        ("especially_for=frauen", ["Sprachcafé"]), ("especially_for=neu", []), ("language=ar", ["Sprachcafé"]),
        ("language=en,ar", ["Sprachcafé", "Arbeitsberatung"]), (f"city={HERTEN}", ["Sprachcafé"]),
        (f"city={MARL}", ["Arbeitsberatung"]), ("free=true", ["Sprachcafé"]),
        ("free=false", ["Sprachcafé", "Arbeitsberatung"]), ("access=termin", ["Arbeitsberatung"]),
        ("mode=vor_ort", ["Sprachcafé"]), ("minimum_age=27", ["Sprachcafé", "Arbeitsberatung"]),
        ("minimum_age=28", ["Arbeitsberatung"]), ("maximum_age=16", ["Sprachcafé"]), ("maximum_age=15", []),
        ("minimum_age=20&maximum_age=25", ["Sprachcafé"]), ("day=TU", ["Sprachcafé", "Arbeitsberatung"]),
        ("day=MO", ["Arbeitsberatung"]), ("start_time=16:00", ["Sprachcafé"]), ("end_time=12:00", ["Arbeitsberatung"]),
        ("end_time=11:59", []), ("day=MO&start_time=16:00", []), ("postcode=45699", ["Sprachcafé"]),
        ("postcode=45768", ["Arbeitsberatung"]), ("postcode=45699&proximity=3000", ["Sprachcafé"]),
        ("postcode=45768&proximity=0", []), ("taxonomy_term_id={term}", ["Sprachcafé"]),
        ("taxonomy_id={taxonomy}", ["Sprachcafé", "Arbeitsberatung"]), ("organization_id={provider}", ["Sprachcafé"]),
        ("organization_id={provider}&free=true&language=ar", ["Sprachcafé"]),
        ("organization_id={provider}&access=termin", []),
    ],
)  # fmt: skip
def test_filter_means_what_it_says_and_all_hold_together(api: Api, query: str, found: list[str]) -> None:
    assert api.names(query) == found
    places = api.names(query, "/hsds/service_at_locations")
    assert places == [name for name in found if name == "Sprachcafé"]


# --- languages -------------------------------------------------------------------------------------------------------


def test_texts_in_a_language_stand_beside_the_german_ones(api: Api) -> None:
    service = api.get("/hsds/services/{service}?lang=ar").json()

    assert service["name"] == "Sprachcafé"
    assert service["x_kreisweit"]["text"] == {
        "lang": "ar", "name": "مقهى اللغة", "description": "تعلم الألمانية",
        "eligibility_description": "Für alle ab 16", "in_german": ["eligibility_description"], "state": "veraltet",
        "origin": "machine",
    }  # fmt: skip


@pytest.mark.parametrize("lang", ["uk", "tr"])
def test_text_without_a_finished_translation_is_german_and_says_so(api: Api, lang: str) -> None:
    service = api.get(f"/hsds/services/{{service}}?lang={lang}").json()

    assert service["x_kreisweit"]["text"]["lang"] == "de"
    assert service["x_kreisweit"]["text"]["name"] == "Sprachcafé"


@pytest.mark.parametrize("path", ["/hsds/services?", "/hsds/services?format=ndjson&", "/hsds/service_at_locations?",
                                  "/hsds/service_at_locations/{place}?", "/hsds/services?full=true&"])  # fmt: skip
def test_language_is_known_to_lists_and_places_too(api: Api, path: str) -> None:
    assert '"lang":"ar"' in api.get(f"{path}lang=ar").text
    assert '"lang":"ar"' not in api.get(path).text
    assert api.get(f"{path}lang=Arabisch!").status_code == 400


# --- persons ---------------------------------------------------------------------------------------------------------


def test_overdue_copy_leaves_persons_out_even_for_who_goes_by_the_date(tmp_path: Path) -> None:
    world = World(["herten"])
    world.settle()
    node = world.nodes["herten"]
    contact = {"name": "Erika Mustermann", "department": "Fachdienst"}
    rid = publish_with(node, "Sprachcafé", {"contacts": [contact]})
    world.settle()
    give_index(node, tmp_path)
    paths = (f"/hsds/services/{UUID(bytes=rid)}", "/hsds/services?full=true")
    with TestClient(app_of(node)) as client:
        before = [client.get(path) for path in paths]
        world.clock.time += limits.LEASE_SECONDS + 60
        after = [
            client.get(path, headers={"If-Modified-Since": answer.headers["last-modified"]})
            for path, answer in zip(paths, before, strict=True)
        ]
    node.outputs.reader.close()
    node.finder.close()
    close_all(world)

    for old, new in zip(before, after, strict=True):
        assert ("Mustermann" in old.text, "Mustermann" in new.text) == (True, False)
        assert (new.status_code, "Fachdienst" in new.text) == (200, True)
        assert "last-modified" not in new.headers
