"""Text normalisation, folding, and dividing a description."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.text import fold, one_line, running_text, sort_key, split_summary, text_problems


@given(st.text())
def test_running_text_is_normal_and_stays_so(text: str) -> None:
    once = running_text(text)

    assert running_text(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert "\r" not in once


@given(st.text())
def test_one_line_has_no_line_break_and_stays_so(text: str) -> None:
    once = one_line(text)

    assert one_line(once) == once
    assert "\n" not in once


def test_harmless_oddities_are_repaired() -> None:
    assert running_text("\ufeffBera\u00adtung\u00a0 für\r\n\r\n\r\nalle  ") == "Beratung für\n\nalle"
    assert one_line("Cafe\u0301\u2028Haus") == "Café Haus"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a\x07b", "Steuerzeichen"),
        ("a\x85b", "Steuerzeichen"),
        ("\u202eb", "Schreibrichtung"),
        ("\u2066b", "Schreibrichtung"),
        ("a\u200bb", "ohne Breite"),
        ("a\u200db", "ohne Breite"),
        ("a\u0378b", "Unicode nicht gibt"),
        ("a\ue000b", "Unicode nicht gibt"),
        ("Cafe\u0301", "Normalform"),
    ],
)
def test_deceptive_characters_are_named(text: str, word: str) -> None:
    assert word in "; ".join(text_problems(text))


def test_line_break_is_a_problem_in_names_only() -> None:
    assert text_problems("a\nb") == []
    assert text_problems("a\nb", is_name=True) == ["muss in einer Zeile stehen"]


def test_fold_ignores_case_accents_and_punctuation() -> None:
    assert fold("Straße  „ÇA–va“") == fold("STRASSE ca-va") == "strasse ca va"


def test_sort_key_orders_as_german_lists_do() -> None:
    assert sorted(["Zug", "äpfel", "Apfel", "Öl", "Ohr"], key=sort_key) == ["Apfel", "äpfel", "Ohr", "Öl", "Zug"]


@pytest.mark.parametrize(
    ("text", "summary", "rest"),
    [
        ("Deutsch üben in gemischter Runde. Ohne Anmeldung.", "Deutsch üben in gemischter Runde.", "Ohne Anmeldung."),
        ("Kommt am 3. Mai zum Fest in den Garten.", "Kommt am 3. Mai zum Fest in den Garten.", ""),
        ("Hilfe bei z. B. Anträgen, evtl. Briefen.", "Hilfe bei z. B. Anträgen, evtl. Briefen.", ""),
        ("Kurz. Und dann ein längerer Satz.", "Kurz. Und dann ein längerer Satz.", ""),
        ("Treffpunkt für alle im Haus\nJeden Tag.", "Treffpunkt für alle im Haus", "Jeden Tag."),
        ("", "", ""),
    ],
)
def test_summary_is_whole_sentences(text: str, summary: str, rest: str) -> None:
    assert split_summary(text) == (summary, rest)


def test_long_first_sentence_is_cut_and_kept_in_full() -> None:
    text = "wort " * 100 + "ende."

    summary, rest = split_summary(text)

    assert len(summary) <= 300
    assert summary.endswith("wort…")
    assert rest == text


@given(st.text(alphabet="aB .!?\n3", max_size=400))
def test_splitting_loses_no_word(text: str) -> None:
    summary, rest = split_summary(text)

    words = running_text(text).split()
    assert len(summary) <= 300
    assert (summary.split() + rest.split() == words) or rest.split() == words
