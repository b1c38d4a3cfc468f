"""Which days and hours the schedules of an offer stand for.

Days and `HH:MM` texts on the wall clock of the district, never instants: the days on which clocks change are days like
any other here.  A schedule that cannot be computed without guessing (no rhythm, an interval without a beginning, an end
before its beginning) stands for no day; its text speaks for itself.

What happens on public holidays is decided here, which days those are by the caller.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final, Literal, NamedTuple

from shared.model.hours import DAYS
from shared.model.offer import OfferDoc
from shared.model.parts import Schedule, ScheduleException

HORIZON_DAYS: Final = 366
"""How far ahead dates are looked for; beyond it nobody plans, and hours are seldom right."""
_COUNTED_DAYS: Final = 3660
"""How long after its beginning a rule with a number of dates is counted out."""

IsHoliday = Callable[[date], bool]
Shape = Literal["", "once", "weekly", "monthly"]


class Slot(NamedTuple):
    """One date of an offer; `rule` is the index of its schedule.  Hours may be missing from dates that stand alone."""

    day: date
    opens_at: str
    closes_at: str
    rule: int


class Standing(NamedTuple):
    """How an offer stands at a moment.

    `kind`: open until `slot` closes, later today (`slot`), over for today, closed all day, or other hours today
    (`cause.hours`).  `next` is the next date after today.  `by_phone`: the hours are those of a telephone.
    """

    kind: Literal["open", "later", "over", "closed", "other"]
    slot: Slot | None = None
    next: Slot | None = None
    cause: ScheduleException | None = None
    is_holiday: bool = False
    by_phone: bool = False


# --- one schedule ----------------------------------------------------------------------------------------------------


def shape_of(rule: Schedule) -> Shape:
    """Return how a schedule repeats; empty where its days cannot be computed."""
    has_ordinals = any(len(code) > 2 for code in rule.byday)
    if rule.closes_at and rule.closes_at <= rule.opens_at:
        return ""
    if (rule.interval or 1) > 1 and rule.dtstart is None:
        return ""
    if rule.count is not None and rule.dtstart is None:
        return ""
    if rule.freq is None and not rule.byday and not rule.bymonthday:
        return "once" if single_day(rule) is not None else ""
    if rule.freq == "MONTHLY" or (rule.freq is None and (has_ordinals or rule.bymonthday)):
        return "monthly" if rule.byday or any(rule.bymonthday) or rule.dtstart else ""
    if has_ordinals or rule.bymonthday:
        return ""
    return "weekly" if rule.byday or rule.dtstart else ""


def single_day(rule: Schedule) -> date | None:
    """Return the day of a date that does not repeat: beginning and end fall on it."""
    given = {day for day in (rule.dtstart, rule.valid_from, rule.valid_to, rule.until) if day is not None}
    has_end = rule.valid_to is not None or rule.until is not None
    return given.pop() if len(given) == 1 and has_end else None


def first_day(rule: Schedule) -> date:
    """Return the day before which a schedule does not hold."""
    return max((day for day in (rule.dtstart, rule.valid_from) if day is not None), default=date.min)


def last_day(rule: Schedule) -> date:
    """Return the day after which a schedule does not hold: its end, or the last of a number of dates."""
    ends = [day for day in (rule.until, rule.valid_to) if day is not None]
    if rule.count is not None:
        ends.append(_counted_end(rule, rule.count))
    return min(ends, default=date.max)


def _counted_end(rule: Schedule, count: int) -> date:
    start, shape = rule.dtstart or date.min, shape_of(rule)
    for ahead in range(_COUNTED_DAYS):
        if start > date.max - timedelta(days=ahead):
            break
        day = start + timedelta(days=ahead)
        if count < 1:
            return day - timedelta(days=1) if day > date.min else date.min
        if _fits(rule, shape, day):
            count -= 1
    return start + timedelta(days=min(_COUNTED_DAYS, (date.max - start).days))


def _fits(rule: Schedule, shape: Shape, day: date) -> bool:
    """Tell whether a day follows the pattern, whatever its beginning and end."""
    if shape == "once":
        return day == single_day(rule)
    if shape == "weekly":
        return _weekday_fits(rule, day) and _weeks_fit(rule, day)
    return shape == "monthly" and _month_day_fits(rule, day) and _months_fit(rule, day)


def _weekday_fits(rule: Schedule, day: date) -> bool:
    if rule.byday:
        return DAYS[day.weekday()] in rule.byday
    return rule.dtstart is not None and rule.dtstart.weekday() == day.weekday()


def _weeks_fit(rule: Schedule, day: date) -> bool:
    """Weeks begin on Monday; a rule for every other week counts from the week of its beginning."""
    if rule.dtstart is None:
        return True
    weeks = (day.toordinal() - day.weekday()) - (rule.dtstart.toordinal() - rule.dtstart.weekday())
    return weeks // 7 % (rule.interval or 1) == 0


def _month_day_fits(rule: Schedule, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    numbers = [number for number in rule.bymonthday if number]
    if numbers and day.day not in numbers and day.day - length - 1 not in numbers:
        return False
    if not rule.byday:
        return bool(numbers) or (rule.dtstart is not None and rule.dtstart.day == day.day)
    name = DAYS[day.weekday()]
    forward, backward = (day.day - 1) // 7 + 1, (length - day.day) // 7 + 1
    return any(code in rule.byday for code in (name, f"{forward}{name}", f"-{backward}{name}"))


def _months_fit(rule: Schedule, day: date) -> bool:
    if rule.dtstart is None:
        return True
    months = (day.year - rule.dtstart.year) * 12 + day.month - rule.dtstart.month
    return months % (rule.interval or 1) == 0


def days_of(rule: Schedule, start: date, end: date) -> Iterator[date]:
    """Yield the days from `start` to `end`, both included, on which a schedule holds by itself."""
    shape = shape_of(rule)
    if not shape:
        return
    start, end = max(start, first_day(rule)), min(end, last_day(rule))
    # Six of seven days are told by their weekday alone, without making a date of them; day 1 was a Monday.
    weekdays = {(DAYS.index(code[-2:]) + 1) % 7 for code in rule.byday} or set(range(7))
    is_told_by_weekday = shape == "weekly" and bool(rule.byday) and (rule.interval or 1) == 1
    for number in range(start.toordinal(), end.toordinal() + 1):
        if number % 7 in weekdays:
            day = date.fromordinal(number)
            if is_told_by_weekday or _fits(rule, shape, day):
                yield day


# --- all schedules of an offer ---------------------------------------------------------------------------------------


class Timetable:
    """The dates of one offer.

    Dates by appointment are left out: who comes without one stands before a closed door.

    Args:
        doc: the offer; while it is not active it has no dates.
        is_holiday: tells public holidays; asked only where the offer is closed on them.
    """

    def __init__(self, doc: OfferDoc, is_holiday: IsHoliday) -> None:
        self._doc = doc
        self._is_holiday = is_holiday
        self._first, self._last = doc.valid_from or date.min, doc.valid_to or date.max
        self._closes_hours = any(rule.kind == "geschlossen" for rule in doc.schedules)
        is_active = doc.status in (None, "active")
        shapes = [(at, rule, shape_of(rule)) for at, rule in enumerate(doc.schedules) if is_active]
        self._known = [
            (at, rule, shape, first_day(rule), last_day(rule))
            for at, rule, shape in shapes
            if shape and not rule.by_appointment and (rule.opens_at or shape == "once" or rule.kind == "geschlossen")
        ]

    @property
    def has_dates(self) -> bool:
        """Tell whether any schedule gives dates that can be computed."""
        return any(rule.kind != "geschlossen" for _, rule, *_ in self._known)

    @property
    def rules(self) -> Sequence[tuple[int, Schedule]]:
        """Return the schedules that give dates, with their indexes."""
        return [(at, rule) for at, rule, *_ in self._known if rule.kind != "geschlossen"]

    def exception_on(self, day: date) -> ScheduleException | None:
        """Return what the offer says about a day on which its usual times do not hold."""
        return next((e for e in self._doc.exceptions if e.date_from <= day <= (e.date_to or e.date_from)), None)

    def is_holiday(self, day: date) -> bool:
        """Tell whether the offer is closed on a day because it is a public holiday."""
        return self._doc.closed_on_holidays and self._is_holiday(day)

    def is_usual(self, day: date) -> bool:
        """Tell whether nothing changes the dates of a day, so that each schedule holds on it as it stands."""
        if self._closes_hours or not self._runs_on(day):
            return False
        is_excepted = bool(self._doc.exceptions) and self.exception_on(day) is not None
        return not (is_excepted or self.is_holiday(day))

    def slots_on(self, day: date) -> list[Slot]:
        """Return the dates of a day in their order, closed days and hours taken out."""
        if self.exception_on(day) is not None or not self._runs_on(day):
            return []
        found = [
            (shape, Slot(day, rule.opens_at, rule.closes_at, at), rule.kind)
            for at, rule, shape, first, last in self._known
            if first <= day <= last and _fits(rule, shape, day)
        ]
        if found and self.is_holiday(day):
            # A date that was given by itself is meant, holiday or not.
            found = [one for one in found if one[0] == "once"]
        slots = [slot for _, slot, kind in found if kind != "geschlossen"]
        for closed in [slot for _, slot, kind in found if kind == "geschlossen"]:
            slots = [piece for slot in slots for piece in _without(slot, closed)]
        return sorted(set(slots), key=lambda slot: (slot.opens_at, slot.closes_at, slot.rule))

    def _runs_on(self, day: date) -> bool:
        return self._first <= day <= self._last

    def upcoming(self, moment: datetime, most: int, *, rules: Sequence[int] | None = None) -> list[Slot]:
        """Return the next dates that are not over; `rules` keeps to the schedules of these indexes."""
        clock, found = f"{moment:%H:%M}", list[Slot]()
        if not self.has_dates:
            return found
        for ahead in range(HORIZON_DAYS):
            for slot in self.slots_on(moment.date() + timedelta(days=ahead)):
                is_over = ahead == 0 and (slot.closes_at or slot.opens_at or "24:00") <= clock
                if not is_over and (rules is None or slot.rule in rules):
                    found.append(slot)
                if len(found) == most:
                    return found
        return found

    def standing(self, moment: datetime) -> Standing | None:
        """Return how the offer stands at a moment of the district's clocks; None where it has no opening hours."""
        visits = self._hours_of(None, "sprechzeit")
        by_phone = not visits
        rules = visits or self._hours_of("telefonzeit")
        today, clock = moment.date(), f"{moment:%H:%M}"
        if not rules or not self._runs_on(today):
            return None
        slots = _joined([slot for slot in self.slots_on(today) if slot.rule in rules])
        midnight = moment.replace(hour=0, minute=0) + timedelta(days=1)
        following = next(iter(self.upcoming(midnight, 1, rules=rules)), None)
        current = next((slot for slot in slots if clock < slot.closes_at), None)
        if current is not None:
            kind: Literal["open", "later"] = "open" if current.opens_at <= clock else "later"
            return Standing(kind, current, following, by_phone=by_phone)
        cause = self.exception_on(today)
        if cause is not None and not cause.closed:
            return Standing("other", None, following, cause, by_phone=by_phone)
        if following is None and not slots:
            return None
        is_holiday = not slots and self.is_holiday(today)
        return Standing("over" if slots else "closed", None, following, cause, is_holiday, by_phone)

    def _hours_of(self, *kinds: str | None) -> list[int]:
        return [at for at, rule in self.rules if rule.kind in kinds and rule.opens_at and rule.closes_at]


def _without(slot: Slot, closed: Slot) -> list[Slot]:
    """Return what is left of a date beside closed hours; closed hours without a beginning close the whole day."""
    if not closed.opens_at or not slot.closes_at:
        return []
    until = closed.closes_at or "24:00"
    if until <= slot.opens_at or slot.closes_at <= closed.opens_at:
        return [slot]
    pieces = [slot._replace(closes_at=closed.opens_at), slot._replace(opens_at=until)]
    return [piece for piece in pieces if piece.opens_at < piece.closes_at]


def _joined(slots: Sequence[Slot]) -> list[Slot]:
    """Join dates of one day that follow each other without a gap."""
    joined: list[Slot] = []
    for slot in slots:
        if joined and slot.opens_at <= joined[-1].closes_at:
            joined[-1] = joined[-1]._replace(closes_at=max(slot.closes_at, joined[-1].closes_at))
        else:
            joined.append(slot)
    return joined
