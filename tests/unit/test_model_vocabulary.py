"""Controlled vocabularies: shipped data, ids, parser."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from shared.errors import NotFoundError, ParseError
from shared.model.columns import THEMES
from shared.model.shipped import shipped_vocabularies, shipped_vocabulary
from shared.model.vocabulary.terms import NAMES, format_vocabulary, parse_vocabulary

COUNTS = {
    "access": 5,
    "accessibility": 6,
    "mode": 6,
    "offer_type": 12,
    "org_type": 9,
    "target_group": 19,
    "topic": 32,
}
PAGE_LANGUAGES = ["de", "de-simple", "en", "tr", "ar", "uk", "ru", "pl", "ro", "bg", "fa", "prs", "kmr"]


def source(**change: Any) -> str:
    vocabulary = {
        "name": "topic",
        "uri": "https://kreisweit.example/vocabulary/topic",
        "version": 1,
        "title": "Themen",
        "description": "",
        "terms": [{"code": "a", "label": "A"}, {"code": "a.b", "label": "B", "parent": "a"}],
    }
    return json.dumps({**vocabulary, **change})


def test_shipped_vocabularies_are_complete() -> None:
    vocabularies = shipped_vocabularies()

    assert set(vocabularies) == set(NAMES)
    assert {name: len(vocabularies[name].terms) for name in COUNTS} == COUNTS


@pytest.mark.parametrize("name", NAMES)
def test_shipped_vocabulary_has_labels_version_and_own_address(name: str) -> None:
    vocabulary = shipped_vocabulary(name)

    assert vocabulary.name == name
    assert vocabulary.uri.endswith("/" + name)
    assert vocabulary.version == 1
    assert len({term.label for term in vocabulary.terms}) == len(vocabulary.terms)
    assert parse_vocabulary(format_vocabulary(vocabulary)) == vocabulary


def test_child_topics_name_their_parent() -> None:
    topic = shipped_vocabulary("topic")

    assert topic.ancestors("gesundheit.psyche") == ("gesundheit",)
    for term in topic.terms:
        assert term.parent == (term.code.rpartition(".")[0] or None)


def test_term_ids_are_derived_from_address_and_code() -> None:
    topic = shipped_vocabulary("topic")

    space = uuid.uuid5(uuid.NAMESPACE_URL, topic.uri)
    assert topic.term_id("sprache") == uuid.uuid5(space, "sprache").hex
    assert len({topic.term_id(code) for code in topic.codes()}) == len(topic.terms)


def test_page_languages_come_first_and_have_direction_and_own_name() -> None:
    language = shipped_vocabulary("language")

    assert [term.code for term in language.terms if term.priority == 1] == PAGE_LANGUAGES
    assert all(term.own_name and term.direction for term in language.terms)
    rtl = {term.code for term in language.terms if term.direction == "rtl"}
    assert rtl == {"ar", "fa", "prs", "ckb", "ps", "ur"}


@pytest.mark.parametrize(
    ("label", "code"), [("Persisch", "fa"), ("TÜRKISCH", "tr"), ("Kurmancî", "kmr"), ("gebärdensprache", "gsg")]
)
def test_language_is_found_by_any_of_its_names(label: str, code: str) -> None:
    term = shipped_vocabulary("language").find(label)

    assert term is not None
    assert term.code == code


def test_unknown_label_finds_nothing_and_unknown_code_labels_itself() -> None:
    language = shipped_vocabulary("language")

    assert language.find("mehrsprachig") is None
    assert language.find("") is None
    assert language.label("xx") == "xx"


def test_every_theme_leads_to_known_topics() -> None:
    topics = shipped_vocabulary("topic").codes()

    assert len(THEMES) == 17
    assert {code for codes in THEMES.values() for code in codes} <= topics


@pytest.mark.parametrize(
    "change",
    [
        {"terms": [{"code": "a", "label": "A"}, {"code": "a", "label": "B"}]},
        {"terms": [{"code": "a", "label": "A", "parent": "b"}, {"code": "b", "label": "B", "parent": "a"}]},
        {"terms": [{"code": "A", "label": "A"}]},
        {"terms": [{"code": "a", "label": ""}]},
        {"version": 0},
        {"uri": "topic"},
        {"unknown": 1},
    ],
)
def test_wrong_vocabulary_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        parse_vocabulary(source(**change))


def test_vocabulary_that_is_no_json_is_refused() -> None:
    with pytest.raises(ParseError):
        parse_vocabulary("{")
    with pytest.raises(NotFoundError):
        shipped_vocabulary("../../errors")
