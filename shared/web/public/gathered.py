"""All shown offers in short, for the doors beside the search: who provides them, where and when they are.

Read in one pass and kept until the index changes its stamp, so that a list of providers or a week of dates does not
read every payload again.  While one request reads anew, the others are answered from what was held before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.holdings import catalogue
from shared.holdings.catalogue import Shown
from shared.model.dates import IsHoliday, Timetable
from shared.model.offer import OfferDoc
from shared.model.public_holidays import holidays_of
from shared.search.facts import provider_key
from shared.web.offer_page import read_offer
from shared.web.public.face import Face
from shared.web.public.organisations import Mention, Organisation, merge

CALL = "ausschreibung"
"""The kind of offer that is a call for projects or funding."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an offer takes place, as far as everybody may know: a point, or a postcode alone."""

    postcode: str
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class Short:
    """One offer, as far as the doors need it; `titles` are those of other languages."""

    rid: bytes
    member: str
    title: str
    titles: Mapping[str, str]
    town: str
    provider: str
    modified: str  # RFC 3339, or empty
    offer_type: str
    is_free: bool
    valid_to: date | None
    times: Timetable | None  # dates that can be computed
    by_phone: frozenset[int]  # indexes of schedules that are hours of a telephone
    has_text_hours: bool
    spots: tuple[Spot, ...]


@dataclass(frozen=True)
class Gathered:
    """What one state of the catalogue holds; offers by title."""

    offers: Mapping[bytes, Short] = field(default_factory=dict)
    organisations: Mapping[str, Organisation] = field(default_factory=dict)


def gather(shown: Iterable[Shown], is_holiday: IsHoliday) -> Gathered:
    """Read every offer once."""
    offers: dict[bytes, Short] = {}
    mentions: dict[str, list[Mention]] = {}
    for record in shown:
        doc = read_offer(record.body)
        offers[record.rid] = _short(record, doc, is_holiday)
        keyed = {key: provider for provider in reversed(doc.providers) if (key := provider_key(provider.name))}
        for key, provider in keyed.items():
            mention = Mention(record.rid, record.member, doc.last_modified, provider, "mo" in doc.topics)
            mentions.setdefault(key, []).append(mention)
    return Gathered(offers, {key: merge(key, found) for key, found in mentions.items()})


def _short(record: Shown, doc: OfferDoc, is_holiday: IsHoliday) -> Short:
    times = Timetable(_times_alone(doc), is_holiday) if doc.schedules else None
    has_dates = times is not None and times.has_dates
    is_active = doc.status in (None, "active")
    titles = {tag: text.name for tag, text in doc.translations.items() if text.name and text.state != "in_arbeit"}
    return Short(
        rid=record.rid,
        member=record.member,
        title=doc.name or record.title,
        titles=titles,
        town=next((place.city for place in doc.locations if place.city), ""),
        provider=doc.providers[0].name if doc.providers else "",
        modified=doc.last_modified,
        offer_type=doc.offer_type or "",
        is_free=doc.is_free is True,
        valid_to=doc.valid_to,
        times=times if has_dates else None,
        by_phone=frozenset(at for at, rule in enumerate(doc.schedules) if rule.kind == "telefonzeit"),
        has_text_hours=bool(doc.schedule_text) and not has_dates and is_active,
        spots=() if doc.address_confidential else tuple(_spots(doc)),
    )


def _times_alone(doc: OfferDoc) -> OfferDoc:
    """Return what a timetable reads of an offer, so that the rest of it is not kept."""
    return OfferDoc(
        id=doc.id, owner=doc.owner, status=doc.status, schedules=doc.schedules, exceptions=doc.exceptions,
        closed_on_holidays=doc.closed_on_holidays, valid_from=doc.valid_from, valid_to=doc.valid_to,
    )  # fmt: skip


def _spots(doc: OfferDoc) -> Iterable[Spot]:
    for place in doc.locations:
        if place.kind not in (None, "physical"):
            continue
        if place.latitude is not None and place.longitude is not None:
            yield Spot(place.postal_code, place.latitude, place.longitude)
        elif place.postal_code:
            yield Spot(place.postal_code)


class Gatherer:
    """Keeps what was gathered last; one per face."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._lock = threading.Lock()
        self._held: tuple[object, Gathered] | None = None
        self._holidays: dict[int, Mapping[date, str]] = {}

    def now(self) -> Gathered:
        """Return the newest state; the one before it while another request is reading anew."""
        held = self._held
        stamp = self._stamp()
        if held is not None and (held[0] == stamp or not self._lock.acquire(blocking=False)):
            return held[1]
        if held is None:
            self._lock.acquire()
        try:
            if self._held is None or self._held[0] != stamp:
                self._held = (stamp, self._read())
            return self._held[1]
        finally:
            self._lock.release()

    def _stamp(self) -> object:
        return self._face.finder.stamp, tuple(self._face.origins())

    def _read(self) -> Gathered:
        origins = self._face.origins()
        with self._face.db.read() as conn:
            return gather(catalogue.iterate_shown(conn, origins), self.is_holiday)

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a public holiday in the state of the district."""
        return day in self.holidays(day.year)

    def holidays(self, year: int) -> Mapping[date, str]:
        """Return the public holidays of a year; years are few, since dates are looked for a year ahead."""
        if year not in self._holidays:
            self._holidays[year] = holidays_of(year, self._face.words.district.state)
        return self._holidays[year]
