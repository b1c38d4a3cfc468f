"""What takes place by date: two weeks from a day, day by day, from the structured hours of offers.

Hours that an offer gives as text alone are not guessed; their number is said.  The dates of a day are worked out once
for each state of the catalogue, whatever is asked; filters choose among them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

from shared.model.dates import HORIZON_DAYS
from shared.model.hours import DAYS
from shared.search.asking import Asked
from shared.web.public.gathered import Gathered, Short

WEEK = timedelta(days=7)
WINDOW_DAYS = 14
PER_DAY = 20
"""Dates of a day that a page of two weeks shows; the day has a page of its own for the rest."""
PER_PAGE = 200
_DAYS_KEPT = 60
_FILTERS = ("cities", "topics", "is_free", "days")


class Happening(NamedTuple):
    """One date of an offer."""

    opens_at: str
    closes_at: str
    rid: bytes
    by_phone: bool


@dataclass(frozen=True)
class Day:
    """One day; `total` counts those not shown too."""

    day: date
    happenings: Sequence[Happening]
    total: int


class Calendar:
    """The dates of days, kept for the newest state of the catalogue; one per face."""

    def __init__(self) -> None:
        self._days: OrderedDict[tuple[int, date], tuple[Gathered, list[Happening]]] = OrderedDict()

    def on(self, gathered: Gathered, day: date) -> list[Happening]:
        """Return everything that takes place on a day, by time."""
        key = (id(gathered), day)
        held = self._days.get(key)
        if held is None:
            # Kept with its state: an id is not given again while the state lives.
            held = (gathered, happenings_on(gathered.offers.values(), day))
            self._days[key] = held
            while len(self._days) > _DAYS_KEPT:
                self._days.pop(next(iter(self._days)), None)
        return held[1]


def happenings_on(offers: Iterable[Short], day: date) -> list[Happening]:
    """Work out the dates of a day; offers stand by title, and keep that order within an hour."""
    found = [
        Happening(slot.opens_at, slot.closes_at, offer.rid, slot.rule in offer.by_phone)
        for offer in offers
        if offer.times is not None
        for slot in offer.times.slots_on(day)
    ]
    return sorted(found, key=lambda one: (one.opens_at, one.closes_at))


def only_dated(asked: Asked) -> Asked:
    """Return the part of a question that this view understands."""
    return Asked(**{name: getattr(asked, name) for name in _FILTERS})


def candidates(asked: Asked) -> Asked:
    """Return the question that finds the offers; days are chosen by date, which knows of exceptions and holidays."""
    return replace(asked, days=())


def read_start(text: str, today: date, *, shown_days: int = WINDOW_DAYS) -> date:
    """Read the first day from a query; anything else, the past, and what is too far ahead become the nearest day."""
    try:
        chosen = date.fromisoformat(text) if len(text) == len("2026-12-01") else today
    except ValueError:
        return today
    return min(max(chosen, today), today + timedelta(days=HORIZON_DAYS - shown_days))


def days_from(start: date, asked: Asked, *, most: int = WINDOW_DAYS) -> list[date]:
    """Return the days of the window that fall on one of the weekdays asked for."""
    days = [start + timedelta(days=ahead) for ahead in range(most)]
    return [day for day in days if not asked.days or DAYS[day.weekday()] in asked.days]


def choose(
    happenings: Sequence[Happening], wanted: Collection[bytes] | None, offers: Mapping[bytes, Short], own_city: str
) -> list[Happening]:
    """Return those of offers that were asked for (None: all), within an hour the party's own city first."""
    found = happenings if wanted is None else [one for one in happenings if one.rid in wanted]
    if not own_city:
        return list(found)
    return sorted(
        found, key=lambda one: (one.opens_at, offers[one.rid].member != own_city)
    )  # stable: by title within both
