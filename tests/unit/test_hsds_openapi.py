"""The description of the API: whole, said once, true to what reads and writes, with examples that are valid."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.hsds.localised import in_language
from shared.hsds.openapi.document import Facts, describe
from shared.hsds.openapi.examples import PROBLEMS
from shared.hsds.openapi.parameters import parameters
from shared.hsds.query import PARAMETERS, READERS, parse_query
from shared.hsds.service import Maker, Origin
from shared.hsds.terms import Terms
from shared.model.offer import TRANSLATED_FIELDS, offer_from_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.vocabulary.collection import Vocabularies
from shared.model.vocabulary.editing import retire_term
from tests.support.hsds import hsds_answer_problems
from tests.support.openapi import deref, operations, schema_problems, undescribed

FACTS = Facts("https://hub.example", "Datenlizenz", "https://www.govdata.de/dl-de/by-2-0")


EVERYTHING: dict[str, Any] = {
    "id": "3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a", "owner": "05562020", "name": "Kurs", "alternate_name": "K",
    "summary": "S", "body": "B", "access": ["offen"], "accreditation": "BAMF", "alert": "Neu",
    "alert_until": "2026-12-01",
    "additional_urls": [{"label": "Mehr", "url": "https://a.example/"}], "application_process": "A", "is_free": False,
    "assured_date": "2026-11-01", "assurer": "a@a.example", "eligibility": "E", "email": "a@a.example",
    "mode": ["online"], "attachments": [
        {"alt": "Bild", "lang": "de", "sha256": "0" * 64, "title": "T", "type": "image/png", "url": "https://a.example/"}
    ],
    "capacity": [{"available": 1, "maximum": 2, "unit": "Plätze", "updated": "2026-11-01"}], "program": "P",
    "contacts": [{"name": "N", "title": "T", "department": "D", "email": "a@a.example", "phones": [{"number": "1"}],
                  "languages": [{"code": "de", "name": "Deutsch", "note": "n"}]}],
    "costs": [{"amount": 5, "amount_description": "pro Monat", "currency": "EUR", "option": "ermäßigt",
               "valid_from": "2026-01-01", "valid_to": "2026-12-31"}],
    "exceptions": [{"closed": False, "date_from": "2026-12-01", "date_to": "2026-12-02", "hours": "9", "reason": "r"}],
    "especially_for": ["neu"], "target_groups": ["neu"], "topics": ["sprache.kurs"], "offer_type": "kurs",
    "fees_text": "F", "funding": ["Land"], "interpretation": "I", "languages": [{"code": "de", "note": "n"}],
    "last_modified": "2026-11-25T09:30:00.000Z", "maximum_age": 20, "minimum_age": 10, "url": "https://a.example/",
    "locations": [{"name": "Haus", "kind": "physical", "address_1": "Weg 1", "address_2": "EG", "postal_code": "45699",
                   "city": "Herten", "latitude": 51.6, "longitude": 7.1, "transportation": "Bus",
                   "accessibility": {"aufzug": True}}],
    "phones": [{"number": "1", "type": "fax", "description": "d"}],
    "providers": [
        {"id": "1" * 32, "name": "Träger", "alternate_name": "T", "additional_websites": ["https://a.example/"],
         "description": "d", "email": "a@a.example", "legal_status": "e.V.", "org_type": "verein",
         "logo": "https://a.example/",
         "identifiers": [{"identifier": "1", "identifier_type": "VR"}], "parent_organization_id": "2" * 32,
         "website": "https://a.example/"},
        {"name": "Zweiter"},
    ],
    "required_documents": [{"document": "Ausweis", "uri": "https://a.example/"}], "review_due": "2027-01-01",
    "schedule_text": "dienstags", "service_areas": ["05562020"], "status": "active", "valid_from": "2026-01-01",
    "schedules": [{"booking_url": "https://a.example/", "byday": ["TU"], "bymonthday": [1], "opens_at": "09:00",
                   "closes_at": "10:00", "count": 3, "description": "d", "dtstart": "2026-01-01", "freq": "MONTHLY",
                   "interval": 2, "kind": "kurszeit", "until": "2026-12-01", "valid_from": "2026-01-01",
                   "valid_to": "2026-12-01"}],
    "translations": {"en": dict.fromkeys(TRANSLATED_FIELDS, "x") | {
        "origin": "human", "source_sha256": "0" * 64, "updated": "2026-01-01"}},
    "valid_to": "2026-12-31",
}  # fmt: skip
"""An offer in which every field is filled."""


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker(shipped_district(), Terms(shipped_vocabularies()))


@pytest.fixture(scope="module")
def document(maker: Maker) -> Any:
    return json.loads(json.dumps(describe(maker, FACTS)))


def bodies(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Every body of every answer: operation and status, media type, description."""
    for path, operation in operations(document):
        for status, given in operation["responses"].items():
            for media_type, body in deref(document, given).get("content", {}).items():
                yield f"{path} {status}", media_type, body


def test_names_itself_and_its_terms(document: Any) -> None:
    assert document["openapi"].startswith("3.1.")
    assert all(document["info"][name] for name in ("title", "version", "description", "contact", "license"))
    assert document["servers"][0]["url"] == "https://hub.example/hsds"


def test_every_operation_has_an_id_of_its_own_and_is_only_a_get(document: Any) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]

    assert len(set(ids)) == len(ids) == 11
    assert {method for item in document["paths"].values() for method in item} == {"get"}


def test_tags_are_those_of_the_standard(document: Any) -> None:
    tags = {path: operation["tags"] for path, operation in operations(document)}

    required = {"/", "/services", "/services/{id}"}
    assert {path for path, given in tags.items() if given == ["required"]} == required
    assert all(tags[path] == ["optional"] for path in tags.keys() - required)


def test_parameters_are_described_once_and_are_those_that_are_read(document: Any) -> None:
    for name in ("services", "organizations", "service_at_locations", "taxonomies", "taxonomy_terms"):
        given = document["paths"][f"/{name}"]["get"]["parameters"]

        assert all(set(one) == {"$ref"} for one in given)
        assert [deref(document, one)["name"] for one in given] == list(PARAMETERS[name])
    assert all(one["description"] and "example" in one for one in document["components"]["parameters"].values())


@pytest.mark.parametrize("name", READERS)
def test_example_of_a_parameter_is_valid_and_understood(document: Any, name: str) -> None:
    parameter = parameters(shipped_district())[name]
    example = parameter["example"]
    text = ",".join(example) if isinstance(example, list) else str(example)
    where = next(one for one, known in PARAMETERS.items() if name in known)

    query, ignored = parse_query(where, [(name, text), *([("postcode", "45699")] if name == "proximity" else [])])

    assert schema_problems(document, parameter["schema"], example) == []
    assert ignored == []
    assert getattr(query, name) not in (None, "", ())


@pytest.mark.parametrize("name", ["page", "per_page", "proximity", "minimum_age", "maximum_age"])
def test_bounds_that_are_described_are_those_that_hold(name: str) -> None:
    schema = READERS[name].schema

    assert READERS[name].read([str(schema["maximum"])]) == schema["maximum"]
    assert READERS[name].read([str(schema["minimum"])]) == schema["minimum"]
    for beyond in (schema["maximum"] + 1, schema["minimum"] - 1):
        with pytest.raises(Exception, match="is not a whole number"):
            READERS[name].read([str(beyond)])


def test_every_example_of_an_answer_is_valid_and_says_nothing_undescribed(document: Any) -> None:
    seen = 0
    for where, media_type, body in bodies(document):
        assert body["examples"], where
        for name, example in body["examples"].items():
            assert schema_problems(document, body["schema"], example["value"]) == [], (where, name)
            if media_type.endswith("json"):
                assert undescribed(document, body["schema"], example["value"]) == [], (where, name)
            seen += 1
    assert seen > 30


def test_examples_are_valid_under_the_official_schemas(document: Any) -> None:
    for path in document["paths"]:
        body = deref(document, document["paths"][path]["get"]["responses"]["200"])["content"]["application/json"]
        for example in body["examples"].values():
            assert hsds_answer_problems(example["value"], path) == [], path


def test_everything_that_can_be_written_is_described_and_the_other_way_round(maker: Maker, document: Any) -> None:
    offer = maker.service(offer_from_builtins(EVERYTHING), Origin("herten", "Herten", "05562020", "Stadt", "u", "p"))
    hidden = offer_from_builtins({**EVERYTHING, "address_confidential": True, "schedules": [], "is_free": None})
    confidential = maker.service(hidden, Origin("herten", "Herten", "05562020", "Stadt", "u", "p"), same_as=["0" * 32])
    schema = {"$ref": "#/components/schemas/service"}

    for service in (offer, confidential):
        assert undescribed(document, schema, service) == []
        assert schema_problems(document, schema, service) == []
    text = json.loads(in_language(json.dumps(offer).encode(), "en"))
    assert undescribed(document, schema, text) == []
    assert schema_problems(document, schema, text) == []
    shipped = shipped_vocabularies()
    merged = Vocabularies({**shipped, "topic": retire_term(shipped["topic"], "sport", "freizeit")})
    written = {
        *names_in(Terms(merged).all_terms()),
        *names_in(text),
        *names_in(offer),
        *names_in(confidential),
        *names_in(document["paths"]),
        *names_in(PROBLEMS),
    }
    described = {name for schema in document["components"]["schemas"].values() for name in schema["properties"]}
    # A tree says by its nesting what the rows of the tabular package say by these.
    assert described - written == {"advice", "phone_id", "contact_id", "program_id", "in_german"}


def names_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, entry in value.items():
            yield name
            yield from names_in(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from names_in(entry)


def test_every_answer_names_its_status_and_the_headers_it_has(document: Any) -> None:
    for path, operation in operations(document):
        statuses = set(operation["responses"])

        assert {"200", "304"} <= statuses, path
        assert ("404" in statuses) == ("{id}" in path), path
        assert ("410" in statuses) == (path == "/services/{id}"), path
        for given in operation["responses"].values():
            found = deref(document, given)
            assert found["description"]
            assert "Access-Control-Allow-Origin" in found["headers"]
            assert all(deref(document, header)["description"] for header in found["headers"].values())


def test_all_references_lead_somewhere_and_everything_shared_is_used(document: Any) -> None:
    text = json.dumps(document)
    used = {part.split('"')[0] for part in text.split('"$ref": "')[1:]}
    there = {f"#/components/{kind}/{name}" for kind, found in document["components"].items() for name in found}

    assert used == there


def test_every_field_says_what_it_is(document: Any) -> None:
    fields = {
        f"{name}.{field}": found
        for name, schema in document["components"]["schemas"].items()
        for field, found in schema["properties"].items()
    }

    def says(found: Any) -> bool:
        inner = found.get("items") or found.get("additionalProperties") or found
        return bool(found.get("description") or deref(document, inner).get("description"))

    silent = [where for where, found in fields.items() if not says(found)]

    assert silent == []


def test_undescribed_member_is_found(document: Any) -> None:
    """The check itself: a member added anywhere is noticed."""
    body = document["paths"]["/services"]["get"]["responses"]["200"]["content"]["application/json"]
    changed = copy.deepcopy(body["examples"]["full"]["value"])
    changed["contents"][0]["organization"]["colour"] = "red"
    changed["contents"][0]["x_kreisweit"]["origin"]["mood"] = "good"

    found = undescribed(document, body["schema"], changed)

    assert found == ["$.contents[0].organization.colour", "$.contents[0].x_kreisweit.origin.mood"]
