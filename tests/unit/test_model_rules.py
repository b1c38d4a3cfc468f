"""Problems of an offer in German, publication, completeness."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from msgspec import structs

from shared.model.completeness import completeness
from shared.model.labels import FIELD_LABELS, field_label
from shared.model.offer import OfferDoc, format_offer
from shared.model.parts import Contact, Cost, Language, Phone, Place, Provider, Schedule, Translation
from shared.model.rules import check_offer, default_review_due, for_publication, is_review_overdue, publishable
from shared.model.shipped import shipped_district, shipped_vocabularies

TODAY = date(2026, 1, 1)
DISTRICT = shipped_district()
VOCABULARIES = shipped_vocabularies()
LEAST = OfferDoc(
    id="ab" * 16,
    owner="05562020",
    name="Sprachcafé",
    summary="Deutsch sprechen üben in gemischter Runde.",
    topics=("sprache.cafe",),
    providers=(Provider(name="Beispielverein e. V."),),
)
FULL = structs.replace(
    LEAST,
    access=("offen",),
    assured_date=date(2025, 12, 1),
    body="Mehr Text.",
    is_free=True,
    languages=(Language(code="de"),),
    locations=(
        Place(kind="physical", address_1="Weg 1", postal_code="45699", city="Herten", accessibility={"wc": True}),
    ),
    mode=("vor_ort",),
    offer_type="treffpunkt",
    phones=(Phone(number="+49 2366 1234"),),
    schedule_text="Mo 9–12 Uhr",
    target_groups=("alle",),
    translations={"en": Translation(name="Language café")},
)


def problems(**change: Any) -> list[tuple[str, str]]:
    doc = structs.replace(LEAST, **change)
    found = check_offer(doc, vocabularies=VOCABULARIES, district=DISTRICT, today=TODAY)
    return [(problem.field, problem.severity) for problem in found]


def test_five_things_are_enough_to_publish() -> None:
    assert problems() == []
    assert publishable(LEAST, vocabularies=VOCABULARIES)


def test_every_problem_is_told_at_once() -> None:
    assert problems(name="", providers=(), summary="kurz", topics=()) == [
        ("name", "error"),
        ("providers", "error"),
        ("summary", "error"),
        ("topics", "error"),
    ]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "A" * 161}, "name"),
        ({"url": "javascript:alert(1)"}, "url"),
        ({"topics": ("a", "b", "c", "d", "e", "f")}, "topics"),
        ({"phones": (Phone(number="1" * 61),)}, "phones[0].number"),
        ({"minimum_age": 121}, "minimum_age"),
        ({"especially_for": ("neu",)}, "especially_for"),
        ({"target_groups": ("neu", "neu")}, "target_groups"),
        ({"minimum_age": 20, "maximum_age": 10}, "minimum_age"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)}, "valid_from"),
        ({"assured_date": date(2026, 1, 2)}, "assured_date"),
        ({"is_free": True, "costs": (Cost(amount=5),)}, "is_free"),
        ({"summary": "Deutsch üben\u200b in gemischter Runde."}, "summary"),
        ({"providers": (Provider(name="Verein\u200e X"),)}, "providers[0].name"),
        ({"topics": ("kochen",)}, "topics"),
        ({"offer_type": "kochen"}, "offer_type"),
        ({"schedules": (Schedule(byday=("MO",), freq="WEEKLY"),)}, "schedules[0]"),
        ({"schedules": (Schedule(opens_at="12:00", closes_at="12:00"),)}, "schedules[0]"),
        ({"schedules": (Schedule(byday=("1MO",), freq="WEEKLY", description="x"),)}, "schedules[0]"),
        ({"schedules": (Schedule(interval=2, description="x"),)}, "schedules[0]"),
        ({"schedules": (Schedule(count=2, until=TODAY, description="x"),)}, "schedules[0]"),
    ],
)
def test_contradiction_or_broken_limit_prevents_publishing(change: dict[str, Any], field: str) -> None:
    assert (field, "error") in problems(**change)
    assert all(severity == "error" for _, severity in problems(**change))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"alert_until": TODAY}, "alert_until"),
        ({"contacts": (Contact(email="a@example.org"),)}, "contacts[0]"),
        ({"locations": (Place(postal_code="44787"),)}, "locations[0].postal_code"),
        ({"locations": (Place(postal_code="45699", city="Marl"),)}, "locations[0].postal_code"),
        ({"locations": (Place(latitude=50.0, longitude=7.0),)}, "locations[0].latitude"),
    ],
)
def test_oddity_is_a_hint_and_prevents_nothing(change: dict[str, Any], field: str) -> None:
    assert problems(**change) == [(field, "hint")]
    assert publishable(structs.replace(LEAST, **change), vocabularies=VOCABULARIES)


def test_messages_name_the_field_in_german() -> None:
    message = check_offer(structs.replace(LEAST, name="A" * 161))[0].message_de

    assert message == "Titel des Angebots: höchstens 160 Zeichen"


def test_every_field_has_a_german_label() -> None:
    assert set(FIELD_LABELS) == set(OfferDoc.__struct_fields__)
    assert field_label("phones[0].number") == "Telefon"


@pytest.mark.parametrize(
    ("change", "days"), [({}, 180), ({"offer_type": "kurs"}, 90), ({"topics": ("kinder", "familie")}, 90)]
)
def test_review_is_due_sooner_for_courses_and_childcare(change: dict[str, Any], days: int) -> None:
    doc = structs.replace(LEAST, assured_date=date(2025, 1, 1), **change)

    due = default_review_due(doc)

    assert due is not None
    assert (due - date(2025, 1, 1)).days == days


def test_offer_never_checked_is_overdue() -> None:
    assert default_review_due(LEAST) is None
    assert is_review_overdue(LEAST, TODAY)
    assert not is_review_overdue(FULL, TODAY)


def test_confidential_address_is_taken_out_before_publication() -> None:
    secret = structs.replace(FULL, address_confidential=True)

    published = format_offer(for_publication(secret))

    assert b"Weg 1" not in published
    assert b"45699" not in published
    assert b"Herten" in published
    assert for_publication(FULL) is FULL


def test_completeness_counts_from_nothing_to_everything() -> None:
    assert completeness(FULL, TODAY).score == 100
    assert completeness(FULL, TODAY).gaps == ()
    least = completeness(LEAST, TODAY)
    assert least.score == 0
    assert least.gaps[0].label_de.startswith("Kein Weg zum Angebot")


def test_filling_a_gap_raises_the_score_and_removes_the_gap() -> None:
    before = completeness(LEAST, TODAY)

    after = completeness(structs.replace(LEAST, schedule_text="Mo 9–12 Uhr"), TODAY)

    assert after.score > before.score
    assert {gap.field for gap in before.gaps} - {gap.field for gap in after.gaps} == {"schedule_text"}


def test_offer_without_place_by_nature_lacks_no_address() -> None:
    online = structs.replace(FULL, locations=(), mode=("telefon",))
    refuge = structs.replace(FULL, locations=(Place(city="Herten"),), address_confidential=True)

    assert completeness(online, TODAY).score == 100
    assert completeness(refuge, TODAY).score == 100
    assert completeness(structs.replace(FULL, locations=()), TODAY).score < 100


def test_unknown_as_a_code_is_a_gap() -> None:
    doc = structs.replace(FULL, access=("unbekannt",), mode=("unbekannt",), offer_type="unbekannt")

    assert {gap.field for gap in completeness(doc, TODAY).gaps} == {"access", "mode", "offer_type"}
