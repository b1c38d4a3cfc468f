"""How days, hours, schedules and the standing of an offer read, in the language of the page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel.dates import format_date

from shared.model.dates import Slot, Standing
from shared.model.parts import Schedule, ScheduleException
from shared.web import dates_in_words
from shared.web.messages import LANGUAGE, N_, locale_of, translate, translate_plural
from shared.web.mixed_text import bdi, fill, german, join, ltr

_NTH = {
    "1": N_("1. %(day)s im Monat"),
    "2": N_("2. %(day)s im Monat"),
    "3": N_("3. %(day)s im Monat"),
    "4": N_("4. %(day)s im Monat"),
    "5": N_("5. %(day)s im Monat"),
    "-1": N_("letzter %(day)s im Monat"),
    "-2": N_("vorletzter %(day)s im Monat"),
    "-3": N_("drittletzter %(day)s im Monat"),
    "-4": N_("viertletzter %(day)s im Monat"),
    "-5": N_("fünftletzter %(day)s im Monat"),
}
_KINDS = {
    "sprechzeit": N_("Sprechzeit"),
    "kurszeit": N_("Kurs"),
    "telefonzeit": N_("Telefonzeit"),
    "geschlossen": N_("geschlossen"),
}


def day(value: date) -> str:
    """Write a day: 24.11.2026."""
    return bdi(dates_in_words.day(value))


def long_day(value: date) -> str:
    """Write a day in full: Dienstag, 24. November 2026."""
    return format_date(value, "full", locale=locale_of(LANGUAGE.get()))


def weekday(value: date) -> str:
    """Write the weekday of a day in full: Dienstag."""
    return format_date(value, "EEEE", locale=locale_of(LANGUAGE.get()))


def span(start: date | None, end: date | None) -> str:
    """Write a period of which either end may be open."""
    if start and end:
        return fill(translate("%(start)s bis %(end)s"), start=day(start), end=day(end)) if start != end else day(start)
    if start:
        return fill(translate("ab %(start)s"), start=day(start))
    return fill(translate("bis %(end)s"), end=day(end)) if end else ""


def hours(opens_at: str, closes_at: str) -> str:
    """Write hours of which either end may be open: 09:00–12:00 Uhr."""
    if opens_at and closes_at:
        return fill(translate("%(hours)s Uhr"), hours=ltr(f"{opens_at}–{closes_at}"))
    if opens_at:
        return fill(translate("ab %(time)s Uhr"), time=ltr(opens_at))
    return fill(translate("bis %(time)s Uhr"), time=ltr(closes_at)) if closes_at else ""


def times(schedules: Sequence[Schedule]) -> list[str]:
    """Write the slots, those of equal hours together: Mo, Mi 09:00–12:00 Uhr."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for slot in schedules:
        kind = translate(_KINDS.get(slot.kind or "", ""))
        named = grouped.setdefault((hours(slot.opens_at, slot.closes_at), _remarks(slot), kind), [])
        named += [name for name in days(slot) if name not in named]
    lines: list[str] = []
    for (when, remarks, kind), said_days in grouped.items():
        said = join(" ", (join(", ", said_days), when))
        if kind:
            said = fill(translate("%(kind)s: %(when)s"), kind=kind, when=said) if said else join("", (kind,))
        lines.append(join(", ", (said, remarks)))
    return lines


def days(slot: Schedule) -> list[str]:
    """Write the days of a slot in short: Mo; 2. Mi im Monat; am 15. im Monat."""
    named = []
    for code in slot.byday:
        name = dates_in_words.weekday(code[-2:])
        named.append(translate(_NTH[code[:-2]]) % {"day": name} if code[:-2] else name)
    return [*named, *(translate("am %(n)s. im Monat") % {"n": number} for number in slot.bymonthday if number > 0)]


def every(slot: Schedule) -> str:
    """Write how often a slot comes where that is not each week or month: alle 2 Wochen; empty else."""
    interval = slot.interval or 1
    if interval > 1 and slot.freq == "WEEKLY":
        return translate_plural("jede %(n)s. Woche", "alle %(n)s Wochen", interval) % {"n": interval}
    if interval > 1 and slot.freq == "MONTHLY":
        return translate_plural("jeden %(n)s. Monat", "alle %(n)s Monate", interval) % {"n": interval}
    return ""


def _remarks(slot: Schedule) -> str:
    appointment = translate("nach Vereinbarung") if slot.by_appointment else ""
    period = span(slot.valid_from or slot.dtstart, slot.valid_to or slot.until)
    return join(", ", (every(slot), appointment, german(slot.description), period))


def exception(entry: ScheduleException) -> str:
    """Write days on which other times hold."""
    what = translate("geschlossen") if entry.closed else german(entry.hours)
    return join(" ", (span(entry.date_from, entry.date_to or entry.date_from), what, german(entry.reason)))


def slot_line(slot: Slot) -> str:
    """Write one date: Dienstag, 24. November 2026, 09:00–12:00 Uhr."""
    return join(", ", (long_day(slot.day), hours(slot.opens_at, slot.closes_at)))


def holiday(name: str) -> str:
    """Write the name of a public holiday."""
    return translate(name)


HOLIDAYS = (
    N_("Neujahr"), N_("Heilige Drei Könige"), N_("Internationaler Frauentag"), N_("Karfreitag"), N_("Ostersonntag"),
    N_("Ostermontag"), N_("Tag der Arbeit"), N_("Christi Himmelfahrt"), N_("Pfingstsonntag"), N_("Pfingstmontag"),
    N_("Fronleichnam"), N_("Mariä Himmelfahrt"), N_("Weltkindertag"), N_("Tag der Deutschen Einheit"),
    N_("Reformationstag"), N_("Allerheiligen"), N_("Buß- und Bettag"), N_("1. Weihnachtstag"), N_("2. Weihnachtstag"),
)  # fmt: skip
"""The names that `shared.model.public_holidays` gives; a test compares."""

# Each pair: for visitors, for callers.
_OPEN = (N_("Heute geöffnet bis %(time)s Uhr"), N_("Heute telefonisch erreichbar bis %(time)s Uhr"))
_LATER = (
    N_("Heute geöffnet von %(start)s bis %(end)s Uhr"),
    N_("Heute telefonisch erreichbar von %(start)s bis %(end)s Uhr"),
)
_OVER = (N_("Jetzt geschlossen"), N_("Jetzt nicht mehr telefonisch erreichbar"))
_CLOSED = (N_("Heute geschlossen"), N_("Heute nicht telefonisch erreichbar"))
_FEAST = (N_("Heute geschlossen (%(holiday)s)"), N_("Heute nicht telefonisch erreichbar (%(holiday)s)"))
_TOMORROW = (N_("Öffnet morgen um %(time)s Uhr"), N_("Telefonisch erreichbar morgen ab %(time)s Uhr"))
_WEEKDAY = (N_("Öffnet %(day)s um %(time)s Uhr"), N_("Telefonisch erreichbar %(day)s ab %(time)s Uhr"))
_DATE = (N_("Öffnet am %(day)s um %(time)s Uhr"), N_("Telefonisch erreichbar am %(day)s ab %(time)s Uhr"))


def standing_lines(standing: Standing, today: date, feast: str) -> list[str]:
    """Write how an offer stands now, and when it opens next where it is closed.

    Args:
        feast: German name of today's public holiday, if it is one.
    """
    at, slot = int(standing.by_phone), standing.slot
    if slot is not None and standing.kind == "open":
        return [fill(translate(_OPEN[at]), time=_clock(slot.closes_at))]
    if slot is not None:
        return [fill(translate(_LATER[at]), start=_clock(slot.opens_at), end=_clock(slot.closes_at))]
    if standing.kind == "other":
        return [_other_hours(standing.cause)]
    if standing.kind == "over":
        first: str = translate(_OVER[at])
    elif standing.is_holiday and feast:
        first = fill(translate(_FEAST[at]), holiday=holiday(feast))
    else:
        first = translate(_CLOSED[at])
    return [first, *([_opens(standing.next, today, at)] if standing.next is not None else [])]


def _other_hours(cause: ScheduleException | None) -> str:
    said = join(" ", (cause.hours, cause.reason)) if cause is not None else ""
    if not said:
        return translate("Heute gelten andere Zeiten; bitte fragen Sie nach.")
    return fill(translate("Heute gelten andere Zeiten: %(hours)s"), hours=german(said))


def _opens(slot: Slot, today: date, at: int) -> str:
    ahead = (slot.day - today).days
    if ahead == 1:
        return fill(translate(_TOMORROW[at]), time=_clock(slot.opens_at))
    if ahead < 7:
        return fill(translate(_WEEKDAY[at]), day=weekday(slot.day), time=_clock(slot.opens_at))
    return fill(translate(_DATE[at]), day=long_day(slot.day), time=_clock(slot.opens_at))


def _clock(text: str) -> str:
    """Write an hour as people say it: 9:00."""
    return ltr(text.removeprefix("0") if text[1:2] != ":" else text)
