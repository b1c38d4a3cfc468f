"""Corrections of words that are found nowhere: the nearest word of the index, or of the word lists.

A word is compared as a whole, and a compound also part by part ("Kinderbetreung" with "Kinder" and "Betreuung" known).
Distance is that of optimal string alignment: one letter wrong, missing, too much, or two exchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
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
    known = dict(index.vocabulary(max(3, len(word) - most - 3), len(word) + most))
    candidates = dict(known)
    for folded in lexicon.components:
        candidates.setdefault(folded, folded)
    for folded in lexicon.term_words():
        candidates.setdefault(folded, folded)
    return _nearest(word, candidates, known) or _by_parts(word, lexicon)


def _most(word: str) -> int:
    return 2 if len(word) >= _LONG else 1


def _nearest(word: str, candidates: dict[str, str], known: dict[str, str]) -> str | None:
    """The candidate at the least distance; one of the index before one of the lists, same first letter first."""
    from rapidfuzz.distance import OSA

    best: tuple[int, bool, bool, str] | None = None
    most = _most(word)
    for typed in dict.fromkeys((word, stem(word))):
        for folded in candidates:
            if abs(len(folded) - len(typed)) > most:
                continue
            distance = OSA.distance(typed, folded, score_cutoff=most)
            if distance <= most:
                rank = (distance, folded not in known, folded[:1] != word[:1], folded)
                best = rank if best is None or rank < best else best
    return None if best is None else candidates[best[3]]


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
