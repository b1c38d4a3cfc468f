"""What the search knows about words beyond their letters: components of compounds, synonyms, stop words, terms.

Read from the text files in `data/`, which people may edit; a term is a phrase that stands for a value of a filter, in
any language ("language course", "курси", "kostenlos").  Which of them a question uses is decided by `question`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from shared.model.district import District
from shared.model.vocabulary.collection import SynonymGroup, Vocabularies
from shared.search.spelling import split_words, stem

VERSION: Final = 2
"""Changes with everything that makes other tokens of the same text: an index of another version is made anew."""
PHRASE_WORDS: Final = 4
"""Words of the longest phrase that is looked up as one."""

_LEAST_FRONT: Final = 3
_LEAST_HEAD: Final = 4
_LEAST_UNKNOWN: Final = 4
_LINKS: Final = ("", "s", "es", "n", "en", "er", "e", "innen", "ens", "ungs")
_PARTS_MAX: Final = 5

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a phrase stands for: a value of a field of `Asked`, and whether the phrase is German."""

    field: str
    value: str
    is_german: bool


@dataclass(frozen=True, slots=True)
class Term:
    """One phrase of the terms: its folded words, and what it means."""

    words: Phrase
    meaning: Meaning


class Lexicon:
    """All word lists, ready to look up; immutable once made."""

    def __init__(self, components: str, synonyms: str, stop_words: str, terms: Sequence[Term]) -> None:
        lines = list(_lines(components))
        words = [word.folded for line in lines for word in split_words(line)]
        closed = [word.folded for line in lines if line.startswith("=") for word in split_words(line)]
        towns = [word for term in terms if term.meaning.field == "cities" for word in term.words]
        self._closed = frozenset(map(stem, [*closed, *towns]))
        self._stems = frozenset(stem(word) for word in words)
        self._short = frozenset(word for word in words if len(word) < _LEAST_HEAD)
        self.components = frozenset(words)
        stops = list(_lines(stop_words))
        self.stop_words = frozenset(w.folded for line in stops if line[0] != "?" for w in split_words(line))
        self.weak_words = frozenset(w.folded for line in stops if line[0] == "?" for w in split_words(line))
        self._synonyms = _read_synonyms(synonyms)
        self._terms: dict[str, list[Term]] = {}
        for term in dict.fromkeys(terms):
            self._terms.setdefault(term.words[0][:_LEAST_FRONT], []).append(term)

    def parts(self, folded: str) -> Phrase:
        """Return the stems of a compound's parts, front first; empty for a word that is none.

        The head has to be known; a front that is not known counts as one part ("Zeichen|kurs"), but only in a word that
        is not known itself.
        """
        if len(folded) < _LEAST_FRONT + _LEAST_HEAD - 1 or not folded.isalpha() or not folded.isascii():
            return ()
        return self._split(folded, _PARTS_MAX, is_known=stem(folded) in self._stems)

    def _split(self, folded: str, most: int, *, is_known: bool = False) -> Phrase:
        if stem(folded) in self._closed:
            return ()
        found: Phrase = ()
        # The longest head comes first; a front that is known too counts more than that.
        for at in range(_LEAST_FRONT, len(folded) - 2):
            head = folded[at:]
            if not self._is_component(head):
                continue
            if front := self._known_front(folded[:at], most - 1):
                return (*front, *self._leaves(head))
            if not is_known and not found and _may_be_front(folded[:at]):
                found = (stem(folded[:at]), *self._leaves(head))
        return found

    def _leaves(self, word: str) -> Phrase:
        return self._split(word, 2, is_known=True) or (stem(word),)

    def _is_component(self, word: str) -> bool:
        key = stem(word)
        return key in self._stems and (len(word) >= _LEAST_HEAD or word in self._short)

    def _known_front(self, front: str, most: int) -> Phrase:
        """Return the parts of what stands before a head, without the linking letters; empty where one is not known."""
        bare = [front[: len(front) - len(link)] for link in _LINKS if front.endswith(link)]
        for word in bare:
            if len(word) >= _LEAST_FRONT and stem(word) in self._stems:
                return self._leaves(word)
        for word in bare if most > 1 else ():
            parts = self._split(word, most, is_known=True)
            if parts:
                return parts
        return ()

    def synonyms(self, key: Phrase) -> tuple[Phrase, ...]:
        """Return other phrases for one, each as stems."""
        return self._synonyms.get(key, ())

    def meanings(self, words: Sequence[str]) -> list[Meaning]:
        """Return what these folded words mean together; languages that inflect may add up to three letters."""
        found: dict[tuple[str, str], Meaning] = {}
        for term in self._terms.get(words[0][:_LEAST_FRONT], ()):
            if len(term.words) == len(words) and all(map(_is_form, words, term.words)):
                key = (term.meaning.field, term.meaning.value)
                if key not in found or term.meaning.is_german:
                    found[key] = term.meaning
        return list(found.values())

    def term_words(self) -> Iterator[str]:
        """Yield every folded word of every term, for corrections."""
        for terms in self._terms.values():
            for term in terms:
                yield from term.words


def _is_form(typed: str, known: str) -> bool:
    """Tell whether a typed word is a form of a known one: the same, the same stem, or only the ending differs."""
    if typed == known:
        return True
    if typed.isascii() and known.isascii() and len(known) < 6:
        return stem(typed) == stem(known)
    least = max(4, len(known) - (1 if len(known) < 7 else 2))
    return len(known) >= 4 and typed[:least] == known[:least] and len(typed) <= len(known) + 3 and len(typed) >= least


def _may_be_front(front: str) -> bool:
    return len(front) >= _LEAST_UNKNOWN and any(vowel in front for vowel in "aeiouy")


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.strip()


def _read_synonyms(text: str) -> dict[Phrase, tuple[Phrase, ...]]:
    groups: dict[Phrase, dict[Phrase, None]] = {}
    for line in _lines(text):
        left, arrow, right = line.partition(">")
        typed = [stems_of(term) for term in left.split(";") if term.strip()]
        found = [stems_of(term) for term in right.split(";") if term.strip()] if arrow else typed
        for one in typed:
            for other in found:
                if one and other and one != other:
                    groups.setdefault(one, {})[other] = None
    return {phrase: tuple(others) for phrase, others in groups.items()}


def stems_of(text: str) -> Phrase:
    """Return the stems of a phrase's words."""
    return tuple(stem(word.folded) for word in split_words(text))


def read_terms(text: str) -> list[Term]:
    """Read the file of terms: sections `[field value … | field value …]` with lines `language = phrase; phrase`.

    The field `word` stands for no filter but for German words that are looked for instead.
    """
    terms: list[Term] = []
    targets: list[tuple[str, str]] = []
    known: dict[tuple[tuple[str, str], bool], Meaning] = {}
    for line in _lines(text):
        if line.startswith("["):
            fields = [part.split() for part in line.strip("[]").split("|")]
            targets = [(names[0], value) for names in fields for value in names[1:]]
            continue
        language, _, phrases = line.partition("=")
        for phrase in phrases.split(";"):
            words = tuple(sys.intern(word.folded) for word in split_words(phrase))
            if words and len(words) <= PHRASE_WORDS:
                german = language.strip() == "de"
                terms += [Term(words, known.setdefault((t, german), Meaning(*t, german))) for t in targets]
    return terms


def _language_terms(vocabularies: Vocabularies) -> list[Term]:
    """The languages spoken in an offer, by their German and their own names."""
    found = []
    for term in vocabularies["language"].terms:
        names = [term.label.partition(" (")[0], term.own_name or "", *term.aliases]
        for name in names if not term.code.startswith("de") else []:
            words = tuple(word.folded for word in split_words(name))
            if words and len(words) <= PHRASE_WORDS:
                found.append(Term(words, Meaning("languages", term.code, name != term.own_name)))
    return found


def _town_terms(district: District) -> list[Term]:
    """The towns of the district, also by a part of a double name that is long enough to be meant."""
    found = []
    for member in district.members:
        names = split_words(member.town)
        wholes = [tuple(word.folded for word in names)] if names else []
        if len(names) > 1:
            wholes += [(word.folded,) for word in names if len(word.folded) >= 6]
        found += [Term(words, Meaning("cities", member.name, is_german=True)) for words in wholes]
    return found


def _district_terms(vocabularies: Vocabularies) -> list[Term]:
    """The words that the district gave to topics and target groups."""
    found = []
    for group in vocabularies.synonyms.groups:
        field = _FIELDS.get(group.vocabulary, "")
        for phrase in group.words if field else ():
            words = tuple(word.folded for word in split_words(phrase))
            if words and len(words) <= PHRASE_WORDS:
                code = vocabularies[group.vocabulary].current(group.code)
                found.append(Term(words, Meaning(field, code, is_german=True)))
    return found


_FIELDS: Final = {"topic": "topics", "target_group": "open_to"}


def _as_line(group: SynonymGroup) -> str:
    """Write a group as a line of the synonyms; what would mean something else there becomes a space."""
    return "; ".join(word.translate(_MARKS).strip() for word in group.words)


_MARKS: Final = str.maketrans(dict.fromkeys(";>#\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029", " "))


@cache
def _shipped_terms() -> tuple[Term, ...]:
    return tuple(read_terms(_shipped("terms")))


def _shipped(name: str) -> str:
    """The text of a word list that comes with the program."""
    return (resources.files("shared.search") / "data" / f"{name}.txt").read_text("utf-8")


def load_lexicon(vocabularies: Vocabularies, district: District) -> Lexicon:
    """Read the word lists that come with the program, with the words, towns and languages of the district."""
    components, synonyms, stop_words = (_shipped(name) for name in ("components", "synonyms", "stopwords"))
    groups = vocabularies.synonyms.groups
    synonyms = "\n".join([synonyms, *(_as_line(group) for group in groups if not group.code)])
    known = [
        *_shipped_terms(), *_language_terms(vocabularies), *_town_terms(district), *_district_terms(vocabularies),
    ]  # fmt: skip
    codes = {name: vocabulary.codes() for name, vocabulary in vocabularies.items()}
    kept = [_current(term, vocabularies) for term in known if _exists(term.meaning, codes, district)]
    return Lexicon(components, synonyms, stop_words, kept)


_NAMES: Final = {"topics": "topic", "open_to": "target_group", "modes": "mode", "offer_types": "offer_type"}


def _current(term: Term, vocabularies: Vocabularies) -> Term:
    name, meaning = _NAMES.get(term.meaning.field), term.meaning
    code = meaning.value if name is None else vocabularies[name].current(meaning.value)
    return term if code == meaning.value else Term(term.words, Meaning(meaning.field, code, meaning.is_german))


def _exists(meaning: Meaning, codes: Mapping[str, frozenset[str]], district: District) -> bool:
    if meaning.field in _NAMES:
        return meaning.value in codes[_NAMES[meaning.field]]
    return meaning.field != "cities" or district.member(meaning.value) is not None
