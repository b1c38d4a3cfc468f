"""What tells two offers of one provider apart: level, number, weekday, audience, kind, language, words of the title.

`apart` names what makes them different whatever else is equal; `against` what speaks against it, and how much.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shared.likeness.bags import TELLING, TYPO, coverage, stems_explained
from shared.likeness.profile import Profile
from shared.likeness.reasons import Reason

_HALF_TELLING: Final = 0.4
_AGES: Final = frozenset({"kinder", "jugend", "senioren"})
_GENDERS: Final = frozenset({"frauen", "maenner"})
_YOUNG: Final = frozenset({"kinder", "jugend"})
_EXAM: Final = "exam"
_COURSES: Final = frozenset(
    {"kur", "kurs", "unterricht", "training", "workshop", "gruppe", "grupp", "seminar", "schulung"}
)


def apart(a: Profile, b: Profile) -> Iterator[Reason]:
    """What makes two offers different whatever else is equal."""
    for code, one, other in (
        ("other_level", a.levels, b.levels),
        ("other_level", a.skills, b.skills),
        ("other_number", a.numbers, b.numbers),
        ("other_day", a.titled_days, b.titled_days),
        ("other_audience", a.audience & _GENDERS, b.audience & _GENDERS),
    ):
        if one and other and not one & other:
            yield _both(code, one, other)


def against(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    """What speaks against two offers of one provider being the same, and how much."""
    yield from _other_level(a, b)
    if (a.kinds and b.kinds and not a.kinds & b.kinds) or (_EXAM in a.kinds) is not (_EXAM in b.kinds):
        yield 0.25, _both("other_kind", a.kinds, b.kinds)
    yield from _other_language(a, b)
    contrast = _contrast(a, b)
    if contrast is not None:
        yield contrast
    yield from _other_time(a, b)
    yield from _other_audience(a, b)
    if a.topics and b.topics and not _roots(a.topics) & _roots(b.topics):
        yield 0.1, Reason("other_topic")
    if a.streets and b.streets and not a.streets & b.streets:
        yield 0.08, Reason("other_address")
    if (
        a.place.weight
        and b.place.weight
        and not a.houses & b.houses
        and max(coverage(a.place, b.place), coverage(b.place, a.place)) < 0.6
    ):
        yield 0.06, Reason("other_place")


def _other_level(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    for one, other, told, others in (
        (a.levels, b.levels, a.told.levels, b.told.levels),
        (a.skills, b.skills, a.told.skills, b.told.skills),
    ):
        if one - others or other - told:
            yield 0.25, _both("other_level", one, other)
            return


def _other_language(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    one, other = a.languages or a.told.languages, b.languages or b.told.languages
    if one and other and not one & other and (a.languages or b.languages):
        yield (0.3 if a.languages and b.languages else 0.15), Reason("other_language")
    elif a.spoken and b.spoken and not a.spoken & b.spoken:
        yield 0.15, Reason("other_language")


def _contrast(a: Profile, b: Profile) -> tuple[float, Reason] | None:
    """Words in each title that nothing of the other offer knows: Drewer-Süd and Brassert, cooking and sewing."""
    one, other = _alone(a, b, TELLING), _alone(b, a, TELLING)
    if one and other:
        return (0.22 if one & a.names and other & b.names else 0.14), Reason("other_word")
    if (one and _alone(b, a, _HALF_TELLING)) or (other and _alone(a, b, _HALF_TELLING)):
        return 0.14, Reason("other_word")
    return None


def _alone(a: Profile, b: Profile, least: float) -> frozenset[str]:
    """Telling parts of a title that are in no word of the other offer."""
    bags = (b.title, b.told.text, b.place, *(bag for body in b.bodies for bag in (body.bag, body.department)))
    explained = stems_explained(a.plain, b.plain)
    terms = [
        term for term in a.plain.terms if not term.acronym and term.stem not in explained and b.title.holds(term) < TYPO
    ]
    return frozenset(
        part.stem
        for term in terms
        for part in term.parts
        if part.weight >= least and all(bag.lacks(part.stem) for bag in bags)
    )


def _other_time(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    """Another day is another course; of a consultation one of the two lists is probably old."""
    if a.dates and b.dates and not a.dates & b.dates:
        yield 0.35, _both("other_date", a.dates, b.dates)
        return
    is_course = bool((a.title.parts | b.title.parts) & _COURSES)
    if (a.days and b.days and not a.days & b.days) or (a.halves and b.halves and not a.halves & b.halves):
        yield (0.35 if is_course else 0.1), Reason("other_time")


def _other_audience(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    one, other = a.audience, b.audience
    ages, others = one & _AGES, other & _AGES
    if ages and others and not ages & others:
        yield (0.12 if ages | others <= _YOUNG else 0.35), _both("other_audience", ages, others)
        return
    one, other = a.titled_audience, b.titled_audience
    if one and other and not one & other and not (one & b.told.audience and other & a.told.audience):
        yield 0.15, _both("other_audience", one, other)
    alone = (a.titled_audience - b.told.audience) | (b.titled_audience - a.told.audience)
    if a.told.audience & _YOUNG and b.told.audience & _YOUNG:
        alone -= _YOUNG
    if alone & (_GENDERS | _AGES):
        yield 0.22, _both("other_audience", a.titled_audience, b.titled_audience)


def _both(code: str, one: frozenset[str], other: frozenset[str]) -> Reason:
    sides = sorted((", ".join(sorted(one)), ", ".join(sorted(other))))
    return Reason(code, " / ".join(side for side in sides if side))


def _roots(topics: frozenset[str]) -> set[str]:
    return {topic.partition(".")[0] for topic in topics}
