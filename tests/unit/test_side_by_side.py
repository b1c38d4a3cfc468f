"""Fields of two offers side by side: compared by what they mean, and what cannot both be true."""

from __future__ import annotations

from typing import Any

import pytest

from hub.side_by_side import Likeness, all_fields, compare, institutional, is_personal
from shared.model.offer import OfferDoc, offer_from_builtins
from shared.model.shipped import shipped_district
from shared.web.offer_words import Words

FIELDS = {one.key: one for one in all_fields(Words(shipped_district()))}
STREET = {"address_1": "Kurt-Schumacher-Straße 2", "postal_code": "45699", "city": "Herten"}
MONDAY = {"freq": "WEEKLY", "byday": ["MO"], "opens_at": "09:00", "closes_at": "12:00"}
TUESDAY = {**MONDAY, "byday": ["TU"]}


def doc(**fields: Any) -> OfferDoc:
    return offer_from_builtins({"id": "0" * 32, "owner": "05562020", **fields})


def likeness(key: str, left: dict[str, Any], right: dict[str, Any]) -> Likeness:
    return next(one.likeness for one in compare([FIELDS[key]], doc(**left), doc(**right)))


def clashes(key: str, left: dict[str, Any], right: dict[str, Any]) -> bool:
    field = FIELDS[key]
    assert field.clash is not None
    return field.clash(field.keys(doc(**left)), field.keys(doc(**right)))


@pytest.mark.parametrize(
    ("key", "left", "right"),
    [
        ("name", {"name": "Nähcafé"}, {"name": "NÄHCAFE"}),
        ("phones", {"phones": [{"number": "+49 2366 303160"}]}, {"phones": [{"number": "+49 2366 30 31 60"}]}),
        ("url", {"url": "https://www.awo.de/kurs/"}, {"url": "http://awo.de/kurs"}),
        (
            "locations",
            {"locations": [STREET]},
            {"locations": [{**STREET, "address_1": "Kurt-Schumacher-Str. 2", "name": "Haus der Kulturen"}]},
        ),
        ("schedules", {"schedule_text": "Montag 9 bis 12 Uhr"}, {"schedules": [MONDAY]}),
        ("email", {"email": "info@awo.de"}, {"email": "Info@AWO.de"}),
        ("topics", {"topics": ["sprache", "familie"]}, {"topics": ["familie", "sprache"]}),
        ("costs", {"is_free": True}, {"is_free": True}),
    ],
)
def test_values_that_mean_the_same_are_the_same(key: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    assert likeness(key, left, right) is Likeness.SAME


@pytest.mark.parametrize(
    ("key", "left", "right", "expected"),
    [
        ("url", {"url": "https://awo.de/kurs"}, {"url": "https://awo.de"}, Likeness.PARTLY),
        ("url", {"url": "https://awo.de"}, {}, Likeness.ONE_SIDED),
        ("topics", {"topics": ["sprache"]}, {"topics": ["familie"]}, Likeness.DIFFERENT),
        ("topics", {"topics": ["sprache"]}, {"topics": ["familie", "sprache"]}, Likeness.PARTLY),
    ],
)
def test_other_values_are_told_apart(key: str, left: dict[str, Any], right: dict[str, Any], expected: Likeness) -> None:
    assert likeness(key, left, right) is expected


def test_fields_that_nobody_fills_are_left_out() -> None:
    found = compare([*FIELDS.values()], doc(name="Nähkurs"), doc(name="Nähkurs", email="info@awo.de"))

    assert [one.field.key for one in found] == ["name", "email"]


def test_confidential_address_is_never_told() -> None:
    said = FIELDS["locations"].said(doc(locations=[STREET], address_confidential=True))

    assert said == ["45699 Herten (Anschrift auf Anfrage)"]


@pytest.mark.parametrize(
    ("key", "left", "right"),
    [
        ("phones", {"phones": [{"number": "+49 2366 1"}]}, {"phones": [{"number": "+49 2366 2"}]}),
        ("email", {"email": "info@awo.de"}, {"email": "kurse@vhs.de"}),
        ("url", {"url": "https://awo.de"}, {"url": "https://vhs.de"}),
        ("schedules", {"schedules": [MONDAY]}, {"schedules": [MONDAY, TUESDAY]}),
        ("schedules", {"schedule_text": "Montag 9 bis 12 Uhr"}, {"schedules": [TUESDAY]}),
        ("locations", {"locations": [STREET]}, {"locations": [{**STREET, "address_1": "Ewaldstraße 1"}]}),
        ("costs", {"is_free": True}, {"is_free": False}),
        ("costs", {"costs": [{"amount": 5}]}, {"costs": [{"amount": 7.5}]}),
        ("ages", {"minimum_age": 6}, {"minimum_age": 10, "maximum_age": 14}),
        ("validity", {"valid_to": "2026-05-01"}, {"valid_to": "2026-06-01"}),
        ("status", {"status": "defunct"}, {}),
    ],
)
def test_values_that_cannot_both_be_true_clash(key: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    assert clashes(key, left, right)
    assert clashes(key, right, left)


@pytest.mark.parametrize(
    ("key", "left", "right"),
    [
        ("phones", {"phones": [{"number": "+49 2366 1"}]}, {}),
        ("phones", {"phones": [{"number": "+49 1"}, {"number": "+49 2"}]}, {"phones": [{"number": "+49 2"}]}),
        ("url", {"url": "https://awo.de/herten"}, {"url": "https://awo.de/marl"}),
        ("schedules", {"schedule_text": "nach Vereinbarung"}, {"schedules": [MONDAY]}),
        ("schedules", {"schedule_text": "nach Vereinbarung"}, {"schedule_text": "bitte anrufen"}),
        ("locations", {"locations": [STREET]}, {"locations": [{"city": "Marl"}]}),
        (
            "locations",
            {"locations": [STREET]},
            {"locations": [{**STREET, "address_1": "Ewaldstr. 1"}], "address_confidential": True},
        ),
        ("costs", {"is_free": True}, {}),
        ("costs", {"costs": [{"amount": 5}, {"amount": 7}]}, {"costs": [{"amount": 7}]}),
        ("ages", {"minimum_age": 6}, {"maximum_age": 14}),
        ("status", {"status": "active"}, {}),
    ],
)
def test_values_that_can_both_be_true_do_not_clash(key: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    assert not clashes(key, left, right)
    assert not clashes(key, right, left)


def test_nothing_that_leads_to_a_person_is_left_in_what_an_institution_says() -> None:
    person = {"name": "Erika Mustermann", "email": "mustermann@awo.de", "phones": [{"number": "+49 2366 303-161"}]}
    said = institutional(
        doc(
            contacts=[person], email="mustermann@awo.de", assurer="info@awo.de", fees_text="Fragen an Frau Mustermann",
            phones=[{"number": "+49 2366 303161"}, {"number": "+49 2366 3030"}],
            schedules=[{**MONDAY, "description": "bei Frau Mustermann"}],
        )
    )  # fmt: skip

    assert "ustermann" not in repr(said)
    assert "303161" not in repr(said)
    assert [one.number for one in said.phones] == ["+49 2366 3030"]


@pytest.mark.parametrize("address", ["erika.mustermann@awo.de", "e.mustermann@awo.de", "e_mustermann@awo.de"])
def test_address_written_as_names_are_is_personal(address: str) -> None:
    assert is_personal(address)


@pytest.mark.parametrize("address", ["", "info@awo.de", "kurse-herten@vhs.de", "ki.2026@kreis.de"])
def test_address_of_a_function_is_not_personal(address: str) -> None:
    assert not is_personal(address)
