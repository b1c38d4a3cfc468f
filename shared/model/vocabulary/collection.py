"""All vocabularies as they hold at one moment, with the search words that the district added to them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from shared.errors import ParseError
from shared.model.offer import OfferDoc
from shared.model.vocabulary.terms import Vocabulary

_Phrase = Annotated[str, Meta(min_length=1, max_length=80)]

SYNONYMS: Final = "synonyms"
"""Name of the list of search words among the records of the hub."""
TERM_FIELDS: Final = {
    "topics": "topic", "target_groups": "target_group", "especially_for": "target_group", "access": "access",
    "mode": "mode",
}  # fmt: skip
"""Fields of an offer with the vocabulary that their codes come from."""


class SynonymGroup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Words that find each other; those of a term (`topic` or `target_group`) also find the offers under it."""

    words: Annotated[tuple[_Phrase, ...], Meta(min_length=1, max_length=40)]
    vocabulary: str = ""
    code: str = ""


class SynonymList(msgspec.Struct, frozen=True, kw_only=True):
    """The search words of the district, in one version; the program's own stand beside them."""

    version: Annotated[int, Meta(ge=0)] = 0
    groups: Annotated[tuple[SynonymGroup, ...], Meta(max_length=500)] = ()


def synonyms_from_builtins(value: Any) -> SynonymList:
    """Read a list of search words that another party wrote; ParseError where it does not fit."""
    try:
        return msgspec.convert(value, SynonymList)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ParseError(f"synonyms: {error}") from error


class Vocabularies(Mapping[str, Vocabulary]):
    """The vocabularies by name; immutable, so that what was made of them holds as long as the same object is given."""

    def __init__(self, by_name: Mapping[str, Vocabulary], synonyms: SynonymList | None = None) -> None:
        self._by_name = dict(by_name)
        self.synonyms = synonyms or SynonymList()

    def __getitem__(self, name: str) -> Vocabulary:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    @cached_property
    def mark(self) -> str:
        """A short text that differs whenever anything of them does."""
        return hashlib.sha256(msgspec.json.encode([self._by_name, self.synonyms])).hexdigest()[:16]

    @cached_property
    def _replaced(self) -> Mapping[str, Mapping[str, str]]:
        found = {name: vocabulary.replaced() for name, vocabulary in self._by_name.items()}
        return {name: codes for name, codes in found.items() if codes}

    def current(self, name: str, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Return what codes count as, each once: replaced ones as what replaced them."""
        replaced = self._replaced.get(name)
        if replaced is None or replaced.keys().isdisjoint(codes):
            return codes
        return tuple(dict.fromkeys(replaced.get(code, code) for code in codes))

    def current_terms(self, doc: OfferDoc) -> OfferDoc:
        """Return an offer under the terms that count now; the same object where none of its terms was replaced."""
        if not self._replaced:
            return doc
        changed: dict[str, Any] = {}
        for field, name in TERM_FIELDS.items():
            codes = getattr(doc, field)
            if (current := self.current(name, codes)) is not codes:
                changed[field] = current
        if doc.offer_type and (kind := self.current("offer_type", (doc.offer_type,))) != (doc.offer_type,):
            changed["offer_type"] = kind[0]
        return msgspec.structs.replace(doc, **changed) if changed else doc
