"""Months: which came before, how they are written in German, where they begin, and their first working day; pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.model.public_holidays import holiday_on

Month = str
"""A month as ISO 8601 writes it: 2026-11."""

_NAMES = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
_SHORT = ("Jan", "Feb", "Mär", "Apr", "Mai", "Jun", "Jul", "Aug", "Sep", "Okt", "Nov", "Dez")
_SATURDAY = 5


def month_of(day: date) -> Month:
    """Return the month of a day."""
    return f"{day:%Y-%m}"


def months_back(today: date, count: int) -> list[Month]:
    """Return so many months up to the one of a day, the oldest first."""
    last = today.year * 12 + today.month - 1
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(last - count + 1, last + 1)]


def month_name(month: Month) -> str:
    """Write a month: November 2026."""
    return f"{_NAMES[int(month[5:]) - 1]} {month[:4]}"


def month_in_short(month: Month) -> str:
    """Write a month where there is little room: Nov 26."""
    return f"{_SHORT[int(month[5:]) - 1]} {month[2:4]}"


def span_of(month: Month, timezone: str) -> tuple[int, int]:
    """Return when a month begins and when the next one does, in Unix seconds."""
    year, number = int(month[:4]), int(month[5:])
    zone = ZoneInfo(timezone)
    first = datetime(year, number, 1, tzinfo=zone)
    after = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone)
    return int(first.timestamp()), int(after.timestamp())


def first_working_day(year: int, month: int, state: str) -> date:
    """Return the first day of a month that is neither a weekend nor a public holiday of the state."""
    day = date(year, month, 1)
    while day.weekday() >= _SATURDAY or holiday_on(day, state):
        day += timedelta(days=1)
    return day
