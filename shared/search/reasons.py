"""Why an offer was found, for those that are shown: each word of the question, where it was met and how."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence

from shared.search.analysis import COLUMNS
from shared.search.found import Reason
from shared.search.index import IndexReader
from shared.search.lexicon import Lexicon
from shared.search.matching import Level
from shared.search.question import Unit
from shared.search.spelling import fold_letters


class ReasonFinder:
    """Finds reasons; looks into the entries only where a reason says more than the word that was typed."""

    def __init__(self, index: IndexReader, lexicon: Lexicon) -> None:
        self._index = index
        self._lexicon = lexicon

    def reasons(
        self, numbers: Sequence[int], units: Sequence[Unit], levels: Sequence[Sequence[Level]]
    ) -> dict[int, tuple[Reason, ...]]:
        """Return the reasons of each entry, in the order of the question."""
        best = {
            number: [
                (unit, level)
                for unit, found in zip(units, levels, strict=True)
                if (level := next((one for one in found if one.bits >> number & 1), None)) is not None
            ]
            for number in numbers
        }
        words = self._words(best)
        return {
            number: tuple(
                Reason(unit.typed, level.where, level.how, self._met(level, words.get(number, {})))
                for unit, level in found
            )
            for number, found in best.items()
        }

    def _words(self, best: Mapping[int, Sequence[tuple[Unit, Level]]]) -> dict[int, dict[str, list[tuple[str, str]]]]:
        """Read the words of those columns in which something was met that is not simply what was typed."""
        wanted = {number: {level.where for _, level in found if level.stems} for number, found in best.items()}
        held = self._index.tokens([number for number, columns in wanted.items() if columns])
        ids: dict[tuple[int, str], array[int]] = {
            (number, where): columns[COLUMNS.index(where)]
            for number, columns in held.items()
            for where in wanted[number]
        }
        texts = self._index.words(sorted({one for column in ids.values() for one in column}))
        found: dict[int, dict[str, list[tuple[str, str]]]] = {}
        for (number, where), column in ids.items():
            found.setdefault(number, {})[where] = [texts[one] for one in column if one in texts and texts[one][1]]
        return found

    def _met(self, level: Level, words: Mapping[str, Sequence[tuple[str, str]]]) -> str:
        if not level.stems:
            return level.met
        candidates = words.get(level.where, ())
        if level.how == "begins":
            start = next(iter(level.stems))
            return next((shown for text, shown in candidates if text.startswith(start)), "")
        whole = [shown for text, shown in candidates if text in level.stems]
        # Cutting a word is dear; only one that holds the letters can hold the part.
        folded = ((shown, fold_letters(shown)) for _, shown in candidates)
        likely = [(shown, word) for shown, word in folded if any(key in word for key in level.stems)]
        parts = [shown for shown, word in likely if not level.stems.isdisjoint(self._lexicon.parts(word))]
        if level.how == "language":
            return max([*whole, *parts], key=len, default="")
        return " ".join(whole[: len(level.stems)]) or next(iter(parts), "")
