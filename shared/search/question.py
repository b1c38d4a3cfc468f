"""A visitor's words, cut into units that each have to be met: a word, or a phrase that means something as a whole.

Decided here: limits (THREATS T36: at most eight words of at most 64 characters), stop words, the longest known phrase
first, words that only help to order.  Visitors' text never becomes a query language: tokens are compared, not parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shared.search.lexicon import PHRASE_WORDS, Lexicon, Meaning, Phrase
from shared.search.spelling import Word, split_words, stem

WORDS_MAX: Final = 8
_READ_MAX: Final = 24
"""Words that are looked at, stop words among them."""


@dataclass(frozen=True)
class Unit:
    """One thing that an offer has to meet.

    `words` are its meaningful words; `synonyms` other phrases for all of it, as stems; `meanings` values of filters
    that it stands for.  `is_needed` False: who meets it comes first, nobody is left out for it.
    """

    typed: str
    words: tuple[Word, ...]
    synonyms: tuple[Phrase, ...] = ()
    meanings: tuple[Meaning, ...] = ()
    is_needed: bool = True


def read_units(text: str, lexicon: Lexicon) -> list[Unit]:
    """Cut a question into its units; stop words are dropped unless nothing else is left."""
    words = split_words(text)[:_READ_MAX]
    units: list[Unit] = []
    at = read = 0
    while at < len(words) and read < WORDS_MAX:
        unit, length = _longest(words[at:], lexicon)
        if unit is not None:
            units.append(unit)
            read += len(unit.words)
        at += length
    if not units and words:
        units = [Unit(word.shown, (word,)) for word in words[:WORDS_MAX]]
    if not any(unit.is_needed for unit in units):
        units = [Unit(one.typed, one.words, one.synonyms, one.meanings) for one in units]
    return units


def _longest(words: list[Word], lexicon: Lexicon) -> tuple[Unit | None, int]:
    """Return the unit that begins here and how many words it takes; None for a stop word."""
    for length in range(min(PHRASE_WORDS, len(words)), 1, -1):
        taken = words[:length]
        synonyms = lexicon.synonyms(tuple(stem(word.folded) for word in taken))
        meanings = lexicon.meanings([word.folded for word in taken])
        if synonyms or meanings:
            kept = tuple(word for word in taken if word.folded not in lexicon.stop_words) or tuple(taken)
            typed = " ".join(word.shown for word in taken)
            return Unit(typed, kept, synonyms, tuple(meanings)), length
    word = words[0]
    meanings = lexicon.meanings([word.folded])
    if word.folded in lexicon.stop_words and not meanings:
        return None, 1
    synonyms = lexicon.synonyms((stem(word.folded),))
    if synonyms:
        # A German word that is known is not looked for in other languages: Rentner is no beginning of "rent".
        meanings = [one for one in meanings if one.is_german]
    return Unit(word.shown, (word,), synonyms, tuple(meanings), word.folded not in lexicon.weak_words), 1
