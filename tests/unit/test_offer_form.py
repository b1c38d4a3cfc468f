"""The form of an offer: every real offer survives it unchanged, and what people type is read or refused in German."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from node.offer_form import fill_form, parse_day, read_form
from shared.errors import ParseError
from shared.model.columns import read_drafts
from shared.model.offer import offer_to_builtins
from shared.model.shipped import shipped_district, shipped_vocabularies, shipped_vocabulary
from shared.model.table import read_table

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
LANGUAGES = shipped_vocabulary("language")


class Typed:
    """What a browser sends."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        self._fields = fields

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def text(self, name: str) -> str:
        return next(iter(self._fields.get(name, [])), "").strip()

    def texts(self, name: str) -> list[str]:
        return [value.strip() for value in self._fields.get(name, [])]


def send(base: Mapping[str, Any], **changed: str | list[str]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """Fill the form from a document, change some fields, and read it."""
    fields = fill_form(base, LANGUAGES)
    for name, value in changed.items():
        fields[name.replace("__", ".")] = [value] if isinstance(value, str) else value
    read = read_form(Typed(fields), base, languages=LANGUAGES, area_code="02366")
    return read.doc, read.problems


def sample_documents() -> list[dict[str, Any]]:
    table = read_table(SAMPLE.read_bytes())
    read = read_drafts(table, district=shipped_district(), vocabularies=shipped_vocabularies())
    return [offer_to_builtins(draft.document("0" * 32)) for draft in read.drafts]


def test_every_real_offer_comes_back_unchanged_from_its_form() -> None:
    documents = sample_documents()

    assert len(documents) == 141
    for document in documents:
        assert send(document) == (document, {})


def test_what_the_form_does_not_show_stays() -> None:
    base = {
        "name": "Kurs", "capacity": [{"available": 3, "unit": "Plätze", "updated": "2026-01-01"}],
        "x_later": {"a": 1}, "translations": {"en": {"name": "Course"}},
        "providers": [{"name": "VHS", "id": "1" * 32, "description": "Lang"}],
        "locations": [{"city": "Herten", "latitude": 51.59, "longitude": 7.13, "accessibility": {"wc": False}}],
    }  # fmt: skip

    doc, problems = send(base, name="Neuer Titel")

    assert (doc, problems) == ({**base, "name": "Neuer Titel"}, {})


def test_emptied_field_leaves_the_document() -> None:
    doc, _ = send({"name": "Kurs", "body": "Text", "minimum_age": 6, "is_free": False}, body="", minimum_age="")

    assert doc == {"name": "Kurs", "is_free": False}


def test_removed_and_emptied_rows_go_and_the_others_keep_their_details() -> None:
    base = {"providers": [{"name": "A", "id": "1" * 32}, {"name": "B", "id": "2" * 32}, {"name": "C", "id": "3" * 32}]}

    doc, _ = send(base, providers__0__name="", providers__1__remove="ja")

    assert doc["providers"] == [{"name": "C", "id": "3" * 32}]


@pytest.mark.parametrize(("text", "wanted"), [
    ("02366 / 53 27 17", "+49 2366 532717"), ("532717", "+49 2366 532717"), ("(02361) 53 20 20", "+49 2361 532020"),
])  # fmt: skip
def test_telephone_number_is_read_as_people_write_it(text: str, wanted: str) -> None:
    doc, problems = send({}, phones=f"{text} | Anmeldung")

    assert (doc["phones"], problems) == ([{"number": wanted, "description": "Anmeldung"}], {})


def test_unreadable_entries_are_named_with_what_to_write() -> None:
    _, problems = send({}, phones="siehe Flyer", minimum_age="sechs", valid_from="31.2.2026", additional_urls="Flyer",
                       other_languages="Klingonisch")  # fmt: skip

    assert problems == {
        "phones": ["„siehe Flyer“ ist keine vollständige Telefonnummer; mit Vorwahl, zum Beispiel 02361 532717"],
        "minimum_age": ["„sechs“ ist keine ganze Zahl; zum Beispiel: 18"],
        "valid_from": ["„31.2.2026“ ist kein Datum; so: 31.12.2026"],
        "additional_urls": ["„Flyer“ enthält keine Internetadresse; so: Anmeldung | https://…"],
        "other_languages": ["Die Sprache „Klingonisch“ ist nicht bekannt"],
    }


def test_typed_languages_and_bare_addresses_are_understood() -> None:
    doc, problems = send({}, languages=["de"], other_languages="Albanisch; Französisch", url="www.vhs-herten.de/kurse")

    assert problems == {}
    assert [row["code"] for row in doc["languages"]] == ["de", "sq", "fr"]
    assert doc["url"] == "https://www.vhs-herten.de/kurse"


def test_hours_become_slots_only_when_somebody_confirmed_what_was_read_of_this_text() -> None:
    text = "1. und 3. Mittwoch 16–18 Uhr"

    unconfirmed, _ = send({}, schedule_text=text)
    stale, _ = send({}, schedule_text=text, take_hours="ja", hours_for="Montag 9–12 Uhr")
    confirmed, _ = send({}, schedule_text=text, take_hours="ja", hours_for=text)

    assert "schedules" not in unconfirmed
    assert "schedules" not in stale
    assert [(slot["byday"], slot["opens_at"], slot["closes_at"]) for slot in confirmed["schedules"]] == [
        (["1WE"], "16:00", "18:00"), (["3WE"], "16:00", "18:00"),
    ]  # fmt: skip


def test_slots_of_an_old_text_do_not_stay_with_a_new_one() -> None:
    base = {"schedule_text": "Mo 9–12 Uhr", "schedules": [{"freq": "WEEKLY", "byday": ["MO"], "opens_at": "09:00"}]}

    changed, _ = send(base, schedule_text="Di 9–12 Uhr")
    same, _ = send(base, name="Anderer Titel")

    assert "schedules" not in changed
    assert same["schedules"] == base["schedules"]


def test_day_is_read_in_both_spellings_and_others_are_refused() -> None:
    assert parse_day("1.3.2026") == parse_day("2026-03-01")
    with pytest.raises(ParseError, match="ist kein Datum"):
        parse_day("morgen")
