"""The text pipeline: one spelling, stems, compounds, synonyms, terms of other languages."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.search.lexicon import Lexicon, load_lexicon
from shared.search.question import WORDS_MAX, read_units
from shared.search.spelling import WORD_MAX, split_words, stem


@cache
def lexicon() -> Lexicon:
    return load_lexicon(shipped_vocabularies(), shipped_district())


def key(text: str) -> str:
    return " ".join(stem(word.folded) for word in split_words(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kurs", "Kurse"), ("Sprachkurs", "Sprachkursen"), ("Straße", "Strasse"), ("Ärzte", "Aerzte"),
        ("Arzt", "Ärzte"), ("Amt", "Ämter"), ("Kindergarten", "Kindergärten"), ("Verein", "Vereinen"),
        ("Migrant*innen", "Migranten"), ("Senior:innen", "Senioren"), ("TeilnehmerInnen", "Teilnehmer"),
        ("Kund_innen", "Kundinnen"), ("Lehrer/-innen", "Lehrerinnen"), ("Café", "Cafés"), ("Jobs", "Job"),
        ("ДОРОГА", "дорога"), ("ёлка", "елка"), ("لُغَة", "لغة"), ("اللغة", "لغة"), ("کار", "كار"),
        ("İŞ", "iş"), ("ışık", "isik"),
        ("Kurmancî", "kurmanci"), ("język", "jezyk"), ("łódź", "lodz"),
    ],
)  # fmt: skip
def test_forms_and_spellings_of_a_word_meet(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Rat", "Rad"), ("Kurs", "Kur"), ("Haus", "Hau"), ("Sport/Integration", "Sport")]
)
def test_different_words_stay_apart(one: str, other: str) -> None:
    assert key(one) != key(other)


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyzäöüß", min_size=3, max_size=20))
def test_plural_ending_never_parts_a_word_from_itself(word: str) -> None:
    assert key(word + "en") == key(word) or len(word) < 4


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    units = read_units(text, lexicon())

    assert all(len(word.folded) <= WORD_MAX for unit in units for word in unit.words)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("Sprachkurse", "Sprach Kurs"), ("Kinderbetreuung", "Kind Betreuung"), ("Zahnarzt", "Zahn Arzt"),
        ("Schuldnerberatung", "Schuldner Beratung"), ("Familienbildungsstätte", "Familie Bildung Stätte"),
        ("Migrantinnenorganisation", "Migrant Organisation"), ("Rathaus", ""), ("Kindergarten", ""), ("Beratung", ""),
        ("Recklinghausen", ""), ("Stadtteil", ""),
    ],
)  # fmt: skip
def test_compounds_are_cut_where_their_words_meet(word: str, parts: str) -> None:
    assert " ".join(lexicon().parts(split_words(word)[0].folded)) == key(parts)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("language course", ("topics", "sprache")), ("курси", ("topics", "sprache")),
        ("دورة لغة", ("topics", "sprache")),
        ("dil kursu", ("topics", "sprache")), ("kurs językowy", ("topics", "sprache")),
        ("دوره زبان", ("topics", "sprache")),
        ("курси німецької мови", ("topics", "sprache")), ("беженцы", ("open_to", "gefluechtet")),
        ("kostenlos", ("is_free", "ja")), ("dienstags", ("days", "TU")),
        ("Haltern am See", ("cities", "haltern-am-see")),
        ("arabisch", ("languages", "ar")), ("ohne Anmeldung", ("needs_no_registration", "ja")),
        ("Marl", ("cities", "marl")),
    ],
)  # fmt: skip
def test_phrase_stands_for_a_filter(typed: str, meant: tuple[str, str]) -> None:
    units = read_units(typed, lexicon())

    assert len(units) == 1
    assert meant in {(meaning.field, meaning.value) for meaning in units[0].meanings}


def test_little_words_are_dropped_unless_nothing_else_is_left() -> None:
    assert [unit.typed for unit in read_units("Ich suche eine Hebamme für mein Baby", lexicon())] == ["Hebamme", "Baby"]
    assert [unit.typed for unit in read_units("der die das", lexicon())] == ["der", "die", "das"]


def test_no_more_than_eight_words_are_read() -> None:
    text = " ".join(f"wort{chr(97 + n)}" for n in range(20))

    assert sum(len(unit.words) for unit in read_units(text, lexicon())) == WORDS_MAX


@pytest.mark.parametrize("code", sorted(shipped_vocabularies()["topic"].codes()))
def test_every_topic_is_reached_in_every_language(code: str) -> None:
    """The file has a line for each of the twelve; a code of its own or one above it."""
    above = {code, *shipped_vocabularies()["topic"].ancestors(code)}
    found = {m.is_german for terms in lexicon()._terms.values() for t in terms if (m := t.meaning).value in above}

    assert found == {True, False}
