"""Two offers are compared by provider, activity and place; what sets them apart is told."""

from __future__ import annotations

from typing import Any

import pytest

from shared.likeness.blocks import block_keys
from shared.likeness.profile import Profile, Profiler
from shared.likeness.reasons import AGAINST, FOR, Reason, reasons_in_german
from shared.likeness.scoring import Verdict, score
from shared.model.offer import OfferDoc
from shared.model.parts import Identifier, Phone, Place, Provider
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.search.lexicon import load_lexicon

DISTRICT = shipped_district()


@pytest.fixture(scope="module")
def profiler() -> Profiler:
    return Profiler(load_lexicon(shipped_vocabularies(), DISTRICT), DISTRICT)


class Offers:
    """Makes profiles of offers that are named by what matters in a test."""

    def __init__(self, profiler: Profiler) -> None:
        self._profiler = profiler

    def make(
        self, name: str, provider: str, *, member: str = "marl", town: str = "Marl", phone: str = "", **fields: Any
    ) -> Profile:
        identifiers = fields.pop("identifiers", ())
        values: dict[str, Any] = {
            "id": "0" * 32, "owner": "05562024", "name": name,
            "providers": (Provider(name=provider, identifiers=identifiers),),
            "locations": (Place(city=town),) if town else (),
            "phones": (Phone(number=phone),) if phone else (),
        }  # fmt: skip
        return self._profiler.profile_of(OfferDoc(**values | fields), member)


@pytest.fixture
def offers(profiler: Profiler) -> Offers:
    return Offers(profiler)


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


@pytest.mark.parametrize(
    ("title", "provider", "other_title", "other_provider"),
    [
        ("Sprachcafé", "Flüchtlingshilfe Marl", "Sprach-Café", "Flüchtlingshilfe Marl e. V."),
        ("Hausaufgabenhilfe", "AWO Marl", "Hausaufgabenbetreuung", "Arbeiterwohlfahrt Ortsverein Marl"),
        ("Migrationsberatung für erwachsene Zuwanderer", "Caritasverband Marl e.V.", "MBE", "Caritas Marl"),
        ("Nähstube", "SkF Marl", "Offene Nähstube", "Sozialdienst katholischer Frauen"),
        ("Frauenschwimmen", "DLRG Marl", "Schwimmen für Frauen", "DLRG Marl"),
        ("Bilderbuchkino", "Stadtbücherei Marl", "Bilderbuch-Kino", "Stadt Marl – Bücherei"),
        ("Flüchtlingsberatung", "Diakonisches Werk", "Fluechtlingsberatung", "Diakonie"),
        ("Integrationskurs", "VHS Marl", "Integrationskurse", "Volkshochschule Marl"),
    ],
)
def test_second_entry_in_other_words_is_certain(
    offers: Offers, title: str, provider: str, other_title: str, other_provider: str
) -> None:
    verdict = score(offers.make(title, provider), offers.make(other_title, other_provider, member="kreis"))

    assert verdict.grade == "certain", verdict


@pytest.mark.parametrize(
    ("title", "other_title", "code"),
    [
        ("Deutschkurs B1", "Deutschkurs B2", "other_level"),
        ("Nähkurs für Anfängerinnen", "Nähkurs für Fortgeschrittene", "other_level"),
        ("Deutschkurs (200 Stunden)", "Deutschkurs (400 Stunden)", "other_number"),
        ("Dienstagscafé", "Freitagscafé", "other_day"),
        ("Frauencafé International", "Männercafé International", "other_audience"),
        ("Stadtteilbüro Drewer-Süd", "Stadtteilbüro Brassert", "other_word"),
        ("Elterncafé Löwenzahn", "Elternkurs Löwenzahn", "other_kind"),
        ("Arabischkurs für Kinder", "Kurdischkurs für Kinder", "other_language"),
        ("Kochgruppe Zukunft", "Nähgruppe Zukunft", "other_word"),
    ],
)
def test_other_offer_of_the_same_provider_is_not_certain_and_says_why(
    offers: Offers, title: str, other_title: str, code: str
) -> None:
    verdict = score(offers.make(title, "Bürgerhaus Marl"), offers.make(other_title, "Bürgerhaus Marl"))

    assert verdict.grade != "certain"
    assert code in codes(verdict)


@pytest.mark.parametrize(
    ("times", "others", "code"),
    [
        ("montags 18 Uhr", "mittwochs 18 Uhr", "other_time"),
        ("ab 18. August 2026", "ab 1. März 2026", "other_date"),
        ("12.03.2026", "14.05.2026", "other_date"),
        ("einmalig, April 2026", "einmalig, Mai 2026", "other_date"),
        ("vormittags", "abends", "other_time"),
    ],
)
def test_same_course_at_another_time_is_another_course(offers: Offers, times: str, others: str, code: str) -> None:
    verdict = score(
        offers.make("Deutschkurs", "VHS Marl", schedule_text=times),
        offers.make("Deutschkurs", "VHS Marl", schedule_text=others),
    )

    assert verdict.grade != "certain"
    assert code in codes(verdict)


def test_other_hours_of_a_consultation_are_probably_old(offers: Offers) -> None:
    verdict = score(
        offers.make("Migrationsberatung", "Caritas Marl", schedule_text="Mo 9–12 Uhr"),
        offers.make("Migrationsberatung", "Caritas Marl", schedule_text="Do 14–16 Uhr", member="kreis"),
    )

    assert verdict.grade == "certain"
    assert "other_time" in codes(verdict)


def test_same_title_of_another_provider_is_not_certain(offers: Offers) -> None:
    verdict = score(
        offers.make("Café International", "Ev. Kirchengemeinde Marl"), offers.make("Café International", "SuS Marl")
    )

    assert verdict.grade == ""


def test_same_offer_in_another_town_is_another_one(offers: Offers) -> None:
    verdict = score(
        offers.make("Flüchtlingsberatung", "Caritasverband Ostvest", town="Datteln"),
        offers.make("Flüchtlingsberatung", "Caritasverband Ostvest", town="Waltrop"),
    )

    assert verdict.grade == ""
    assert reasons_in_german(verdict.reasons) == ["andere Stadt (Datteln/Waltrop)"]


def test_entry_of_the_district_without_a_town_may_be_that_of_a_city(offers: Offers) -> None:
    verdict = score(
        offers.make("Rucksack KiTa", "Kommunales Integrationszentrum Kreis Recklinghausen", member="kreis", town=""),
        offers.make("Rucksack Kita", "KI Kreis Recklinghausen"),
    )

    assert verdict.grade == "certain"


def test_name_of_the_district_names_no_town(offers: Offers) -> None:
    profile = offers.make("Beratung", "Diakonisches Werk im Kirchenkreis Recklinghausen", town="")

    assert profile.nearby == {"Marl"}


def test_postcode_tells_the_town(offers: Offers) -> None:
    profile = offers.make("Beratung", "Caritas", town="", locations=(Place(postal_code="45699"),))

    assert profile.towns == {"Herten"}


def test_spellings_of_one_telephone_number_are_equal(offers: Offers) -> None:
    one = offers.make("Beratung", "Caritas", phone="+49 2365 41021")
    other = offers.make("Sprechstunde", "Caritas", phone="02365 / 41 021")

    assert one.phones == other.phones == {"49236541021"}


def test_telephone_number_alone_makes_nothing_certain(offers: Offers) -> None:
    one = offers.make("Schuldnerberatung", "Diakonie Marl", phone="+49 2365 41021")
    other = offers.make("Suchtberatung", "Diakonie Marl", phone="+49 2365 41021")

    assert score(one, other).grade != "certain"


def test_site_of_a_town_or_of_everybody_shows_no_provider(offers: Offers) -> None:
    urls = ("https://www.marl.de/x", "https://www.facebook.com/marl", "https://www.kreis-re.de", "https://awo-marl.de")

    found = [offers.make("Kurs", "AWO", url=url) for url in urls]

    assert [sorted(one.hosts) for one in found] == [[], [], [], ["awo-marl.de"]]


def test_register_number_shows_the_same_provider_whatever_its_name(offers: Offers) -> None:
    number = (Identifier(identifier="VR 1234", identifier_type="Vereinsregister"),)

    verdict = score(
        offers.make("Nähkurs", "Die Brücke", identifiers=number),
        offers.make("Nähkurs", "Institut für Begegnung", identifiers=number),
    )

    assert verdict.grade == "certain"
    assert codes(verdict) >= {"identifier", "same_title"}


def test_order_makes_no_difference(offers: Offers) -> None:
    one = offers.make("Migrationsberatung (MBE)", "Caritasverband Marl e.V.", phone="+49 2365 41021")
    other = offers.make("Beratung für Zugewanderte", "Caritas", town="", member="kreis")

    assert score(one, other) == score(other, one)


def test_offer_is_certainly_the_same_as_itself(offers: Offers) -> None:
    one = offers.make("Deutschkurs B1 am Dienstag", "VHS Marl")

    assert score(one, one).grade == "certain"


def test_empty_title_is_like_nothing(offers: Offers) -> None:
    assert score(offers.make("Und", "AWO"), offers.make("Und", "AWO")).grade == ""


def test_same_offers_share_a_key_and_strangers_share_none(offers: Offers) -> None:
    one = offers.make("Sprachcafé", "AWO Marl")
    other = offers.make("Sprach-Café", "Arbeiterwohlfahrt", member="kreis")
    stranger = offers.make("Fußball", "TuS Haltern", town="Haltern am See", member="haltern-am-see")

    assert block_keys(one) & block_keys(other)
    assert not block_keys(one) & block_keys(stranger)


def test_keys_are_digests_and_repeat(offers: Offers) -> None:
    one = offers.make("Sprachcafé", "AWO Marl", phone="+49 2365 41021")

    assert {len(key) for key in block_keys(one)} == {8}
    assert block_keys(one) == block_keys(offers.make("Sprachcafé", "AWO Marl", phone="+49 2365 41021"))


def test_reasons_are_german_sentences() -> None:
    reasons = [Reason("phone"), Reason("title", "94"), Reason("other_audience", "frauen / maenner"), Reason("new", "x")]

    assert reasons_in_german(reasons) == [
        "gleiche Telefonnummer", "Titel zu 94 % gleich", "andere Zielgruppe (Frauen / Männer)", "new"
    ]  # fmt: skip
    assert [one.is_against for one in reasons] == [False, False, True, False]
    assert not FOR.keys() & AGAINST.keys()
