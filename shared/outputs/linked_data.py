"""An offer as linked data (schema.org), for search engines and programs; the columns of the domain model.

Persons are left out: what helps a reader to call must not feed an index of names.  A rule that repeats by the month
cannot be said in opening hours and is left out too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.hsds.parts import DISTRICT_KEYS, MUNICIPALITY_KEYS
from shared.model.district import District
from shared.model.offer import OfferDoc
from shared.model.parts import Cost, Place, Provider, Schedule
from shared.model.vocabulary.terms import Vocabulary

TYPE: Final = "application/ld+json"
CONTEXT: Final = "https://schema.org"
"""What a page says, for search engines; who resolves it gets names in http://schema.org/."""
_PUBLIC_BODIES: Final = frozenset({"kommune", "kreis", "behoerde"})
_MAIN_LANGUAGE: Final = "de"
_DAYS: Final = {
    "MO": "Monday", "TU": "Tuesday", "WE": "Wednesday", "TH": "Thursday", "FR": "Friday", "SA": "Saturday",
    "SU": "Sunday",
}  # fmt: skip

Thing = dict[str, Any]


def linked_data(
    doc: OfferDoc, district: District, vocabularies: Mapping[str, Vocabulary], *, url: str, context: str = ""
) -> Thing:
    """Return the offer as a schema.org Service, or as a GovernmentService where a public body leads.

    Args:
        url: of its page, which is its name in RDF too.
        context: where the names come from; empty for a thing in a graph that says so itself.
    """
    lead = doc.providers[0] if doc.providers else None
    is_public = lead is not None and lead.org_type in _PUBLIC_BODIES
    return _filled(
        {
            "@context": context,
            "@type": "GovernmentService" if is_public else "Service",
            "@id": url,
            "url": doc.url or url,
            "identifier": doc.id,
            "name": _said(doc, "name"),
            "alternateName": doc.alternate_name,
            "disambiguatingDescription": _said(doc, "summary"),
            "description": _said(doc, "body"),
            "serviceType": _label(vocabularies, "offer_type", doc.offer_type),
            "category": [vocabularies["topic"].label(code) for code in doc.topics],
            "audience": _audiences(doc, vocabularies),
            "provider": [_provider(one) for one in doc.providers],
            "areaServed": [_area(code, district) for code in doc.service_areas],
            "availableChannel": _channel(doc, district),
            "hoursAvailable": [hours for rule in doc.schedules if (hours := _hours(rule))],
            "offers": _offers(doc),
            "sameAs": [link.url for link in doc.additional_urls],
        }
    )


def _filled(thing: Thing) -> Thing:
    return {name: value for name, value in thing.items() if value not in ("", None, [], {})}


def _said(doc: OfferDoc, name: str) -> str | list[Thing]:
    """Return a text, with its languages where there are several."""
    german: str = getattr(doc, name)
    others = [
        (tag, getattr(texts, name)) for tag, texts in sorted(doc.translations.items()) if texts.state != "in_arbeit"
    ]
    said = [(_MAIN_LANGUAGE, german), *((tag, text) for tag, text in others if text)]
    return german if len(said) == 1 else [{"@value": text, "@language": tag} for tag, text in said if text]


def _label(vocabularies: Mapping[str, Vocabulary], vocabulary: str, code: str | None) -> str:
    return vocabularies[vocabulary].label(code) if code else ""


def _audiences(doc: OfferDoc, vocabularies: Mapping[str, Vocabulary]) -> list[Thing]:
    codes = dict.fromkeys((*doc.especially_for, *doc.target_groups))
    found: list[Thing] = [
        {"@type": "Audience", "audienceType": _label(vocabularies, "target_group", code)} for code in codes
    ]
    if doc.minimum_age is not None or doc.maximum_age is not None:
        ages = {"suggestedMinAge": doc.minimum_age, "suggestedMaxAge": doc.maximum_age}
        found.append(_filled({"@type": "PeopleAudience", **ages}))
    return found


def _provider(one: Provider) -> Thing:
    kind = "GovernmentOrganization" if one.org_type in _PUBLIC_BODIES else "Organization"
    return _filled(
        {
            "@type": kind, "name": one.name, "alternateName": one.alternate_name, "description": one.description,
            "email": one.email, "url": one.website, "sameAs": list(one.additional_websites), "logo": one.logo,
        }
    )  # fmt: skip


def _area(code: str, district: District) -> Thing:
    if code == district.key:
        return {"@type": "AdministrativeArea", "name": district.name, "identifier": DISTRICT_KEYS + code}
    base = MUNICIPALITY_KEYS if len(code) == 8 else DISTRICT_KEYS
    return {"@type": "AdministrativeArea", "name": district.title(code), "identifier": base + code}


def _channel(doc: OfferDoc, district: District) -> Thing:
    phones = [{"@type": "ContactPoint", "telephone": entry.number} for entry in doc.phones]
    mail = [{"@type": "ContactPoint", "email": doc.email}] if doc.email else []
    places = [] if doc.address_confidential else [_place(entry, district) for entry in doc.locations]
    channel = _filled(
        {
            "servicePhone": [*phones, *mail],
            "availableLanguage": [entry.code for entry in doc.languages],
            "serviceLocation": places,
            "serviceUrl": next((rule.booking_url for rule in doc.schedules if rule.booking_url), ""),
        }
    )
    return {"@type": "ServiceChannel", **channel} if channel else {}


def _place(entry: Place, district: District) -> Thing:
    if entry.kind == "virtual":
        return _filled({"@type": "VirtualLocation", "name": entry.name})
    address = _filled(
        {"streetAddress": entry.address_1, "postalCode": entry.postal_code, "addressLocality": entry.city}
    )
    geo = {}
    if entry.latitude is not None and entry.longitude is not None:
        geo = {"@type": "GeoCoordinates", "latitude": entry.latitude, "longitude": entry.longitude}
    features = [
        {"@type": "LocationFeatureSpecification", "name": code, "value": holds}
        for code, holds in sorted(entry.accessibility.items())
    ]
    whole = {"@type": "PostalAddress", **address, "addressRegion": district.name, "addressCountry": "DE"}
    return _filled(
        {
            "@type": "Place", "name": entry.name, "address": whole if address else {}, "geo": geo,
            "amenityFeature": features,
        }
    )  # fmt: skip


def _hours(rule: Schedule) -> Thing:
    is_weekly = rule.freq in (None, "WEEKLY") and (rule.interval or 1) == 1 and not rule.bymonthday
    if rule.kind == "geschlossen" or not (is_weekly and rule.byday and rule.opens_at and rule.closes_at):
        return {}
    if any(len(code) > 2 for code in rule.byday):
        return {}
    start, end = rule.valid_from or rule.dtstart, rule.valid_to or rule.until
    return _filled(
        {
            "@type": "OpeningHoursSpecification", "dayOfWeek": [_DAYS[code] for code in rule.byday],
            "opens": rule.opens_at, "closes": rule.closes_at, "validFrom": start.isoformat() if start else "",
            "validThrough": end.isoformat() if end else "",
        }
    )  # fmt: skip


def _offers(doc: OfferDoc) -> list[Thing]:
    spans = _filled(
        {
            "validFrom": doc.valid_from.isoformat() if doc.valid_from else "",
            "validThrough": doc.valid_to.isoformat() if doc.valid_to else "",
        }
    )
    if doc.is_free:
        return [{"@type": "Offer", "price": 0, "priceCurrency": "EUR", **spans}]
    return [{**_price(entry), **spans} for entry in doc.costs if entry.amount is not None]


def _price(entry: Cost) -> Thing:
    return _filled(
        {
            "@type": "Offer", "name": entry.option, "description": entry.amount_description, "price": entry.amount,
            "priceCurrency": entry.currency or "EUR",
        }
    )  # fmt: skip
