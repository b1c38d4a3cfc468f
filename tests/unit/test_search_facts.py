"""The facts of an offer that filters and order go by."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from shared.model.offer import OfferDoc
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.search.facts import FactFinder, Facts, merge_facts, provider_key

FINDER = FactFinder(shipped_vocabularies(), shipped_district())
MARL = "05562024"


def facts(member: str = "marl", **fields: Any) -> Facts:
    doc = msgspec.convert({"id": "a" * 32, "owner": MARL, "name": "Treff", **fields}, OfferDoc)
    return FINDER.facts(member, doc)


@pytest.mark.parametrize(
    ("fields", "cities"),
    [
        ({}, ("marl",)),
        ({"locations": [{"city": "Herten"}]}, ("herten",)),
        ({"locations": [{"postal_code": "45731"}]}, ("waltrop",)),
        ({"locations": [{"city": "Herten"}], "service_areas": ["05562024"]}, ("herten", "marl")),
        ({"service_areas": ["05562"]}, ("kreis",)),
        ({"locations": [{"city": "Essen"}]}, ("marl",)),
    ],
)
def test_city_is_where_it_is_or_holds_else_whose_it_is(fields: dict[str, Any], cities: tuple[str, ...]) -> None:
    assert facts(**fields).cities == cities


def test_topic_counts_for_those_above_it() -> None:
    assert facts(topics=["sprache.kurs"]).topics == ("sprache.kurs", "sprache")


def test_especially_for_is_open_to_as_well() -> None:
    found = facts(target_groups=["frauen"], especially_for=["neu"])

    assert (found.open_to, found.especially) == (("frauen", "neu"), ("neu",))


@pytest.mark.parametrize(
    ("opens", "closes", "parts"),
    [
        ("09:00", "12:00", ["vormittags"]), ("09:00", "14:30", ["vormittags", "nachmittags"]),
        ("12:00", "17:00", ["nachmittags"]), ("16:00", "18:00", ["nachmittags", "abends"]),
        ("17:00", "19:00", ["abends"]), ("", "", [""]),
    ],
)  # fmt: skip
def test_part_of_the_day_is_any_that_is_touched(opens: str, closes: str, parts: list[str]) -> None:
    slot = {"byday": ["1WE"], "freq": "MONTHLY", "opens_at": opens, "closes_at": closes}

    assert facts(schedules=[slot]).slots == tuple(("WE", part) for part in parts)


def test_hours_are_read_from_their_text_where_there_are_no_slots() -> None:
    assert facts(schedule_text="Dienstag 9 bis 11 Uhr").slots == (("TU", "vormittags"),)
    assert facts(schedule_text="nach Bedarf").slots == ()


def test_point_is_given_or_that_of_the_postcode_but_never_that_of_a_secret_address() -> None:
    given = {"city": "Marl", "latitude": 51.65, "longitude": 7.09}

    assert facts(locations=[given]).points == ((51.65, 7.09),)
    assert len(facts(locations=[{"postal_code": "45770"}]).points) == 1
    assert facts(locations=[{"city": "Marl"}]).points == ()
    assert facts(locations=[given], address_confidential=True).points == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("AWO Unterbezirk e. V.", "AWO Unterbezirk e.V."), ("Haus der Kulturen gGmbH", "Haus der Kulturen"),
        ("VHS Marl", "Volkshochschule Marl"), ("Brücke", "BRÜCKE"),
    ],
)  # fmt: skip
def test_spellings_of_a_provider_have_one_key(one: str, other: str) -> None:
    assert provider_key(one) == provider_key(other)


@pytest.mark.parametrize("name", ["جمعية", "A" * 200, "!!", "Verein für Ärzte & Mehr"])
def test_every_name_has_a_key_for_a_url(name: str) -> None:
    key = provider_key(name)

    assert 1 <= len(key) <= 64
    assert set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_cluster_has_what_any_of_its_offers_has_and_ends_with_the_last() -> None:
    one = facts(topics=["sport"], valid_to="2026-01-01")
    other = facts("herten", owner="05562020", topics=["kultur"], is_free=True, valid_to="2026-02-01")

    merged = merge_facts([one, other], (("herten", b"r" * 16),))

    assert (merged.member, merged.cities, merged.topics) == ("marl", ("marl", "herten"), ("sport", "kultur"))
    assert (merged.is_free, merged.valid_to, merged.others) == (True, other.valid_to, (("herten", b"r" * 16),))
