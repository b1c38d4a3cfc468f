"""Finding and removing a person in an offer."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from shared.errors import RuleError
from shared.model.erasing import find_person, remove_person
from shared.model.offer import OfferDoc, format_offer, parse_offer, source_sha256, translation_states
from shared.model.parts import Attachment, Contact, Link, Phone, Provider, Translation
from shared.model.rules import publishable

PERSON = "Erika Mustermann"
LEAST = OfferDoc(
    id="ab" * 16,
    owner="05562020",
    name="Sprachcafé",
    summary="Deutsch sprechen üben in gemischter Runde.",
    topics=("sprache",),
    providers=(Provider(name="Beispielverein e. V."),),
)
WHOLE = structs.replace(
    LEAST,
    name="Sprachcafé mit Erika Mustermann",
    summary="Erika Mustermann leitet die Runde; Auskunft gibt ERIKA  MUSTERMANN.",
    body="Kontakt: e.m@example.org oder 02366/12 34-56.\nErika\nMuster\u00admann freut sich.",
    email="e.m@example.org",
    url="https://example.org/team/erika-mustermann",
    contacts=(
        Contact(name="Dr. Erika Mustermann", email="e.m@example.org", phones=(Phone(number="+49 2366 123456"),)),
        Contact(title="Sekretariat", email="info@example.org"),
    ),
    phones=(Phone(number="02366 123456"), Phone(number="+49 2366 9"), Phone(number="+49 171 1", description=PERSON)),
    additional_urls=(Link(url="https://example.org/erika.mustermann"), Link(url="https://example.org/")),
    attachments=(
        Attachment(sha256="0" * 64, type="image/png", url="https://example.org/b.png", alt=f"Bild von {PERSON}"),
    ),
    translations={"en": Translation(name=f"Café with {PERSON}", body="call 02366 123456")},
)


def leaks(doc: OfferDoc | dict[str, Any], person: str) -> bool:
    """Byte search in the JSON, whatever the case, in both normal forms."""
    text = format_offer(doc).decode() if isinstance(doc, OfferDoc) else json.dumps(doc, ensure_ascii=False)
    return any(
        unicodedata.normalize(form, person).casefold() in unicodedata.normalize(form, text).casefold()
        for form in ("NFC", "NFD")
    )


def test_person_is_found_in_every_field() -> None:
    assert set(find_person(WHOLE, " erika  MUSTERMANN ")) == {
        "additional_urls[0].url",
        "attachments[0].alt",
        "body",
        "contacts[0].name",
        "name",
        "phones[2].description",
        "summary",
        "translations.en.name",
        "url",
    }
    assert find_person(LEAST, PERSON) == []


def test_person_is_removed_with_addresses_and_numbers_and_the_rest_stays() -> None:
    cleaned = remove_person(WHOLE, PERSON)

    data = format_offer(cleaned).decode()
    assert not leaks(cleaned, PERSON)
    assert not leaks(cleaned, "Mustermann")
    assert "e.m@example.org" not in data
    assert "123456" not in data
    assert "12 34-56" not in data
    assert [contact.title for contact in cleaned.contacts] == ["Sekretariat"]
    assert [phone.number for phone in cleaned.phones] == ["+49 2366 9"]
    assert [link.url for link in cleaned.additional_urls] == ["https://example.org/"]
    assert cleaned.name == "Sprachcafé mit [Name entfernt]"
    assert cleaned.attachments[0].alt == "Bild von [Name entfernt]"
    assert cleaned.translations["en"].body == "call [Name entfernt]"
    assert (cleaned.email, cleaned.url) == ("", "")
    assert publishable(cleaned)


def test_document_without_the_person_is_returned_as_it_is() -> None:
    assert remove_person(LEAST, PERSON) is LEAST


def test_removing_twice_is_removing_once() -> None:
    once = remove_person(WHOLE, PERSON)

    assert remove_person(once, PERSON) == once


def test_unknown_fields_are_cleaned_too() -> None:
    doc = {
        "id": "ab" * 16,
        "owner": "05562020",
        "title": f"Kurs von {PERSON}",
        "contact": {"mail": "e@example.org", "name": PERSON, "phone": "+49 30 23125020"},
        "x": {PERSON: 1, "list": [f"a {PERSON}", 5, None, {"tief": PERSON.upper()}]},
        "note": "e@example.org, 030/23125020",
    }

    cleaned = remove_person(doc, PERSON)

    assert not leaks(cleaned, PERSON)
    assert cleaned["x"] == {"list": ["a [Name entfernt]", 5, None, {"tief": "[Name entfernt]"}]}
    assert "contact" not in cleaned
    assert cleaned["note"] == "[Name entfernt], [Name entfernt]"
    assert cleaned["id"] == "ab" * 16


def test_translation_that_was_current_stays_so() -> None:
    doc = structs.replace(LEAST, body=f"Leitung: {PERSON}")
    doc = structs.replace(
        doc,
        translations={
            "en": Translation(body=f"Lead: {PERSON}", source_sha256=source_sha256(doc)),
            "tr": Translation(body="eski", source_sha256="0" * 64),
        },
    )

    assert translation_states(remove_person(doc, PERSON)) == {"en": "aktuell", "tr": "veraltet"}


@pytest.mark.parametrize("person", ["Erika", "Ömer Şahin", "Groß", "Nguyễn Văn", "Анна Иванова", "Müller-Lüdenscheidt"])
@pytest.mark.parametrize("change", [str.upper, str.lower, str.title, lambda text: unicodedata.normalize("NFD", text)])
def test_every_case_and_normal_form_is_found(person: str, change: Any) -> None:
    doc = structs.replace(LEAST, body=f"Mit {change(person)}, ja.")

    assert find_person(doc, person) == ["body"]
    assert not leaks(remove_person(doc, person), person)


def test_title_and_summary_that_were_only_the_name_stay_publishable() -> None:
    doc = structs.replace(LEAST, name="Ada", summary="Ada " * 75, providers=(Provider(name="Ada"),))

    cleaned = remove_person(doc, "Ada")

    assert publishable(cleaned)
    assert not leaks(cleaned, "Ada")


def test_person_called_like_the_replacement_is_removed() -> None:
    doc = structs.replace(LEAST, body="Name Entfernt und Frau Entfernt")

    assert not leaks(remove_person(doc, "Entfernt"), "Entfernt")


@pytest.mark.parametrize("text", ["", "  ", "ab", "12345", "[Name entfernt]", "a.b"])
def test_text_too_short_to_search_for_is_refused(text: str) -> None:
    with pytest.raises(RuleError) as caught:
        find_person(LEAST, text)

    assert "person" in caught.value.problems


words = st.sampled_from(
    ["Erika", "Mustermann", "erika", "MUSTERMANN", " ", "\n", "\u00a0", "\u00ad", "-", ".", "x", "@", "a"]
)
sentences = st.lists(words, max_size=12).map("".join)


@settings(max_examples=300, deadline=None)
@given(sentences, sentences, sentences, st.lists(sentences, max_size=3), sentences)
def test_nothing_of_the_person_is_left(
    body: str, summary: str, title: str, contacts: list[str], translation: str
) -> None:
    doc = structs.replace(
        LEAST,
        body=body,
        summary=("Zwanzig Zeichen Text " + summary)[:300],
        contacts=tuple(
            Contact(title="Amt", department=name.translate({10: " ", 160: " "})[:100], email="x@example.org")
            for name in contacts
        ),
        funding=(title,),
        translations={"en": Translation(body=translation)},
    )
    doc = parse_offer(format_offer(doc))

    cleaned = remove_person(doc, PERSON)

    assert find_person(cleaned, PERSON) == []
    assert not leaks(cleaned, PERSON)
    assert publishable(cleaned) or not publishable(doc)
    assert remove_person(cleaned, PERSON) == cleaned
