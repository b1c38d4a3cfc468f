"""Fields of offers of different members side by side: what each says, and whether both can be true.

Values are compared by what they mean (a number without its spaces, hours by day, a street however it is shortened), and
shown as their owners wrote them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import msgspec

from shared.model.hours import read_hours
from shared.model.offer import OfferDoc
from shared.model.parts import Contact, Place, Schedule
from shared.model.text import fold
from shared.web import offer_words as w
from shared.web import time_words as t
from shared.web.offer_page import status_words
from shared.web.offer_words import Words

Keys = frozenset[Hashable]
_PERSONAL_MAIL: Final = re.compile(r"[a-zäöüß-]+[._][a-zäöüß-]+@.*", re.IGNORECASE)


class Likeness(StrEnum):
    """How the values of a field stand to each other."""

    SAME = "same"
    PARTLY = "partly"
    DIFFERENT = "different"
    ONE_SIDED = "one-sided"


@dataclass(frozen=True)
class Field:
    """One field that can be compared.

    Args:
        said: what an offer says, line by line, in German.
        keys: what it means.
        clash: tells of two meanings whether they cannot both be true; None for a field where they always can.
    """

    key: str
    label: str
    said: Callable[[OfferDoc], list[str]]
    keys: Callable[[OfferDoc], Keys]
    clash: Callable[[Keys, Keys], bool] | None = None


@dataclass(frozen=True)
class Compared:
    """One field of two offers."""

    field: Field
    left: list[str]
    right: list[str]
    likeness: Likeness


def compare(fields: Sequence[Field], left: OfferDoc, right: OfferDoc) -> list[Compared]:
    """Return the fields of which either offer says something."""
    found = []
    for field in fields:
        said = field.said(left), field.said(right)
        if any(said):
            found.append(Compared(field, *said, _likeness(field.keys(left), field.keys(right))))
    return found


def _likeness(left: Keys, right: Keys) -> Likeness:
    if left == right:
        return Likeness.SAME
    if not left or not right:
        return Likeness.ONE_SIDED
    return Likeness.PARTLY if left & right else Likeness.DIFFERENT


def all_fields(words: Words) -> list[Field]:
    """Return what is compared, in the order in which people look at it."""
    return [
        Field("name", "Titel", lambda doc: _lines(doc.name), lambda doc: _folded([doc.name])),
        Field("providers", "Träger", _providers, lambda doc: _folded(_providers(doc))),
        Field("summary", "Kurzbeschreibung", lambda doc: _lines(doc.summary), lambda doc: _folded([doc.summary])),
        Field("locations", "Ort", _places, _place_keys, _streets_clash),
        Field("schedules", "Zeiten", _times, _time_keys, _slots_clash),
        Field("phones", "Telefon", lambda doc: [one.number for one in doc.phones], _phone_keys, _are_disjoint),
        Field("email", "E-Mail", lambda doc: _lines(doc.email), lambda doc: _folded([doc.email]), _are_disjoint),
        Field("url", "Internetseite", lambda doc: _lines(doc.url), _url_keys, _are_disjoint),
        Field("topics", "Themen", partial(_labels, words, "topic"), lambda doc: frozenset(doc.topics)),
        Field("languages", "Sprachen", partial(_languages, words), _language_keys),
        Field("costs", "Kosten", _costs, _cost_keys, _costs_clash),
        Field("ages", "Alter", _ages, _age_keys, _values_clash),
        Field("validity", "Laufzeit", lambda doc: _lines(t.span(doc.valid_from, doc.valid_to)), _days, _values_clash),
        Field("status", "Zustand", _status, lambda doc: frozenset({("status", doc.status or "active")}), _values_clash),
        Field("last_modified", "Zuletzt geändert", _changed, lambda doc: _folded(_changed(doc))),
    ]  # fmt: skip


def _lines(text: str) -> list[str]:
    return [str(text)] if text else []


def _folded(texts: Iterable[str]) -> Keys:
    return frozenset(folded for text in texts if (folded := fold(text)))


def _labels(words: Words, vocabulary: str, doc: OfferDoc) -> list[str]:
    return _lines(words.labels(vocabulary, doc.topics))


def _languages(words: Words, doc: OfferDoc) -> list[str]:
    return _lines(words.labels("language", [one.code for one in doc.languages]))


def _language_keys(doc: OfferDoc) -> Keys:
    return frozenset(one.code for one in doc.languages)


def _providers(doc: OfferDoc) -> list[str]:
    return [one.name for one in doc.providers]


def _status(doc: OfferDoc) -> list[str]:
    return _lines(status_words(doc))


def _changed(doc: OfferDoc) -> list[str]:
    return [t.day(date.fromisoformat(doc.last_modified[:10]))] if doc.last_modified else []


# --- places ----------------------------------------------------------------------------------------------------------


def _places(doc: OfferDoc) -> list[str]:
    return [_place(one, is_confidential=doc.address_confidential) for one in doc.locations]


def _place(place: Place, *, is_confidential: bool) -> str:
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    if is_confidential:
        return f"{town} (Anschrift auf Anfrage)".strip()
    street = " ".join(part for part in (place.address_1, place.address_2) if part)
    return ", ".join(part for part in (place.name, street, town) if part)


def _place_keys(doc: OfferDoc) -> Keys:
    return frozenset(_place_key(one, is_confidential=doc.address_confidential) for one in doc.locations)


def _place_key(place: Place, *, is_confidential: bool) -> Hashable:
    if place.address_1 and not is_confidential:
        street = fold(place.address_1).replace("strasse", "str").replace(" ", "")
        return "street", street, place.postal_code or fold(place.city)
    return "town", fold(place.city or place.postal_code or place.name)


def _streets_clash(left: Keys, right: Keys) -> bool:
    """A town alone says nothing against a street."""
    return _are_disjoint(*(_of_kind(keys, "street") for keys in (left, right)))


def _of_kind(keys: Keys, kind: str) -> Keys:
    return frozenset(key for key in keys if isinstance(key, tuple) and key[0] == kind)


# --- times -----------------------------------------------------------------------------------------------------------


def _times(doc: OfferDoc) -> list[str]:
    return [_plain(line) for line in t.times(doc.schedules)] or _lines(doc.schedule_text)


def _plain(text: str) -> str:
    return str(getattr(text, "striptags", lambda: text)())


def _time_keys(doc: OfferDoc) -> Keys:
    slots = slots_of(doc)
    return frozenset(key for slot in slots for key in _slot_keys(slot)) if slots else _folded([doc.schedule_text])


def slots_of(doc: OfferDoc) -> tuple[Schedule, ...]:
    """Return the slots of an offer, else those that its text says; nothing where it cannot be read."""
    return doc.schedules or read_hours(doc.schedule_text).slots


def _slot_keys(slot: Schedule) -> list[Hashable]:
    hours = slot.opens_at, slot.closes_at, slot.interval or 1, slot.kind == "geschlossen"
    days: list[Hashable] = [*slot.byday, *slot.bymonthday] or [slot.dtstart]
    return [("slot", day, *hours) for day in days]


def _slots_clash(left: Keys, right: Keys) -> bool:
    """Hours are told completely, so two lists that differ cannot both hold; what was not read says nothing."""
    left, right = _of_kind(left, "slot"), _of_kind(right, "slot")
    return bool(left and right) and left != right


# --- ways to reach somebody ------------------------------------------------------------------------------------------


def _phone_keys(doc: OfferDoc) -> Keys:
    return frozenset(_digits(one.number) for one in doc.phones)


def _digits(number: str) -> str:
    return re.sub(r"[^0-9+]", "", number)


def _url_keys(doc: OfferDoc) -> Keys:
    """Two pages of one site agree in part."""
    if not doc.url:
        return frozenset()
    place = urlsplit(doc.url.lower())
    host = place.netloc.removeprefix("www.")
    return frozenset({host, f"{host}{place.path.rstrip('/')}?{place.query}"})


def _are_disjoint(left: Keys, right: Keys) -> bool:
    return bool(left and right) and not left & right


# --- costs, ages, days -----------------------------------------------------------------------------------------------


def _costs(doc: OfferDoc) -> list[str]:
    free = [] if doc.is_free is None else ["kostenfrei" if doc.is_free else "nicht kostenfrei"]
    return [*free, *(_plain(w.cost(one)) for one in doc.costs), *_lines(doc.fees_text)]


def _cost_keys(doc: OfferDoc) -> Keys:
    free = [] if doc.is_free is None else [("free", doc.is_free)]
    prices = [("price", one.amount, fold(one.option)) for one in doc.costs if one.amount is not None]
    return frozenset([*free, *prices]) | _folded([doc.fees_text])


def _costs_clash(left: Keys, right: Keys) -> bool:
    if _values_clash(_of_kind(left, "free"), _of_kind(right, "free")):
        return True
    return _are_disjoint(_of_kind(left, "price"), _of_kind(right, "price"))


def _ages(doc: OfferDoc) -> list[str]:
    low = [] if doc.minimum_age is None else [f"ab {doc.minimum_age} Jahren"]
    return [*low, *([] if doc.maximum_age is None else [f"bis {doc.maximum_age} Jahre"])]


def _age_keys(doc: OfferDoc) -> Keys:
    return _given(low=doc.minimum_age, high=doc.maximum_age)


def _days(doc: OfferDoc) -> Keys:
    return _given(start=doc.valid_from, end=doc.valid_to)


def _given(**values: Hashable) -> Keys:
    return frozenset((name, value) for name, value in values.items() if value is not None)


def _values_clash(left: Keys, right: Keys) -> bool:
    """Two values under one name."""
    known = {key[0]: key[1] for key in left if isinstance(key, tuple)}
    return any(known.get(key[0], key[1]) != key[1] for key in right if isinstance(key, tuple))


# --- without persons -------------------------------------------------------------------------------------------------


def institutional(doc: OfferDoc) -> OfferDoc:
    """Return what an offer says of an institution: no contact, no number or address of one, no remark beside a time.

    What leads to a person may not wait in an inbox, where an erasure at its owner would not find it.
    """
    persons = [one for one in doc.contacts if one.name]
    numbers = {_digits(phone.number) for one in persons for phone in one.phones}
    slots = tuple(msgspec.structs.replace(slot, description="", booking_url="") for slot in slots_of(doc))
    return msgspec.structs.replace(
        doc, contacts=(), assurer="", fees_text="", schedules=slots, schedule_text="",
        phones=tuple(one for one in doc.phones if _digits(one.number) not in numbers),
        email="" if is_personal(doc.email, persons) else doc.email,
    )  # fmt: skip


def is_personal(address: str, persons: Sequence[Contact] = ()) -> bool:
    """Tell whether a mail address is that of a person: one of these, or one written as names are (`e.muster@`)."""
    known = {one.email.casefold() for one in persons}
    return bool(address) and (address.casefold() in known or _PERSONAL_MAIL.fullmatch(address) is not None)
