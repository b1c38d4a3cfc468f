"""When an offer takes place, in one short line in the language of the request; the offer's own page says all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup, escape

from shared.model.hours import DAYS
from shared.model.parts import Schedule
from shared.web.messages import translate
from shared.web.public.question import day_name

_MOST: Final = 3


def short_times(schedules: Sequence[Schedule]) -> Markup:
    """Return the slots, those of equal hours together and at most three: Mo, Mi 09:00–12:00 Uhr; Do ab 14:00 Uhr.

    Hours are isolated, since a range of numbers would turn round in a line that runs from right to left.
    """
    grouped: dict[tuple[str, str, bool], list[str]] = {}
    for slot in sorted(schedules, key=_first_day):
        if slot.kind == "geschlossen":
            continue
        key = (slot.opens_at, slot.closes_at, slot.by_appointment)
        grouped.setdefault(key, []).extend(_days(slot))
    lines = [_line(list(dict.fromkeys(days)), *key) for key, days in grouped.items()]
    shown = [line for line in lines if line]
    return Markup("; ").join(shown[:_MOST]) + (" …" if len(shown) > _MOST else "")


def _first_day(slot: Schedule) -> int:
    return min((DAYS.index(code[-2:]) for code in slot.byday), default=len(DAYS))


def _line(days: Sequence[str], opens: str, closes: str, by_appointment: bool) -> Markup:
    parts = [escape(", ".join(days))] if days else []
    if hours := _hours(opens, closes):
        parts.append(hours)
    if by_appointment:
        parts.append(escape(translate("nach Vereinbarung")))
    return Markup(" ").join(parts)


def _hours(opens: str, closes: str) -> Markup | None:
    if opens and closes:
        return _isolated(translate("%(opens)s–%(closes)s Uhr") % {"opens": opens, "closes": closes})
    if opens:
        return _isolated(translate("ab %(time)s Uhr") % {"time": opens})
    return _isolated(translate("bis %(time)s Uhr") % {"time": closes}) if closes else None


def _isolated(text: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(text)


def _days(slot: Schedule) -> list[str]:
    named = []
    for code in sorted(slot.byday, key=lambda code: DAYS.index(code[-2:])):
        name, nth = day_name(code[-2:], "abbreviated"), code[:-2]
        if nth == "-1":
            name = translate("letzter %(day)s im Monat") % {"day": name}
        elif nth:
            name = translate("%(nth)s. %(day)s im Monat") % {"nth": nth, "day": name}
        named.append(name)
    if slot.freq == "WEEKLY" and (slot.interval or 1) > 1:
        named.append(translate("alle %(n)s Wochen") % {"n": slot.interval})
    return [*named, *(translate("am %(n)s. im Monat") % {"n": number} for number in slot.bymonthday if number > 0)]
