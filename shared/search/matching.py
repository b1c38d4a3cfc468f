"""Which entries meet a unit of a question, where, how, and how well: a list of levels, each with its entries.

A word is met as itself, as the beginning of a longer word, as a part of a compound, by all its own parts standing
together, by another word for it, or by a filter's value that it stands for ("курси", "kostenlos", "Marl").  Where a
word is met twice the better one counts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from shared.search.analysis import COLUMNS, PART, pair_token
from shared.search.found import How, Where
from shared.search.index import IndexReader
from shared.search.lexicon import Lexicon, Meaning, Phrase
from shared.search.question import Unit
from shared.search.shelf import YES, Shelf
from shared.search.spelling import Word, split_words, stem

WEIGHTS: Final[Mapping[Where, int]] = {
    "title": 24, "topic": 16, "target": 14, "provider": 13, "summary": 12, "place": 12, "text": 6,
}  # fmt: skip
_HOW: Final[Mapping[How, float]] = {
    "word": 1.0, "begins": 0.75, "part": 0.8, "synonym": 0.65, "language": 0.75, "typo": 0.6,
}  # fmt: skip
_WHERE_OF_FIELD: Final[Mapping[str, Where]] = {"topics": "topic", "open_to": "target", "cities": "place"}
WORD_FIELD: Final = "word"
"""Field of a meaning that is a German word, not a filter's value."""
_BROAD: Final = frozenset({"topics", "open_to", WORD_FIELD})
_TEXT: Final = COLUMNS.index("text")
_PREFIX_LEAST: Final = 3
_CACHE_BYTES: Final = 1_500_000
_ENTRY_BYTES: Final = 120

Columns = Mapping[int, int]
"""Column to the entries."""


class Level(NamedTuple):
    """Entries that meet a unit in one place and one way; `met` is a code, `stems` are what to look for in the entry."""

    weight: int
    where: Where
    how: How
    bits: int
    met: str = ""
    stems: frozenset[str] = frozenset()


class Postings:
    """Postings of tokens as bitmaps; the last used ones are kept, in bounded memory, for one state of the index."""

    def __init__(self, index: IndexReader) -> None:
        self._index = index
        self._kept: OrderedDict[tuple[str, bool], Columns] = OrderedDict()
        self._bytes = 0

    def clear(self) -> None:
        """Forget everything: the index moved on."""
        self._kept.clear()
        self._bytes = 0

    def token(self, text: str) -> Columns:
        """Return where a token stands."""
        return self._get((text, False), lambda: self._index.postings(text))

    def beginning(self, text: str) -> Columns:
        """Return where words stand that begin like this."""
        return self._get((text, True), lambda: self._index.beginning(text))

    def _get(self, key: tuple[str, bool], read: Callable[[], Columns]) -> Columns:
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        found = self._kept[key] = read()
        self._bytes += _size(found)
        while self._bytes > _CACHE_BYTES and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped)
        return found


def _size(columns: Columns) -> int:
    return _ENTRY_BYTES + sum(bits.bit_length() // 8 + _ENTRY_BYTES for bits in columns.values())


class Matcher:
    """Finds the levels of units."""

    def __init__(self, postings: Postings, shelf: Shelf, lexicon: Lexicon) -> None:
        self._postings = postings
        self._shelf = shelf
        self._lexicon = lexicon

    def levels(self, unit: Unit) -> list[Level]:
        """Return how entries meet a unit, best first."""
        found = list(self._single(unit.words[0]) if len(unit.words) == 1 else self._phrase(unit.words))
        for phrase in unit.synonyms:
            found += self._levels(self._together(phrase), "synonym", frozenset(phrase))
        # German offers say themselves what they are about: a topic stands for a German word only where none says it.
        is_said = any(level.bits and level.how != "begins" for level in found)
        found += self._meant(one for one in unit.meanings if not (is_said and one.is_german and one.field in _BROAD))
        return sorted((level for level in found if level.bits), key=lambda level: -level.weight)

    def corrected(self, unit: Unit) -> list[Level]:
        """Return how entries meet a unit that was put in place of a misspelt word: all of it, a little less sure."""
        return [
            level._replace(weight=max(1, round(level.weight * _HOW["typo"])), how="typo", stems=level.stems)
            for level in self.levels(unit)
        ]

    def _single(self, word: Word) -> Iterator[Level]:
        key = stem(word.folded)
        wanted = frozenset([key])
        yield from self._levels(self._postings.token(key), "word")
        yield from self._levels(self._postings.token(PART + key), "part", wanted)
        parts = self._lexicon.parts(word.folded)
        if parts:
            yield from self._levels(self._together(parts), "part", frozenset(parts))
        if len(word.folded) >= _PREFIX_LEAST:
            # The stem of a word that is typed only half may be shorter than what is typed.
            yield from self._levels(self._postings.beginning(word.folded), "begins", frozenset([word.folded]))

    def _phrase(self, words: tuple[Word, ...]) -> Iterator[Level]:
        """All words of a phrase in one part of the offer, else all of them anywhere in it."""
        each = [self._any_way(stem(word.folded), self._lexicon.parts(word.folded)) for word in words]
        yield from self._levels(_in_one_column(each), "word")
        anywhere = _all_of(_any_of(columns.values()) for columns in each)
        yield Level(WEIGHTS["text"] - 1, "text", "word", anywhere)

    def _any_way(self, key: str, parts: Phrase = ()) -> Columns:
        """Where a stem stands as a word or as a part of a compound, or its own parts stand together."""
        found = dict(self._postings.token(key))
        ways = [self._postings.token(PART + key)]
        if parts:
            ways.append(self._together(parts))
        for way in ways:
            for column, bits in way.items():
                found[column] = found.get(column, 0) | bits
        return found

    def _together(self, phrase: Phrase) -> Columns:
        """Where all stems stand in one part of the offer; in a running text they have to be close to each other."""
        needed = [key for key in phrase if key not in self._lexicon.stop_words] or list(phrase)
        each = [self._any_way(key) for key in needed]
        found = _in_one_column(each)
        if len(needed) > 1 and _TEXT in found:
            close = [self._postings.token(pair_token(a, b)) for a, b in pairwise(needed) if a != b]
            found[_TEXT] = _all_of(columns.get(_TEXT, 0) for columns in close)
        return found

    def _meant(self, meanings: Iterable[Meaning]) -> Iterator[Level]:
        for meaning in meanings:
            if meaning.field == WORD_FIELD:
                word = split_words(meaning.value)[0].folded
                key, parts = stem(word), self._lexicon.parts(word)
                how: How = "synonym" if meaning.is_german else "language"
                yield from self._levels(self._any_way(key, parts), how, frozenset((key, *parts)))
                continue
            where = _WHERE_OF_FIELD.get(meaning.field, "text")
            how = "language" if not meaning.is_german else "word" if where == "place" else "synonym"
            # A filter's value says what the offer is, wherever its text does: as good as a topic.
            weight = round(WEIGHTS[where if where != "text" else "topic"] * _HOW[how])
            yield Level(weight, where, how, self.of_meaning(meaning), met=meaning.value)

    def of_meaning(self, meaning: Meaning) -> int:
        """Return the entries that have a value of a filter."""
        if meaning.field == "days":
            return _any_of(bits for (day, _), bits in self._shelf.slots.items() if day == meaning.value)
        if meaning.field == "parts":
            return _any_of(bits for (_, part), bits in self._shelf.slots.items() if part == meaning.value)
        values = self._shelf.facets.get(meaning.field, {})
        bits = values.get(meaning.value or YES, 0)
        return bits | self._shelf.facets["especially"].get(meaning.value, 0) if meaning.field == "open_to" else bits

    def _levels(self, columns: Columns, how: How, stems: frozenset[str] = frozenset()) -> Iterator[Level]:
        for column, bits in columns.items():
            where = COLUMNS[column]
            yield Level(round(WEIGHTS[where] * _HOW[how]), where, how, bits, stems=stems)


def _in_one_column(each: list[Columns]) -> dict[int, int]:
    shared = set(each[0]).intersection(*each[1:])
    return {column: bits for column in shared if (bits := _all_of(columns[column] for columns in each))}


def _any_of(sets: Iterable[int]) -> int:
    found = 0
    for bits in sets:
        found |= bits
    return found


def _all_of(sets: Iterable[int]) -> int:
    found = -1
    for bits in sets:
        found &= bits
    return max(found, 0)


def covered(levels: Iterable[Level]) -> int:
    """Return the entries that meet a unit at all."""
    return _any_of(level.bits for level in levels)
