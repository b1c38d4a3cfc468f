"""The dates of offers as a calendar file (RFC 5545), for the calendar of a telephone or a desk.

One entry for each schedule, with its rule; days on which it does not hold within the next year (exceptions, public
holidays, closed hours) are taken out of it, hours that are only shortened on a day stand in an entry of their own.
Times are those of the district with its time zone, so that calendars elsewhere and both changes of clocks come out
right.  The same offer on the same day gives the same bytes.  A confidential address is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from shared.ids import child_id
from shared.model.dates import HORIZON_DAYS, Slot, Timetable, days_of, last_day, shape_of
from shared.model.offer import OfferDoc
from shared.model.parts import Schedule

if TYPE_CHECKING:
    from icalendar import Event

_LONGEST: Final = 20 * 366
"""Days after which a rule is written without an end."""
_END: Final = b"END:VCALENDAR\r\n"


@dataclass(frozen=True)
class CalendarText:
    """What the entries of an offer say."""

    rid: str
    title: str
    place: str
    url: str  # of the offer's page; empty if unknown
    changed: datetime  # aware


def place_of(doc: OfferDoc) -> str:
    """Write where an offer takes place on one line, if there is one place that may be told."""
    if doc.address_confidential or len(doc.locations) != 1:
        return ""
    place = doc.locations[0]
    town = f"{place.postal_code} {place.city}".strip()
    return ", ".join(part for part in (place.name, place.address_1, town) if part)


def changed_at(doc: OfferDoc) -> datetime:
    """Return when the offer changed last, so that its entries stay the same until it changes again."""
    return datetime.fromisoformat(doc.last_modified) if doc.last_modified else datetime(2000, 1, 1, tzinfo=UTC)


def write_calendar(
    offers: Iterable[tuple[Timetable, CalendarText]],
    into: IO[bytes],
    *,
    key: str,
    name: str,
    language: str,
    changed: datetime,
    today: date,
    zone: str,
) -> None:
    """Write a calendar file, entry by entry; without entries where no date can be computed.

    Args:
        offers: the dates of each with what its entries say.
        key: id of what the calendar is about, 32 hex digits.
        today: the first day whose dates are written.
        zone: name of the time zone of the district's clocks.
    """
    from icalendar import Calendar, Timezone

    calendar = Calendar.new(
        prodid="-//kreisweit//Angebote//DE", language=language, name=name, last_modified=changed,
        uid=f"{child_id(key, 'calendar', '')}@kreisweit",
    )  # fmt: skip
    clock = ZoneInfo(zone)
    # From this year on: a calendar needs no rules of clocks that no entry touches.
    calendar.add_component(Timezone.from_tzid(zone, first_date=date(today.year - 1, 1, 1)))
    into.write(calendar.to_ical().removesuffix(_END))
    for timetable, text in offers:
        for index, rule in timetable.rules:
            for event in _events(index, rule, timetable, text, today=today, clock=clock):
                into.write(event.to_ical())
    into.write(_END)


def _events(
    index: int, rule: Schedule, timetable: Timetable, text: CalendarText, *, today: date, clock: ZoneInfo
) -> Iterator[Event]:
    end = today + timedelta(days=HORIZON_DAYS)
    usual = list(days_of(rule, today, end))
    if not usual:
        return
    whole = Slot(usual[0], rule.opens_at, rule.closes_at, index)
    changed = [day for day in usual if not timetable.is_usual(day)]
    shown = {day: [slot for slot in timetable.slots_on(day) if slot.rule == index] for day in changed}
    odd = {day: slots for day, slots in shown.items() if slots != [whole._replace(day=day)]}
    uid = child_id(text.rid, "schedule", str(index))
    if len(odd) < len(usual):
        first = next(day for day in usual if day not in odd)
        event = _event(whole._replace(day=first), text, f"{uid}@kreisweit", clock)
        if shape_of(rule) != "once":
            event.add("rrule", _rrule(rule, first, clock, today))
            _leave_out(event, [day for day in odd if day > first], rule, clock)
        yield event
    for slot in (slot for slots in odd.values() for slot in slots):
        yield _event(slot, text, f"{uid}-{slot.day:%Y%m%d}-{slot.opens_at.replace(':', '')}@kreisweit", clock)


def _event(slot: Slot, text: CalendarText, uid: str, clock: ZoneInfo) -> Event:
    from icalendar import Event

    event = Event.new(uid=uid, stamp=text.changed, last_modified=text.changed, summary=text.title)
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
