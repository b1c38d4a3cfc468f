"""Days and hours that schedules stand for; what is computed is held against dateutil's own rules."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model.dates import Slot, Standing, Timetable, days_of, shape_of
from shared.model.hours import DAYS
from shared.model.offer import OfferDoc
from shared.model.parts import Schedule, ScheduleException

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 11, 24)
MORNING = {"opens_at": "09:00", "closes_at": "12:00"}


def slot(**fields: Any) -> Schedule:
    return Schedule(**{**MORNING, **fields})


def table(*rules: Schedule, holidays: tuple[date, ...] = (), **fields: Any) -> Timetable:
    doc = OfferDoc(id="0" * 32, owner="05562020", schedules=rules, **fields)
    return Timetable(doc, lambda day: day in holidays)


def at(day: date, clock: str = "08:00") -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), BERLIN)


def days(found: list[Slot]) -> list[date]:
    return [one.day for one in found]


# --- rules -----------------------------------------------------------------------------------------------------------

starts = st.dates(date(2025, 1, 1), date(2026, 12, 31))
weekly = st.builds(
    slot,
    freq=st.just("WEEKLY"),
    byday=st.lists(st.sampled_from(DAYS), max_size=3, unique=True).map(tuple),
    interval=st.one_of(st.none(), st.integers(1, 6)),
    dtstart=starts,
    count=st.one_of(st.none(), st.integers(1, 30)),
)
ordinals = st.builds(lambda n, day: f"{n}{day}", st.sampled_from([-5, -2, -1, 1, 2, 3, 4, 5]), st.sampled_from(DAYS))
monthly = st.builds(
    slot,
    freq=st.just("MONTHLY"),
    # Not both kinds at once: dateutil then asks for both, where RFC 5545 (and we) take either.
    byday=st.one_of(
        st.lists(ordinals, max_size=3, unique=True), st.lists(st.sampled_from(DAYS), max_size=3, unique=True)
    ).map(tuple),
    bymonthday=st.lists(st.integers(-31, 31).filter(bool), max_size=3, unique=True).map(tuple),
    interval=st.one_of(st.none(), st.integers(1, 5)),
    dtstart=starts,
    count=st.one_of(st.none(), st.integers(1, 12)),
)


@settings(deadline=None)
@given(rule=st.one_of(weekly, monthly), ahead=st.integers(0, 500))
def test_days_are_those_that_dateutil_finds(rule: Schedule, ahead: int) -> None:
    assert rule.dtstart is not None
    end = rule.dtstart + timedelta(days=ahead)
    text = f"FREQ={rule.freq};INTERVAL={rule.interval or 1}"
    text += f";BYDAY={','.join(rule.byday)}" if rule.byday else ""
    text += f";BYMONTHDAY={','.join(map(str, rule.bymonthday))}" if rule.bymonthday else ""
    text += f";COUNT={rule.count}" if rule.count else ""
    begin = datetime.combine(rule.dtstart, time())
    expected = rrulestr(text, dtstart=begin).between(begin, datetime.combine(end, time()), inc=True)

    assert list(days_of(rule, rule.dtstart, end)) == [one.date() for one in expected]


@settings(deadline=None)
@given(first=starts, length=st.integers(0, 200), until=st.integers(0, 200))
def test_no_day_lies_outside_of_the_time_in_which_a_rule_holds(first: date, length: int, until: int) -> None:
    last = first + timedelta(days=length)
    rule = slot(byday=DAYS, valid_from=first, valid_to=last, until=first + timedelta(days=until))

    found = list(days_of(rule, first - timedelta(days=40), first + timedelta(days=300)))

    assert found == [first + timedelta(days=n) for n in range(min(length, until) + 1)]


def test_a_count_of_dates_ends_with_the_last_of_them() -> None:
    rule = slot(byday=("TU",), freq="WEEKLY", dtstart=TUESDAY, count=3)

    assert len(list(days_of(rule, TUESDAY, TUESDAY + timedelta(days=300)))) == 3
    assert list(days_of(rule, TUESDAY + timedelta(days=15), TUESDAY + timedelta(days=300))) == []


def test_a_date_that_stands_alone_is_one_day() -> None:
    rule = slot(dtstart=TUESDAY, valid_from=TUESDAY, valid_to=TUESDAY)

    assert shape_of(rule) == "once"
    assert list(days_of(rule, TUESDAY - timedelta(days=9), TUESDAY + timedelta(days=9))) == [TUESDAY]


@pytest.mark.parametrize(
    "rule",
    [
        slot(),
        slot(dtstart=TUESDAY),
        slot(byday=("TU",), interval=2),
        slot(byday=("TU",), count=3),
        slot(byday=("1TU",), freq="WEEKLY"),
        slot(bymonthday=(3,), freq="WEEKLY"),
        slot(bymonthday=(0,), freq="MONTHLY"),
        slot(byday=("TU",), opens_at="12:00", closes_at="09:00"),
    ],
)
def test_a_rule_that_would_have_to_be_guessed_gives_no_day(rule: Schedule) -> None:
    assert shape_of(rule) == ""
    assert list(days_of(rule, TUESDAY, TUESDAY + timedelta(days=300))) == []


@pytest.mark.parametrize("start", [date.min, date(9999, 12, 30)])
def test_the_ends_of_the_calendar_are_borne(start: date) -> None:
    rule = slot(byday=("TU",), freq="WEEKLY", dtstart=start, count=10**6)

    assert not table(rule).upcoming(at(TUESDAY), 5)


# --- an offer --------------------------------------------------------------------------------------------------------


def test_next_dates_leave_out_exceptions_holidays_and_what_is_over() -> None:
    offer = table(
        slot(byday=("TU",)),
        exceptions=(ScheduleException(date_from=date(2026, 12, 1), closed=True),),
        holidays=(date(2026, 12, 8),),
    )

    assert days(offer.upcoming(at(TUESDAY, "11:59"), 3)) == [TUESDAY, date(2026, 12, 15), date(2026, 12, 22)]
    assert days(offer.upcoming(at(TUESDAY, "12:00"), 1)) == [date(2026, 12, 15)]


def test_an_offer_that_is_open_on_holidays_and_a_date_given_by_itself_keep_them() -> None:
    once = slot(dtstart=TUESDAY, valid_from=TUESDAY, valid_to=TUESDAY)

    assert table(slot(byday=("TU",)), closed_on_holidays=False, holidays=(TUESDAY,)).slots_on(TUESDAY)
    assert table(once, holidays=(TUESDAY,)).slots_on(TUESDAY)
    assert not table(slot(byday=("TU",)), holidays=(TUESDAY,)).slots_on(TUESDAY)


def test_closed_hours_are_cut_out() -> None:
    closed = Schedule(byday=("TU",), opens_at="10:00", closes_at="10:30", kind="geschlossen")

    found = table(slot(byday=("TU",)), closed).slots_on(TUESDAY)

    assert [(one.opens_at, one.closes_at) for one in found] == [("09:00", "10:00"), ("10:30", "12:00")]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "temporarily closed"},
        {"valid_to": TUESDAY - timedelta(days=1)},
        {"exceptions": (ScheduleException(date_from=TUESDAY, date_to=TUESDAY + timedelta(days=500), closed=True),)},
    ],
)
def test_an_offer_that_does_not_take_place_has_no_dates(fields: dict[str, Any]) -> None:
    assert table(slot(byday=("TU",)), **fields).upcoming(at(TUESDAY), 5) == []


def test_dates_by_appointment_are_none() -> None:
    offer = table(slot(byday=("TU",), by_appointment=True))

    assert not offer.has_dates
    assert offer.standing(at(TUESDAY)) is None


@pytest.mark.parametrize(
    ("clock", "kind"),
    [("08:59", "later"), ("09:00", "open"), ("11:59", "open"), ("12:00", "later"), ("17:00", "over")],
)
def test_standing_follows_the_clock(clock: str, kind: str) -> None:
    offer = table(slot(byday=("TU",)), slot(byday=("TU",), opens_at="14:00", closes_at="17:00"))

    standing = offer.standing(at(TUESDAY, clock))

    assert standing is not None
    assert standing.kind == kind
    assert standing.next == Slot(TUESDAY + timedelta(days=7), "09:00", "12:00", 0)


def test_hours_without_a_gap_are_one() -> None:
    offer = table(slot(byday=("TU",)), slot(byday=("TU",), opens_at="12:00", closes_at="14:00"))

    standing = offer.standing(at(TUESDAY, "10:00"))

    assert standing is not None
    assert standing.slot is not None
    assert standing.slot.closes_at == "14:00"


def test_other_hours_of_a_day_are_said_and_not_computed() -> None:
    other = ScheduleException(date_from=TUESDAY, hours="nur 9 bis 10 Uhr")

    standing = table(slot(byday=("TU",)), exceptions=(other,)).standing(at(TUESDAY, "09:30"))

    assert isinstance(standing, Standing)
    assert (standing.kind, standing.cause) == ("other", other)


def test_a_course_is_never_open_and_a_telephone_is_only_where_nobody_can_come() -> None:
    call = slot(byday=("TU",), kind="telefonzeit")

    by_phone = table(call).standing(at(TUESDAY, "10:00"))
    visits = table(call, slot(byday=("WE",))).standing(at(TUESDAY, "10:00"))

    assert table(slot(byday=("TU",), kind="kurszeit")).standing(at(TUESDAY, "10:00")) is None
    assert by_phone is not None
    assert (by_phone.kind, by_phone.by_phone) == ("open", True)
    assert visits is not None
    assert (visits.kind, visits.by_phone) == ("closed", False)


@pytest.mark.parametrize(
    ("instant", "kind"),
    [
        ("2026-03-29T00:59:00+00:00", "open"),  # 01:59 in winter
        ("2026-03-29T01:00:00+00:00", "open"),  # 03:00 in summer, a minute later
        ("2026-03-29T01:59:00+00:00", "open"),
        ("2026-03-29T02:00:00+00:00", "over"),  # 04:00
        ("2026-10-25T00:30:00+00:00", "open"),  # 02:30 for the first time
        ("2026-10-25T01:30:00+00:00", "open"),  # 02:30 for the second time
        ("2026-10-25T03:00:00+00:00", "over"),  # 04:00
    ],
)
def test_both_days_on_which_clocks_change_follow_the_wall_clock(instant: str, kind: str) -> None:
    offer = table(slot(byday=("SU",), opens_at="01:00", closes_at="04:00"))

    standing = offer.standing(datetime.fromisoformat(instant).astimezone(BERLIN))

    assert standing is not None
    assert standing.kind == kind
    assert standing.next is not None
    assert standing.next.day.weekday() == 6


@settings(deadline=None)
@given(rules=st.lists(st.one_of(weekly, monthly), max_size=5), day=starts, hour=st.integers(0, 23))
def test_next_dates_are_in_order_and_each_follows_its_rule(rules: list[Schedule], day: date, hour: int) -> None:
    offer = table(*rules)

    found = offer.upcoming(at(day, f"{hour:02}:00"), 5)

    assert days(found) == sorted(days(found))
    for one in found:
        assert one.day > day or (one.day == day and hour < 12)
        assert list(days_of(rules[one.rule], one.day, one.day)) == [one.day]
