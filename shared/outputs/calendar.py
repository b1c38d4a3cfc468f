"""The dates of an offer as a calendar file (RFC 5545), for the calendar of a telephone or a desk.

One entry for each schedule, with its rule; days on which it does not hold within the next year (exceptions, public
holidays, closed hours) are taken out of it, hours that are only shortened on a day stand in an entry of their own.
Times are those of the district with its time zone, so that calendars elsewhere and both changes of clocks come out
right.  The same offer on the same day gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from shared.ids import child_id
from shared.model.dates import HORIZON_DAYS, Slot, Timetable, days_of, last_day, shape_of
from shared.model.parts import Schedule

if TYPE_CHECKING:
    from icalendar import Event

_LONGEST: Final = 20 * 366
"""Days after which a rule is written without an end."""


@dataclass(frozen=True)
class CalendarText:
    """What the entries of a calendar say."""

    rid: str
    title: str
    place: str
    url: str  # of the offer's page; empty if unknown
    language: str
    changed: datetime  # aware


def make_calendar(timetable: Timetable, text: CalendarText, *, today: date, zone: str) -> bytes:
    """Return the calendar file; without entries where no date can be computed."""
    from icalendar import Calendar, Timezone

    calendar = Calendar.new(
        prodid="-//kreisweit//Angebote//DE", language=text.language, name=text.title, last_modified=text.changed,
        uid=f"{child_id(text.rid, 'calendar', '')}@kreisweit",
    )  # fmt: skip
    clock = ZoneInfo(zone)
    # From this year on: a calendar needs no rules of clocks that no entry touches.
    calendar.add_component(Timezone.from_tzid(zone, first_date=date(today.year - 1, 1, 1)))
    for index, rule in timetable.rules:
        for event in _events(index, rule, timetable, text, today=today, clock=clock):
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _events(
    index: int, rule: Schedule, timetable: Timetable, text: CalendarText, *, today: date, clock: ZoneInfo
) -> Iterator[Event]:
    end = today + timedelta(days=HORIZON_DAYS)
    usual = list(days_of(rule, today, end))
    if not usual:
        return
    shown = {day: [slot for slot in timetable.slots_on(day) if slot.rule == index] for day in usual}
    whole = Slot(usual[0], rule.opens_at, rule.closes_at, index)
    kept = {day for day, slots in shown.items() if slots == [whole._replace(day=day)]}
    uid = child_id(text.rid, "schedule", str(index))
    if kept:
        first = min(kept)
        event = _event(whole._replace(day=first), text, f"{uid}@kreisweit", clock)
        if shape_of(rule) != "once":
            event.add("rrule", _rrule(rule, first, clock, today))
            _leave_out(event, [day for day in usual if day > first and day not in kept], rule, clock)
        yield event
    for slot in (slot for slots in shown.values() for slot in slots if slot.day not in kept):
        yield _event(slot, text, f"{uid}-{slot.day:%Y%m%d}-{slot.opens_at.replace(':', '')}@kreisweit", clock)


def _event(slot: Slot, text: CalendarText, uid: str, clock: ZoneInfo) -> Event:
    from icalendar import Event

    event = Event.new(uid=uid, stamp=text.changed, summary=text.title)
    event.add("dtstart", _at(slot.day, slot.opens_at, clock))
    if slot.opens_at and slot.closes_at:
        event.add("dtend", _at(slot.day, slot.closes_at, clock))
    if text.place:
        event.add("location", text.place)
    if text.url:
        event.add("url", text.url)
    return event


def _at(day: date, clock_text: str, clock: ZoneInfo) -> date:
    """Return a time on the district's clocks, or the day itself where there is none."""
    return datetime.combine(day, time.fromisoformat(clock_text), clock) if clock_text else day


def _rrule(rule: Schedule, first: date, clock: ZoneInfo, today: date) -> dict[str, Any]:
    shape = shape_of(rule)
    found: dict[str, Any] = {"FREQ": "WEEKLY" if shape == "weekly" else "MONTHLY"}
    if (rule.interval or 1) > 1:
        found["INTERVAL"] = rule.interval
    if rule.byday:
        found["BYDAY"] = list(rule.byday)
    if numbers := [number for number in rule.bymonthday if number]:
        found["BYMONTHDAY"] = numbers
    elif shape == "monthly" and not rule.byday and rule.dtstart is not None:
        found["BYMONTHDAY"] = [rule.dtstart.day]
    if (last := last_day(rule)) < today + timedelta(days=_LONGEST):
        # The end of the last day: an end with a time of day must be given in UTC.
        found["UNTIL"] = datetime.combine(last, time(23, 59, 59), clock).astimezone(UTC)
    return found


def _leave_out(event: Event, days: Iterable[date], rule: Schedule, clock: ZoneInfo) -> None:
    for day in days:
        event.add("exdate", _at(day, rule.opens_at, clock))
