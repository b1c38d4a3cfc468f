"""Public holidays of the German states, by rule.

Written out instead of asking the package `holidays`: its import takes 30 MiB, more than the rest of a page, for eleven
days a year.  The tests hold this table against it for every state.  Days that hold in single towns only (Augsburg,
Catholic parishes) and those that a state gives once are not here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

_SOUTH: Final = frozenset({"BW", "BY", "HE", "NW", "RP", "SL"})
_CATHOLIC: Final = frozenset({"BW", "BY", "NW", "RP", "SL"})
_REFORMED: Final = frozenset({"BB", "HB", "HH", "MV", "NI", "SH", "SN", "ST", "TH"})

_BY_DATE: Final[tuple[tuple[int, int, str, frozenset[str] | None], ...]] = (
    (1, 1, "Neujahr", None),
    (1, 6, "Heilige Drei Könige", frozenset({"BW", "BY", "ST"})),
    (3, 8, "Internationaler Frauentag", frozenset({"BE", "MV"})),
    (5, 1, "Tag der Arbeit", None),
    (8, 15, "Mariä Himmelfahrt", frozenset({"SL"})),
    (9, 20, "Weltkindertag", frozenset({"TH"})),
    (10, 3, "Tag der Deutschen Einheit", None),
    (10, 31, "Reformationstag", _REFORMED),
    (11, 1, "Allerheiligen", _CATHOLIC),
    (12, 25, "1. Weihnachtstag", None),
    (12, 26, "2. Weihnachtstag", None),
)
_BY_EASTER: Final[tuple[tuple[int, str, frozenset[str] | None], ...]] = (
    (-2, "Karfreitag", None),
    (0, "Ostersonntag", frozenset({"BB"})),
    (1, "Ostermontag", None),
    (39, "Christi Himmelfahrt", None),
    (49, "Pfingstsonntag", frozenset({"BB"})),
    (50, "Pfingstmontag", None),
    (60, "Fronleichnam", _SOUTH),
)


def holidays_of(year: int, state: str) -> dict[date, str]:
    """Return the public holidays of a year in a state (`NW`), with their German names; states since 2023."""
    easter = easter_sunday(year)
    found = {date(year, month, day): name for month, day, name, states in _BY_DATE if states is None or state in states}
    found |= {easter + timedelta(days=d): name for d, name, states in _BY_EASTER if states is None or state in states}
    if state == "SN":
        found[_day_of_repentance(year)] = "Buß- und Bettag"
    return found


def holiday_on(day: date, state: str) -> str:
    """Return the name of the public holiday that a day is in a state; empty for any other day."""
    return _holidays(day.year, state).get(day, "")


@lru_cache(maxsize=64)
def _holidays(year: int, state: str) -> Mapping[date, str]:
    """Worked out once for many days."""
    return MappingProxyType(holidays_of(year, state))


def easter_sunday(year: int) -> date:
    """Return Easter by the Gregorian computus (Meeus/Jones/Butcher)."""
    golden, (century, rest) = year % 19, divmod(year, 100)
    skipped, doubled = century // 4, (century + 8) // 25
    epact = (19 * golden + century - skipped - (century - doubled + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)


def _day_of_repentance(year: int) -> date:
    """Return the Wednesday before November 23rd."""
    day = date(year, 11, 22)
    return day - timedelta(days=(day.weekday() - 2) % 7)
