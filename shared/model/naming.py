"""Finds what may say who somebody is in a free text: names, telephone numbers, addresses of mail, dates of birth.

Decided here: what looks like one, by its form alone.  A false alarm costs a person one other wording, a name that is
kept costs somebody more; so in doubt it is one.  It is a help and no proof: a name in small letters is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

import msgspec

from shared.errors import ParseError
from shared.model.given_names import GIVEN_NAMES
from shared.model.phones import parse_phone
from shared.model.text import fold

_MAIL: Final = re.compile(r"\S+@\S+")
_TITLE: Final = re.compile(
    r"\b(?:Herrn?|Frau|Fräulein|Familie|Fam\.|Eheleute|Hr\.|Fr\.|Dr\.|Prof\.)\s+(?:(?:Dr|Prof)\.\s*)*[^\W\d_a-zäöüß][\w'’-]*"
)
_BIRTH: Final = re.compile(r"\b(?:geb\.|geboren(?:e|er|en)?(?:\s+am)?)\s*[0-9][0-9./ ]*", re.IGNORECASE)
_DIGITS: Final = re.compile(r"(?<![\w.,:/-])[+(]?[0-9][0-9 ()/.\u2010-\u2015-]*[0-9](?![\w:])")
_DATE: Final = re.compile(
    r"[0-9]{1,2}\.\s?[0-9]{1,2}\.\s?(?:[0-9]{4}|[0-9]{2})?|(?:19|20)[0-9]{2}\s?[/–-]\s?(?:19|20)?[0-9]{2}"
)
_TIMES: Final = re.compile(r"[0-9]{1,2}[.][0-9]{2}\s?[–-]\s?[0-9]{1,2}[.][0-9]{2}")
_LONG: Final = 7
"""Digits of a number that may be somebody's: no count of people and no postcode has so many."""
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE_ENDS: Final = re.compile(r"(?:^|[.!?:;\n„“\"(–-])\s*$")
# Ends of nouns that name offers, places and institutions, never a family.
_THINGS: Final = re.compile(
    r"(?:"
    # What is done, and what it is like.
    r"ung|ungen|heit|heiten|keit|keiten|tion|tionen|schaft|schaften|ismus|ität|arbeit|pflege|sprache|hilfen?|niveau|"
    # Who offers it.
    r"amt|ämter|schulen?|zentrum|zentren|center|vereine?|dienste?|gruppen?|cafés?|büros?|stellen?|treffs?|werke?|kirche|"
    r"verband|verbände|haus|häuser|gemeinde|moschee|bund|rat|ministerium|kammer|agentur|kolleg|akademie|universität|klinik|"
    r"praxis|ambulanz|projekte?|netzwerke?|tafel|laden|bücherei|bibliothek|bereich|bezirke?|kreise?|jobcenter|"
    # What it is, where and when.
    r"kurse?n?s?|angebote?n?|plätze|stunden?|straße|platz|tage?|woche|jahre?|monate?|uhr|"
    # Adjectives of institutions.
    r"(?:isch|lich)e[nmrs]?"
    r")$"
)
_COMMON_WORDS: Final = """
Stadt Kreis Land Haus Amt Jobcenter Agentur Caritas Diakonie AWO DRK VHS KIM KI BAMF MBE JMD Verein Kita OGS
Deutsch Englisch Arabisch Türkisch Ukrainisch Russisch Polnisch Frauen Männer Kinder Eltern Mütter Väter Familien
Jugendliche Senioren Menschen Geflüchtete Nord Süd Ost West Mitte Montag Dienstag Mittwoch Donnerstag Freitag
Samstag Sonntag Januar Februar März April Mai Juni Juli August September Oktober November Dezember Bus Bahn Kurs
Kurse Termin Uhr Sankt St
"""
_COMMON: Final = frozenset(fold(word) for word in _COMMON_WORDS.split())


class Naming(msgspec.Struct, frozen=True):
    """One place in a text that may say who somebody is; `kind` is name, phone, mail or birth."""

    kind: str
    found: str


def find_naming(text: str, *, known: Collection[str] = ()) -> list[Naming]:
    """Return the places of a text that may say who somebody is, in their order, each once.

    Args:
        known: folded words that are no names here, such as towns and topics.
    """
    found: list[tuple[int, int, Naming]] = []
    for kind, start, end in _places(text, known):
        # What lies within an earlier find says nothing new: "Frau Erika Muster" is one.
        if not any(a < end and start < b for a, b, _ in found):
            found.append((start, end, Naming(kind, text[start:end].strip())))
    return list(dict.fromkeys(naming for _, _, naming in sorted(found, key=lambda one: one[0])))


def _places(text: str, known: Collection[str]) -> Iterator[tuple[str, int, int]]:
    for kind, pattern in (("mail", _MAIL), ("birth", _BIRTH), ("name", _TITLE)):
        for match in pattern.finditer(text):
            yield kind, match.start(), match.end()
    for match in _DIGITS.finditer(text):
        if _is_phone(match.group()):
            yield "phone", match.start(), match.end()
    yield from _names(text, known)


def _is_phone(piece: str) -> bool:
    piece = piece.strip("( ")
    if _DATE.fullmatch(piece) or _TIMES.fullmatch(piece):
        return False
    digits = sum(character.isdecimal() for character in piece)
    try:
        parse_phone(piece)
    except ParseError:
        return digits >= _LONG or (piece.startswith(("0", "+")) and digits > 4)
    # 110 and 112 are nobody's.
    return digits > 4


def _names(text: str, known: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """A given name; with the word behind it where that is written large; or two large words that are no known ones."""
    words = list(_WORD.finditer(text))
    for at, word in enumerate(words):
        if not word.group()[0].isupper() or fold(word.group()) in known:
            continue
        following = words[at + 1] if at + 1 < len(words) else None
        is_pair = following is not None and _is_pair(text, word, following)
        if fold(word.group()) in GIVEN_NAMES:
            yield "name", word.start(), following.end() if following is not None and is_pair else word.end()
        elif (
            following is not None
            and is_pair
            and not _SENTENCE_ENDS.search(text[: word.start()])
            and not any(_is_thing(one.group(), known) for one in (word, following))
        ):
            yield "name", word.start(), following.end()


def _is_pair(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    return text[one.end() : other.start()] == " " and other.group()[0].isupper()


def _is_thing(word: str, known: Collection[str]) -> bool:
    folded = fold(word)
    is_short_form = word.isupper() and len(word) <= 5
    is_known = folded in known or folded.removesuffix("er") in known  # "Hertener Tafel"
    return is_short_form or is_known or folded in _COMMON or _THINGS.search(word.casefold()) is not None
