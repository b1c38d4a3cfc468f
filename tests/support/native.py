"""What gives away a text that is not in the language it claims to be in: leftover German, wrong letters, lost marks.

These are heuristics, found by looking; they do not judge whether a translation is good.  Each function returns what
is wrong in words, or an empty string.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

SCRIPTS = {"ar": "ARABIC", "fa": "ARABIC", "prs": "ARABIC", "uk": "CYRILLIC", "ru": "CYRILLIC", "bg": "CYRILLIC"}
"""Languages that are not written in Latin letters."""

# Letters of a neighbour, which a wrong keyboard or a copied word brings in.
FOREIGN_LETTERS = {
    "en": "äöüßÄÖÜ",
    "tr": "äßÄ",
    "pl": "äöüßÄÖÜ",
    "ro": "äöüßÄÖÜşţŞŢ",
    "kmr": "äöüßğıÄÖÜĞ",
    "uk": "ыэъёЫЭЪЁ",
    "ru": "іїєґІЇЄҐ",
    "bg": "ыэёіїєЫЭЁІЇЄ",
    "ar": "یکپچژگ",
    "fa": "يكىة",
    "prs": "يكىة",
}
GERMAN_WORDS = re.compile(
    r"\b(der|die|das|und|für|nicht|mit|oder|ist|sind|wird|bitte|Sie|Ihre|keine|noch|Uhr|Angebote?|Städte?|Träger|Seiten?)\b"
)
_NUMBERS = {"%(n)s km", "%(n)s km (%(offers)s)"}
_TELEPHONE = {"Telefon", "Telefon:"}
SAME_AS_GERMAN = {
    "en": {"Fax", "Name", "Sport", "Online", "online", "Information", "Romani"} | _NUMBERS,
    "tr": {"Kurs"} | _TELEPHONE | _NUMBERS,
    "pl": {"Kurs", "SMS", "Sport", "Online", "online", "Internet", "Romani"} | _TELEPHONE | _NUMBERS,
    "ro": {"Fax", "Texte", "SMS", "mobil", "Sport", "Online", "online", "Internet", "Romani"} | _TELEPHONE | _NUMBERS,
    "kmr": {"Kurs", "SMS", "Internet", "online"} | _TELEPHONE | _NUMBERS,
}
"""Words that a language shares with German."""

NAMES = re.compile(
    r"\b(Kreis|KIM|MBE|JMD|LGBTIQ|openstreetmap\.org|Atom|name@example\.org"
    r"|kreisweit-verify|sha256sum|openssl|sumdb|Go|C2SP)\b"
)
"""What stands in Latin letters in every language, since it stands so on doors and letters."""

ENDS_WITH_AN_ABBREVIATION = {"bg": ("ч.",)}
SIMPLE_SENTENCE_WORDS_MAX = 14
_ABBREVIATION = re.compile(r"\b(?!(?:KIM|SMS)\b)[A-ZÄÖÜ]{2,}\b|\b[a-z]\. ?[A-Za-z]\.")
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")
_MARKS = str.maketrans({"؟": "?", "؛": ";", "،": ","})


def placeholders(text: str) -> list[str]:
    """Return the names of the placeholders in order of the alphabet; one that stands twice is named twice."""
    return sorted(_PLACEHOLDER.findall(text))


def problems(language: str, german: str, text: str) -> Iterator[str]:
    """Say everything that looks wrong with one translation."""
    if not text.strip() or text != text.strip():
        yield "empty, or with spaces around it"
        return
    plain = _PLACEHOLDER.sub("", text)
    if re.search(r"[<>]|&\w+;", plain):
        yield "HTML"
    if re.search(r"[\"'`´]", plain):
        yield "straight quotes"
    if plain.count("%") != _PLACEHOLDER.sub("", german).count("%"):
        yield "a % that German lacks, or the other way round"
    yield from _simple(text) if language == "de-simple" else _foreign(language, german, text, plain)


def _simple(text: str) -> Iterator[str]:
    if "*" in text:
        yield "a gender star"
    if _ABBREVIATION.search(text):
        yield "an abbreviation"
    if any(len(sentence.split()) > SIMPLE_SENTENCE_WORDS_MAX for sentence in re.split(r"[.?!:] ", text)):
        yield "a long sentence"


def _foreign(language: str, german: str, text: str, plain: str) -> Iterator[str]:
    letters = [sign for sign in NAMES.sub("", plain) if sign.isalpha()]
    if text == german and letters and text not in SAME_AS_GERMAN.get(language, ()):
        yield "the same as in German"
    if wrong := sorted(set(plain) & set(FOREIGN_LETTERS[language])):
        yield f"letters of another language: {' '.join(wrong)}"
    if language in SCRIPTS:
        right = sum(SCRIPTS[language] in unicodedata.name(sign, "") for sign in letters)
        if letters and right <= 0.6 * len(letters):
            yield "the wrong script"
    elif found := GERMAN_WORDS.search(plain):
        yield f"German: {found[0]}"
    if mixed := [word for word in re.findall(r"\w+", plain) if _is_mixed(word)]:
        yield f"two scripts in one word: {mixed}"
    yield from _marks(language, german, text)
    if len(german) <= 30 and len(text) > max(2.5 * len(german), 34):
        yield "too long for a button or a heading"


def _is_mixed(word: str) -> bool:
    scripts = {unicodedata.name(sign, "").split()[0] for sign in word if sign.isalpha()}
    return len(scripts & {"LATIN", "CYRILLIC", "ARABIC"}) > 1


def _marks(language: str, german: str, text: str) -> Iterator[str]:
    same = text.translate(_MARKS)
    if same.endswith(ENDS_WITH_AN_ABBREVIATION.get(language, ("\0",))) and not german.endswith("."):
        return
    ends = [value[-1] if value[-1] in ".:;,?!…" else "" for value in (german, same)]
    if ends[0] != ends[1]:
        yield f"ends with {ends[1]!r}, German with {ends[0]!r}"
    starts = [value[0] if value[0] in ".:;,?!…–-" else "" for value in (german, same)]
    if starts[0] != starts[1]:
        yield f"begins with {starts[1]!r}, German with {starts[0]!r}"
