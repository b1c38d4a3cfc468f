"""Days and times as each language writes them.

Babel decides, but for three things: clocks have 24 hours in every language, since that is what stands on the doors
here; no seconds; Kurmancî days are numbers, since Babel's short month names for it are read by few.  The calendar is
the Gregorian one in Persian and Dari too, because people show these days at offices here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Final

from babel.dates import format_date, format_timedelta, get_day_names

from shared.web.messages import LANGUAGE, SOURCE_LANGUAGE, locale_of

_PATTERNS: Final[Mapping[str, str]] = MappingProxyType({"kmr": "dd.MM.y"})
_WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # iCalendar's names, Babel's order


def day(value: date) -> str:
    """Write a day: 24.11.2026."""
    language = LANGUAGE.get()
    return format_date(value, _PATTERNS.get(language, "medium"), locale=locale_of(language))


def moment(value: datetime) -> str:
    """Write a day and a time: 24.11.2026, 05:10 Uhr."""
    locale = locale_of(LANGUAGE.get())
    time = f"{value:%H:%M}"
    if locale.language == SOURCE_LANGUAGE:
        return f"{day(value)}, {time} Uhr"
    pattern = str(locale.datetime_formats["medium"]).replace("'", "")
    return pattern.replace("{1}", day(value)).replace("{0}", time)


def ago(seconds: int) -> str:
    """Write how long ago (negative) or in how long: vor 3 Minuten, in 2 Tagen; empty where Babel lacks words."""
    text = format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale_of(LANGUAGE.get()))
    return "" if text.startswith(("+", "-")) else text


def weekday(code: str) -> str:
    """Write a day of the week in short, by its iCalendar name: Mo."""
    names = get_day_names("abbreviated", "stand-alone", locale=locale_of(LANGUAGE.get()))
    return str(names[_WEEKDAYS.index(code)])
