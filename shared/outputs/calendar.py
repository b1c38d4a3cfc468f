"""The dates of offers as a calendar file (RFC 5545), for the calendar of a telephone or a desk.

One entry for each schedule, with its rule; days on which it does not hold within the next year (exceptions, public
holidays, closed hours) are taken out of it, hours that are only shortened on a day stand in an entry of their own.
Times are those of the district with its time zone, so that calendars elsewhere and both changes of clocks come out
right.  The same offer on the same day gives the same bytes.  A confidential address is not told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Final
from zoneinfo import ZoneInfo

from shared.ids import child_id
from shared.model.dates import HORIZON_DAYS, Slot, Timetable, days_of, last_day, shape_of
from shared.model.offer import OfferDoc
from shared.model.parts import Schedule
from shared.outputs.content_lines import content_line, day_value, local_value, text_value, utc_value

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


@dataclass(frozen=True)
class _Zone:
    """The clocks of the district, and the day from which dates are written."""

    name: str
    clock: ZoneInfo
    today: date

    def line(self, name: str, day: date, clock: str) -> bytes:
        """Write a time on these clocks, or the day itself where there is none."""
        if clock:
            return content_line(f"{name};TZID={self.name}", local_value(day, clock))
        return content_line(f"{name};VALUE=DATE", day_value(day))


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
    clocks = _Zone(zone, ZoneInfo(zone), today)
    # From this year on: a calendar needs no rules of clocks that no entry touches.
    calendar.add_component(Timezone.from_tzid(zone, first_date=date(today.year - 1, 1, 1)))
    into.write(calendar.to_ical().removesuffix(_END))
    for timetable, text in offers:
        for index, rule in timetable.rules:
            into.writelines(_entries(index, rule, timetable, text, clocks))
    into.write(_END)


def _entries(index: int, rule: Schedule, timetable: Timetable, text: CalendarText, zone: _Zone) -> Iterator[bytes]:
    """Yield the entries of one schedule, each as its lines."""
    usual = list(days_of(rule, zone.today, zone.today + timedelta(days=HORIZON_DAYS)))
    if not usual:
        return
    whole = Slot(usual[0], rule.opens_at, rule.closes_at, index)
    changed = [day for day in usual if not timetable.is_usual(day)]
    shown = {day: [slot for slot in timetable.slots_on(day) if slot.rule == index] for day in changed}
    odd = {day: slots for day, slots in shown.items() if slots != [whole._replace(day=day)]}
    uid = child_id(text.rid, "schedule", str(index))
    if len(odd) < len(usual):
        first = next(day for day in usual if day not in odd)
        repeats = []
        if shape_of(rule) != "once":
            repeats.append(content_line("RRULE", _rrule(rule, zone)))
            repeats += [zone.line("EXDATE", day, rule.opens_at) for day in odd if day > first]
        yield _entry(whole._replace(day=first), text, f"{uid}@kreisweit", zone, repeats)
    for slot in (slot for slots in odd.values() for slot in slots):
        yield _entry(slot, text, f"{uid}-{day_value(slot.day)}-{slot.opens_at.replace(':', '')}@kreisweit", zone)


def _entry(slot: Slot, text: CalendarText, uid: str, zone: _Zone, repeats: Sequence[bytes] = ()) -> bytes:
    changed = utc_value(text.changed)
    lines = [b"BEGIN:VEVENT\r\n", content_line("UID", uid), content_line("DTSTAMP", changed)]
    lines += [content_line("LAST-MODIFIED", changed), zone.line("DTSTART", slot.day, slot.opens_at)]
    if slot.opens_at and slot.closes_at:
        lines.append(zone.line("DTEND", slot.day, slot.closes_at))
    lines += [*repeats, content_line("SUMMARY", text_value(text.title))]
    if text.place:
        lines.append(content_line("LOCATION", text_value(text.place)))
    if text.url:
        lines.append(content_line("URL", text.url))
    return b"".join([*lines, b"END:VEVENT\r\n"])


def _rrule(rule: Schedule, zone: _Zone) -> str:
    shape = shape_of(rule)
    parts = ["FREQ=WEEKLY" if shape == "weekly" else "FREQ=MONTHLY"]
    if (last := last_day(rule)) < zone.today + timedelta(days=_LONGEST):
        # The end of the last day: an end with a time of day must be given in UTC.
        parts.append(f"UNTIL={utc_value(datetime.combine(last, time(23, 59, 59), zone.clock))}")
    if (rule.interval or 1) > 1:
        parts.append(f"INTERVAL={rule.interval}")
    if rule.byday:
        parts.append(f"BYDAY={','.join(rule.byday)}")
    numbers = [number for number in rule.bymonthday if number]
    if shape == "monthly" and not numbers and not rule.byday and rule.dtstart is not None:
        numbers = [rule.dtstart.day]
    if numbers:
        parts.append(f"BYMONTHDAY={','.join(str(number) for number in numbers)}")
    return ";".join(parts)
