"""The table of public holidays, held against the package that knows every country's."""

from __future__ import annotations

from datetime import date

import holidays
import pytest

from shared.model.public_holidays import holiday_on, holidays_of
from shared.web.time_words import HOLIDAYS

STATES = ("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV", "NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH")
GIVEN_ONCE = {date(2025, 5, 8), date(2028, 6, 17)}  # Berlin


@pytest.mark.parametrize("state", STATES)
def test_holidays_are_those_of_the_package(state: str) -> None:
    for year in range(2023, 2061):
        expected = set(holidays.country_holidays("DE", subdiv=state, years=year)) - GIVEN_ONCE

        assert set(holidays_of(year, state)) == expected


def test_corpus_christi_is_a_holiday_in_north_rhine_westphalia_and_not_in_lower_saxony() -> None:
    assert holiday_on(date(2026, 6, 4), "NW") == "Fronleichnam"
    assert holiday_on(date(2026, 6, 4), "NI") == ""


def test_every_name_can_be_translated() -> None:
    assert {name for state in STATES for name in holidays_of(2026, state).values()} == set(HOLIDAYS)
