"""Titles and names as words that can be compared: stems, the parts of compounds, what each counts, what it may mean.

Rules and no statistics: two offers are as alike in a catalogue of fifty as in one of twenty thousand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final

from shared.likeness.bags import EMPTY, NO_PAIRS, TYPO, Bag, Part, Term, weighed
from shared.likeness.wordlists import ALIKE, AUDIENCE, FRONTS, GENERIC, SAME, SHORT, WEAK
from shared.search.lexicon import Lexicon
from shared.search.spelling import WORD_MAX, Word, fold_letters, stem, written_words

_PHRASE: Final = 4
_TITLE_WORDS: Final = 25
"""In longer texts only single words are looked up."""
_LEAST_CUT: Final = 15
_REMEMBERED: Final = 50_000

_CUT: Final = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,})\.(?=\s*-?\s*[^\W\d_])")
_ACRONYM: Final = re.compile(r"[A-ZÄÖÜ][a-zäöü]?[A-ZÄÖÜ]{1,4}")

_BACKGROUND: Final = re.compile(
    r"(?:migrations|zuwanderungs|einwanderungs)(?:hintergrund|geschichte)|(internationale[rn]?) (geschichte)",
    re.IGNORECASE,
)


class Wording:
    """Makes bags of texts; remembers every word it has seen, so one serves for many offers.

    Args:
        lexicon: components of compounds, synonyms and stop words of the search.
        towns: folded words of the towns' names; they count nothing, because places are compared apart.
    """

    def __init__(self, lexicon: Lexicon, towns: frozenset[str]) -> None:
        self._lexicon = lexicon
        self._towns = towns
        self._known: dict[str, tuple[Part, ...]] = {}
        self._words: dict[str, Word] = {}
        self._stems: dict[str, str] = {}
        self._spoken: dict[str, frozenset[str]] = {}
        self._plain: dict[str, Term | None] = {}
        self._meant_by: dict[str, frozenset[str]] = {}
        self._weak = frozenset(map(stem, lexicon.weak_words))
        self._components = frozenset(map(stem, lexicon.components))

    def bag(
        self, text: str, *, written: str = "", known: Bag = EMPTY, known_worth: float = 1.0, with_meanings: bool = True
    ) -> Bag:
        """Return the words of a text that count.

        Args:
            written: the text as it stood, where `text` lost the dots of abbreviations.
            known: words that say little here, as those of the own provider in a title.
            known_worth: what these count, as a share.
            with_meanings: also note synonyms.
        """
        cut = {fold_letters(found[1]) for found in _CUT.finditer(written or text)}
        short = {w.folded for w in self._split(written or text) if _ACRONYM.fullmatch(w.shown) and w.shown.isalpha()}
        text = _BACKGROUND.sub("Zugewanderte", text)
        terms: list[Term] = []
        folded: list[str] = []
        for word in self._split(text):
            for name in SHORT.get(word.folded, word.folded).split():
                is_own = name == word.folded
                folded.append(name if is_own else fold_letters(name))
                term = self._term(folded[-1], is_cut=is_own and name in cut, is_acronym=is_own and name in short)
                if term is not None:
                    terms.append(_lighter(term, known, known_worth))
        unique = tuple({term.stem: term for term in terms}.values())
        meant = self._meant(unique, folded) if with_meanings else frozenset()
        return Bag(unique, meant, self._initials(folded), self._joined(folded))

    def languages(self, text: str) -> frozenset[str]:
        """Return the languages that a text names, German left out, by their codes."""
        return frozenset(code for word in self._split(text) for code in self._languages_of(word.folded))

    def _languages_of(self, folded: str) -> frozenset[str]:
        found = self._spoken.get(folded)
        if found is None:
            if len(self._spoken) > _REMEMBERED:
                self._spoken.clear()
            names = (folded, *self._lexicon.parts(folded))
            meant = [one for name in names for one in self._lexicon.meanings([name])]
            codes = frozenset(one.value for one in meant if one.field == "languages" and one.is_german)
            found = self._spoken[folded] = codes
        return found

    def knows(self, name: str) -> bool:
        """Tell whether a stem is one of the domain; others are mostly names."""
        return name in self._components or name in SAME.values()

    def _split(self, text: str) -> list[Word]:
        """As the search splits a text; each word is folded once."""
        found = []
        for shown in written_words(text):
            word = self._words.get(shown)
            if word is None:
                if len(self._words) > _REMEMBERED:
                    self._words.clear()
                word = self._words[shown] = Word(shown[:WORD_MAX], fold_letters(shown)[:WORD_MAX])
            found.append(word)
        return found

    def _term(self, folded: str, *, is_cut: bool, is_acronym: bool) -> Term | None:
        if folded not in self._plain:
            if len(self._plain) > _REMEMBERED:
                self._plain.clear()
            self._plain[folded] = self._read_term(folded)
        plain = self._plain[folded]
        if plain is None or not (is_cut or is_acronym):
            return plain
        return Term(plain.stem, plain.parts, is_cut, folded if is_acronym else "")

    def _read_term(self, folded: str) -> Term | None:
        """The word with its parts; None for one that counts nothing."""
        if folded in self._lexicon.stop_words or folded in self._towns or folded.isdigit() or len(folded) < 2:
            return None
        if folded.endswith("er") and folded[:-2] in self._towns:  # Marler, Dorstener
            return None
        name = self._stem(folded)
        return Term(SAME.get(name, name), self._parts(folded))

    def _parts(self, folded: str) -> tuple[Part, ...]:
        found = self._known.get(folded)
        if found is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            names = self._lexicon.parts(folded) or self._cut_front(folded) or (stem(folded),)
            weights = [(name, self._weight(name)) for name in names]
            found = self._known[folded] = tuple(Part(SAME.get(name, name), weight) for name, weight in weights)
        return found

    def _cut_front(self, folded: str) -> tuple[str, ...]:
        """The parts of a word that the search keeps whole, as Flüchtlingsarbeitskreis, where its front is known."""
        if not folded.startswith(FRONTS) or len(folded) < _LEAST_CUT:
            return ()
        front = next(one for one in FRONTS if folded.startswith(one))
        rest = folded[len(front) :]
        return (stem(front), *(self._lexicon.parts(rest) or (stem(rest),)))

    def _weight(self, name: str) -> float:
        if name in GENERIC:
            return 0.15
        if name in WEAK or name in self._weak:
            return 0.45
        if name in AUDIENCE:
            return 0.5
        return 1.0 if name in self._components else 1.1

    def _meant(self, terms: Sequence[Term], folded: Sequence[str]) -> frozenset[str]:
        """What the words may stand for, alone or as a phrase."""
        found: set[str] = set()
        for term in terms:
            found |= self._meant_alone(term.stem)
            if len(term.parts) > 1:
                found.update(*(self._meant_alone(part.stem) for part in term.parts))
        stems = [self._stem(word) for word in folded]
        if len(stems) <= _TITLE_WORDS:
            for size in range(2, _PHRASE + 1):
                for at in range(len(stems) - size + 1):
                    phrases = self._lexicon.synonyms(tuple(stems[at : at + size]))
                    found.update(phrase[0] for phrase in phrases if len(phrase) == 1)
        return frozenset(found)

    def _meant_alone(self, name: str) -> frozenset[str]:
        found = self._meant_by.get(name)
        if found is None:
            alike = {other for group in ALIKE if name in group for other in group} - {name}
            alike.update(phrase[0] for phrase in self._lexicon.synonyms((name,)) if len(phrase) == 1)
            found = self._meant_by[name] = frozenset(alike)
        return found

    def _stem(self, folded: str) -> str:
        found = self._stems.get(folded)
        if found is None:
            if len(self._stems) > _REMEMBERED:
                self._stems.clear()
            found = self._stems[folded] = stem(folded)
        return found

    def _joined(self, folded: Sequence[str]) -> Mapping[str, tuple[str, str]]:
        """Neighbours written together: Bilderbuch-Kino is a Bilderbuchkino."""
        if len(folded) > _TITLE_WORDS:
            return NO_PAIRS
        pairs = pairwise(folded)
        return {self._stem(one + other): (self._stem(one), self._stem(other)) for one, other in pairs}

    def _initials(self, folded: Sequence[str]) -> tuple[str, ...]:
        """The first letters of all words and parts: with the little words, and without."""
        if len(folded) > _TITLE_WORDS:
            return ()
        every, telling = [], []
        for word in folded:
            firsts = "".join(part.stem[:1] for part in self._parts(word))
            every.append(firsts)
            if word not in self._lexicon.stop_words:
                telling.append(firsts)
        return tuple(dict.fromkeys(("".join(every), "".join(telling))))


def _lighter(term: Term, known: Bag, worth: float) -> Term:
    if worth == 1.0 or not known.terms or known.holds(term) < TYPO:
        return term
    return weighed(term, worth)
