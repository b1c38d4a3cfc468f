"""What a district may change in its vocabularies: add, rename, move, order, retire, merge, take back.

Every function returns another vocabulary; a code is made once, from the first label, and never changes.  There are two
levels of terms: main ones and those below them.  What somebody typed wrongly is a RuleError with every problem, by the
field of the form; texts are German, since people at the desk read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from shared.errors import NotFoundError, RuleError
from shared.model.text import fold, one_line, text_problems
from shared.model.vocabulary.terms import UNKNOWN, Term, Vocabulary, checked_vocabulary

LABEL_MAX: Final = 120
TERMS_MAX: Final = 300
_CODE_MAX: Final = 64
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


@dataclass(frozen=True)
class Typed:
    """What a form says of a term: the German label, the other languages, and which of those a person has read."""

    label: str
    labels: Mapping[str, str]
    checked: frozenset[str] = frozenset()
    parent: str = ""


@dataclass(frozen=True)
class Difference:
    """One change between two versions, in words; `hint` says what is still to be looked at."""

    label: str
    text: str
    hint: str = ""


def find_term(vocabulary: Vocabulary, code: str) -> Term:
    """Return a term that may be edited; NotFoundError for any other."""
    term = vocabulary.get(code)
    if term is None or code == UNKNOWN:
        raise NotFoundError("Diesen Begriff gibt es nicht")
    return term


def children_of(vocabulary: Vocabulary, code: str) -> tuple[Term, ...]:
    """Return the terms below a term that are not retired."""
    return tuple(term for term in vocabulary.terms if term.parent == code and not term.retired)


def possible_parents(vocabulary: Vocabulary, code: str = "") -> tuple[Term, ...]:
    """Return the main terms that a term may stand below: none for one that has terms below itself."""
    if code and any(term.parent == code for term in vocabulary.terms):
        return ()
    mains = [term for term in vocabulary.offered() if term.parent is None]
    return tuple(term for term in mains if term.code not in (code, UNKNOWN))


def add_term(vocabulary: Vocabulary, typed: Typed) -> tuple[Vocabulary, str]:
    """Add a term at the end of those beside it; returns the vocabulary and the new code."""
    if len(vocabulary.terms) >= TERMS_MAX:
        problem = f"Mehr als {TERMS_MAX} Begriffe sind nicht möglich."
        raise RuleError("Der Begriff wurde nicht angelegt", {"": [problem]})
    _verify(vocabulary, typed, "")
    code = new_code(vocabulary, typed.label, typed.parent)
    fresh = Term(code=code, label=one_line(typed.label), parent=typed.parent or None)
    return _put(vocabulary, _with_labels(fresh, typed), is_new=True), code


def change_term(vocabulary: Vocabulary, code: str, typed: Typed) -> Vocabulary:
    """Give a term other labels or another place; its old label is still understood in tables that are imported."""
    before = find_term(vocabulary, code)
    _verify(vocabulary, typed, code)
    label, aliases = one_line(typed.label), before.aliases
    if fold(label) != fold(before.label):
        kept = [alias for alias in aliases if fold(alias) != fold(label)]
        taken = _names(vocabulary, code)
        aliases = (*kept, *([before.label] if fold(before.label) not in taken else []))
    term = msgspec.structs.replace(before, label=label, aliases=aliases, parent=typed.parent or None)
    return _put(vocabulary, _with_labels(term, typed))


def relabel(vocabulary: Vocabulary, code: str, typed: Typed) -> Vocabulary:
    """Give a term other labels and leave its place: for the small lists, whose codes the program knows."""
    before = find_term(vocabulary, code)
    placed = Typed(typed.label, typed.labels, typed.checked, before.parent or "")
    _verify(vocabulary, placed, code, has_place=False)
    return _put(vocabulary, _with_labels(msgspec.structs.replace(before, label=one_line(typed.label)), placed))


def retire_term(vocabulary: Vocabulary, code: str, replaced_by: str = "") -> Vocabulary:
    """Offer a term no longer; with another one's code all that names it counts as that other."""
    term = find_term(vocabulary, code)
    if below := children_of(vocabulary, code):
        names = ", ".join(f"„{one.label}“" for one in below)
        problem = f"Unter diesem Begriff stehen noch: {names}. Verschieben Sie diese zuerst oder legen Sie sie still."
        raise RuleError("Der Begriff bleibt", {"": [problem]})
    if replaced_by and replaced_by not in {one.code for one in successors_of(vocabulary, code)}:
        problem = "Diesen Begriff gibt es nicht. Wählen Sie einen anderen."
        raise RuleError("Der Begriff bleibt", {"replaced_by": [problem]})
    return _put(vocabulary, msgspec.structs.replace(term, retired=True, replaced_by=replaced_by or None))


def successors_of(vocabulary: Vocabulary, code: str) -> tuple[Term, ...]:
    """Return the terms that a term may go into."""
    return tuple(term for term in vocabulary.offered() if term.code not in (code, UNKNOWN))


def restore_term(vocabulary: Vocabulary, code: str) -> Vocabulary:
    """Offer a retired term again; below a main term that is retired it becomes a main term."""
    term = find_term(vocabulary, code)
    above = vocabulary.get(term.parent) if term.parent else None
    parent = term.parent if above is not None and not above.retired else None
    if fold(term.label) in _names(vocabulary, code):
        raise RuleError(
            "Der Begriff bleibt stillgelegt", {"": [f"„{term.label}“ heißt inzwischen ein anderer Begriff."]}
        )
    return _put(vocabulary, msgspec.structs.replace(term, retired=False, replaced_by=None, parent=parent))


def move_term(vocabulary: Vocabulary, code: str, *, up: bool) -> Vocabulary:
    """Put a term before or after its neighbour; at the end of the row it stays where it is."""
    term = find_term(vocabulary, code)
    beside = [one.code for one in vocabulary.terms if one.parent == term.parent and not one.retired]
    if code not in beside:
        return vocabulary
    at = beside.index(code)
    other = at - 1 if up else at + 1
    if not 0 <= other < len(beside):
        return vocabulary
    order = {one.code: number for number, one in enumerate(vocabulary.terms)}
    order[code], order[beside[other]] = order[beside[other]], order[code]
    return _arranged(vocabulary, sorted(vocabulary.terms, key=lambda one: order[one.code]))


def with_lost_terms(wanted: Vocabulary, now: Vocabulary) -> Vocabulary:
    """Return an earlier content for another version: terms that were added since stay known, as retired ones."""
    since = [term for term in now.terms if term.code not in wanted.codes()]
    lost = [msgspec.structs.replace(term, retired=True, replaced_by=None) for term in since]
    return _arranged(wanted, [*wanted.terms, *lost])


def new_code(vocabulary: Vocabulary, label: str, parent: str = "") -> str:
    """Return a code that nobody has, made of the label; below a main term it begins with that one's."""
    plain = re.sub(r"[^a-z0-9]+", "-", fold(label.lower().translate(_UMLAUTS))).strip("-") or "begriff"
    base = (f"{parent}.{plain}" if parent else plain)[: _CODE_MAX - 4].strip("-.")
    taken, code, number = vocabulary.codes(), base, 2
    while code in taken or code == UNKNOWN:
        code, number = f"{base}-{number}", number + 1
    return code


# --- what is wrong ---------------------------------------------------------------------------------------------------


def _verify(vocabulary: Vocabulary, typed: Typed, code: str, *, has_place: bool = True) -> None:
    problems: dict[str, list[str]] = {}
    label = one_line(typed.label)
    if not label:
        problems["label"] = ["Die deutsche Bezeichnung fehlt."]
    elif wrong := _text_problems(label):
        problems["label"] = wrong
    elif fold(label) in _names(vocabulary, code):
        problems["label"] = [f"„{label}“ heißt schon ein anderer Begriff dieser Liste."]
    for tag, text in typed.labels.items():
        if text and (wrong := _text_problems(one_line(text))):
            problems[f"label.{tag}"] = wrong
        elif text and (other := _same_label(vocabulary, code, tag, text)):
            problems[f"label.{tag}"] = [f"So heißt in dieser Sprache schon „{other}“."]
    allowed = {term.code for term in possible_parents(vocabulary, code)}
    if has_place and typed.parent and typed.parent not in allowed:
        problems["parent"] = ["Unter diesen Begriff kann er nicht gestellt werden."]
    if problems:
        raise RuleError("Der Begriff wurde nicht gesichert", problems)


def _text_problems(text: str) -> list[str]:
    if len(text) > LABEL_MAX:
        return [f"Höchstens {LABEL_MAX} Zeichen, es sind {len(text)}."]
    return ["Diese Zeichen sind hier nicht möglich."] if text_problems(text, is_name=True) else []


def _names(vocabulary: Vocabulary, but: str) -> set[str]:
    """German names of all other terms, retired ones too: a table that is imported must mean one thing."""
    others = [term for term in vocabulary.terms if term.code != but]
    return {fold(name) for term in others for name in (term.label, *term.aliases)}


def _same_label(vocabulary: Vocabulary, code: str, tag: str, text: str) -> str:
    before, wanted = vocabulary.get(code), fold(text)
    if before is not None and fold(before.labels.get(tag, "")) == wanted:
        return ""  # what was so before is not this edit's fault
    return next(
        (one.label for one in vocabulary.offered() if one.code != code and fold(one.labels.get(tag, "")) == wanted), ""
    )


# --- putting together ------------------------------------------------------------------------------------------------


def _with_labels(term: Term, typed: Typed) -> Term:
    given = {tag: text for tag, raw in typed.labels.items() if (text := one_line(raw))}
    kept = {tag: text for tag, text in term.labels.items() if tag not in typed.labels}
    labels = {**kept, **given}
    checked = tuple(sorted(tag for tag in typed.checked if tag in labels))
    return msgspec.structs.replace(term, labels=labels, checked=checked)


def _put(vocabulary: Vocabulary, term: Term, *, is_new: bool = False) -> Vocabulary:
    if is_new:
        return _arranged(vocabulary, [*vocabulary.terms, term])
    return _arranged(vocabulary, [term if one.code == term.code else one for one in vocabulary.terms])


def _arranged(vocabulary: Vocabulary, terms: Sequence[Term]) -> Vocabulary:
    """Each main term with those below it; what stands for a named gap comes last."""
    codes = {term.code for term in terms}
    terms = [term if term.parent in codes else msgspec.structs.replace(term, parent=None) for term in terms]
    below: dict[str, list[Term]] = {}
    for term in terms:
        if term.parent is not None:
            below.setdefault(term.parent, []).append(term)
    mains = sorted((term for term in terms if term.parent is None), key=lambda term: term.code == UNKNOWN)
    ordered = tuple(one for main in mains for one in _branch(main, below))
    return checked_vocabulary(msgspec.structs.replace(vocabulary, terms=ordered))


def _branch(term: Term, below: Mapping[str, Sequence[Term]]) -> Iterable[Term]:
    yield term
    for one in below.get(term.code, ()):
        yield from _branch(one, below)


# --- what is different -----------------------------------------------------------------------------------------------


def differences(before: Vocabulary, after: Vocabulary, names: Mapping[str, str]) -> list[Difference]:
    """Say what changed, term by term in reading order.

    Args:
        names: of languages, by their tags.
    """
    found = [one for term in after.terms for one in _differences_of(before.get(term.code), term, after, names)]
    kept = [term.code for term in before.terms if term.code in after.codes()]
    moved = [code for code in (term.code for term in after.terms) if code in before.codes()]
    if kept != moved and not any("steht jetzt" in one.text for one in found):
        found.append(Difference("", "Die Reihenfolge der Begriffe ist anders."))
    return found


def _differences_of(
    before: Term | None, after: Term, vocabulary: Vocabulary, names: Mapping[str, str]
) -> Iterable[Difference]:
    if before is None:
        yield Difference(after.label, "neu")
        return
    if before.label != after.label:
        same = {tag for tag, text in after.labels.items() if before.labels.get(tag) == text}
        left = [name for tag, name in names.items() if tag in same]
        hint = f"Unverändert, bitte prüfen: {', '.join(left)}." if left else ""
        yield Difference(after.label, f"hieß bisher „{before.label}“", hint)
    if before.parent != after.parent:
        above = vocabulary.get(after.parent) if after.parent else None
        yield Difference(after.label, f"steht jetzt unter „{above.label}“" if above else "steht jetzt als Hauptbegriff")
    yield from _label_differences(before, after, names)
    if after.retired and (not before.retired or before.replaced_by != after.replaced_by):
        into = vocabulary.get(after.replaced_by) if after.replaced_by else None
        yield Difference(after.label, f"wird zu „{into.label}“" if into else "stillgelegt")
    if before.retired and not after.retired:
        yield Difference(after.label, "wird wieder vergeben")


def _label_differences(before: Term, after: Term, names: Mapping[str, str]) -> Iterable[Difference]:
    for tag in dict.fromkeys([*before.labels, *after.labels]):
        old, new, name = before.labels.get(tag, ""), after.labels.get(tag, ""), names.get(tag, tag)
        if old and new and old != new:
            yield Difference(after.label, f"{name}: „{old}“ → „{new}“")
        elif old != new:
            yield Difference(after.label, f"{name}: „{new}“ neu" if new else f"{name}: „{old}“ entfernt")
        elif (tag in before.checked) != (tag in after.checked):
            yield Difference(after.label, f"{name}: {'geprüft' if tag in after.checked else 'nicht mehr geprüft'}")
