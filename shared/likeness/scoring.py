"""How alike two offers are: the same provider, the same activity, the same place or town; with reasons.

A grade is for a person too: `certain` stands first and is right in nearly all cases.  What is joined without being
asked is the hub's business (`hub.duplicates`).

The figures were set by looking at labelled pairs (tests/quality/pairs), of which half were not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from shared.likeness.bags import TELLING, coverage, rough_coverage
from shared.likeness.differences import against, apart
from shared.likeness.profile import Body, Profile
from shared.likeness.reasons import Reason

CERTAIN: Final = 0.76
LIKELY: Final = 0.6

Grade = Literal["certain", "likely", ""]

_BESIDE_WORTH: Final = 0.5
"""What a word of one title counts that only the other's description has."""
_GENERIC_WEIGHT: Final = 0.5
_GENERIC_LIKE: Final = 0.5
_LEAST_PROVIDER: Final = 0.45
_SAME_HOUSE: Final = 0.65
"""How surely it is one provider at least, where names are somewhat alike and the address is the same."""
_LEAST_TITLE: Final = 0.25
_ONE_WORD: Final = 1.3


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
    other = next(apart(a, b), None)
    if other is not None:
        return None, [other]
    if not _may_be_one(a, b):
        return None, reasons
    contacts, bonus = _contacts(a, b)
    provider = max(_provider(a, b), contacts)
    if provider >= _LEAST_PROVIDER and a.houses & b.houses:
        provider = max(provider, _SAME_HOUSE)
    if provider < _LEAST_PROVIDER:
        return None, [*reasons, Reason("other_provider")]
    title = _title(a, b)
    if title < _LEAST_TITLE:
        return None, reasons
    text = _text(a, b)
    activity = title + (1 - title) * 0.4 * text
    differences = list(against(a, b))
    taken = sum(weight for weight, _ in differences)
    same = [Reason("identifier")] if a.identifiers & b.identifiers else []
    told = [
        *same,
        *_told(title, provider, text),
        *reasons,
        *_shared_contacts(a, b),
        *(reason for _, reason in differences),
    ]
    return Features(activity, title, text, provider, place, bonus, taken), told


def _total(f: Features) -> float:
    base = 0.5 * f.activity + 0.2 * f.provider + 0.1 * f.place + 0.2 * f.activity * f.provider
    return max(0.0, min(1.0, base + f.bonus * f.activity - f.against))


def _grade(f: Features, total: float) -> Grade:
    if total >= CERTAIN and f.activity >= 0.62 and f.provider >= 0.6:
        return "certain"
    return "likely" if total >= LIKELY and f.activity >= 0.45 and f.provider >= _LEAST_PROVIDER else ""


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
        lighter, other_bag = sorted((one.bag, other.bag), key=lambda bag: bag.weight)
        if not lighter.has_telling and any(
            part.weight >= TELLING and lighter.lacks(part.stem) for term in other_bag.terms for part in term.parts
        ):
            like = _GENERIC_LIKE  # a parish among several, a Flüchtlingshilfe of a quarter
        else:
            like = (0.8 if lighter.weight >= _GENERIC_WEIGHT else 0.65) + 0.2 * low
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
    less = 0.65 if shared >= _ONE_WORD else 0.9
    return less * low + (1 - less) * high


def _text(a: Profile, b: Profile) -> float:
    """How far titles and descriptions together say the same; what any two offers have in common counts nothing."""
    shared = (rough_coverage(a.told.text, b.told.text) + rough_coverage(b.told.text, a.told.text)) / 2
    return max(0.0, min(1.0, (shared - 0.2) / 0.45))


def _may_be_one(a: Profile, b: Profile) -> bool:
    """Tell cheaply whether two titles have anything in common."""
    one, other = a.title, b.title
    return bool(
        one.parts & other.parts or one.stems & other.stems or one.parts & other.meant or other.parts & one.meant
        or one.acronyms or other.acronyms or a.phones & b.phones or a.mails & b.mails
        or any(other.holds(term) >= 0.5 for term in one.terms) or any(one.holds(term) >= 0.5 for term in other.terms)
    )  # fmt: skip


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
