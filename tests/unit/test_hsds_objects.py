"""Offers in the words of HSDS: valid, stable, complete, and without what must not leave the node."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

import msgspec
import pytest

from shared.hsds.service import Maker, Origin
from shared.hsds.terms import TAXONOMIES, Terms
from shared.model.offer import OfferDoc, offer_from_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies
from tests.bench.offers import generate
from tests.support.hsds import hsds_answer_problems, hsds_problems

HERTEN = Origin("herten", "Herten", "05562020", "Stadt Herten", "https://herten.example/angebote/1")


@pytest.fixture(scope="module")
def maker() -> Maker:
    return Maker(shipped_district(), Terms(shipped_vocabularies()))


def make_doc(**fields: Any) -> OfferDoc:
    return offer_from_builtins(
        {
            "id": "3f0e9a6d2c7b4e51a8d4c6b90f1e2d3a",
            "owner": "05562020",
            "name": "Sprachcafé",
            "summary": "Deutsch üben.",
        }
        | fields
    )


def synthetic(count: int) -> list[OfferDoc]:
    return [
        offer_from_builtins({"id": uuid.UUID(int=number).hex, "owner": "05562020", **document})
        for number, document in enumerate(generate(count, 1), 1)
    ]


def nulls(value: object) -> bool:
    if isinstance(value, dict):
        return any(nulls(entry) for entry in value.values())
    if isinstance(value, list):
        return any(nulls(entry) for entry in value)
    return value is None


def test_services_follow_the_official_schema(maker: Maker) -> None:
    for doc in synthetic(60):
        service = maker.service(doc, HERTEN)

        assert hsds_problems(service, "service") == []
        assert hsds_problems(maker.item(service), "service_list") == []
        assert hsds_problems(maker.minimal(service), "service_list") == []
        assert [hsds_problems(place, "service_at_location") for place in maker.service_at_locations(service)] == [
            [] for _ in doc.locations
        ]


def test_service_of_an_offer_with_a_title_alone_is_whole(maker: Maker) -> None:
    service = maker.service(make_doc(summary=""), HERTEN)

    assert not nulls(service)
    assert (service["name"], service["status"]) == ("Sprachcafé", "active")
    assert hsds_problems(service, "service") == []


def test_writing_twice_gives_the_same_bytes(maker: Maker) -> None:
    doc = synthetic(1)[0]

    assert msgspec.json.encode(maker.service(doc, HERTEN)) == msgspec.json.encode(maker.service(doc, HERTEN))


def test_equal_children_have_ids_of_their_own(maker: Maker) -> None:
    phone = {"number": "+49 2366 303180"}

    phones = maker.service(make_doc(phones=[phone, phone]), HERTEN)["phones"]

    assert phones[0]["id"] != phones[1]["id"]


def test_description_begins_with_the_short_text(maker: Maker) -> None:
    service = maker.service(make_doc(summary="Deutsch üben.", body="Mit Kaffee."), HERTEN)

    assert service["description"] == "Deutsch üben.\n\nMit Kaffee."


def test_opening_times_are_wall_clock_without_an_offset_and_said_in_german(maker: Maker) -> None:
    slot = {"byday": ["2WE"], "freq": "MONTHLY", "opens_at": "16:00", "closes_at": "18:00"}

    service = maker.service(make_doc(schedules=[slot]), HERTEN)

    schedule = service["schedules"][0]
    assert (schedule["opens_at"], schedule["closes_at"], schedule["byday"]) == ("16:00", "18:00", "2WE")
    assert "timezone" not in schedule
    assert schedule["description"] == "2. Mi im Monat 16:00–18:00 Uhr"
    assert service["x_kreisweit"]["timezone"] == "Europe/Berlin"


def test_times_known_as_text_alone_are_a_description(maker: Maker) -> None:
    service = maker.service(make_doc(schedule_text="nach Bedarf"), HERTEN)

    assert [entry["description"] for entry in service["schedules"]] == ["nach Bedarf"]


def test_confidential_address_shows_its_town_alone(maker: Maker) -> None:
    place = {
        "name": "Frauenhaus", "address_1": "Geheime Straße 1", "postal_code": "45699", "city": "Herten",
        "latitude": 51.59, "longitude": 7.13,
    }  # fmt: skip

    service = maker.service(make_doc(locations=[place], address_confidential=True), HERTEN)

    text = msgspec.json.encode(service).decode()
    assert "Herten" in text
    assert [word for word in ("Geheime", "Frauenhaus", "51.59", "45699") if word in text] == []


def test_place_without_a_postcode_is_written_without_an_address(maker: Maker) -> None:
    service = maker.service(make_doc(locations=[{"name": "Rathaus", "city": "Herten"}]), HERTEN)

    location = service["service_at_locations"][0]["location"]
    assert location["name"] == "Rathaus"
    assert "addresses" not in location


def test_free_offer_costs_nothing_in_numbers(maker: Maker) -> None:
    assert maker.service(make_doc(is_free=True), HERTEN)["cost_options"][0]["amount"] == 0
    assert "cost_options" not in maker.service(make_doc(is_free=None), HERTEN)


def test_terms_are_attributes_with_the_ids_of_every_node(maker: Maker) -> None:
    service = maker.service(make_doc(topics=["sprache"], target_groups=["neu"], especially_for=["neu"]), HERTEN)

    links = {(entry["link_type"], entry["taxonomy_term"]["code"]) for entry in service["attributes"]}
    topic = shipped_vocabularies()["topic"]
    assert links == {("topic", "sprache"), ("target_group", "neu"), ("especially_for", "neu")}
    assert service["attributes"][0]["taxonomy_term_id"].replace("-", "") == topic.term_id("sprache")


def test_named_gaps_and_unknown_terms(maker: Maker) -> None:
    service = maker.service(make_doc(access=["unbekannt"], topics=["neues-thema"]), HERTEN)

    assert [entry["label"] for entry in service["attributes"]] == ["neues-thema"]
    assert hsds_problems(service, "service") == []


def test_provider_without_an_own_word_is_described_by_its_name(maker: Maker) -> None:
    service = maker.service(make_doc(providers=[{"name": "AWO"}, {"name": "Caritas"}]), HERTEN)

    assert service["organization"]["description"] == "AWO"
    assert service["organization_id"] == service["organization"]["id"]
    assert [entry["name"] for entry in service["x_kreisweit"]["co_providers"]] == ["Caritas"]


def test_one_provider_of_a_city_has_one_id_in_all_its_offers(maker: Maker) -> None:
    one = maker.service(make_doc(providers=[{"name": "AWO Unterbezirk e.V."}]), HERTEN)
    two = maker.service(make_doc(providers=[{"name": "AWO Unterbezirk e. V."}], id="0" * 31 + "1"), HERTEN)

    assert one["organization_id"] == two["organization_id"]


def test_review_is_due_by_the_model_and_never_invented(maker: Maker) -> None:
    checked = maker.service(make_doc(assured_date=date(2026, 1, 1).isoformat()), HERTEN)["x_kreisweit"]
    never = maker.service(make_doc(), HERTEN)["x_kreisweit"]

    assert checked["review_due"] == "2026-06-30"
    assert "review_due" not in never


def test_translations_say_whether_they_are_current(maker: Maker) -> None:
    service = maker.service(make_doc(translations={"ar": {"name": "مقهى", "source_sha256": "0" * 64}}), HERTEN)

    assert service["x_kreisweit"]["translations"]["ar"]["state"] == "veraltet"


def test_terms_and_taxonomies_follow_the_official_schema(maker: Maker) -> None:
    for name in TAXONOMIES:
        taxonomy = maker.terms.taxonomies[name]
        assert hsds_answer_problems(taxonomy, "/taxonomies/{id}") == []
        for term in maker.terms.all_terms(name):
            assert hsds_answer_problems(maker.terms.full_term(term), "/taxonomy_terms/{id}") == []
