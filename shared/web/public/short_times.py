"""When an offer takes place, in one short line in the language of the request; the offer's own page says all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from markupsafe import Markup
from msgspec.structs import replace

from shared.model.hours import DAYS
from shared.model.parts import Schedule
from shared.web import time_words
from shared.web.messages import translate
from shared.web.mixed_text import join

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
    appointment = translate("nach Vereinbarung") if by_appointment else ""
    return join(" ", (", ".join(days), time_words.hours(opens, closes), appointment))


def _days(slot: Schedule) -> list[str]:
    ordered = replace(slot, byday=tuple(sorted(slot.byday, key=lambda code: DAYS.index(code[-2:]))))
    return [*time_words.days(ordered), *([often] if (often := time_words.every(slot)) else [])]
