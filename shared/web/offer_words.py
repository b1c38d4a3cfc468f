"""How parts of an offer read in the language of the page: terms of the vocabularies, prices, places, links.

Everything here gives text or safe markup for a page; nothing decides what is shown.  Days and hours: `time_words`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from urllib.parse import quote

from babel.numbers import format_currency
from markupsafe import Markup, escape

from shared.model.district import District
from shared.model.parts import Cost, Phone, Place
from shared.model.shipped import shipped_vocabularies
from shared.model.vocabulary.collection import Vocabularies
from shared.model.vocabulary.terms import UNKNOWN
from shared.settings import load_district
from shared.web.language_names import language_name
from shared.web.messages import LANGUAGE, N_, locale_of, translate
from shared.web.mixed_text import bdi, fill, german, join, ltr, shown_address
from shared.web.time_words import span

_PHONES = {"fax": N_("Fax"), "text": N_("SMS"), "cell": N_("mobil")}


@dataclass(frozen=True)
class Words:
    """The district and its vocabularies, as the pages of one party use them.

    Args:
        load_vocabularies: returns those that hold now; by default those that come with the program.
    """

    district: District
    load_vocabularies: Callable[[], Vocabularies] = shipped_vocabularies

    @property
    def vocabularies(self) -> Vocabularies:
        """The vocabularies that hold now."""
        return self.load_vocabularies()

    def label(self, vocabulary: str, code: str) -> str:
        """Return the label of a code in the language of the page; an unknown code, of a newer program, as it is."""
        if vocabulary == "language":
            return language_name(self.vocabularies["language"], code, LANGUAGE.get())
        return self.vocabularies[vocabulary].label(code, LANGUAGE.get())

    def labels(self, vocabulary: str, codes: Iterable[str]) -> str:
        """Return the labels of several codes, set apart by points; that of a named gap says nothing to readers."""
        labels = [self.label(vocabulary, code) for code in codes if code != UNKNOWN]
        return " · ".join(dict.fromkeys(labels))  # of an offer that names a term and the one it went into

    def publisher(self, name: str) -> str:
        """Return how people call a member; the member name where the profile does not know it."""
        member = self.district.member(name)
        return name if member is None else member.title


def load_words(district_file: str, load_vocabularies: Callable[[], Vocabularies] = shipped_vocabularies) -> Words:
    """Read the district profile that the settings name, or the one that ships; ConfigError says what is wrong."""
    return Words(load_district(district_file), load_vocabularies)


def cost(entry: Cost) -> str:
    """Write a price: Einzelkarte 3,50 € (ermäßigt)."""
    locale = locale_of(LANGUAGE.get())
    amount = "" if entry.amount is None else bdi(format_currency(entry.amount, entry.currency or "EUR", locale=locale))
    note = fill("(%(note)s)", note=german(entry.amount_description)) if entry.amount_description else ""
    return join(" ", (german(entry.option), amount, note, span(entry.valid_from, entry.valid_to)))


def place(entry: Place, *, is_confidential: bool) -> Markup:
    """Write an address on one line, with a link to a map; a confidential one shows its town alone."""
    town = " ".join(part for part in (entry.postal_code, entry.city) if part)
    if is_confidential:
        if not town:
            return join("", (translate("Anschrift auf Anfrage"),))
        return fill(translate("%(town)s (Anschrift auf Anfrage)"), town=german(town))
    parts = (entry.name, " ".join(part for part in (entry.address_1, entry.address_2) if part), town)
    address = ", ".join(part for part in parts if part)
    chart = map_url(entry)
    if not chart:
        return join("", (german(address),))
    shown = link(chart, translate("Karte (führt zu openstreetmap.org)"))
    return Markup('{} <span class="kw-off-paper">· {}</span>').format(german(address), shown)


def map_url(entry: Place) -> str:
    """Return where a map shows a place that has coordinates or a street; no page of ours loads anything from there."""
    if entry.latitude is not None and entry.longitude is not None:
        at = f"{entry.latitude}/{entry.longitude}"
        return f"https://www.openstreetmap.org/?mlat={entry.latitude}&mlon={entry.longitude}#map=17/{at}"
    if not (entry.address_1 and (entry.city or entry.postal_code)):
        return ""
    words = ", ".join((entry.address_1, f"{entry.postal_code} {entry.city}".strip()))
    return f"https://www.openstreetmap.org/search?query={quote(words)}"


def link(url: str, text: str = "") -> Markup:
    """Link to another site without telling it where the reader comes from.

    On paper addresses are written out, unless the text is the address itself (`data-written`).
    """
    if not text:
        return Markup('<a href="{}" rel="noopener noreferrer nofollow" data-written>{}</a>').format(
            url, ltr(shown_address(url))
        )
    return Markup('<a href="{}" rel="noopener noreferrer nofollow">{}</a>').format(url, text)


def mail(address: str) -> Markup:
    """Link to a mail address."""
    return Markup('<a href="mailto:{}">{}</a>').format(address, ltr(address))


_READ_NUMBER = re.compile(r"\+[0-9][0-9 ]{2,30}")


def phone(entry: Phone) -> Markup:
    """Link to a telephone number, with what it is; a text that was not readable as one stays text."""
    kind = join(", ", (translate(_PHONES.get(entry.type or "", "")), german(entry.description)))
    is_read = _READ_NUMBER.fullmatch(entry.number) is not None
    dialled = entry.number.replace(" ", "")
    shown = ltr(entry.number)
    number = Markup('<a href="tel:{}">{}</a>').format(dialled, shown) if is_read else escape(shown)
    return Markup("{} ({})").format(number, kind) if kind else number
