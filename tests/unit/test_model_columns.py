"""From the columns of an offer table to drafts; the whole sample."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from shared.errors import ParseError
from shared.model.columns import DraftTable, OfferDraft, read_drafts, read_row
from shared.model.completeness import completeness
from shared.model.offer import format_offer, parse_offer
from shared.model.parts import Phone
from shared.model.rules import publishable
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.table import COLUMNS, Row, read_table

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
DISTRICT = shipped_district()
VOCABULARIES = shipped_vocabularies()
ID = "0123456789abcdef" * 2
BASE = {
    "stadt": "Herten",
    "traeger": "Beispielverein e.V.",
    "angebot": "Sprachcafé",
    "beschreibung": "Deutsch sprechen üben in gemischter Runde.",
    "thema": "Sprache",
}


def drafts_of(data: bytes, own: str | None = None) -> DraftTable:
    return read_drafts(read_table(data), district=DISTRICT, vocabularies=VOCABULARIES, own=own)


def draft_of(**cells: str) -> OfferDraft:
    row = Row(2, {**dict.fromkeys(COLUMNS, ""), **BASE, **cells})
    return read_row(row, district=DISTRICT, vocabularies=VOCABULARIES)


def told(draft: OfferDraft) -> list[tuple[str, str]]:
    return [(problem.column, problem.effect) for problem in draft.problems]


def sample() -> DraftTable:
    return drafts_of(SAMPLE.read_bytes())


def test_every_row_of_the_sample_becomes_a_publishable_offer() -> None:
    table = sample()

    assert len(table.drafts) == 141
    assert table.problems == ()
    for draft in table.drafts:
        doc = draft.document(ID)
        assert publishable(doc, vocabularies=VOCABULARIES), draft.row
        assert parse_offer(format_offer(doc)) == doc


def test_sample_is_divided_among_eleven_owners() -> None:
    assert Counter(draft.member for draft in sample().drafts) == {
        "marl": 20,
        "dorsten": 17,
        "gladbeck": 15,
        "recklinghausen": 15,
        "castrop-rauxel": 14,
        "haltern-am-see": 13,
        "kreis": 11,
        "herten": 11,
        "datteln": 10,
        "waltrop": 9,
        "oer-erkenschwick": 6,
    }


def test_sample_keeps_what_it_says_and_invents_nothing() -> None:
    docs = [draft.template for draft in sample().drafts]

    assert sum(bool(doc.phones) for doc in docs) == 31
    assert sum(bool(doc.email) for doc in docs) == 5
    assert sum(bool(doc.schedule_text) for doc in docs) == 36
    assert sum(bool(doc.languages or doc.interpretation) for doc in docs) == 8
    assert sum(any(place.address_1 for place in doc.locations) for doc in docs) == 57
    assert sum(doc.is_free is True for doc in docs) == 11
    assert not any(doc.schedules or doc.target_groups or doc.especially_for or doc.assured_date for doc in docs)
    assert not any(place.latitude for doc in docs for place in doc.locations)


def test_sample_phone_numbers_are_all_read() -> None:
    assert all(phone.number.startswith("+49 ") for draft in sample().drafts for phone in draft.template.phones)


def test_sample_proposes_slots_for_the_times_that_can_be_read() -> None:
    assert sum(bool(draft.proposals.schedules) for draft in sample().drafts) == 10


def test_sample_is_the_same_from_windows_1252() -> None:
    text = SAMPLE.read_text("utf-8").replace("ş", "s")

    table = drafts_of(text.replace("\n", "\r\n").encode("cp1252"))

    assert [draft.template for draft in table.drafts] == [
        draft.template for draft in drafts_of(text.encode("utf-8-sig")).drafts
    ]


def test_own_rows_are_imported_and_others_refused_with_a_reason() -> None:
    table = drafts_of(SAMPLE.read_bytes(), own="herten")

    assert len(table.drafts) == 11
    assert Counter(problem.effect for problem in table.problems) == {"foreign": 130}
    assert table.problems[-1].message == "gehört zu Stadt Waltrop, nicht zu Stadt Herten"


def test_completeness_of_the_sample_differs() -> None:
    scores = [completeness(draft.template, date(2026, 1, 1)).score for draft in sample().drafts]

    assert min(scores) < 15
    assert 40 < max(scores) < 90


def test_source_is_kept_for_staff_and_not_published() -> None:
    draft = draft_of(quelle="https://www.example.org/ (2020)")

    assert draft.source_note == "https://www.example.org/ (2020)"
    assert b"example.org" not in format_offer(draft.document(ID))


def test_unknown_town_is_refused_and_read_row_raises() -> None:
    table = drafts_of(f"{';'.join(COLUMNS)}\nBochum;A;B;C;Sprache;;;;;;;;;;;;\n".encode())

    assert [(p.row, p.column, p.effect) for p in table.problems] == [(2, "stadt", "refused")]
    with pytest.raises(ParseError):
        draft_of(stadt="Bochum")


def test_same_town_provider_and_title_twice_is_told() -> None:
    row = ";".join([*BASE.values(), *[""] * 12])

    table = drafts_of(f"{';'.join(COLUMNS)}\n{row}\n{row}\n".encode())

    assert len(table.drafts) == 1
    assert [(p.row, p.effect) for p in table.problems] == [(3, "refused")]
    assert "Zeile 2" in table.problems[0].message


def test_unknown_theme_makes_the_row_a_draft() -> None:
    draft = draft_of(thema="Sprache|Kochen")

    assert draft.template.topics == ("sprache",)
    assert draft.is_draft
    assert draft.problems[0].message == "„Kochen“ ist kein bekanntes Thema"


def test_row_without_title_theme_or_description_is_a_draft() -> None:
    draft = draft_of(angebot="", thema="", beschreibung="Kurz.")

    assert {problem.column for problem in draft.problems} == {"angebot", "thema", "beschreibung"}
    assert draft.is_draft


def test_themes_give_each_topic_once() -> None:
    assert draft_of(thema="Begegnung|Sport und Freizeit").template.topics == ("freizeit", "sport")


def test_target_group_stays_text_and_is_only_proposed() -> None:
    draft = draft_of(zielgruppe="neu zugewanderte Jugendliche und Frauen aus der Ukraine")

    assert draft.template.eligibility == "neu zugewanderte Jugendliche und Frauen aus der Ukraine"
    assert draft.template.target_groups == ()
    assert draft.proposals.target_groups == ("ukraine", "neu", "jugend", "frauen")
    assert draft.proposals.especially_for == ("ukraine", "neu")


def test_languages_are_recognised_and_the_rest_is_a_note() -> None:
    doc = draft_of(sprachen="Deutsch, Persisch und Kurdisch (Sorani); weitere mit Dolmetscher").template

    assert [language.code for language in doc.languages] == ["de", "fa", "ckb"]
    assert doc.interpretation == "weitere mit Dolmetscher"


def test_postcode_is_filled_for_towns_with_one_only() -> None:
    datteln = draft_of(stadt="Datteln", ort="Datteln").template.locations[0]
    herten = draft_of(ort="Herten", strasse="Beispielweg 1").template.locations[0]

    assert (datteln.postal_code, datteln.city) == ("45711", "Datteln")
    assert (herten.postal_code, herten.city) == ("", "Herten")


def test_town_is_filled_from_a_postcode() -> None:
    assert draft_of(plz="D-45701").template.locations[0].city == "Herten"
    assert draft_of(ort="45701 Herten").template.locations[0].postal_code == "45701"


def test_no_place_is_a_valid_state() -> None:
    draft = draft_of()

    assert draft.template.locations == ()
    assert not draft.is_draft


def test_wrong_postcode_is_told() -> None:
    assert told(draft_of(plz="4569")) == [("plz", "draft")]
    assert told(draft_of(plz="45699", ort="Marl")) == [("plz", "hint")]


@pytest.mark.parametrize("column", ["ort_name", "strasse", "ort"])
def test_problem_of_a_place_is_told_under_its_own_column(column: str) -> None:
    assert told(draft_of(**{column: "Haus\u200bEins"})) == [(column, "draft")]


@pytest.mark.parametrize("column", [column for column in COLUMNS if column not in ("stadt", "quelle")])
def test_cell_of_any_length_is_told_briefly_with_its_column(column: str) -> None:
    draft = draft_of(**{column: "lang " * 40_000})

    assert column in {name for name, _ in told(draft)} or column == "beschreibung"
    assert all(len(problem.message) < 200 for problem in draft.problems)
    assert len(format_offer(draft.document(ID))) < 20_000


def test_unreadable_phone_stays_as_text_and_is_told() -> None:
    draft = draft_of(telefon="02366/18-07/14 oder 180712")

    assert draft.template.phones == (Phone(number="+49 2366 180712"), Phone(number="02366/18-07/14"))
    assert told(draft) == [("telefon", "hint")]


def test_unreadable_addresses_stay_as_text_and_are_told() -> None:
    draft = draft_of(email="info(at)example.org", web="siehe Aushang")

    assert draft.template.email == ""
    assert draft.template.url == ""
    assert draft.template.application_process == (
        "E-Mail laut Quelle: info(at)example.org\nInternet laut Quelle: siehe Aushang"
    )
    assert told(draft) == [("email", "hint"), ("web", "hint")]


def test_web_addresses_get_a_scheme() -> None:
    doc = draft_of(web="WWW.Example.org/Pfad http://b.example").template

    assert doc.url == "https://www.example.org/Pfad"
    assert [link.url for link in doc.additional_urls] == ["http://b.example"]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://a@b.example", "ftp://a.example", "beispiel"])
def test_other_addresses_are_not_taken(url: str) -> None:
    assert draft_of(web=url).template.url == ""


@pytest.mark.parametrize(
    ("text", "is_free", "fees"),
    [
        ("kostenlos", True, ""),
        ("Unentgeltlich", True, ""),
        ("kostenlos, ohne Anmeldung", True, "kostenlos, ohne Anmeldung"),
        ("Ausbildung kostenlos", None, "Ausbildung kostenlos"),
        ("5 Euro", None, "5 Euro"),
        ("", None, ""),
    ],
)
def test_costs_are_free_only_where_the_cell_says_so(text: str, is_free: bool | None, fees: str) -> None:
    doc = draft_of(kosten=text).template

    assert (doc.is_free, doc.fees_text) == (is_free, fees)


def test_providers_are_divided_at_a_spaced_slash_and_else_proposed() -> None:
    divided = draft_of(traeger="Stadt Herten / Jobcenter")
    proposed = draft_of(traeger="Verein A und Verein B")

    assert [provider.name for provider in divided.template.providers] == ["Stadt Herten", "Jobcenter"]
    assert divided.proposals.providers == ()
    assert [provider.name for provider in proposed.template.providers] == ["Verein A und Verein B"]
    assert proposed.proposals.providers == ("Verein A", "Verein B")


def test_overlong_cell_is_cut_and_told() -> None:
    draft = draft_of(angebot="A" * 200)

    assert len(draft.template.name) == 160
    assert told(draft) == [("angebot", "draft")]


def test_deceptive_characters_in_a_title_make_a_draft() -> None:
    assert told(draft_of(angebot="Sprach\u202ecafé")) == [("angebot", "draft")]
