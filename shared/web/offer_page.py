"""An offer on a page: the row of a list and the whole of its public fields, with persons hidden where they must be.

Persons are hidden while a party is recovering (PROTOCOL 4 W6: an erasure may have been missed) and in foreign records
once the hub has been silent for the lease (10.5).  Hidden are names, personal mail addresses and direct numbers;
what an institution gives as its own stays.  A name that somebody wrote into running text is not found here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
from markupsafe import Markup, escape

from shared.holdings.catalogue import Shown
from shared.model.labels import field_label
from shared.model.offer import OfferDoc, OfferPayload, translation_states
from shared.model.parts import Contact, Provider
from shared.model.rules import default_review_due
from shared.model.vocabulary.terms import UNKNOWN
from shared.web import offer_words as w
from shared.web.offer_words import Words

HIDDEN_PERSON = "Ansprechperson (wird zurzeit nicht angezeigt)"
_TOPICS_IN_LIST = 3
_PATIENCE_DAYS = 30

Value = str | Markup | list[str] | list[Markup]


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
    """One part of an offer's page; empty ones are left out."""

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
        title=doc.name or shown.title or "Angebot ohne Titel",
        publisher=words.publisher(shown.member),
        topics=topics + (" …" if len(doc.topics) > _TOPICS_IN_LIST else ""),
        provider=", ".join(provider.name for provider in doc.providers[:2]),
        times=_short_times(doc),
    )


def _short_times(doc: OfferDoc) -> str:
    text = "; ".join(w.times(doc.schedules)) or doc.schedule_text
    return text if len(text) <= 120 else text[:119].rstrip() + "…"


def sections(doc: OfferDoc, words: Words) -> list[Section]:
    """Return every public field that has a value, in the order in which people ask for it."""
    parts = [
        Section("Auf einen Blick", [*_overview(doc, words)]),
        Section("Beschreibung", [("", w.markdown(doc.body))] if doc.body else []),
        Section("Zeiten", [*_times(doc)]),
        Section("Orte", [*_places(doc, words)]),
        Section("Teilnehmen", [*_participation(doc, words)]),
        Section("Kontakt", [*_contact(doc)]),
        Section("Träger", [*_providers(doc, words)]),
        Section("Weitere Angaben", [*_further(doc)]),
    ]
    return [Section(part.title, rows) for part in parts if (rows := [row for row in part.rows if row[1]])]


def _row(name: str, value: Value) -> tuple[str, Value]:
    return field_label(name), value


def _overview(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    yield _row("alternate_name", doc.alternate_name)
    yield _row("offer_type", words.labels("offer_type", [doc.offer_type] if doc.offer_type else []))
    yield _row("topics", words.labels("topic", doc.topics))
    yield _row("target_groups", words.labels("target_group", doc.target_groups))
    yield _row("especially_for", words.labels("target_group", doc.especially_for))
    yield "Alter", _ages(doc)
    yield _row("languages", ", ".join(lang.name or words.label("language", lang.code) for lang in doc.languages))
    yield _row("mode", words.labels("mode", doc.mode))
    yield _row("status", {"inactive": "zurzeit nicht", "temporarily closed": "vorübergehend geschlossen",
                          "defunct": "beendet"}.get(doc.status or "", ""))  # fmt: skip
    yield "Laufzeit", w.span(doc.valid_from, doc.valid_to)


def _ages(doc: OfferDoc) -> str:
    low, high = doc.minimum_age, doc.maximum_age
    if low is not None and high is not None:
        return f"{low} bis {high} Jahre" if low != high else _years(low)
    if low is not None:
        return f"ab {low} {'Jahr' if low == 1 else 'Jahren'}"
    return "" if high is None else f"bis {_years(high)}"


def _years(count: int) -> str:
    return f"{count} Jahr" if count == 1 else f"{count} Jahre"


def _times(doc: OfferDoc) -> Iterator[tuple[str, Value]]:
    yield "Regelmäßig", w.times(doc.schedules)
    yield _row("schedule_text", doc.schedule_text)
    yield "Abweichend", [w.exception(entry) for entry in doc.exceptions]
    yield _row("closed_on_holidays", "ja" if doc.schedules and doc.closed_on_holidays else "")
    yield "Buchung", [w.link(slot.booking_url) for slot in doc.schedules if slot.booking_url]


def _places(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    yield _row("locations", [w.place(entry, is_confidential=doc.address_confidential) for entry in doc.locations])
    for entry in doc.locations:
        marks = [
            f"{words.label('accessibility', code)}: {'ja' if holds else 'nein'}"
            for code, holds in sorted(entry.accessibility.items())
        ]
        yield "Barrierefreiheit", marks
    yield _row("service_areas", ", ".join(_area(code, words) for code in doc.service_areas))


def _area(code: str, words: Words) -> str:
    return words.district.name if code == words.district.key else words.district.title(code)


def _participation(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    yield _row("access", words.labels("access", doc.access))
    yield _row("eligibility", doc.eligibility)
    yield _row("application_process", doc.application_process)
    documents = [w.link(d.uri, d.document) if d.uri else escape(d.document) for d in doc.required_documents]
    yield _row("required_documents", documents)
    yield _row("is_free", {True: "ja", False: "nein"}.get(doc.is_free, "") if doc.is_free is not None else "")
    yield _row("costs", [w.cost(entry) for entry in doc.costs])
    yield "Hinweise zu Kosten", doc.fees_text
    yield _row("interpretation", doc.interpretation)
    yield _row("capacity", [_capacity(c.available, c.maximum, c.unit, w.day(c.updated)) for c in doc.capacity])


def _capacity(available: int, maximum: int | None, unit: str, updated: str) -> str:
    of = "" if maximum is None else f" von {maximum}"
    return f"{available}{of} {unit} (Stand {updated})"


def _contact(doc: OfferDoc) -> Iterator[tuple[str, Value]]:
    yield _row("phones", [w.phone(entry) for entry in doc.phones])
    yield "E-Mail", w.mail(doc.email) if doc.email else ""
    yield _row("url", w.link(doc.url) if doc.url else "")
    yield _row("additional_urls", [w.link(entry.url, entry.label) for entry in doc.additional_urls])
    yield _row("contacts", [_person(contact) for contact in doc.contacts])


def _person(contact: Contact) -> Markup:
    parts = [escape(text) for text in (contact.name, contact.title, contact.department) if text]
    parts += [w.phone(entry) for entry in contact.phones] + ([w.mail(contact.email)] if contact.email else [])
    return Markup(", ").join(parts)


def _providers(doc: OfferDoc, words: Words) -> Iterator[tuple[str, Value]]:
    """Those that give more than their name stand in rows of their own."""
    details = {provider.name: _provider(provider, words) for provider in doc.providers}
    yield _row("providers", [name for name, lines in details.items() if not lines])
    yield from details.items()


def _provider(provider: Provider, words: Words) -> list[Markup]:
    texts = (
        provider.alternate_name,
        words.label("org_type", provider.org_type) if provider.org_type not in (None, UNKNOWN) else "",
        provider.legal_status,
        provider.description,
    )
    mails = [w.mail(provider.email)] if provider.email else []
    links = [w.link(url) for url in (provider.website, *provider.additional_websites) if url]
    return [escape(text) for text in texts if text] + mails + links


def _further(doc: OfferDoc) -> Iterator[tuple[str, Value]]:
    yield _row("program", doc.program)
    yield _row("funding", list(doc.funding))
    yield _row("accreditation", doc.accreditation)
    yield _row("attachments", [w.link(entry.url, entry.title) for entry in doc.attachments])
    yield _row("translations", ", ".join(f"{tag} ({state})" for tag, state in sorted(translation_states(doc).items())))
    yield _row("assured_date", w.day(doc.assured_date) if doc.assured_date else "")
    yield _row("assurer", doc.assurer)
    yield _row("review_due", w.day(doc.review_due) if doc.review_due else "")
    modified = doc.last_modified
    yield _row("last_modified", f"{modified[8:10]}.{modified[5:7]}.{modified[:4]}" if modified else "")
