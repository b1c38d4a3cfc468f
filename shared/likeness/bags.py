"""Bags of words that are found in one another: whole, in parts of compounds, by initials, but for a typing mistake.

What a word counts and what it may mean is decided in `words`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz import fuzz, process

SYNONYM: Final = 0.7
"""A synonym finds more than the same thing (Deutschkurs and Integrationskurs), so it does not count fully."""
TYPO: Final = 0.92
TELLING: Final = 0.9
"""What a part counts at least that tells one offer from another."""
PIECE: Final = 0.9
_LEAST_LIKE: Final = 84.0
_LEAST_FUZZY: Final = 5
_LETTERS_APART: Final = 2
_MANY_WORDS: Final = 25


@dataclass(frozen=True, slots=True)
class Part:
    """A stem with what it counts."""

    stem: str
    weight: float


@dataclass(frozen=True, slots=True)
class Term:
    """One word: its stem, the parts of a compound (or the stem alone), and how it was written short.

    `weight` is what all parts count together.
    """

    stem: str
    parts: tuple[Part, ...]
    is_cut: bool = False
    acronym: str = ""
    weight: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "weight", sum(part.weight for part in self.parts))


NO_PAIRS: Final[Mapping[str, tuple[str, str]]] = {}


class Bag:
    """The words of a text, ready to be found by the words of another.

    What was asked once is remembered: in a block the same words come again and again.
    """

    __slots__ = (
        "_found",
        "_held",
        "acronyms",
        "cut",
        "initials",
        "joined",
        "meant",
        "parts",
        "stems",
        "terms",
        "weight",
    )

    def __init__(
        self,
        terms: tuple[Term, ...],
        meant: frozenset[str],
        initials: tuple[str, ...],
        joined: Mapping[str, tuple[str, str]] = NO_PAIRS,
    ) -> None:
        self.joined = joined
        self.terms = terms
        self.meant = meant
        self.initials = initials
        self.stems = frozenset(term.stem for term in terms)
        self.parts = frozenset(part.stem for term in terms for part in term.parts)
        self.cut = tuple(term.stem for term in terms if term.is_cut)
        self.acronyms = tuple(term.acronym for term in terms if term.acronym)
        self.weight = sum(term.weight for term in terms)
        self._found: dict[str, float] = {}
        self._held: dict[str, float] = {}

    def lighter(self, stems: frozenset[str], worth: float) -> Bag:
        """Return the same words, of which some count less."""
        terms = tuple(weighed(term, worth) if term.stem in stems else term for term in self.terms)
        return Bag(terms, self.meant, self.initials, self.joined)

    @property
    def has_telling(self) -> bool:
        """There is a word that tells one from another."""
        return any(part.weight >= TELLING for term in self.terms for part in term.parts)

    def holds(self, term: Term) -> float:
        """Return how far a word is here, from 0 to 1."""
        if term.stem in self.stems or term.stem in self.joined:
            return 1.0
        if term.is_cut or term.acronym:
            return self._look_for_term(term)
        # How far does not depend on what the word counts: all its parts count more or less together.
        held = self._held.get(term.stem)
        if held is None:
            held = self._held[term.stem] = self._look_for_term(term)
        return held

    def _look_for_term(self, term: Term) -> float:
        if term.acronym and self.has_initials(term.acronym):
            return 1.0
        found = sum(part.weight * self._holds_part(part.stem, is_cut=term.is_cut) for part in term.parts)
        share = found / term.weight if term.weight else 1.0
        if term.stem in self.meant:
            return max(share, SYNONYM)
        if share >= SYNONYM or len(term.parts) > 1:
            return share
        return max(share, TYPO * _is_like(term.stem, self.stems))

    def has_initials(self, acronym: str) -> bool:
        """Tell whether an acronym stands for words here."""
        return any(_stands_for(acronym, initials) for initials in self.initials)

    def lacks(self, name: str) -> bool:
        """Tell that a stem is not here in any form."""
        return name not in self.stems and self._holds_part(name, is_cut=False) <= 0.5

    def _holds_part(self, name: str, *, is_cut: bool) -> float:
        if name in self.parts:
            return 1.0
        if is_cut and any(other.startswith(name) for other in self.parts | self.stems):
            return 1.0
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._look_for(name)
        return found

    def _look_for(self, name: str) -> float:
        if any(name.startswith(cut) for cut in self.cut):
            return 1.0
        # In a long text nobody looks for typing mistakes.
        is_like = len(self.parts) <= _MANY_WORDS and _is_like(name, self.parts)
        like = max(TYPO * is_like, self._holds_piece(name))
        return max(like, SYNONYM if name in self.meant else 0.0)

    def _holds_piece(self, name: str) -> float:
        """How far a compound that nobody knows how to cut is made of words here, or is such a word's piece."""
        size = len(name)
        if size < _LEAST_FUZZY:
            return 0.0
        front = back = False
        for other in self.parts | self.stems:
            if len(other) > size + 2 and (other.startswith(name) or other.endswith(name)):
                return PIECE
            if len(other) >= _LEAST_FUZZY:
                if name.startswith(other):
                    if len(other) > _LEAST_FUZZY and size - len(other) < _LEAST_FUZZY:
                        return PIECE
                    front = True
                back = back or name.endswith(other)
        if size < 2 * _LEAST_FUZZY - 1:
            return 0.0
        return 1.0 if front and back else 0.5 * (front or back)


def _is_like(name: str, others: frozenset[str]) -> bool:
    """Tell whether a word is among others but for a typing mistake."""
    if len(name) < _LEAST_FUZZY or not others:
        return False
    near = [other for other in others if abs(len(other) - len(name)) <= _LETTERS_APART]
    return process.extractOne(name, near, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKE, processor=None) is not None


EMPTY: Final = Bag((), frozenset(), ())


def _stands_for(acronym: str, initials: str) -> bool:
    """Two letters are too few to be found anywhere but at the beginning."""
    return acronym in initials if len(acronym) > 2 else initials.startswith(acronym)


def coverage(bag: Bag, other: Bag, *, beside: Bag = EMPTY, beside_worth: float = 0.0) -> float:
    """Return which share of a bag's words is in another one.

    Args:
        beside: a further text; words that are only there count `beside_worth`.
    """
    if not bag.weight:
        return 0.0
    explained = stems_explained(bag, other)
    found = 0.0
    for term in bag.terms:
        share = 1.0 if term.stem in explained else other.holds(term)
        if share < beside_worth and beside.terms:
            share = max(share, beside_worth * beside.holds(term))
        found += term.weight * share
    return found / bag.weight


def rough_coverage(bag: Bag, other: Bag) -> float:
    """Return which share of a long text's words is in another one, without a look at typing mistakes."""
    if not bag.weight:
        return 0.0
    found = 0.0
    for term in bag.terms:
        if term.stem in other.stems:
            found += term.weight
            continue
        share = sum(part.weight for part in term.parts if part.stem in other.parts)
        found += max(share, SYNONYM * term.weight if term.stem in other.meant else 0.0)
    return found / bag.weight


def stems_explained(bag: Bag, other: Bag) -> frozenset[str]:
    """Return the stems of a bag for which the other one has the initials, or that it writes together."""
    found = {name for stem in other.stems & bag.joined.keys() for name in bag.joined[stem]}
    for acronym in other.acronyms:
        for initials in bag.initials:
            if _stands_for(acronym, initials):
                found.update(_named_by(acronym, bag.terms))
    return frozenset(found)


def _named_by(acronym: str, terms: Sequence[Term]) -> Iterator[str]:
    firsts = [(part.stem[:1], term.stem) for term in terms for part in term.parts]
    letters = "".join(first for first, _ in firsts)
    at = letters.find(acronym)
    if at >= 0:
        yield from (name for _, name in firsts[at : at + len(acronym)])


def weighed(term: Term, worth: float) -> Term:
    """Return the word with other weights."""
    return Term(term.stem, tuple(Part(p.stem, p.weight * worth) for p in term.parts), term.is_cut, term.acronym)
