"""Vocabularies and their terms: parsed from JSON text, checked, with ids that are equal on every node.

Decided here: form of a vocabulary file, ids, parents, look-up by label.  Where the text comes from is the caller's
business: `shared.model.shipped` for the files of the program, the hub's log for newer versions.

The life of a term: its code is never given away again.  A retired one is no longer offered, but what names it reads as
before; one that was replaced by another counts as that other wherever offers are searched, counted or given out.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from shared.errors import ParseError
from shared.ids import named_id
from shared.model.text import fold

NAMES: Final = (
    "access",
    "accessibility",
    "language",
    "mode",
    "offer_type",
    "org_type",
    "target_group",
    "topic",
)
UNKNOWN: Final = "unbekannt"  # the code that stands for a named gap

_Tag = Annotated[str, Meta(max_length=20, pattern=r"^[a-z]{2,3}(-[a-z0-9]{2,8})*(?![\s\S])")]
_Label = Annotated[str, Meta(min_length=1, max_length=120)]


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One term; `label` is German, `labels` has the other languages; the fields after `checked` are for languages.

    `replaced_by` is the code of the term that a retired one went into; `checked` are the languages whose label a person
    who speaks them has read.
    """

    code: Annotated[str, Meta(max_length=64, pattern=r"^[a-z0-9][a-z0-9_.-]*(?![\s\S])")]
    label: _Label
    labels: dict[_Tag, _Label] = {}
    parent: str | None = None
    aliases: tuple[str, ...] = ()
    retired: bool = False
    replaced_by: str | None = None
    checked: tuple[_Tag, ...] = ()
    direction: Literal["ltr", "rtl"] | None = None
    iso639_1: str | None = None
    iso639_3: str | None = None
    own_name: str | None = None
    priority: int | None = None


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One taxonomy in one version; terms stand in the order in which people read them."""

    name: str
    uri: Annotated[str, Meta(pattern=r"^https?://[!-~]+(?![\s\S])")]
    version: Annotated[int, Meta(ge=1)]
    title: str
    description: str
    terms: tuple[Term, ...]

    @property
    def id(self) -> str:
        """The taxonomy's id, 32 hex digits."""
        return named_id(uuid.NAMESPACE_URL.bytes, self.uri)

    def codes(self) -> frozenset[str]:
        """All codes."""
        return frozenset(term.code for term in self.terms)

    def get(self, code: str) -> Term | None:
        """The term of this code, or None."""
        return next((term for term in self.terms if term.code == code), None)

    def label(self, code: str, language: str = "de") -> str:
        """The label in a language, in German where that is missing; the code itself for a term we do not know.

        A term that was replaced by another reads like that other.
        """
        term = self.get(self.current(code))
        return code if term is None else term.labels.get(language, term.label)

    def current(self, code: str) -> str:
        """The code that this one counts as: that of the term that replaced it, else itself."""
        term = self.get(code)
        while term is not None and term.replaced_by is not None:
            code = term.replaced_by
            term = self.get(code)
        return code

    def offered(self) -> tuple[Term, ...]:
        """The terms to choose from, in reading order: all but the retired ones."""
        return tuple(term for term in self.terms if not term.retired)

    def replaced(self) -> dict[str, str]:
        """Return what each replaced code counts as."""
        return {term.code: self.current(term.code) for term in self.terms if term.replaced_by is not None}

    def term_id(self, code: str) -> str:
        """The id of a term, 32 hex digits: equal on all nodes, whatever the label or version."""
        return named_id(bytes.fromhex(self.id), code)

    def ancestors(self, code: str) -> tuple[str, ...]:
        """The codes above this one, nearest first."""
        above: list[str] = []
        term = self.get(code)
        while term is not None and term.parent is not None:
            above.append(term.parent)
            term = self.get(term.parent)
        return tuple(above)

    def find(self, label: str) -> Term | None:
        """The term whose German label, own name or alias reads like this, ignoring case and accents, or None.

        Labels of other languages are not looked at: in an import they would make one word mean two things.
        """
        wanted = fold(label)
        return next((term for term in self.terms if wanted in _names(term)), None)


def _names(term: Term) -> frozenset[str]:
    return frozenset(fold(name) for name in (term.label, term.own_name or "", *term.aliases) if name)


def parse_vocabulary(text: str) -> Vocabulary:
    """Read a vocabulary from its JSON text, or say what is wrong with it.

    Checks: form, each code once, each parent known, no circle of parents; what replaces a retired term is known.

    Raises:
        ParseError: names the vocabulary and the code.
    """
    try:
        vocabulary = msgspec.json.decode(text.encode("utf-8"), type=Vocabulary)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise ParseError(f"vocabulary: {error}") from error
    return checked_vocabulary(vocabulary)


def vocabulary_from_builtins(value: Any) -> Vocabulary:
    """Read a vocabulary that another party wrote, maybe with a newer program: fields unknown here are left out.

    Raises:
        ParseError: what is known here does not fit.
    """
    try:
        fields = _known_fields(value, Vocabulary)
        fields["terms"] = [_known_fields(term, Term) for term in fields.get("terms", ())]
        return checked_vocabulary(msgspec.convert(fields, Vocabulary))
    except (msgspec.ValidationError, TypeError, AttributeError, RecursionError) as error:
        raise ParseError(f"vocabulary: {error}") from error


def _known_fields(value: Mapping[str, Any], kind: type[msgspec.Struct]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if name in kind.__struct_fields__}


def checked_vocabulary(vocabulary: Vocabulary) -> Vocabulary:
    """Return a vocabulary whose terms fit together; see `parse_vocabulary`.

    Raises:
        ParseError: names the vocabulary and the code.
    """
    name, seen = vocabulary.name, set[str]()
    for term in vocabulary.terms:
        if term.code in seen:
            raise ParseError(f"vocabulary {name}: code {term.code} stands twice")
        # A parent stands before its children, so there can be no circle.
        if term.parent is not None and term.parent not in seen:
            raise ParseError(f"vocabulary {name}: parent {term.parent} of {term.code} does not stand before it")
        seen.add(term.code)
    successors = {term.code: term.replaced_by for term in vocabulary.terms if term.replaced_by is not None}
    for term in vocabulary.terms:
        if term.code in successors and not (term.retired and successors[term.code] in seen):
            raise ParseError(f"vocabulary {name}: {term.code} is not retired, or what replaced it is unknown")
        at: str | None = term.code
        for _ in range(len(successors) + 1):
            at = successors.get(at) if at is not None else None
        if at is not None:
            raise ParseError(f"vocabulary {name}: {term.code} is replaced in a circle")
    return vocabulary


def format_vocabulary(vocabulary: Vocabulary) -> str:
    """Write a vocabulary as JSON text that `parse_vocabulary` reads to the same value."""
    return msgspec.json.format(msgspec.json.encode(vocabulary), indent=2).decode("utf-8") + "\n"
