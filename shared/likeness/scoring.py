"""How alike two offers are: the same provider, the same activity, the same place or town; with reasons.

A grade is for a person too: `certain` stands first and is right in nearly all cases.  What is joined without being
asked is the hub's business (`hub.duplicates`).

The figures were set by looking at labelled pairs (tests/quality/pairs), of which half were not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from shared.likeness.profile import Body, Profile
from shared.likeness.reasons import Reason
from shared.likeness.words import TELLING, TYPO, coverage, rough_coverage, stems_explained

CERTAIN: Final = 0.75
LIKELY: Final = 0.6

Grade = Literal["certain", "likely", ""]

_BESIDE_WORTH: Final = 0.5
"""What a word of one title counts that only the other's description has."""
_GENERIC_WEIGHT: Final = 0.5
_HALF_TELLING: Final = 0.4
_ONE_WORD: Final = 1.3
_AGES: Final = frozenset({"kinder", "jugend", "senioren"})
_GENDERS: Final = frozenset({"frauen", "maenner"})
_YOUNG: Final = frozenset({"kinder", "jugend"})
_COURSES: Final = frozenset(
    {"kur", "kurs", "unterricht", "training", "workshop", "gruppe", "grupp", "seminar", "schulung"}
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How alike two offers are: grade (empty: not alike), score from 0 to 1, reasons."""

    grade: Grade
    score: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Features:
    """What was compared, each from 0 to 1; `against` and `bonus` are taken off and put on."""

    activity: float
    title: float
    text: float
    provider: float
    place: float
    bonus: float
    against: float


def score(a: Profile, b: Profile) -> Verdict:
    """Return how alike two offers are, the same in either order."""
    features, reasons = compare(a, b)
    if features is None:
        return Verdict("", 0.0, tuple(reasons))
    total = _total(features)
    return Verdict(_grade(features, total), round(total, 3), tuple(reasons))


def compare(a: Profile, b: Profile) -> tuple[Features | None, list[Reason]]:
    """Return what is alike in two offers, and the reasons for and against; None where nothing needs to be looked at."""
    place, reasons = _place(a, b)
    if place < 0:
        return None, reasons
    apart = next(_apart(a, b), None)
    if apart is not None:
        return None, [apart]
    if not _may_be_one(a, b):
        return None, reasons
    provider = _provider(a, b)
    title = _title(a, b)
    if title < 0.25 or (provider < 0.3 and title < 0.6):
        return None, reasons
    text = _text(a, b)
    activity = title + (1 - title) * 0.4 * text
    contacts, bonus = _contacts(a, b)
    provider = max(provider, contacts)
    against = list(_against(a, b))
    taken = sum(weight for weight, _ in against)
    same = [Reason("identifier")] if a.identifiers & b.identifiers else []
    told = [*same, *_told(title, provider, text), *reasons, *_shared_contacts(a, b), *(reason for _, reason in against)]
    return Features(activity, title, text, provider, place, bonus, taken), told


def _total(f: Features) -> float:
    base = 0.5 * f.activity + 0.2 * f.provider + 0.1 * f.place + 0.2 * f.activity * f.provider
    return max(0.0, min(1.0, base + f.bonus * f.activity - f.against))


def _grade(f: Features, total: float) -> Grade:
    if total >= CERTAIN and f.activity >= 0.62 and f.provider >= 0.6:
        return "certain"
    return "likely" if total >= LIKELY and f.activity >= 0.45 and f.provider >= 0.45 else ""


# --- the same place ---------------------------------------------------------------------------------------------------


def _place(a: Profile, b: Profile) -> tuple[float, list[Reason]]:
    """How surely it is the same town, -1 for another one; where only one says where, nothing speaks against it."""
    if a.houses & b.houses and (a.towns & b.towns or not (a.towns and b.towns)):
        return 1.0, [Reason("address")]
    if a.postcodes & b.postcodes:
        return 1.0, [Reason("postcode", min(a.postcodes & b.postcodes))]
    if a.towns & b.towns:
        return 0.95, [Reason("town", min(a.towns & b.towns))]
    if a.towns and b.towns:
        return -1.0, [_other_town(a, b)]
    if (a.towns or a.nearby) & (b.towns or b.nearby) or a.nearby & b.nearby:
        return 0.8, []
    if not a.nearby or not b.nearby:
        return 0.7, []
    if a.phones & b.phones or a.mails & b.mails:
        return 0.5, [_other_town(a, b)]
    return -1.0, [_other_town(a, b)]


def _other_town(a: Profile, b: Profile) -> Reason:
    return Reason("other_town", "/".join(sorted((min(a.towns or a.nearby), min(b.towns or b.nearby)))))


# --- the same provider ------------------------------------------------------------------------------------------------


def _provider(a: Profile, b: Profile) -> float:
    if a.identifiers & b.identifiers:
        return 1.0
    best = 0.0
    for at, one in enumerate(a.bodies):
        for beside, other in enumerate(b.bodies):
            like = _body(one, other) * (1.0 if not at and not beside else 0.95)
            if like >= 1.0:
                return 1.0
            best = max(best, like)
    return best


def _body(one: Body, other: Body) -> float:
    low, high = sorted((coverage(one.bag, other.bag), coverage(other.bag, one.bag)))
    if high >= 0.9:
        lighter = min(one.bag.weight, other.bag.weight)
        like = (0.8 if lighter >= _GENERIC_WEIGHT else 0.65) + 0.2 * low
    elif low:
        like = (2 * low * high / (low + high)) ** 1.5
    else:
        like = 0.0
    if one.towns and other.towns and not one.towns & other.towns:
        like *= 0.4
    if one.department.terms and other.department.terms:
        shared = max(coverage(one.department, other.department), coverage(other.department, one.department))
        like *= 0.85 + 0.15 * shared
    return like


def _contacts(a: Profile, b: Profile) -> tuple[float, float]:
    """How far contacts show the same provider, and what they add; they say nothing about the activity."""
    provider = bonus = 0.0
    if a.hosts & b.hosts:
        provider, bonus = 0.7, bonus + 0.03
    if a.phones & b.phones:
        provider, bonus = 0.8, bonus + 0.07
    if a.mails & b.mails:
        provider, bonus = 0.8, bonus + 0.05
    if a.pages & b.pages:
        bonus += 0.04
    if a.postcodes & b.postcodes:
        bonus += 0.02
    if a.houses & b.houses:
        bonus += 0.03
    if a.numbers & b.numbers:
        bonus += 0.08
    return provider, bonus


def _shared_contacts(a: Profile, b: Profile) -> Iterator[Reason]:
    if a.phones & b.phones:
        yield Reason("phone")
    if a.mails & b.mails:
        yield Reason("mail")
    if a.pages & b.pages:
        yield Reason("page")
    elif a.hosts & b.hosts:
        yield Reason("host")


# --- the same activity ------------------------------------------------------------------------------------------------


def _title(a: Profile, b: Profile) -> float:
    if a.title_key and a.title_key == b.title_key:
        return 1.0
    low, high = sorted(
        (
            coverage(a.title, b.title, beside=b.told.text, beside_worth=_BESIDE_WORTH),
            coverage(b.title, a.title, beside=a.told.text, beside_worth=_BESIDE_WORTH),
        )
    )
    # One word in common is little: then the side that says more decides.
    shared = high * min(a.title.weight, b.title.weight)
    less = 0.65 if shared >= _ONE_WORD else 0.85
    return less * low + (1 - less) * high


def _text(a: Profile, b: Profile) -> float:
    """How far titles and descriptions together say the same; what any two offers have in common counts nothing."""
    shared = (rough_coverage(a.told.text, b.told.text) + rough_coverage(b.told.text, a.told.text)) / 2
    return max(0.0, min(1.0, (shared - 0.2) / 0.45))


def _apart(a: Profile, b: Profile) -> Iterator[Reason]:
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


def _may_be_one(a: Profile, b: Profile) -> bool:
    """Tell cheaply whether two titles have anything in common."""
    one, other = a.title, b.title
    return bool(
        one.parts & other.parts or one.stems & other.stems or one.parts & other.meant or other.parts & one.meant
        or one.acronyms or other.acronyms or a.phones & b.phones or a.mails & b.mails
        or any(other.holds(term) >= 0.5 for term in one.terms) or any(one.holds(term) >= 0.5 for term in other.terms)
    )  # fmt: skip


def _against(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    """What speaks against two offers of one provider being the same, and how much."""
    yield from _other_level(a, b)
    if a.kinds and b.kinds and not a.kinds & b.kinds:
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
        yield (0.3 if a.languages and b.languages else 0.15), _both("other_language", one, other)


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
    is_course = bool((a.title.parts | b.title.parts) & _COURSES)
    if (a.days and b.days and not a.days & b.days) or (a.halves and b.halves and not a.halves & b.halves):
        yield (0.2 if is_course else 0.06), Reason("other_time")


def _other_audience(a: Profile, b: Profile) -> Iterator[tuple[float, Reason]]:
    one, other = a.audience, b.audience
    ages, others = one & _AGES, other & _AGES
    if ages and others and not ages & others:
        yield (0.12 if ages | others <= _YOUNG else 0.25), _both("other_audience", ages, others)
        return
    rights = {"flucht", "zuwanderung"}
    if a.titled_audience & rights and b.titled_audience & rights and not a.titled_audience & b.titled_audience & rights:
        yield 0.15, _both("other_audience", a.titled_audience & rights, b.titled_audience & rights)
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


def _told(title: float, provider: float, text: float) -> Iterator[Reason]:
    if title >= 0.995:
        yield Reason("same_title")
    elif title >= 0.5:
        yield Reason("title", str(round(title * 100)))
    if provider >= 0.9:
        yield Reason("provider")
    elif provider >= 0.6:
        yield Reason("like_provider", str(round(provider * 100)))
    if text >= 0.5:
        yield Reason("text")
