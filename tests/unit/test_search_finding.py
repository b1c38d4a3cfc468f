"""What a question finds, in which order, why, what the filters count, and what is offered where nothing is found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from shared.search.asking import Asked
from shared.search.found import Answer
from tests.support.searching import SmallIndex

TODAY = date(2026, 1, 10)
TUESDAY = {"byday": ["TU"], "freq": "WEEKLY", "opens_at": "14:00", "closes_at": "16:00"}
MARL = {"city": "Marl", "postal_code": "45770", "kind": "physical", "address_1": "Am Platz 1"}


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SmallIndex]:
    made = SmallIndex(tmp_path / "search.db", own_member="marl")
    yield made
    made.finder.close()


def ask(index: SmallIndex, words: str = "", **filters: object) -> Answer:
    return index.finder.find(Asked(words=words, **filters), today=TODAY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "name", "summary"),
    [
        ("Kurs", "Sprachkurse am Morgen", ""), ("Kinderbetreuung", "Betreuung von Kindern", ""),
        ("Beratung", "Schuldnerberatung", ""), ("Deutschkurs", "Kurs: Deutsch lernen", ""),
        ("Strasse", "Fest in der Lange Straße", ""), ("Aerzte", "Arzt im Viertel", ""),
        ("MSO", "Treffen der Migrantenorganisation", ""),
        ("MO", "Migrantenselbstorganisation Brücke", ""), ("Amt", "Hilfe bei der Behörde", ""),
        ("Kita", "Platz im Kindergarten", ""),
        ("Kindertagesstätte", "Kita Sonne", ""), ("Ausländeramt", "Sprechstunde der Ausländerbehörde", ""),
        ("Migranten", "Treff für Migrant*innen", ""), ("sprachcafe", "Sprach-Café", ""),
        ("Integra", "Integrationslotsen", ""),
        ("Kinderbetreung", "Kinderbetreuung am Nachmittag", ""), ("Hebame", "Sprechstunde der Hebamme", ""),
        ("Doktor", "Begleitung zum Arzt", ""), ("Job", "Arbeit finden", ""),
        ("Sprachkurs", "Sprach- und Integrationskurs", ""),
    ],
)  # fmt: skip
def test_word_finds_its_other_forms(index: SmallIndex, typed: str, name: str, summary: str) -> None:
    rid = index.put(name=name, summary=summary)
    index.put(name="Yoga")

    assert [hit.rid for hit in ask(index, typed).hits] == [rid]


@pytest.mark.parametrize(("typed", "name"), [("Rat", "Beratung"), ("Tee", "Stadtteil"), ("Garten", "Kindergarten")])
def test_letters_inside_another_word_are_no_hit(index: SmallIndex, typed: str, name: str) -> None:
    index.put(name=name)

    assert ask(index, typed).total == 0


def test_title_stands_before_summary_and_text(index: SmallIndex) -> None:
    text = index.put(name="Offener Treff", body="Auch Yoga ist möglich.")
    summary = index.put(name="Bewegung", summary="Am Abend Yoga für alle.")
    title = index.put(name="Yoga")

    hits = ask(index, "yoga").hits

    assert [hit.rid for hit in hits] == [title, summary, text]
    assert [(hit.reasons[0].where, hit.reasons[0].how) for hit in hits] == [
        ("title", "word"), ("summary", "word"), ("text", "word"),
    ]  # fmt: skip


def test_own_city_first_and_stale_last_where_all_else_is_equal(index: SmallIndex) -> None:
    stale = index.put(name="A Kurs", review_due="2025-11-01")
    other = index.put("herten", name="B Kurs")
    own = index.put(name="C Kurs")

    hits = ask(index, "kurs").hits

    assert [hit.rid for hit in hits] == [own, other, stale]
    assert [(hit.is_own, hit.is_stale) for hit in hits] == [(True, False), (False, False), (True, True)]


def test_reason_says_what_stands_there(index: SmallIndex) -> None:
    index.put(name="Deutschkurse am Abend", topics=["sprache.kurs"])

    part = ask(index, "kurs").hits[0].reasons[0]
    language = ask(index, "курси").hits[0].reasons[0]

    assert (part.word, part.where, part.how, part.met) == ("kurs", "title", "part", "Deutschkurse")
    assert (language.word, language.how) == ("курси", "language")


def test_town_in_the_words_finds_offers_of_the_town(index: SmallIndex) -> None:
    marl = index.put(name="Sprachkurs", locations=[MARL])
    index.put("herten", name="Sprachkurs 2")

    assert [hit.rid for hit in ask(index, "sprachkurs marl").hits] == [marl]


def test_translated_title_is_found(index: SmallIndex) -> None:
    rid = index.put(name="Nähstube", translations={"tr": {"name": "Terzihane", "summary": "Birlikte dikiyoruz"}})

    assert [hit.rid for hit in ask(index, "terzihane").hits] == [rid]


def test_persons_are_not_found(index: SmallIndex) -> None:
    index.put(
        name="Beratung",
        body="Fragen Sie Frau Dr. Nachtigall oder schreiben Sie an kuckuck@traeger.example.",
        application_process="Bei Elif Baumgart melden, Tel. 02365 123456.",
        contacts=[{"name": "Elif Baumgart"}],
        assurer="specht@marl.example",
    )

    words = ("Nachtigall", "Baumgart", "Elif", "kuckuck", "specht", "123456")
    assert [ask(index, word).total for word in words] == [0] * 6


def test_filters_count_what_each_choice_would_leave(index: SmallIndex) -> None:
    index.put(name="Eins", topics=["sprache.kurs"], is_free=True, schedules=[TUESDAY])
    index.put("herten", name="Zwei", topics=["sprache"], languages=[{"code": "ar"}])
    index.put("herten", name="Drei", topics=["sport"])

    counts = ask(index, cities=("herten",), topics=("sprache",)).counts

    assert {count.value: (count.number, count.is_on) for count in counts["cities"]} == {
        "marl": (1, False), "herten": (1, True),
    }  # fmt: skip
    assert {count.value: count.number for count in counts["topics"]} == {"sprache": 1, "sport": 1}
    assert counts["is_free"] == ()
    assert [(count.value, count.number) for count in counts["languages"]] == [("ar", 1)]


def test_day_and_part_have_to_fit_one_slot(index: SmallIndex) -> None:
    index.put(
        name="Getrennt",
        schedules=[
            {"byday": ["TU"], "freq": "WEEKLY", "opens_at": "09:00", "closes_at": "11:00"},
            {"byday": ["TH"], "freq": "WEEKLY", "opens_at": "14:00", "closes_at": "16:00"},
        ],
    )
    fits = index.put(name="Zusammen", schedule_text="Dienstag 14:00 bis 16:00 Uhr")

    assert [hit.rid for hit in ask(index, days=("TU",), parts=("nachmittags",)).hits] == [fits]


def test_circle_knows_places_towns_and_the_whole_district(index: SmallIndex) -> None:
    placed = index.put(name="A Ort", locations=[MARL])
    town = index.put(name="B ohne Anschrift")
    everywhere = index.put("kreis", name="C überall", service_areas=["05562"])
    secret = index.put(name="D geheim", locations=[MARL], address_confidential=True)
    index.put("waltrop", name="E fern", locations=[{"city": "Waltrop", "postal_code": "45731"}])

    hits = ask(index, postcode="45770", kilometres=2, order="titel").hits

    assert [hit.rid for hit in hits] == [placed, town, everywhere, secret]
    assert [hit.kilometres for hit in hits] == [0.0, None, None, None]


def test_ended_offers_are_left_out(index: SmallIndex) -> None:
    index.put(name="Vorbei", valid_to="2026-01-09")
    index.put(name="Heute noch", valid_to="2026-01-10")

    assert ask(index).total == 1


def test_age_is_inside_the_limits(index: SmallIndex) -> None:
    index.put(name="Jugend", minimum_age=12, maximum_age=17)
    index.put(name="Alle")

    assert [ask(index, age=age).total for age in (11, 12, 17, 18)] == [1, 2, 2, 1]


def test_misspelt_word_is_corrected_and_that_is_said(index: SmallIndex) -> None:
    index.put(name="Kinderbetreuung")

    assert ask(index, "Kindrebetreuung").corrections == (("Kindrebetreuung", "Kinderbetreuung"),)


def test_nothing_found_offers_the_smallest_useful_change(index: SmallIndex) -> None:
    index.put(name="Sprachkurs", topics=["sprache"], locations=[MARL], schedules=[TUESDAY])

    answer = ask(index, "sprachkurs", is_free=True, days=("TU",))
    far = ask(index, postcode="45731", kilometres=10)

    assert answer.total == 0
    assert [(step.dropped, step.total, step.asked.is_free) for step in answer.steps] == [(("is_free",), 1, False)]
    assert far.steps[0].changed == ("kilometres",)
    assert far.steps[0].asked.kilometres == 20


def test_words_that_exclude_each_other_are_taken_out_one_by_one(index: SmallIndex) -> None:
    index.put(name="Yoga")
    index.put(name="Nähstube")

    steps = ask(index, "yoga nähstube").steps

    assert {step.asked.words for step in steps} == {"yoga", "nähstube"}


@pytest.mark.parametrize(
    "text", ['"', "a AND", "*", "-x", "NEAR(", "nosuch:a", "'; DROP TABLE entry; --", "%", "\x00", "(" * 500]
)
def test_query_syntax_is_only_text(index: SmallIndex, text: str) -> None:
    index.put(name="Yoga")

    assert ask(index, text).pages == 1


def test_pages_follow_each_other_without_gap(index: SmallIndex) -> None:
    rids = {index.put(name=f"Kurs {number:02d}") for number in range(45)}

    pages = [index.finder.find(Asked(words="kurs", page=page), today=TODAY) for page in (1, 2, 3)]

    assert [len(page.hits) for page in pages] == [20, 20, 5]
    assert {hit.rid for page in pages for hit in page.hits} == rids
    assert [hit.rid for page in pages for hit in page.hits] == [
        hit.rid for hit in index.finder.matching(Asked(words="kurs"), today=TODAY)
    ]


def test_finder_takes_up_changes_and_reuses_numbers(index: SmallIndex) -> None:
    first = index.put(name="Yoga")
    stamp = index.finder.stamp
    ask(index)
    index.remove(first)
    second = index.put("herten", name="Schwimmen", topics=["sport"])

    answer = ask(index)

    assert [hit.rid for hit in answer.hits] == [second]
    assert answer.stamp == index.finder.stamp > stamp
    assert (ask(index, "yoga").total, ask(index, "schwimmen").total) == (0, 1)


def test_provider_has_one_key_under_its_spellings(index: SmallIndex) -> None:
    index.put(name="Eins", providers=[{"name": "AWO Unterbezirk e. V."}])
    index.put("herten", name="Zwei", providers=[{"name": "AWO Unterbezirk e.V.", "org_type": "mo"}])

    (provider,) = index.finder.providers()

    assert (provider.key, provider.number, provider.is_mo, provider.members) == (
        "awo-unterbezirk", 2, True, ("herten", "marl"),
    )  # fmt: skip
    assert ask(index, providers=("awo-unterbezirk",)).total == 2


def test_broken_or_foreign_file_reads_as_empty_and_is_made_anew(index: SmallIndex) -> None:
    index.finder.close()
    index.path.write_bytes(b"no index at all" * 1000)

    before = ask(index).total
    index.put(name="Yoga")

    assert (before, ask(index).total) == (0, 1)
