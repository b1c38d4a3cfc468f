"""What filters, counts and order need of one offer, worked out once when it is indexed; pure.

An offer without coordinates stands at the centre of its postcode; one whose address is confidential or not given stands
nowhere: it matches by city and gets no kilometres.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Final, TypeVar

import msgspec

from shared.model.district import District
from shared.model.hours import DAYS, read_hours
from shared.model.offer import OfferDoc
from shared.model.parts import Place, Schedule
from shared.model.providers import match_key
from shared.model.text import fold
from shared.model.vocabulary.terms import UNKNOWN, Vocabulary
from shared.search.asking import PARTS

WHOLE_DISTRICT: Final = "kreis"
"""City of offers that hold for the whole district, wherever a visitor lives."""
NEVER: Final = 0
"""Day number of a date that is not given."""
_FREE_ACCESS: Final = "offen"
_MODES: Final = {"hybrid": ("hybrid", "vor_ort", "online")}
_STEP_FREE: Final = "stufenlos"
_MIGRANT_ORGANISATION: Final = "mo"
_KEY_MAX: Final = 64
_SORT_MAX: Final = 60
_NOON: Final = "12:00"
_FIVE: Final = "17:00"
_OLDEST: Final = 120
_T = TypeVar("_T")


class ProviderFact(msgspec.Struct, frozen=True, array_like=True):
    """One provider of an offer; institutions, never persons."""

    key: str
    name: str
    is_mo: bool = False


class Facts(msgspec.Struct, frozen=True, array_like=True, kw_only=True):
    """The facts of one offer, or of a cluster of offers.

    `slots` are pairs of a day (MO … SU) and a part of the day, either may be empty; `points` are latitude and
    longitude; dates are proleptic day numbers, `last_modified` is in unix seconds.
    """

    member: str
    cities: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    open_to: tuple[str, ...] = ()
    especially: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    slots: tuple[tuple[str, str], ...] = ()
    is_free: bool = False
    needs_no_registration: bool = False
    modes: tuple[str, ...] = ()
    accessible: bool = False
    ages: tuple[tuple[int, int], ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    offer_types: tuple[str, ...] = ()
    providers: tuple[ProviderFact, ...] = ()
    sort_key: str = ""
    review_due: int = NEVER
    valid_to: int = NEVER
    last_modified: int = 0
    others: tuple[tuple[str, bytes], ...] = ()


def provider_key(name: str) -> str:
    """Return the stable key of a provider's name for URLs: `awo-unterbezirk` for "AWO Unterbezirk e. V."."""
    folded = match_key(name) or fold(name)
    key = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")
    if not key or len(key) > _KEY_MAX:
        # Another script, or too long: still one key for one name.
        key = f"{key[: _KEY_MAX - 9]}-{hashlib.sha256(folded.encode()).hexdigest()[:8]}".strip("-")
    return key


class FactFinder:
    """Works out facts by the vocabularies and the district."""

    def __init__(self, vocabularies: Mapping[str, Vocabulary], district: District) -> None:
        topics = vocabularies["topic"]
        self._above = {term.code: topics.ancestors(term.code) for term in topics.terms}
        self._by_ags = {member.ags: member.name for member in district.members}
        self._towns = {fold(member.town): member.name for member in district.members if member.town}
        self._members_of_postcode = {
            centre.code: member.name for member in district.members for centre in member.postcodes
        }
        self._centres = {
            centre.code: (centre.latitude, centre.longitude)
            for member in district.members
            for centre in member.postcodes
        }
        self._district_keys = (district.key, district.key + "000")

    def facts(self, member: str, doc: OfferDoc) -> Facts:
        """Return the facts of an offer of `member`."""
        return Facts(
            member=member,
            cities=self._cities(member, doc),
            topics=_once(code for topic in doc.topics for code in (topic, *self._above.get(topic, ()))),
            open_to=_once((*doc.target_groups, *doc.especially_for)),
            especially=_once(doc.especially_for),
            languages=_once(language.code for language in doc.languages),
            slots=slots_of(doc),
            is_free=doc.is_free is True,
            needs_no_registration=_FREE_ACCESS in doc.access,
            modes=_once(code for mode in doc.mode for code in _MODES.get(mode, (mode,)) if code != UNKNOWN),
            accessible=any(place.accessibility.get(_STEP_FREE, False) for place in doc.locations),
            ages=((doc.minimum_age or 0, _OLDEST if doc.maximum_age is None else doc.maximum_age),),
            points=() if doc.address_confidential else _once(p for one in doc.locations for p in self._points(one)),
            offer_types=(doc.offer_type,) if doc.offer_type and doc.offer_type != UNKNOWN else (),
            providers=_providers(doc),
            sort_key=fold(doc.name)[:_SORT_MAX],
            review_due=_day(doc.review_due),
            valid_to=_day(doc.valid_to),
            last_modified=_seconds(doc.last_modified),
        )

    def _cities(self, member: str, doc: OfferDoc) -> tuple[str, ...]:
        found = [self._city(place) for place in doc.locations]
        found += [
            WHOLE_DISTRICT if area in self._district_keys else self._by_ags.get(area, "") for area in doc.service_areas
        ]
        return _once(city for city in found if city) or (self._by_ags.get(doc.owner, member),)

    def _city(self, place: Place) -> str:
        return self._towns.get(fold(place.city)) or self._members_of_postcode.get(place.postal_code, "")

    def _points(self, place: Place) -> Iterable[tuple[float, float]]:
        if place.latitude is not None and place.longitude is not None:
            yield place.latitude, place.longitude
        elif place.postal_code in self._centres:
            yield self._centres[place.postal_code]


def merge_facts(facts: Sequence[Facts], others: tuple[tuple[str, bytes], ...]) -> Facts:
    """Return the facts of a cluster: what holds for one of its offers holds for the card; the first one is shown."""
    first = facts[0]
    joined = {
        name: _once(value for one in facts for value in getattr(one, name))
        for name in (
            "cities", "topics", "open_to", "especially", "languages", "slots", "modes", "ages", "points",
            "offer_types", "providers",
        )
    }  # fmt: skip
    flags = {name: any(getattr(one, name) for one in facts) for name in _FLAGS}
    ends = [one.valid_to for one in facts]
    return msgspec.structs.replace(
        first, **joined, **flags, others=others, valid_to=NEVER if NEVER in ends else max(ends),
        last_modified=max(one.last_modified for one in facts),
    )  # fmt: skip


_FLAGS: Final = ("is_free", "needs_no_registration", "accessible")


def slots_of(doc: OfferDoc) -> tuple[tuple[str, str], ...]:
    """Return the days and parts of days on which an offer takes place, from its slots, else from its text."""
    schedules: Sequence[Schedule] = doc.schedules
    if not any(_days(one) for one in schedules) and doc.schedule_text:
        schedules = read_hours(doc.schedule_text).slots
    return _once((day, part) for one in schedules for day in _days(one) for part in _parts(one))


def _days(schedule: Schedule) -> tuple[str, ...]:
    if schedule.byday:
        return _once(day[-2:] for day in schedule.byday)
    # A single date, or a day of the month: the first of them says its weekday only where it does not move.
    return (DAYS[schedule.dtstart.weekday()],) if schedule.dtstart is not None and schedule.freq is None else ()


def _parts(schedule: Schedule) -> tuple[str, ...]:
    opens, closes = schedule.opens_at, schedule.closes_at or schedule.opens_at
    if not opens:
        return ("",)
    touched = (opens < _NOON, opens < _FIVE and (closes > _NOON or opens >= _NOON), closes > _FIVE or opens >= _FIVE)
    return tuple(part for part, is_touched in zip(PARTS, touched, strict=True) if is_touched)


def _providers(doc: OfferDoc) -> tuple[ProviderFact, ...]:
    found: dict[str, ProviderFact] = {}
    for one in doc.providers:
        key = provider_key(one.name)
        found.setdefault(key, ProviderFact(key, one.name, one.org_type == _MIGRANT_ORGANISATION))
    return tuple(found.values())


def _day(value: date | None) -> int:
    return NEVER if value is None else value.toordinal()


def _seconds(instant: str) -> int:
    try:
        return int(datetime.fromisoformat(instant).timestamp()) if instant else 0
    except ValueError:
        return 0


def _once(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
