"""Titles and names as words that can be compared: stems, the parts of compounds, what each counts, what it may mean.

Rules and no statistics: two offers are as alike in a catalogue of fifty as in one of twenty thousand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from rapidfuzz import fuzz, process

from shared.search.lexicon import Lexicon
from shared.search.spelling import fold_letters, split_words, stem

SYNONYM: Final = 0.7
"""A synonym finds more than the same thing (Deutschkurs and Integrationskurs), so it does not count fully."""
TYPO: Final = 0.92
TELLING: Final = 0.9
"""What a part counts at least that tells one offer from another."""
PIECE: Final = 0.9
_LEAST_LIKE: Final = 84.0
_LEAST_FUZZY: Final = 5
_LETTERS_APART: Final = 2
_PHRASE: Final = 4
_TITLE_WORDS: Final = 25
"""In longer texts only single words are looked up."""
_REMEMBERED: Final = 50_000

_CUT: Final = re.compile(r"(?<![^\W\d_])([^\W\d_]{3,})\.(?=\s*-?\s*[^\W\d_])")
_ACRONYM: Final = re.compile(r"[A-ZÄÖÜ][a-zäöü]?[A-ZÄÖÜ]{1,4}")

_GENERIC: Final = """
angebot angebote projekt programm offen offene offenes regional regionale regionales allgemein allgemeine neu neue
gemeinsam wöchentlich wöchentliches kostenlos kostenlose kostenfrei verschieden verschiedene stadt kreis kreisweit
deutschland örtlich vor ort durch rund weiterer weitere zwei drei vier fünf zweite dritte erste
"""
_WEAK: Final = """
kurs kurse gruppe treff treffen treffpunkt stelle dienst hilfe arbeit punkt zentrum haus büro stunde stunden lernen
nrw interkulturell interkulturelle interkulturelles servicestelle anlaufstelle fachdienst
regionale unterstützung verband verein gemeinde organisation institut referat
fachbereich amt abteilung bezirk werk gesellschaft region
"""
_AUDIENCE: Final = """
flüchtling flüchtlinge geflüchtete geflüchteter zugewanderte zuwanderer zuwanderung migrant migranten migration
migrationshintergrund asylsuchende asylbewerber asyl flucht frauen mädchen männer jungen kinder kind jugend jugendliche
eltern familie familien senior senioren erwachsene mutter mütter vater väter ehrenamt ehrenamtliche menschen personen
ältere junge anfänger einsteiger fortgeschrittene bedürftige
"""


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word.folded) for word in split_words(text))


_GENERIC_STEMS: Final = _stems(_GENERIC)
_WEAK_STEMS: Final = _stems(_WEAK)
_AUDIENCE_STEMS: Final = _stems(_AUDIENCE)

# What people write short, folded, to what it stands for.
_SHORT: Final = {
    "awo": "arbeiterwohlfahrt",
    "begleitg": "begleitung",
    "diakonie": "diakonisches werk",
    "dksb": "kinderschutzbund",
    "drk": "deutsches rotes kreuz",
    "dw": "diakonisches werk",
    "ev": "evangelisch",
    "evgl": "evangelisch",
    "evang": "evangelisch",
    "fbs": "familienbildungsstätte",
    "gfl": "geflüchtete",
    "intern": "international",
    "jmd": "jugendmigrationsdienst",
    "jz": "jugendzentrum",
    "juz": "jugendzentrum",
    "kath": "katholisch",
    "ki": "kommunales integrationszentrum",
    "kim": "kommunales integrationsmanagement",
    "ksb": "kreissportbund",
    "mbe": "migrationsberatung erwachsene zuwanderer",
    "mgh": "mehrgenerationenhaus",
    "mso": "migrantenorganisation",
    "rk": "römisch katholisch",
    "skf": "sozialdienst katholischer frauen",
    "skm": "sozialdienst katholischer männer",
    "vhs": "volkshochschule",
    "stadtverwaltung": "stadt",
    "kreisverwaltung": "kreis",
}

# Words for the same people, whole or as parts of compounds.
_SAME: Final = {
    stem(fold_letters(word)): stem(fold_letters(words.split()[0]))
    for words in (
        "geflüchtete flüchtling flüchtlinge asylsuchende asylbewerber asylsuchend flüchtend fluchterfahrung",
        "zugewanderte zuwanderer zuwanderung einwanderer eingewanderte einwanderung migrant migranten ausländer",
        "mutter mütter mama", "vater väter papa", "senioren rentner",
    )
    for word in words.split()
}  # fmt: skip
# Heads and subjects that people exchange without meaning another thing; nearer than the search's synonyms.
_ALIKE: Final = tuple(
    frozenset(stem(fold_letters(word)) for word in words.split())
    for words in (
        "qualifizierung ausbildung schulung fortbildung weiterbildung lehrgang",
        "beratung sprechstunde beratungsstelle beratungsdienst",
        "kurs unterricht lehrgang",
        "hilfe unterstützung begleitung betreuung",
        "treff treffen treffpunkt begegnung",
        "gruppe kreis runde",
        "annahme abgabe sammlung",
        "sprache sprach deutsch",
        "rad fahrrad",
        "ausgabe kammer laden",
        "amt behörde",
        "anfänger einsteiger einstieg grundlagen",
        "pate patenschaft",
    )
)
_BACKGROUND: Final = re.compile(
    r"(?:migrations|zuwanderungs|einwanderungs)(?:hintergrund|geschichte)|(internationale[rn]?) (geschichte)",
    re.IGNORECASE,
)


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
        terms = tuple(_weighed(term, worth) if term.stem in stems else term for term in self.terms)
        return Bag(terms, self.meant, self.initials, self.joined)

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
        like = max(TYPO * _is_like(name, self.parts), self._holds_piece(name))
        return max(like, SYNONYM if name in self.meant else 0.0)

    def _holds_piece(self, name: str) -> float:
        """How far a compound that nobody knows how to cut is made of words here, or is such a word's piece."""
        size = len(name)
        if size < _LEAST_FUZZY:
            return 0.0
        front = back = False
        for other in self.parts:
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
        short = {w.folded for w in split_words(written or text) if _ACRONYM.fullmatch(w.shown) and w.shown.isalpha()}
        text = _BACKGROUND.sub("Zugewanderte", text)
        terms: list[Term] = []
        folded: list[str] = []
        for word in split_words(text):
            for name in _SHORT.get(word.folded, word.folded).split():
                folded.append(fold_letters(name))
                is_own = name == word.folded
                term = self._term(folded[-1], is_cut=is_own and name in cut, is_acronym=is_own and name in short)
                if term is not None:
                    terms.append(_lighter(term, known, known_worth))
        unique = tuple({term.stem: term for term in terms}.values())
        meant = self._meant(unique, folded) if with_meanings else frozenset()
        return Bag(unique, meant, self._initials(folded), self._joined(folded))

    def languages(self, text: str) -> frozenset[str]:
        """Return the languages that a text names, German left out, by their codes."""
        return frozenset(code for word in split_words(text) for code in self._languages_of(word.folded))

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
        return name in self._components or name in _SAME.values()

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
        return Term(_SAME.get(name, name), self._parts(folded))

    def _parts(self, folded: str) -> tuple[Part, ...]:
        found = self._known.get(folded)
        if found is None:
            if len(self._known) > _REMEMBERED:
                self._known.clear()
            names = self._lexicon.parts(folded) or (stem(folded),)
            weights = [(name, self._weight(name)) for name in names]
            found = self._known[folded] = tuple(Part(_SAME.get(name, name), weight) for name, weight in weights)
        return found

    def _weight(self, name: str) -> float:
        if name in _GENERIC_STEMS:
            return 0.15
        if name in _WEAK_STEMS or name in self._weak:
            return 0.45
        if name in _AUDIENCE_STEMS:
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
            alike = {other for group in _ALIKE if name in group for other in group} - {name}
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
    return _weighed(term, worth)


def _weighed(term: Term, worth: float) -> Term:
    return Term(term.stem, tuple(Part(p.stem, p.weight * worth) for p in term.parts), term.is_cut, term.acronym)
