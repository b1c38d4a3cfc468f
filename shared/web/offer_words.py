"""How parts of an offer read in German: terms of the vocabularies, times, prices, places, links.

Everything here gives text or safe markup for a page; nothing decides what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import nh3
from markdown_it import MarkdownIt
from markupsafe import Markup, escape

from shared.errors import ConfigError, reason_of
from shared.model.district import District, parse_district
from shared.model.parts import Cost, Phone, Place, Schedule, ScheduleException
from shared.model.shipped import shipped_district, shipped_vocabularies
from shared.model.vocabulary.terms import UNKNOWN, Vocabulary
from shared.web.language_names import language_name
from shared.web.messages import LANGUAGE

_DAYS = {"MO": "Mo", "TU": "Di", "WE": "Mi", "TH": "Do", "FR": "Fr", "SA": "Sa", "SU": "So"}
_NTH = {"-1": "letzter", "1": "1.", "2": "2.", "3": "3.", "4": "4.", "5": "5."}
_KINDS = {"sprechzeit": "Sprechzeit", "kurszeit": "Kurs", "telefonzeit": "Telefonzeit", "geschlossen": "geschlossen"}
_PHONES = {"fax": "Fax", "text": "SMS", "cell": "mobil"}
_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}


@dataclass(frozen=True)
class Words:
    """The district and its vocabularies, as the pages of one party use them."""

    district: District
    vocabularies: Mapping[str, Vocabulary] = field(default_factory=shipped_vocabularies)

    def label(self, vocabulary: str, code: str) -> str:
        """Return the label of a code in the language of the page; an unknown code, of a newer program, as it is."""
        if vocabulary == "language":
            return language_name(self.vocabularies["language"], code, LANGUAGE.get())
        return self.vocabularies[vocabulary].label(code, LANGUAGE.get())

    def labels(self, vocabulary: str, codes: Iterable[str]) -> str:
        """Return the labels of several codes, set apart by points; that of a named gap says nothing to readers."""
        return " · ".join([self.label(vocabulary, code) for code in codes if code != UNKNOWN])

    def publisher(self, name: str) -> str:
        """Return how people call a member; the member name where the profile does not know it."""
        member = self.district.member(name)
        return name if member is None else member.title


def load_words(district_file: str) -> Words:
    """Read the district profile that the settings name, or the one that ships; ConfigError says what is wrong."""
    if not district_file:
        return Words(shipped_district())
    try:
        return Words(parse_district(Path(district_file).read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"Das Kreisprofil {district_file} ist nicht lesbar: {reason_of(error)}") from error


def markdown(text: str) -> Markup:
    """Render Markdown without HTML, pictures or scripts; headings begin below those of the page."""
    html = MarkdownIt("commonmark", {"html": False}).disable("image").render(text)
    for level in (2, 1):
        html = html.replace(f"<h{level}>", f"<h{level + 2}>").replace(f"</h{level}>", f"</h{level + 2}>")
    clean = nh3.clean(html, tags=_TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto", "tel"})
    return Markup(clean)  # noqa: S704 - nh3 let only the tags above through


def day(value: date) -> str:
    """Write a day: 24.11.2026."""
    return f"{value:%d.%m.%Y}"


def span(start: date | None, end: date | None) -> str:
    """Write a period of which either end may be open."""
    if start and end:
        return f"{day(start)} bis {day(end)}" if start != end else day(start)
    if start:
        return f"ab {day(start)}"
    return f"bis {day(end)}" if end else ""


def times(schedules: Sequence[Schedule]) -> list[str]:
    """Write the slots, those of equal hours together: Mo, Mi 09:00–12:00 Uhr."""
    grouped: dict[tuple[str, str, str], list[str]] = {}
    for slot in schedules:
        grouped.setdefault((_hours(slot), _remarks(slot), _KINDS.get(slot.kind or "", "")), []).extend(_days(slot))
    lines = []
    for (hours, remarks, kind), days in grouped.items():
        when = " ".join(part for part in (", ".join(dict.fromkeys(days)), hours) if part)
        lines.append(
            ", ".join(part for part in (f"{kind}: {when}" if kind and when else kind or when, remarks) if part)
        )
    return lines


def _days(slot: Schedule) -> list[str]:
    named = []
    for code in slot.byday:
        name = _DAYS[code[-2:]]
        named.append(f"{_NTH[code[:-2]]} {name} im Monat" if code[:-2] else name)
    return [*named, *(f"am {number}. im Monat" for number in slot.bymonthday if number > 0)]


def _hours(slot: Schedule) -> str:
    if slot.opens_at and slot.closes_at:
        return f"{slot.opens_at}–{slot.closes_at} Uhr"
    if slot.opens_at:
        return f"ab {slot.opens_at} Uhr"
    return f"bis {slot.closes_at} Uhr" if slot.closes_at else ""


def _remarks(slot: Schedule) -> str:
    every = f"alle {slot.interval} Wochen" if slot.freq == "WEEKLY" and (slot.interval or 1) > 1 else ""
    appointment = "nach Vereinbarung" if slot.by_appointment else ""
    period = span(slot.valid_from or slot.dtstart, slot.valid_to or slot.until)
    return ", ".join(part for part in (every, appointment, slot.description, period) if part)


def exception(entry: ScheduleException) -> str:
    """Write days on which other times hold."""
    what = "geschlossen" if entry.closed else entry.hours
    return " ".join(
        part for part in (span(entry.date_from, entry.date_to or entry.date_from), what, entry.reason) if part
    )


def cost(entry: Cost) -> str:
    """Write a price: Einzelkarte 3,50 € (ermäßigt)."""
    amount = "" if entry.amount is None else f"{entry.amount:.2f} €".replace(".", ",")
    note = f"({entry.amount_description})" if entry.amount_description else ""
    return " ".join(part for part in (entry.option, amount, note, span(entry.valid_from, entry.valid_to)) if part)


def place(entry: Place, *, is_confidential: bool) -> str:
    """Write an address on one line; a confidential one shows its town alone."""
    town = " ".join(part for part in (entry.postal_code, entry.city) if part)
    if is_confidential:
        return f"{town} (Anschrift auf Anfrage)" if town else "Anschrift auf Anfrage"
    parts = [entry.name, " ".join(part for part in (entry.address_1, entry.address_2) if part), town]
    return ", ".join(part for part in (*parts, entry.transportation) if part)


def link(url: str, text: str = "") -> Markup:
    """Link to another site without telling it where the reader comes from."""
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(url, text or url)


def mail(address: str) -> Markup:
    """Link to a mail address."""
    return Markup('<a href="mailto:{}">{}</a>').format(address, address)


_READ_NUMBER = re.compile(r"\+[0-9][0-9 ]{2,30}")


def phone(entry: Phone) -> Markup:
    """Link to a telephone number, with what it is; a text that was not readable as one stays text."""
    kind = ", ".join(part for part in (_PHONES.get(entry.type or "", ""), entry.description) if part)
    is_read = _READ_NUMBER.fullmatch(entry.number) is not None
    dialled = entry.number.replace(" ", "")
    number = Markup('<a href="tel:{}">{}</a>').format(dialled, entry.number) if is_read else escape(entry.number)
    return Markup("{} ({})").format(number, kind) if kind else number
