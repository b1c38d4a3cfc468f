"""Translations of offers: German and the other language field by field, and whether they belong together.

Decided here: what a person may do with a translation.  Whether it belongs to the German texts says their hash alone
(`shared.model.offer.source_sha256`): a changed telephone number outdates nothing.  Machines are not asked.

Everything but `coverage` is pure: documents in, documents out; saving is `workflow`'s business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from node.offer_list import Line
from shared.errors import ConflictError, NotFoundError, ParseError, RuleError
from shared.model.labels import field_label
from shared.model.offer import OfferDoc, offer_from_builtins, source_sha256, translation_states
from shared.model.parts import Translation
from shared.model.text import one_line, running_text
from shared.model.vocabulary.terms import Term, Vocabulary

ORDER = ("name", "summary", "body", "eligibility", "application_process", "fees_text", "alert")
"""The translated fields in the order in which people read them."""
LINES = frozenset({"name"})
LIMITS: Mapping[str, int] = {
    "name": 160, "summary": 300, "body": 8000, "eligibility": 1000, "application_process": 2000, "fees_text": 1000,
    "alert": 300,
}  # fmt: skip

CURRENT, OUTDATED, IN_WORK, MISSING = "aktuell", "veraltet", "in_arbeit", "fehlt"
STATES: Mapping[str, str] = {
    CURRENT: "aktuell", OUTDATED: "veraltet", IN_WORK: "in Arbeit", MISSING: "fehlt"
}  # fmt: skip
_SOURCE = "de"
_SHOWN_PRIORITY = 1


class Pair(msgspec.Struct, frozen=True):
    """One field in both languages."""

    field: str
    label: str
    german: str
    text: str
    most: int
    is_line: bool


class Coverage(msgspec.Struct, frozen=True):
    """How many offers stand in which state in one language."""

    language: Term
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All offers."""
        return sum(self.counts.values())

    @property
    def percent(self) -> int:
        """The share of current translations, rounded down."""
        return 100 * self.counts[CURRENT] // self.total if self.total else 0


def languages(vocabulary: Vocabulary, used: Iterable[str] = ()) -> list[Term]:
    """Return the languages of the interface, and those in which there is a translation already; never German."""
    wanted = set(used)
    return [
        term
        for term in vocabulary.terms
        if term.code != _SOURCE and (term.priority == _SHOWN_PRIORITY or term.code in wanted)
    ]


def find_language(vocabulary: Vocabulary, tag: str) -> Term:
    """Return a language into which can be translated; NotFoundError for any other."""
    term = vocabulary.get(tag)
    if term is None or term.code == _SOURCE:
        raise NotFoundError("Diese Sprache gibt es hier nicht")
    return term


def pairs(doc: Mapping[str, Any], tag: str) -> list[Pair]:
    """Return the fields that have German text, and those that have only a translation."""
    texts = translation_of(doc, tag)
    return [
        Pair(name, field_label(name), german, text, LIMITS[name], name in LINES)
        for name in ORDER
        if (german := str(doc.get(name) or "")) or str(texts.get(name) or "")
        for text in [str(texts.get(name) or "")]
    ]


def translation_of(doc: Mapping[str, Any], tag: str) -> Mapping[str, Any]:
    """Return the texts in a language; empty when there are none."""
    translations = doc.get("translations")
    found = translations.get(tag) if isinstance(translations, dict) else None
    return found if isinstance(found, dict) else {}


def changed_on(doc: Mapping[str, Any], tag: str) -> date | None:
    """Return the day on which a translation was changed last, where that is known."""
    text = _typed(doc).translations.get(tag)
    return None if text is None else text.updated


def states_of(doc: Mapping[str, Any]) -> dict[str, str]:
    """Return the state of each language in which there is a translation."""
    return dict(translation_states(_typed(doc)))


def current_source(doc: Mapping[str, Any]) -> str:
    """Return the hash of the German texts as they are now."""
    return source_sha256(_typed(doc))


def _typed(doc: Mapping[str, Any]) -> OfferDoc:
    """Read what translations need of a document: a draft may break the types of anything else."""
    needed = {name: doc[name] for name in (*ORDER, "translations") if name in doc}
    try:
        return offer_from_builtins({**needed, "id": "0" * 32, "owner": "0" * 8})
    except ParseError as error:
        raise ConflictError(
            "Ein Text dieses Angebots ist zu lang oder nicht lesbar", advice="Berichtigen Sie ihn zuerst im Formular."
        ) from error


def translate(
    doc: Mapping[str, Any], tag: str, texts: Mapping[str, str], *, today: date, source: str, is_done: bool = True
) -> dict[str, Any]:
    """Return the document with these texts in a language; without any text the translation is gone.

    Args:
        source: hash of the German texts that they belong to; another than the current one makes them outdated.
        is_done: False while somebody still works on them.
    Raises:
        RuleError: carries what is too long, by field.
    """
    cleaned = {name: _clean(name, texts.get(name, "")) for name in ORDER}
    filled = {name: text for name, text in cleaned.items() if text}
    wrong = {
        name: [f"{field_label(name)}: höchstens {LIMITS[name]} Zeichen"] for name in filled if _is_long(filled, name)
    }
    if wrong:
        raise RuleError("Die Übersetzung passt noch nicht", wrong)
    others = {code: text for code, text in (doc.get("translations") or {}).items() if code != tag}
    if filled:
        before = translation_of(doc, tag)
        kept = {name: value for name, value in before.items() if name not in Translation.__struct_fields__}
        said = {**kept, **filled, "origin": "human", "source_sha256": source, "updated": today.isoformat()}
        others[tag] = said if is_done else {**said, "state": IN_WORK}
    rest = {name: value for name, value in doc.items() if name != "translations"}
    return {**rest, "translations": others} if others else rest


def _clean(name: str, text: str) -> str:
    return one_line(text) if name in LINES else running_text(text)


def _is_long(texts: Mapping[str, str], name: str) -> bool:
    return len(texts[name]) > LIMITS[name]


def confirm(doc: Mapping[str, Any], tag: str, today: date) -> dict[str, Any]:
    """Return the document with a translation that was looked at and still fits the German texts."""
    texts = {name: str(text) for name, text in translation_of(doc, tag).items() if name in ORDER}
    if not texts:
        raise NotFoundError("In dieser Sprache gibt es noch keinen Text")
    return translate(doc, tag, texts, today=today, source=current_source(doc))


def state_in(line: Line, tag: str) -> str:
    """Return how an offer of the list stands in a language."""
    return dict(line.facts.translated).get(tag, MISSING)


def coverage(lines: Sequence[Line], vocabulary: Vocabulary) -> list[Coverage]:
    """Count the states of every language over the offers that are not archived."""
    living = [line for line in lines if line.state != "withdrawn"]
    used = {tag for line in living for tag, _ in line.facts.translated}
    found = []
    for term in languages(vocabulary, used):
        states = [state_in(line, term.code) for line in living]
        found.append(Coverage(term, {state: states.count(state) for state in STATES}))
    return found
