"""Which list holds: what the district edited, over what a newer program brings, over what an older one brought."""

from __future__ import annotations

from typing import Any

import msgspec

from shared.model.shipped import shipped_vocabularies
from shared.model.vocabulary.collection import Vocabularies
from shared.model.vocabulary.terms import Term, Vocabulary
from shared.vocabulary_book import EDITED, read_vocabularies

TOPIC = shipped_vocabularies()["topic"]


def newer_program() -> Vocabularies:
    """The lists of a program that knows one topic more, in a version of its own counting."""
    terms = (*TOPIC.terms, Term(code="garten", label="Garten"))
    return Vocabularies({**shipped_vocabularies(), "topic": msgspec.structs.replace(TOPIC, version=7, terms=terms)})


def record(vocabulary: Vocabulary, **more: object) -> dict[str, Any]:
    return {"id": vocabulary.id, "vocabulary": msgspec.to_builtins(vocabulary), **more}


def renamed(version: int) -> Vocabulary:
    first = msgspec.structs.replace(TOPIC.terms[0], label="Deutsch")
    return msgspec.structs.replace(TOPIC, version=version, terms=(first, *TOPIC.terms[1:]))


def test_what_the_district_edited_outlives_a_newer_program() -> None:
    found = read_vocabularies([record(renamed(2), **{EDITED: True})], newer_program())["topic"]

    assert found.label(TOPIC.terms[0].code) == "Deutsch"
    assert (found.version, found.terms[-1].code) == (2, "garten")


def test_list_that_was_never_edited_is_that_of_the_newer_program() -> None:
    found = read_vocabularies([record(TOPIC)], newer_program())["topic"]

    assert found == newer_program()["topic"]


def test_unmarked_list_of_a_higher_version_holds() -> None:
    found = read_vocabularies([record(renamed(9))], newer_program())["topic"]

    assert found == renamed(9)


def test_damaged_record_changes_nothing_even_when_it_says_that_it_was_edited() -> None:
    broken = {"id": TOPIC.id, "vocabulary": {"name": "topic"}, EDITED: True}

    assert read_vocabularies([broken], newer_program()) == newer_program()
