"""The dates of all offers as one calendar, for desks that subscribe to it; how an entry is written: `calendar`.

Hours that an offer gives as text alone are not guessed.  The file belongs to the day of its state: it begins with that
day, and the days that are left out reach a year from it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import IO, Final
from zoneinfo import ZoneInfo

from shared.model.dates import HORIZON_DAYS, IsHoliday, Timetable
from shared.model.public_holidays import holidays_of
from shared.outputs.calendar import CalendarText, changed_at, place_of, write_calendar
from shared.outputs.formats.format import Format, Offers
from shared.outputs.offered import About


def write_dates(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write the dates of all offers from the day of this state on."""
    district = about.district
    today = about.made.astimezone(ZoneInfo(district.timezone)).date()
    last = today + timedelta(days=HORIZON_DAYS)
    holidays = frozenset(day for year in range(today.year, last.year + 1) for day in holidays_of(year, district.state))
    write_calendar(
        _dated(offers, holidays.__contains__),
        into,
        key=uuid.uuid5(uuid.NAMESPACE_URL, f"kreisweit:{district.key}:dates").hex,
        name=about.title,
        language="de",
        changed=about.made,
        today=today,
        zone=district.timezone,
    )


def _dated(offers: Offers, is_holiday: IsHoliday) -> Iterator[tuple[Timetable, CalendarText]]:
    for offered in offers:
        doc = offered.doc
        timetable = Timetable(doc, is_holiday)
        if timetable.has_dates:
            title = str(offered.service["name"])
            yield timetable, CalendarText(doc.id, title, place_of(doc), offered.origin.url, changed_at(doc))


DATES: Final = Format(
    name="ical",
    path="/catalog.ics",
    media_type="text/calendar; charset=utf-8",
    title="Termine aller Angebote als Kalender (iCalendar)",
    title_en="Dates of all offers as a calendar (iCalendar)",
    write=write_dates,
)
