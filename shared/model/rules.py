"""The rules of an offer, all problems at once and in German, for editors and imports.

To be published an offer needs five things: title, provider, summary, topic, owner.  Beyond these an *error* is only
what contradicts itself or breaks a limit; everything that is merely missing is a *hint* or a gap (`completeness.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final, Literal, get_type_hints

import msgspec
from msgspec import structs

from shared.errors import ParseError
from shared.model.district import District
from shared.model.labels import field_label
from shared.model.offer import OfferDoc, format_offer, offer_to_builtins, parse_offer
from shared.model.parts import Place, Schedule
from shared.model.text import text_problems
from shared.model.vocabulary.terms import Vocabulary

Severity = Literal["error", "hint"]

REVIEW_DAYS: Final = 180
REVIEW_DAYS_SHORT: Final = 90  # courses and childcare change by term
_NAME_LEAST: Final = 3
_SUMMARY_LEAST: Final = 20
_NAME_FIELDS: Final = ("name", "alternate_name")
_TEXT_FIELDS: Final = (
    "accreditation",
    "alert",
    "application_process",
    "body",
    "eligibility",
    "fees_text",
    "interpretation",
    "program",
    "schedule_text",
    "summary",
)
_CODE_FIELDS: Final = {
    "access": "access",
    "especially_for": "target_group",
    "mode": "mode",
    "target_groups": "target_group",
    "topics": "topic",
}
_LENGTH: Final = re.compile(r"of length (<=|>=) ([0-9]+)")
_WITHIN: Final = re.compile(r" - at `\$(.*)`$")


class Problem(msgspec.Struct, frozen=True):
    """One thing to put right: the field, a German sentence, and whether it prevents publishing."""

    field: str
    message_de: str
    severity: Severity = "error"


def check_offer(
    doc: OfferDoc,
    *,
    vocabularies: Mapping[str, Vocabulary] | None = None,
    district: District | None = None,
    today: date | None = None,
) -> list[Problem]:
    """Collect every problem of a document; the document is never changed.

    Args:
        doc: built by our own code, so types and limits may not have been checked yet.
        vocabularies: by name; without them codes are not looked up.
        district: for postcodes and bounds; without it places are not compared with the map.
        today: the caller's date; without it dates are not compared with it.
    """
    problems = list(_limit_problems(doc))
    if problems:
        # The rules below read the fields by type, so a field of the wrong type must be put right first.
        return problems
    problems += _required_problems(doc)
    problems += _text_problems(doc)
    problems += _contradictions(doc, today)
    problems += _schedule_problems(doc.schedules)
    problems += _contact_hints(doc)
    if vocabularies is not None:
        problems += _code_problems(doc, vocabularies)
    if district is not None:
        problems += _place_hints(doc.locations, district)
    return problems


def publishable(doc: OfferDoc, *, vocabularies: Mapping[str, Vocabulary] | None = None) -> bool:
    """True if nothing prevents publishing; hints do not."""
    return not any(problem.severity == "error" for problem in check_offer(doc, vocabularies=vocabularies))


def default_review_due(doc: OfferDoc) -> date | None:
    """When an offer is to be checked next: 180 days after the last check, 90 for courses and childcare."""
    if doc.assured_date is None:
        return None
    is_short = doc.offer_type == "kurs" or "kinder" in doc.topics
    return doc.assured_date + timedelta(days=REVIEW_DAYS_SHORT if is_short else REVIEW_DAYS)


def is_review_overdue(doc: OfferDoc, today: date) -> bool:
    """True if the check is due, or was never made."""
    due = doc.review_due or default_review_due(doc)
    return doc.assured_date is None or due is None or due < today


def for_publication(doc: OfferDoc) -> OfferDoc:
    """The document as it may leave the node: a confidential address is taken out, not only hidden."""
    if not doc.address_confidential:
        return doc
    return structs.replace(doc, locations=tuple(_without_address(place) for place in doc.locations))


def _without_address(place: Place) -> Place:
    return structs.replace(
        place, address_1="", address_2="", postal_code="", latitude=None, longitude=None, transportation=""
    )


def _limit_problems(doc: OfferDoc) -> Iterator[Problem]:
    """Types and limits.  msgspec stops at the first problem of a document, so a faulty one is read field by field."""
    try:
        parse_offer(format_offer(doc))
    except ParseError:
        pass  # the fields say why
    else:
        return
    values = offer_to_builtins(doc)
    for field, field_type in get_type_hints(OfferDoc, include_extras=True).items():
        if field not in values:
            continue
        try:
            msgspec.convert(values[field], field_type)
        except msgspec.ValidationError as error:
            yield _limit_problem(field, str(error))


def _limit_problem(field: str, error: str) -> Problem:
    within = _WITHIN.search(error)
    length = _LENGTH.search(error)
    if length is not None:
        unit = "Einträge" if "`array`" in error or "`object`" in error else "Zeichen"
        message = f"{'höchstens' if length.group(1) == '<=' else 'mindestens'} {length.group(2)} {unit}"
    elif "matching regex" in error:
        message = "hat nicht die erwartete Form oder enthält unsichtbare Zeichen"
    else:
        message = "hat keinen gültigen Wert"
    return Problem(field + (within.group(1) if within else ""), f"{field_label(field)}: {message}")


def _required_problems(doc: OfferDoc) -> Iterator[Problem]:
    if len(doc.name) < _NAME_LEAST:
        yield Problem("name", f"Titel fehlt oder ist kürzer als {_NAME_LEAST} Zeichen")
    if not doc.providers:
        yield Problem("providers", "Träger fehlt")
    if len(doc.summary) < _SUMMARY_LEAST:
        yield Problem("summary", f"Kurzbeschreibung fehlt oder ist kürzer als {_SUMMARY_LEAST} Zeichen")
    if not doc.topics:
        yield Problem("topics", "Thema fehlt")


def _text_problems(doc: OfferDoc) -> Iterator[Problem]:
    for field in (*_NAME_FIELDS, *_TEXT_FIELDS):
        for message in text_problems(getattr(doc, field), is_name=field in _NAME_FIELDS):
            yield Problem(field, f"{field_label(field)}: {message}")
    for at, provider in enumerate(doc.providers):
        for message in text_problems(provider.name, is_name=True):
            yield Problem(f"providers[{at}].name", f"Träger: {message}")


def _contradictions(doc: OfferDoc, today: date | None) -> Iterator[Problem]:
    if not set(doc.especially_for) <= set(doc.target_groups):
        yield Problem("especially_for", "Insbesondere für: nur, was auch unter „Offen für“ steht")
    for field in _CODE_FIELDS:
        codes = getattr(doc, field)
        if len(set(codes)) != len(codes):
            yield Problem(field, f"{field_label(field)}: ein Eintrag steht doppelt")
    if doc.minimum_age is not None and doc.maximum_age is not None and doc.minimum_age > doc.maximum_age:
        yield Problem("minimum_age", f"Alter von {doc.minimum_age} ist höher als bis {doc.maximum_age}")
    if doc.valid_from and doc.valid_to and doc.valid_from > doc.valid_to:
        yield Problem("valid_from", "Laufzeit: der Beginn liegt nach dem Ende")
    if doc.alert_until and not doc.alert:
        yield Problem("alert_until", "Hinweis gilt bis: es gibt keinen Hinweis", "hint")
    if today and doc.assured_date and doc.assured_date > today:
        yield Problem("assured_date", "Zuletzt geprüft am: liegt in der Zukunft")
    if doc.is_free and any(cost.amount for cost in doc.costs):
        yield Problem("is_free", "Kostenfrei: es sind Kosten eingetragen")


def _schedule_problems(schedules: tuple[Schedule, ...]) -> Iterator[Problem]:
    for at, slot in enumerate(schedules):
        field = f"schedules[{at}]"
        if not slot.description and not (slot.opens_at and slot.closes_at) and not slot.by_appointment:
            yield Problem(field, "Beratungszeiten: weder Uhrzeit noch Text")
        if slot.opens_at and slot.closes_at and slot.closes_at <= slot.opens_at:
            yield Problem(field, f"Beratungszeiten: {slot.closes_at} liegt nicht nach {slot.opens_at}")
        if slot.freq == "WEEKLY" and any(len(day) > 2 for day in slot.byday):
            yield Problem(field, "Beratungszeiten: „1. Montag“ gibt es nur monatlich")
        if slot.interval is not None and slot.interval > 1 and slot.dtstart is None:
            yield Problem(field, "Beratungszeiten: „alle n Wochen“ braucht einen Beginn")
        if slot.until is not None and slot.count is not None:
            yield Problem(field, "Beratungszeiten: entweder Ende oder Anzahl")


def _contact_hints(doc: OfferDoc) -> Iterator[Problem]:
    for at, contact in enumerate(doc.contacts):
        if not (contact.name or contact.title or contact.department):
            yield Problem(f"contacts[{at}]", "Ansprechperson: Name, Funktion oder Abteilung fehlt", "hint")


def _code_problems(doc: OfferDoc, vocabularies: Mapping[str, Vocabulary]) -> Iterator[Problem]:
    for field, name in _CODE_FIELDS.items():
        for code in getattr(doc, field):
            if vocabularies[name].get(code) is None:
                yield Problem(field, f"{field_label(field)}: „{code}“ ist nicht bekannt")
    if doc.offer_type is not None and vocabularies["offer_type"].get(doc.offer_type) is None:
        yield Problem("offer_type", f"Art des Angebots: „{doc.offer_type}“ ist nicht bekannt")


def _place_hints(places: tuple[Place, ...], district: District) -> Iterator[Problem]:
    postcodes = district.town_postcodes()
    for at, place in enumerate(places):
        if place.postal_code and not postcodes.town(place.postal_code):
            yield Problem(f"locations[{at}].postal_code", f"PLZ {place.postal_code} liegt nicht im Kreis", "hint")
        elif not postcodes.fits(place.postal_code, place.city):
            town = postcodes.town(place.postal_code)
            message = f"PLZ {place.postal_code} gehört zu {town}, nicht zu {place.city}"
            yield Problem(f"locations[{at}].postal_code", message, "hint")
        has_point = place.latitude is not None and place.longitude is not None
        if has_point and not district.bounds.holds(place.latitude or 0, place.longitude or 0):
            yield Problem(f"locations[{at}].latitude", "Lage: der Punkt liegt außerhalb des Kreises", "hint")
