"""Vocabularies as HSDS taxonomies and terms; ids are equal on all nodes, whatever the label or version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.hsds.parts import Object, dashed, filled
from shared.model.vocabulary.terms import Term, Vocabulary

TAXONOMIES: Final = ("topic", "target_group", "access", "mode", "offer_type", "org_type", "accessibility")
"""The vocabularies that HSDS readers see, in the order in which they are listed; languages are codes of ISO 639."""


class Terms:
    """All taxonomies and terms, made once; look-ups give the finished objects.

    Args:
        vocabularies: by name.
    """

    def __init__(self, vocabularies: Mapping[str, Vocabulary]) -> None:
        self.vocabularies = vocabularies
        self.taxonomies: dict[str, Object] = {name: _taxonomy(vocabularies[name]) for name in TAXONOMIES}
        self._terms: dict[tuple[str, str], Object] = {
            (name, term.code): _term(vocabularies[name], term)
            for name in TAXONOMIES
            for term in vocabularies[name].terms
        }
        self._by_id = {term["id"]: key for key, term in self._terms.items()}

    def term(self, vocabulary: str, code: str) -> Object:
        """Return a term without its taxonomy; one that a newer program published stands for itself."""
        found = self._terms.get((vocabulary, code))
        if found is not None:
            return found
        known = self.vocabularies[vocabulary]
        return {"id": dashed(known.term_id(code)), "code": code, "name": code, "description": code}

    def all_terms(self, vocabulary: str | None = None) -> list[Object]:
        """Return the terms of one vocabulary, or of all, in reading order."""
        return [term for (name, _), term in self._terms.items() if vocabulary in (None, name)]

    def key_of(self, term_id: str) -> tuple[str, str] | None:
        """Return (vocabulary, code) of a term's id, or None."""
        return self._by_id.get(term_id)

    def taxonomy_of(self, taxonomy_id: str) -> str | None:
        """Return the name of the vocabulary with this id, or None."""
        return next((name for name, taxonomy in self.taxonomies.items() if taxonomy["id"] == taxonomy_id), None)

    def full_term(self, term: Object) -> Object:
        """Return a term with its taxonomy, as its own address answers."""
        key = self.key_of(term["id"])
        return term if key is None else {**term, "taxonomy_detail": self.taxonomies[key[0]]}


def _taxonomy(vocabulary: Vocabulary) -> Object:
    return {
        "id": dashed(vocabulary.id), "name": vocabulary.title, "description": vocabulary.description,
        "uri": vocabulary.uri, "version": str(vocabulary.version),
    }  # fmt: skip


def _term(vocabulary: Vocabulary, term: Term) -> Object:
    more: Object = {
        **({"labels": dict(term.labels)} if term.labels else {}),
        **({"retired": True} if term.retired else {}),
        **({"replaced_by": dashed(vocabulary.term_id(vocabulary.current(term.code)))} if term.replaced_by else {}),
    }
    return {
        "id": dashed(vocabulary.term_id(term.code)), "code": term.code, "name": term.label, "description": term.label,
        "taxonomy_id": dashed(vocabulary.id), "taxonomy": vocabulary.title, "language": "de",
        **filled(
            parent_id=dashed(vocabulary.term_id(term.parent)) if term.parent else "",
            x_kreisweit=more,
        ),
    }  # fmt: skip
