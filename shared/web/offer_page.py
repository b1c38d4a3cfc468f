"""An offer on a page: the row of a list and the whole of its public fields, with persons hidden where they must be.

Persons are hidden while a party is recovering (PROTOCOL 4 W6: an erasure may have been missed) and in foreign records
once the hub has been silent for the lease (10.5).  Hidden are names, personal mail addresses and direct numbers;
what an institution gives as its own stays.  A name that somebody wrote into running text is not found here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
from markupsafe import Markup

from shared.holdings.catalogue import Shown
from shared.model.labels import field_label
from shared.model.offer import OfferDoc, OfferPayload, translation_states
from shared.model.parts import Contact, Provider
from shared.model.rules import default_review_due
from shared.model.vocabulary.terms import UNKNOWN
from shared.outputs.rich_text import markdown
from shared.web import offer_words as w
from shared.web import time_words as t
from shared.web.messages import N_, SOURCE_LANGUAGE, translate, translate_plural
from shared.web.mixed_text import block_in_language, fill, german, in_language, join
from shared.web.offer_words import Words

HIDDEN_PERSON = N_("Ansprechperson (wird zurzeit nicht angezeigt)")
_TOPICS_IN_LIST = 3
_PATIENCE_DAYS = 30

Value = str | Markup | list[str] | list[Markup]
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Card:
    """One offer in a list."""

    id: str
    title: str
    publisher: str
    topics: str
    provider: str
    times: str


@dataclass(frozen=True)
class Section:
    """One part of an offer's page; empty ones are left out.  `key` names it for links, styles and tests."""

    key: str
    title: str
    rows: list[tuple[str, Value]]


def read_offer(body: bytes) -> OfferDoc:
    """Read the document of a held payload line, which passed its schema check when it came."""
    return msgspec.json.decode(body, type=OfferPayload).doc


def hide_persons(doc: OfferDoc) -> OfferDoc:
    """Return the document without what leads to a person."""
    return msgspec.structs.replace(doc, contacts=tuple(_hidden(contact) for contact in doc.contacts), assurer="")


def _hidden(contact: Contact) -> Contact:
    if not contact.name:
        return contact
    return msgspec.structs.replace(contact, name=HIDDEN_PERSON, email="", phones=())


def is_in_review(doc: OfferDoc, today: date) -> bool:
    """Tell whether a check is overdue by more than 30 days, so that readers should know.

    An offer that was never checked has no day from which to count; it says so by its missing date of check.
    """
    due = doc.review_due or default_review_due(doc)
    return due is not None and due + timedelta(days=_PATIENCE_DAYS) < today


def card(shown: Shown, words: Words) -> Card:
    """Return the row of a list for one shown record."""
    doc = read_offer(shown.body)
    topics = words.labels("topic", doc.topics[:_TOPICS_IN_LIST])
    return Card(
        id=shown.rid.hex(),
        title=doc.name or shown.title or translate("Angebot ohne Titel"),
        publisher=words.publisher(shown.member),
        topics=topics + (" …" if len(doc.topics) > _TOPICS_IN_LIST else ""),
        provider=", ".join(provider.name for provider in doc.providers[:2]),
        times=_short_times(doc),
    )


def _short_times(doc: OfferDoc) -> str:
    text = join("; ", t.times(doc.schedules)).striptags() or doc.schedule_text
    return text if len(text) <= 120 else text[:119].rstrip() + "…"


def has_alert(doc: OfferDoc, today: date) -> bool:
    """Tell whether the notice of an offer holds on a day."""
    return bool(doc.alert) and (doc.alert_until is None or today <= doc.alert_until)


@dataclass(frozen=True)
class Reading:
    """How a document is read on a page.

    Args:
        translated: fields whose text is a translation; every other text is German.
        language: of the translation.
        source: the document before its texts were replaced by a translation; None where none were.
        provider_url: gives the page of a provider by its name; None where there are no such links.
    """

    translated: frozenset[str] = NOTHING
    language: str = SOURCE_LANGUAGE
    source: OfferDoc | None = None
    provider_url: Callable[[str], str] | None = None

    def language_of(self, name: str) -> str:
        """Return the language of a field's text."""
        return self.language if name in self.translated else SOURCE_LANGUAGE

    def text(self, doc: OfferDoc, name: str) -> str:
        """Return a text of the document, marked where it is in another language than the page."""
        text: str = getattr(doc, name)
        return in_language(text, self.language_of(name))


IN_GERMAN = Reading()


def sections(doc: OfferDoc, words: Words, reading: Reading = IN_GERMAN) -> list[Section]:
    """Return every public field that has a value, in the order in which people ask for it."""
    body: list[tuple[str, Value]] = []
    if doc.body:
        body = [("", block_in_language(markdown(doc.body), reading.language_of("body")))]
    parts = [
        Section("wann", translate("Wann"), [*_times(doc, words)]),
        Section("wo", translate("Wo"), [*_places(doc, words)]),
        Section("kosten", translate("Kosten"), [*_costs(doc, reading)]),
        Section("fuer-wen", translate("Für wen"), [*_audience(doc, words, reading)]),
        Section("sprache", translate("Sprache"), [*_languages(doc, words)]),
        Section("teilnehmen", translate("Teilnehmen"), [*_participation(doc, words, reading)]),
        Section("fragen", translate("Fragen?"), [*_contact(doc)]),
        Section("beschreibung", translate("Beschreibung"), body),
        Section("traeger", translate("Träger"), [*_providers(doc, words, reading)]),
        Section("mehr", translate("Weitere Angaben"), [*_further(doc, words, reading)]),
    ]
    return [Section(p.key, p.title, rows) for p in parts if (rows := [row for row in p.rows if row[1]])]


def _row(name: str, value: Value) -> tuple[str, Value]:
    return translate(field_label(name)), value


_STATUS = {
    "inactive": N_("zurzeit nicht"),
    "temporarily closed": N_("vorübergehend geschlossen"),
    "defunct": N_("beendet"),
}


def status_words(doc: OfferDoc) -> str:
    """Write why an offer does not take place; empty for one that does."""
    return translate(_STATUS.get(doc.status or "", ""))


def _times(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    yield "", t.times(doc.schedules)
    yield "", german(doc.schedule_text)
    yield translate("Abweichend"), [t.exception(entry) for entry in doc.exceptions]
    is_closed = bool(doc.schedules) and doc.closed_on_holidays
    yield "", translate("An gesetzlichen Feiertagen geschlossen") if is_closed else ""
    booking = [w.link(slot.booking_url) for slot in doc.schedules if slot.booking_url]
    yield translate("Termin buchen"), list(dict.fromkeys(booking))
    yield translate("Laufzeit"), t.span(doc.valid_from, doc.valid_to)
    yield _row("status", status_words(doc))
    yield _row("mode", words.labels("mode", doc.mode))


def _places(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    yield "", [w.place(entry, is_confidential=doc.address_confidential) for entry in doc.locations]
    if not doc.address_confidential:
        routes = dict.fromkeys(entry.transportation for entry in doc.locations if entry.transportation)
        yield translate("Bus und Bahn"), [german(text) for text in routes]
    for entry in doc.locations:
        yield translate("Barrierefreiheit"), [_mark(*mark, words) for mark in sorted(entry.accessibility.items())]
    yield _row("service_areas", ", ".join(_area(code, words) for code in doc.service_areas))


def _mark(code: str, holds: bool, words: Words) -> str:
    said = translate("%(feature)s: ja") if holds else translate("%(feature)s: nein")
    return said % {"feature": words.label("accessibility", code)}


def _area(code: str, words: Words) -> str:
    return words.district.name if code == words.district.key else words.district.title(code)


def _costs(doc: OfferDoc, reading: Reading) -> Iterator[tuple[str, Value]]:
    if doc.is_free is not None:
        yield "", translate("kostenfrei") if doc.is_free else translate("nicht kostenfrei")
    yield "", [w.cost(entry) for entry in doc.costs]
    yield "", reading.text(doc, "fees_text")


def _audience(doc: OfferDoc, words: Words, reading: Reading) -> Iterator[tuple[str, Value]]:
    yield _row("especially_for", words.labels("target_group", doc.especially_for))
    yield _row("target_groups", words.labels("target_group", doc.target_groups))
    yield translate("Alter"), _ages(doc)
    yield _row("eligibility", reading.text(doc, "eligibility"))


def _ages(doc: OfferDoc) -> str:
    low, high = doc.minimum_age, doc.maximum_age
    if low is not None and high is not None and low != high:
        return translate_plural("%(low)s bis %(n)s Jahr", "%(low)s bis %(n)s Jahre", high) % {"low": low, "n": high}
    if low is not None and high is not None:
        return translate_plural("%(n)s Jahr", "%(n)s Jahre", low) % {"n": low}
    if low is not None:
        return translate_plural("ab %(n)s Jahr", "ab %(n)s Jahren", low) % {"n": low}
    return "" if high is None else translate_plural("bis %(n)s Jahr", "bis %(n)s Jahre", high) % {"n": high}


def _languages(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    spoken = [_language(entry.code, entry.name, entry.note, words) for entry in doc.languages]
    yield "", join(", ", spoken)
    yield _row("interpretation", german(doc.interpretation))


def _language(code: str, name: str, note: str, words: Words) -> str:
    """A language that the vocabulary knows is named by it, since only that name is translated."""
    label = words.label("language", code)
    said = german(name) if name and label == code else label
    return fill(translate("%(language)s (%(note)s)"), language=said, note=german(note)) if note else said


def _participation(doc: OfferDoc, words: Words, reading: Reading) -> Iterator[tuple[str, Value]]:
    yield "", words.labels("access", doc.access)
    yield "", reading.text(doc, "application_process")
    documents = [w.link(d.uri, german(d.document)) if d.uri else german(d.document) for d in doc.required_documents]
    yield _row("required_documents", documents)
    yield _row("capacity", [_capacity(c.available, c.maximum, c.unit, t.day(c.updated)) for c in doc.capacity])


def _capacity(available: int, maximum: int | None, unit: str, updated: str) -> str:
    values = {"n": available, "unit": german(unit), "day": updated}
    if maximum is None:
        return fill(translate("%(n)s %(unit)s (Stand %(day)s)"), **values)
    return fill(translate("%(n)s von %(max)s %(unit)s (Stand %(day)s)"), max=maximum, **values)


def _contact(doc: OfferDoc) -> Iterator[tuple[str, Value]]:
    yield _row("phones", [w.phone(entry) for entry in doc.phones])
    yield translate("E-Mail"), w.mail(doc.email) if doc.email else ""
    yield _row("contacts", [_person(contact) for contact in doc.contacts])
    yield _row("url", w.link(doc.url) if doc.url else "")
    yield _row("additional_urls", [w.link(entry.url, german(entry.label)) for entry in doc.additional_urls])


def _person(contact: Contact) -> Markup:
    name = translate(HIDDEN_PERSON) if contact.name == HIDDEN_PERSON else german(contact.name)
    parts = [name, german(contact.title), german(contact.department)]
    parts += [w.phone(entry) for entry in contact.phones] + ([w.mail(contact.email)] if contact.email else [])
    return join(", ", parts)


def _providers(doc: OfferDoc, words: Words, reading: Reading) -> Iterator[tuple[str, Value]]:
    yield "", [join(", ", (_named(one, reading), *_provider(one, words))) for one in doc.providers]


def _named(provider: Provider, reading: Reading) -> str:
    if reading.provider_url is None:
        return provider.name
    return Markup('<a href="{}">{}</a>').format(reading.provider_url(provider.name), german(provider.name))


def _provider(provider: Provider, words: Words) -> list[str]:
    kind = words.label("org_type", provider.org_type) if provider.org_type not in (None, UNKNOWN) else ""
    texts = [german(provider.alternate_name), kind, german(provider.legal_status), german(provider.description)]
    mails = [w.mail(provider.email)] if provider.email else []
    links = [w.link(url) for url in (provider.website, *provider.additional_websites) if url]
    return [*texts, *mails, *links]


def _further(doc: OfferDoc, words: Words, reading: Reading) -> Iterator[tuple[str, Value]]:
    yield _row("alternate_name", german(doc.alternate_name))
    yield _row("offer_type", words.labels("offer_type", [doc.offer_type] if doc.offer_type else []))
    yield _row("topics", words.labels("topic", doc.topics))
    yield _row("program", german(doc.program))
    yield _row("funding", [german(text) for text in doc.funding])
    yield _row("accreditation", german(doc.accreditation))
    yield _row("attachments", [w.link(entry.url, german(entry.title)) for entry in doc.attachments])
    yield _row(
        "translations",
        [_translation(tag, state, words) for tag, state in sorted(translation_states(reading.source or doc).items())],
    )
    yield _row("assured_date", t.day(doc.assured_date) if doc.assured_date else "")
    yield _row("assurer", w.mail(doc.assurer) if doc.assurer else "")
    yield _row("review_due", t.day(doc.review_due) if doc.review_due else "")
    yield _row("last_modified", t.day(date.fromisoformat(doc.last_modified[:10])) if doc.last_modified else "")


_TRANSLATIONS = {
    "aktuell": N_("%(language)s"),
    "veraltet": N_("%(language)s (der deutsche Text ist neuer)"),
    "in_arbeit": N_("%(language)s (in Arbeit)"),
}


def _translation(tag: str, state: str, words: Words) -> str:
    return translate(_TRANSLATIONS[state]) % {"language": words.label("language", tag)}
