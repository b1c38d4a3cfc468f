"""The languages in which a party's pages exist, under their own names, in the order in which visitors choose."""

from __future__ import annotations

from collections.abc import Mapping

from shared.web.messages import shipped_languages
from shared.web.offer_words import Words

SIMPLE = "de-simple"
EASY_GERMAN = "Einfache Sprache"
"""Not called Leichte Sprache until readers have tested it (DOMAIN 0.11)."""


def offered_languages(words: Words) -> Mapping[str, str]:
    """Return the languages of the district that have a catalogue, each with its own name."""
    shipped = shipped_languages()
    names: dict[str, str] = {}
    for tag in words.district.languages:
        term = words.vocabularies["language"].get(tag)
        if tag in shipped:
            names[tag] = EASY_GERMAN if tag == SIMPLE else (term and term.own_name) or tag
    return names
