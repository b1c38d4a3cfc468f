"""The small objects of HSDS: ids, phones, languages, addresses, schedules, costs, attributes.

Rules of the profile: empty values are left out, never `null`; a child's id follows from its parent's, so writing
twice gives the same bytes; opening times are local wall-clock time without `timezone`, since HSDS wants a fixed offset,
which is wrong half of the year.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from shared.ids import child_id
from shared.model.district import District
from shared.model.parts import Capacity, Contact, Cost, Language, Phone, Place, RequiredDocument, Schedule
from shared.model.vocabulary.terms import UNKNOWN, Vocabulary

Object = dict[str, Any]

MUNICIPALITY_KEYS: Final = "http://dcat-ap.de/def/politicalGeocoding/municipalityKey/"
DISTRICT_KEYS: Final = "http://dcat-ap.de/def/politicalGeocoding/districtKey/"
_PHONE_TYPES: Final = {"fax": "fax", "text": "text", "cell": "cell"}
_DAYS: Final = {"MO": "Mo", "TU": "Di", "WE": "Mi", "TH": "Do", "FR": "Fr", "SA": "Sa", "SU": "So"}
_NTH: Final = {"1": "1.", "2": "2.", "3": "3.", "4": "4.", "5": "5.", "-1": "letzter"}


def dashed(hex_id: str) -> str:
    """Return an id as HSDS writes it, with dashes."""
    return f"{hex_id[:8]}-{hex_id[8:12]}-{hex_id[12:16]}-{hex_id[16:20]}-{hex_id[20:]}"


def filled(**fields: Any) -> Object:
    """Return the fields that have a value; HSDS refuses `null`, and an empty text says nothing."""
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [], {}, ())}


def child(parent: str, kind: str, key: str, **fields: Any) -> Object:
    """Return a child object whose id follows from its parent's, its kind and its key."""
    return {"id": dashed(child_id(parent, kind, key)), **filled(**fields)}


def keyed(entries: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Give equal keys a number, so that each child of a parent has an id of its own."""
    seen: dict[str, int] = {}
    found = []
    for key, entry in entries:
        seen[key] = seen.get(key, 0) + 1
        found.append((key if seen[key] == 1 else f"{key}#{seen[key]}", entry))
    return found


def phones(parent: str, given: Sequence[Phone], languages: Sequence[Language] = ()) -> list[Object]:
    """Return phones; a number that was not readable as one is kept as it stands."""
    return [
        child(
            parent, "phone", key, number=phone.number, type=_PHONE_TYPES.get(phone.type or "", "voice"),
            description=phone.description, languages=spoken(child_id(parent, "phone", key), languages),
        )
        for key, phone in keyed((phone.number, phone) for phone in given)
    ]  # fmt: skip


def contacts(parent: str, given: Sequence[Contact]) -> list[Object]:
    """Return contacts: persons, functions or departments; on what basis a person is named never leaves the node."""
    found = []
    for key, contact in keyed((f"{one.name}|{one.title}|{one.department}", one) for one in given):
        own = child_id(parent, "contact", key)
        found.append(
            child(
                parent, "contact", key, name=contact.name, title=contact.title, department=contact.department,
                email=contact.email, phones=phones(own, contact.phones, contact.languages),
            )
        )  # fmt: skip
    return found


def spoken(parent: str, given: Sequence[Language], vocabulary: Vocabulary | None = None) -> list[Object]:
    """Return languages with their ISO code and German name."""
    return [
        child(
            parent, "language", key, code=language.code,
            name=language.name or (vocabulary.label(language.code) if vocabulary else ""), note=language.note,
        )
        for key, language in keyed((language.code, language) for language in given)
    ]  # fmt: skip


def schedules(parent: str, given: Sequence[Schedule], *, attending: str = "") -> list[Object]:
    """Return one object for each time slot rule, each with a German description for readers who take hours as UTC."""
    found = []
    for key, slot in keyed((slot_key(slot), slot) for slot in given):
        found.append(
            child(
                parent, "schedule", key, freq=slot.freq, interval=slot.interval, byday=",".join(slot.byday),
                bymonthday=",".join(str(number) for number in slot.bymonthday), opens_at=slot.opens_at,
                closes_at=slot.closes_at, valid_from=day(slot.valid_from), valid_to=day(slot.valid_to),
                dtstart=day(slot.dtstart), until=day(slot.until), count=slot.count, schedule_link=slot.booking_url,
                attending_type=attending, description=slot.description or describe_slot(slot), notes=slot.kind,
            )
        )  # fmt: skip
    return found


def slot_key(slot: Schedule) -> str:
    """Return what tells one slot of an offer from another."""
    days = ",".join([*slot.byday, *(str(number) for number in slot.bymonthday)])
    return f"{days}|{slot.opens_at}|{slot.closes_at}|{slot.valid_from or slot.dtstart or ''}"


def describe_slot(slot: Schedule) -> str:
    """Say a slot in German: Mo, Di 09:00–14:00 Uhr."""
    days = [f"{_NTH[code[:-2]]} {_DAYS[code[-2:]]} im Monat" if code[:-2] else _DAYS[code[-2:]] for code in slot.byday]
    days += [f"am {number}. im Monat" for number in slot.bymonthday if number > 0]
    hours = f"{slot.opens_at}–{slot.closes_at} Uhr" if slot.opens_at and slot.closes_at else ""
    every = f"alle {slot.interval} Wochen" if slot.freq == "WEEKLY" and (slot.interval or 1) > 1 else ""
    asked = "nach Vereinbarung" if slot.by_appointment else ""
    return ", ".join(
        part for part in (" ".join(part for part in (", ".join(days), hours) if part), every, asked) if part
    )


def day(value: date | None) -> str:
    """Return a day in ISO 8601, empty for none."""
    return "" if value is None else value.isoformat()


def costs(parent: str, given: Sequence[Cost], *, is_free: bool | None) -> list[Object]:
    """Return prices; what is free of charge costs 0 euros."""
    found = [
        child(
            parent, "cost_option", key, option=cost.option, amount=cost.amount,
            currency=(cost.currency or "EUR") if cost.amount is not None else "",
            amount_description=cost.amount_description, valid_from=day(cost.valid_from), valid_to=day(cost.valid_to),
        )
        for key, cost in keyed((f"{cost.option}|{cost.amount}|{cost.amount_description}", cost) for cost in given)
    ]  # fmt: skip
    if is_free and not given:
        free = child(parent, "cost_option", "free", currency="EUR", amount_description="kostenfrei")
        found.append({**free, "amount": 0})
    return found


def documents(parent: str, given: Sequence[RequiredDocument]) -> list[Object]:
    """Return what people should bring along."""
    return [
        child(parent, "required_document", key, document=entry.document, uri=entry.uri)
        for key, entry in keyed((entry.document, entry) for entry in given)
    ]


def capacities(parent: str, given: Sequence[Capacity]) -> list[Object]:
    """Return free places; `updated` wants a time, the model holds a day."""
    found = []
    for key, entry in keyed((entry.unit, entry) for entry in given):
        unit = child(parent, "unit", key, name=entry.unit)
        found.append(
            {
                **child(
                    parent, "capacity", key, unit=unit, unit_id=unit["id"], maximum=entry.maximum,
                    updated=f"{entry.updated.isoformat()}T00:00:00Z",
                ),
                "available": entry.available,
            }
        )  # fmt: skip
    return found


def areas(parent: str, given: Sequence[str], district: District) -> list[Object]:
    """Return where an offer holds: a municipality by its key, or the whole district."""
    found = []
    for code in given:
        is_whole = code in (district.key, f"{district.key}000")
        member = district.member_by_ags(code)
        name = district.name if is_whole else (member.town if member and member.town else code)
        uri = f"{DISTRICT_KEYS}{district.key}" if is_whole else f"{MUNICIPALITY_KEYS}{code}"
        found.append(child(parent, "service_area", code, name=name, uri=uri))
    return found


def location(parent: str, key: str, place: Place, *, is_confidential: bool, district: District) -> Object:
    """Return a place.  An address is written only where it is whole; a confidential one shows its town alone."""
    own = child_id(parent, "location", key)
    kind = place.kind or "physical"
    name = place.name or place.city
    if is_confidential:
        return {
            "id": dashed(own),
            "location_type": kind,
            **filled(name=place.city, description="Anschrift auf Anfrage"),
        }
    has_address = bool(place.postal_code and place.city and place.address_1)
    address = child(
        own, "address", "physical", address_1=place.address_1, address_2=place.address_2, city=place.city,
        region=district.name, state_province=district.state, postal_code=place.postal_code, country="DE",
        address_type="postal" if kind == "postal" else "physical",
    )  # fmt: skip
    return {
        "id": dashed(own), "location_type": kind,
        **filled(
            name=name, transportation=place.transportation, latitude=place.latitude, longitude=place.longitude,
            addresses=[address] if has_address else [],
        ),
    }  # fmt: skip


def accessibilities(parent: str, holds: Mapping[str, bool], vocabulary: Vocabulary) -> list[Object]:
    """Return what a place is known to offer to people with disabilities; what it lacks stands in its attributes."""
    return [
        child(parent, "accessibility", code, description=vocabulary.label(code))
        for code, yes in sorted(holds.items())
        if yes
    ]


def attribute(parent: str, entity: str, link_type: str, term: Object, *, value: str = "") -> Object:
    """Tie a term of a vocabulary to an object; `label` repeats its name for readers that look up nothing."""
    return child(
        parent, "attribute", f"{link_type}:{term['code']}", link_id=dashed(parent), link_entity=entity,
        link_type=link_type, taxonomy_term_id=term["id"], taxonomy_term=term, label=term["name"], value=value,
    )  # fmt: skip


def known(codes: Iterable[str | None]) -> list[str]:
    """Return the codes that say something; the one for a named gap says nothing to readers."""
    return [code for code in codes if code and code != UNKNOWN]
