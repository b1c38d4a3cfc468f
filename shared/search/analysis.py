"""Which tokens of an offer stand in the index: its words under their stems, parts of compounds, pairs of words.

Never indexed: contacts, the assurer, mail and web addresses, telephone numbers, and the names of persons that a text
gives elsewhere (a contact's name, what follows "Frau" or "Herr"): persons are not searchable.

Forms of tokens: `kurs` a whole word, `-kurs` a part of a compound, `+deutsch+kurs` two component words that stand close
to each other in a running text, where being somewhere in the same text says too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final, NamedTuple

from shared.model.offer import OfferDoc
from shared.model.parts import Place
from shared.model.vocabulary.terms import UNKNOWN, Vocabulary
from shared.search.found import Where
from shared.search.lexicon import Lexicon
from shared.search.spelling import WORD_MAX, fold_letters, split_words, stem, written_words

COLUMNS: Final[tuple[Where, ...]] = ("title", "topic", "target", "provider", "summary", "place", "text")
"""Parts of an offer, in the order in which the index numbers them."""
PART: Final = "-"
PAIR: Final = "+"
NEAR_WORDS: Final = 3
"""Two words that are at most so many places apart stand together."""

_RUNNING: Final = frozenset({"text"})
_ADDRESSES: Final = re.compile(r"\S+@\S+|\bhttps?://\S+|\bwww\.\S+|\(?\+?[0-9][0-9 ()/.–-]{6,}[0-9]")
_PERSON: Final = re.compile(
    r"\b(Herrn?|Frau|Hr\.|Fr\.|Dr\.(?: med\.)?|Prof\.)"
    r"((?:\s+(?:Dr\.|Prof\.|[A-ZÄÖÜ]\.|[A-ZÄÖÜ][\w-]*[a-zäöüß][\w-]*)){1,3})"
)

Tokens = dict[str, str]
"""Token to the word as it is written."""


class Analyzer:
    """Makes tokens of texts; remembers the words it has seen, so it should live no longer than one round of work."""

    def __init__(self, lexicon: Lexicon, vocabularies: Mapping[str, Vocabulary]) -> None:
        self._lexicon = lexicon
        self._labels = {
            name: {term.code: term.label for term in vocabulary.terms} for name, vocabulary in vocabularies.items()
        }
        self._ancestors = {
            term.code: vocabularies["topic"].ancestors(term.code) for term in vocabularies["topic"].terms
        }
        self._known: dict[str, _Known] = {}
        self._components = frozenset(map(stem, lexicon.components))

    def tokens(self, doc: OfferDoc) -> tuple[Tokens, ...]:
        """Return the tokens of an offer, for each of `COLUMNS`."""
        persons = frozenset(word.folded for contact in doc.contacts for word in split_words(contact.name))
        # A contact called "Team Beratung" is no person: words of the domain stay.
        persons = frozenset(word for word in persons if stem(word) not in self._components)
        return tuple(
            self._column(text, persons, is_running=column in _RUNNING)
            for column, text in zip(COLUMNS, self._texts(doc), strict=True)
        )

    def _texts(self, doc: OfferDoc) -> tuple[list[str], ...]:
        above = [code for topic in doc.topics for code in self._ancestors.get(topic, ())]
        kinds = [self._label("offer_type", doc.offer_type)] if doc.offer_type not in (None, UNKNOWN) else []
        groups = dict.fromkeys((*doc.target_groups, *doc.especially_for))
        others = list(doc.translations.values())
        return (
            [doc.name, doc.alternate_name, *(one.name for one in others)],
            [*(self._label("topic", code) for code in dict.fromkeys((*doc.topics, *above))), *kinds],
            [*(self._label("target_group", code) for code in groups), doc.eligibility],
            [text for one in doc.providers for text in (one.name, one.alternate_name)] + [doc.program],
            [doc.summary, *(one.summary for one in others)],
            [text for place in doc.locations for text in _place_texts(place, doc.address_confidential)],
            [
                doc.body, doc.application_process, doc.interpretation, doc.fees_text,
                doc.accreditation, doc.schedule_text, *(self._label("language", one.code) for one in doc.languages),
                *(self._label("mode", code) for code in doc.mode if code != UNKNOWN),
            ],
        )  # fmt: skip

    def _label(self, vocabulary: str, code: str | None) -> str:
        return self._labels[vocabulary].get(code or "", "")

    def _column(self, texts: Iterable[str], persons: frozenset[str], *, is_running: bool) -> Tokens:
        found: Tokens = {}
        nearby: list[str] = []
        for text in texts:
            for written in written_words(_without_persons(text)) if text else ():
                word = self._known.get(written) or self._read(written)
                if word.folded in persons:
                    continue
                found.setdefault(word.key, written[:WORD_MAX])
                for token in word.parts:
                    found.setdefault(token, "")
                if is_running:
                    for token in word.pairs:
                        found.setdefault(token, "")
                    if not word.is_stop:
                        nearby.append(word.key if word.is_component else "")
            nearby.append("")
        for token in self._pairs(nearby):
            found.setdefault(token, "")
        return found

    def _pairs(self, keys: list[str]) -> Iterable[str]:
        for at, first in enumerate(keys):
            if first:
                for second in keys[at + 1 : at + 1 + NEAR_WORDS]:
                    if second and second != first:
                        yield pair_token(first, second)

    def _read(self, written: str) -> _Known:
        folded = fold_letters(written)[:WORD_MAX]
        key, parts = stem(folded), self._lexicon.parts(folded)
        known = self._known[written] = _Known(
            folded, key, tuple(PART + part for part in parts), tuple(pairs_of(parts)),
            key in self._components, folded in self._lexicon.stop_words,
        )  # fmt: skip
        return known


class _Known(NamedTuple):
    """A word that was seen: its spelling, stem, the tokens of its parts, and what it is to running texts."""

    folded: str
    key: str
    parts: tuple[str, ...]
    pairs: tuple[str, ...]
    is_component: bool
    is_stop: bool


def pair_token(one: str, other: str) -> str:
    """Return the token of two stems that stand together, in whatever order."""
    first, second = sorted((one, other))
    return f"{PAIR}{first}{PAIR}{second}"


def pairs_of(parts: tuple[str, ...]) -> list[str]:
    """Return the tokens that say together that all parts stand close to each other."""
    return [pair_token(one, other) for one, other in pairwise(parts) if one != other]


def _without_persons(text: str) -> str:
    return _PERSON.sub(r"\1 ", _ADDRESSES.sub(" ", text))


def _place_texts(place: Place, is_confidential: bool) -> tuple[str, ...]:
    if is_confidential:
        return (place.city,)
    return (place.name, place.address_1, place.postal_code, place.city)
