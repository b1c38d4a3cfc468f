"""Corrections of words that are found nowhere: the nearest word of the index, or of the word lists.

A word is compared as a whole, and a compound also part by part ("Kinderbetreung" with "Kinder" and "Betreuung" known).
Distance is that of optimal string alignment: one letter wrong, missing, too much, or two exchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from shared.search.index import IndexReader
from shared.search.lexicon import Lexicon
from shared.search.spelling import stem

_LEAST: Final = 4
_LONG: Final = 8
_LEAST_PART: Final = 4


def correct(word: str, index: IndexReader, lexicon: Lexicon) -> str | None:
    """Return the word that is meant by a folded one, as it is written; None when nothing is near enough."""
    if len(word) < _LEAST or not word.isalpha():
        return None
    most = _most(word)
    key = stem(word)
    known = dict(index.vocabulary(max(3, len(key) - most), len(word) + most))
    found = _nearest(word, key, known, rank=0)
    listed = [other for other in (*lexicon.components, *lexicon.term_words()) if abs(len(other) - len(word)) <= most]
    found += _nearest(word, word, {other: other for other in listed}, rank=1)
    return min(found)[-1] if found else _by_parts(word, lexicon)


def _most(word: str) -> int:
    return 2 if len(word) >= _LONG else 1


def _nearest(word: str, key: str, known: Mapping[str, str], *, rank: int) -> list[tuple[int, int, bool, str]]:
    """The nearest words with what orders them: distance, index before lists, the same first letter before others."""
    from rapidfuzz.distance import OSA
    from rapidfuzz.process import extract

    found: list[tuple[int, int, bool, str]] = []
    for typed in dict.fromkeys((word, key)):
        near = extract(typed, list(known), scorer=OSA.distance, score_cutoff=_most(word), limit=5)
        found += [(int(distance), rank, text[:1] != word[:1], known[text]) for text, distance, _ in near]
    return found


def _by_parts(word: str, lexicon: Lexicon) -> str | None:
    """Cut the word where one side is known and the other nearly so."""
    best: tuple[int, str] | None = None
    for at in range(_LEAST_PART, len(word) - _LEAST_PART + 1):
        front, head = word[:at], word[at:]
        found = []
        if front in lexicon.components:
            found += [(distance, front + other) for distance, other in _near(head, lexicon.components)]
        if head in lexicon.components:
            found += [(distance, other + head) for distance, other in _near(front, lexicon.components)]
        best = min([*found, *([] if best is None else [best])], default=None)
    return None if best is None else best[1]


def _near(part: str, words: Iterable[str]) -> list[tuple[int, str]]:
    from rapidfuzz.distance import OSA

    likely = [other for other in words if abs(len(other) - len(part)) <= 1 and len(other) >= _LEAST_PART]
    return [(distance, other) for other in likely if (distance := OSA.distance(part, other, score_cutoff=1)) <= 1]
