"""Months and their first working days."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hub.months import first_working_day, month_in_short, month_name, months_back, span_of


def test_months_go_back_over_the_turn_of_the_year() -> None:
    assert months_back(date(2026, 2, 28), 4) == ["2025-11", "2025-12", "2026-01", "2026-02"]


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [
        (2026, 1, 2),  # New Year is a Thursday
        (2026, 5, 4),  # Labour Day is a Friday, then comes the weekend
        (2026, 11, 2),  # All Saints is a Sunday
        (2026, 12, 1),
    ],
)
def test_first_working_day_is_no_holiday_and_no_weekend(year: int, month: int, day: int) -> None:
    assert first_working_day(year, month, "NW") == date(year, month, day)


def test_a_holiday_of_another_state_is_a_working_day() -> None:
    assert first_working_day(2024, 11, "BE") == date(2024, 11, 1)
    assert first_working_day(2024, 11, "NW") == date(2024, 11, 4)


def test_a_month_begins_at_midnight_of_the_district() -> None:
    start, end = span_of("2026-12", "Europe/Berlin")

    assert datetime.fromtimestamp(start, UTC) == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert datetime.fromtimestamp(end, UTC) == datetime(2026, 12, 31, 23, tzinfo=UTC)


def test_names_are_german() -> None:
    assert (month_name("2026-03"), month_in_short("2026-03")) == ("März 2026", "Mär 26")
