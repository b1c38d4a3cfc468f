"""The filters of the result page as a visitor sees them: values with counts, chips of what is set, next steps.

Values that would leave nothing are not shown, unless they are chosen: then they can be taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from babel.lists import format_list

from shared.model.hours import DAYS
from shared.model.vocabulary.terms import UNKNOWN
from shared.search.asking import DAY_NAMES, DISTANCES, KEYS, PARTS, VOCABULARIES, Asked
from shared.search.found import Count, Step
from shared.web.messages import LANGUAGE, locale_of, translate
from shared.web.offer_words import Words
from shared.web.pages import Pages
from shared.web.public.question import FLAGS, QuestionWords, address, isolated

_GROUPS: Final = (
    "topics", "especially", "open_to", "cities", "days", "parts", "languages", "modes", "offer_types", "providers",
)  # fmt: skip
_OPEN: Final = frozenset({"topics", "especially", "days"})
"""Groups that stand open before anything is chosen in them."""
_SHORT_DAYS: Final = {code: short for short, code in DAY_NAMES.items()}


@dataclass(frozen=True, slots=True)
class Value:
    """One value to tick; `value` as it stands in the query."""

    value: str
    label: str
    number: int
    is_on: bool
    is_below: bool = False  # a topic of another topic


@dataclass(frozen=True)
class Group:
    """The values of one filter; `key` as it stands in the query."""

    key: str
    title: str
    values: list[Value]
    is_open: bool
    chosen: int


@dataclass(frozen=True)
class Chip:
    """One filter that is set, and the address without it."""

    text: str
    url: str


@dataclass(frozen=True)
class NextStep:
    """A wider question in words."""

    text: str
    total: int
    url: str


@dataclass(frozen=True)
class Distance:
    """One entry of the choice of kilometres; `number` None where no postcode says how many."""

    kilometres: int
    number: int | None
    is_on: bool


def groups(counts: Mapping[str, tuple[Count, ...]], words: Words, names: QuestionWords) -> list[Group]:
    """Return the filters that have something to choose, in the order of the page."""
    found: list[Group] = []
    for field in _GROUPS:
        values = [*_values(field, counts.get(field, ()), words, names)]
        if values:
            chosen = sum(value.is_on for value in values)
            found.append(Group(KEYS[field], names.title(field), values, field in _OPEN or chosen > 0, chosen))
    return found


def flags(counts: Mapping[str, tuple[Count, ...]], names: QuestionWords) -> list[tuple[str, Value]]:
    """Return the filters of one value each, with their names in the query."""
    found = []
    for field in FLAGS:
        for count in counts.get(field, ()):
            if count.number or count.is_on:
                label = names.value(field, count.value)
                found.append((KEYS[field], Value(count.value, label, count.number, count.is_on)))
    return found


def distances(counts: Mapping[str, tuple[Count, ...]], asked: Asked) -> list[Distance]:
    """Return the kilometres to choose from, with the one that is set though no page offers it."""
    numbers = {count.value: count.number for count in counts.get("kilometres", ())} if asked.postcode else {}
    offered = {*DISTANCES, *([asked.kilometres] if asked.kilometres else [])}
    return [Distance(km, numbers.get(str(km)), km == asked.kilometres) for km in sorted(offered)]


def _values(field: str, counts: Iterable[Count], words: Words, names: QuestionWords) -> Iterator[Value]:
    kept = [count for count in counts if (count.number or count.is_on) and count.value != UNKNOWN]
    parents: Mapping[str, str | None] = {}
    if field in VOCABULARIES and field != "languages":
        terms = words.vocabularies[VOCABULARIES[field]].terms
        place = {term.code: at for at, term in enumerate(terms)}
        parents = {term.code: term.parent for term in terms}
        kept.sort(key=lambda count: place.get(count.value, len(place)))
    elif field in ("days", "parts"):
        kept.sort(key=lambda count: (*DAYS, *PARTS).index(count.value))
    labelled = [(count, names.value(field, count.value)) for count in kept]
    if field in ("cities", "languages", "providers"):
        labelled.sort(key=lambda pair: pair[1].casefold())
    for count, label in labelled:
        value = _SHORT_DAYS.get(count.value, count.value) if field == "days" else count.value
        yield Value(value, label, count.number, count.is_on, parents.get(count.value) is not None)


def chips(asked: Asked, names: QuestionWords, pages: Pages) -> list[Chip]:
    """Return one chip for each value that is set."""
    found: list[Chip] = []
    for field in asked.active():
        if field == "kilometres":
            continue  # said with the postcode
        chosen = getattr(asked, field)
        for at, text in enumerate(names.values(asked, field)):
            rest = asked.toggled(field, chosen[at]) if isinstance(chosen, tuple) else _unset(asked, field)
            found.append(Chip(text if field in FLAGS else _titled(field, text, names), address(pages, rest)))
    return found


def _unset(asked: Asked, field: str) -> Asked:
    rest = asked.without("postcode", "kilometres") if field == "postcode" else asked.without(field)
    return replace(rest, order="") if field == "postcode" and rest.order == "naehe" else rest


def _titled(field: str, text: str, names: QuestionWords) -> str:
    return translate("%(filter)s: %(value)s") % {"filter": names.title(field), "value": isolated(text)}


def next_steps(asked: Asked, steps: Iterable[Step], names: QuestionWords, pages: Pages) -> list[NextStep]:
    """Return the wider questions of an empty answer in words, each with what it finds."""
    return [NextStep(_step_text(asked, step, names), step.total, address(pages, step.asked)) for step in steps]


def _step_text(asked: Asked, step: Step, names: QuestionWords) -> str:
    given = {"km": step.asked.kilometres, "words": isolated(step.asked.words)}
    if "words" in step.changed:
        text = translate("Nur „%(words)s“, ohne Filter") if step.dropped else translate("Nur „%(words)s“")
        return text % given
    if not step.dropped:
        return translate("Im Umkreis von %(km)s km") % given
    if step.asked.is_empty:
        return translate("Alle Angebote")
    dropped = [field for field in step.dropped if not (field == "kilometres" and "postcode" in step.dropped)]
    parts: list[str] = []
    for field in dropped:
        texts = [asked.words] if field == "words" else names.values(asked, field)
        parts += [translate("„%(text)s“") % {"text": isolated(text)} for text in texts]
    filters = format_list(parts, locale=locale_of(LANGUAGE.get()))
    if "kilometres" in step.changed:
        return translate("Im Umkreis von %(km)s km, ohne %(filters)s") % {**given, "filters": filters}
    return translate("Ohne %(filters)s") % {"filters": filters}
