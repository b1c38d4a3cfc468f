"""The places of all offers in the shape of Integreat's CMS, for its app and for whoever reads that already.

Shape: API v3, `/<region>/<language>/locations/`, as digitalfabrik/integreat-cms writes it (`integreat_cms/api/v3/
places.py`, `place_categories.py`; icons and colours from `cms/constants/placecategory.py`) and integreat-app reads it
(`shared/api/types.ts`); that of commits 7be1d3a and 025b921.

A place is where an offer takes place, so an offer with two places is there twice.  Left out are offers without a place
that may be told (a confidential address, online, by telephone) and offers that ended for good.  Hours are those of a
week as it usually is; what a week cannot say stands in the content.  Known gaps: `icon_url` is null, since icons are
Integreat's own, and there is no `published_at`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import IO, Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
from markupsafe import Markup

from shared.model.dates import first_day, last_day, shape_of
from shared.model.hours import DAYS
from shared.model.offer import OfferDoc, translation_states
from shared.model.parts import Contact, Phone, Place, Provider, Schedule
from shared.model.text import fold
from shared.outputs.formats.format import Format, Offers
from shared.outputs.offered import About, Offered
from shared.outputs.rich_text import markdown

Json = dict[str, Any]

_CLOSED: Final = ("inactive", "temporarily closed")
_STILL_READ: Final = ("aktuell", "veraltet")
_COUNTRY: Final = "Deutschland"
_ICONS: Final = {
    "antidiskriminierung": "advice", "arbeit": "structure", "aufenthalt": "office", "behoerden": "office",
    "beratung": "advice", "ehrenamt": "other_help", "familie": "meeting_point", "finanzen": "finance",
    "frauen": "meeting_point", "freizeit": "leisure", "gesundheit": "health", "gesundheit.psyche": "mental_health",
    "jugend": "leisure", "kinder": "daily_routine", "kultur": "culture", "mo": "meeting_point",
    "mobilitaet": "mobility", "notfall": "other_help", "pflege": "medical_aid", "schule": "education",
    "senioren": "meeting_point", "sprache": "education", "sprachmittlung": "service", "sport": "leisure",
    "wohnen": "house",
}  # fmt: skip
_COLOURS: Final = {
    "advice": "#3700D2", "culture": "#A258FF", "daily_routine": "#EE36DC", "education": "#2E98FB",
    "finance": "#C38E03", "health": "#FF3333", "house": "#FF7C32", "leisure": "#07DC03", "medical_aid": "#FF3333",
    "meeting_point": "#3F8F01", "mental_health": "#FF3333", "mobility": "#F2DA04", "office": "#1DC6C6",
    "other": "#585858", "other_help": "#585858", "service": "#3700D2", "structure": "#1DC6C6",
}  # fmt: skip


def number_of(key: str) -> int:
    """Return 53 bits that follow from a key."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 11


@dataclass
class Numbers:
    """Gives the same number for the same key, never one number twice: Integreat's ids are numbers, ours are not.

    53 bits, since that is what every reader of JSON keeps; of two keys that meet in them (at 100,000 keys one chance in
    a million) the later one gets another that is free.

    Args:
        number: returns the number that a key would have if it were alone.
    """

    number: Callable[[str], int] = number_of
    _given: set[int] = field(default_factory=set)

    def give(self, key: str) -> int:
        """Return the number of a key that was not asked for before."""
        number, attempt = self.number(key), 0
        while number in self._given:
            attempt += 1
            number = self.number(f"{key}#{attempt}")
        self._given.add(number)
        return number


def write_places(offers: Offers, about: About, into: IO[bytes]) -> None:
    """Write all places as one JSON array."""
    writer = _Writer(about)
    into.write(b"[")
    separator = b"\n"
    for offered in offers:
        for entry in writer.places(offered):
            into.write(separator + msgspec.json.encode(entry))
            separator = b",\n"
    into.write(b"\n]\n")


class _Writer:
    def __init__(self, about: About) -> None:
        self._about = about
        self._zone = ZoneInfo(about.district.timezone)
        self._today = about.made.astimezone(self._zone).date()
        self._numbers = Numbers()

    def places(self, offered: Offered) -> Iterator[Json]:
        """Yield an entry for each place of an offer that may be told."""
        doc = offered.doc
        if doc.address_confidential or doc.status == "defunct":
            return
        told = [
            (place, sited)
            for place, sited in zip(doc.locations, offered.service.get("service_at_locations", []), strict=True)
            if (place.kind or "physical") == "physical" and (place.city or place.address_1)
        ]
        common = self._common(offered) if told else {}
        for place, sited in told:
            own = "" if len(told) == 1 else f"#{sited['id']}"
            yield {
                **common, **self._names(offered, sited["id"], own), "location": self._location(offered, place, sited),
                "barrier_free": place.accessibility.get("stufenlos"),
            }  # fmt: skip

    def _names(self, offered: Offered, key: str, own: str) -> Json:
        """Return what tells this entry from others, and its other languages."""
        path = urlsplit(offered.origin.url).path or f"/angebote/{offered.doc.id}"
        url = offered.origin.url
        states = translation_states(offered.doc)
        return {
            "id": self._numbers.give(f"{key}:de"), "url": f"{url}{own}" if url else None, "path": f"{path}{own}",
            "available_languages": {
                tag: {
                    "id": self._numbers.give(f"{key}:{tag}"), "url": f"{url}?lang={tag}{own}" if url else None,
                    "path": f"{path}?lang={tag}{own}",
                }
                for tag, state in sorted(states.items()) if state in _STILL_READ
            },
        }  # fmt: skip

    def _common(self, offered: Offered) -> Json:
        doc = offered.doc
        content = _content(offered)
        changed = datetime.fromisoformat(doc.last_modified)
        is_closed = doc.status in _CLOSED
        return {
            "title": offered.service["name"], "modified_gmt": doc.last_modified,
            "last_updated": changed.astimezone(self._zone).isoformat(timespec="milliseconds"),
            "meta_description": doc.summary or None, "excerpt": content.striptags(), "content": str(content),
            "icon": None, "thumbnail": None, "website": doc.url or None, "email": doc.email or None,
            "phone_number": _telephone(doc.phones), "contacts": self._contacts(doc, is_closed=is_closed),
            "category": self._category(doc), "temporarily_closed": is_closed,
            "opening_hours": None if is_closed else self._hours(doc, None, "sprechzeit", "kurszeit"),
            "appointment_url": next((rule.booking_url for rule in doc.schedules if rule.booking_url), None),
            "hash": None, "organization": self._organization(doc.providers, offered.service),
        }  # fmt: skip

    def _location(self, offered: Offered, place: Place, sited: Mapping[str, Any]) -> Json:
        return {
            "id": number_of(sited["location"]["id"]), "name": place.name or str(offered.service["name"]),
            "address": place.address_1 or None, "town": place.city or None, "state": None,
            "postcode": place.postal_code or None, "region": None, "country": _COUNTRY,
            "latitude": place.latitude, "longitude": place.longitude,
        }  # fmt: skip

    def _category(self, doc: OfferDoc) -> Json:
        topics = self._about.vocabularies["topic"]
        code = doc.topics[0] if doc.topics else ""
        icon = next((_ICONS[one] for one in (code, *topics.ancestors(code)) if one in _ICONS), "other")
        return {
            "id": number_of(topics.term_id(code)), "name": topics.label(code) if code else "Sonstiges",
            "color": _COLOURS[icon], "icon": icon, "icon_url": None, "icon_color": f"{icon}_{_COLOURS[icon]}",
        }  # fmt: skip

    def _organization(self, providers: Sequence[Provider], service: Mapping[str, Any]) -> Json | None:
        if not providers:
            return None
        lead = providers[0]
        return {
            "id": number_of(service["organization"]["id"]), "slug": fold(lead.name).replace(" ", "-"),
            "name": lead.name, "logo": lead.logo or None, "website": lead.website or None,
        }  # fmt: skip

    def _contacts(self, doc: OfferDoc, *, is_closed: bool) -> list[Json]:
        """The offer's own telephone and mail come first, then whom the offer names."""
        own = Contact(email=doc.email, phones=doc.phones)
        named = [own, *doc.contacts] if doc.email or doc.phones else doc.contacts
        return [
            {
                "area_of_responsibility": ", ".join(part for part in (one.title, one.department) if part) or None,
                "name": one.name or None, "email": one.email or None, "phone_number": _telephone(one.phones),
                "mobile_number": next((phone.number for phone in one.phones if phone.type == "cell"), None),
                "website": (doc.url or None) if one is own else None,
                "opening_hours": self._hours(doc, "telefonzeit") if one is own and not is_closed else None,
                "appointment_url": None,
            }
            for one in named
        ]  # fmt: skip

    def _hours(self, doc: OfferDoc, *kinds: str | None) -> list[Json] | None:
        """Return the hours of a week from Monday on; None where nothing is known that repeats every week."""
        rules = [rule for rule in doc.schedules if rule.kind in kinds and self._holds_weekly(rule)]
        if not rules:
            return None
        week = [[rule for rule in rules if day in rule.byday] for day in DAYS]
        return [
            {
                "allDay": False, "closed": not day, "appointmentOnly": bool(day) and all(r.by_appointment for r in day),
                "timeSlots": [
                    {"start": start, "end": end, "timezone": self._about.district.timezone}
                    for start, end in _joined((rule.opens_at, rule.closes_at) for rule in day)
                ],
            }
            for day in week
        ]  # fmt: skip

    def _holds_weekly(self, rule: Schedule) -> bool:
        is_weekly = shape_of(rule) == "weekly" and (rule.interval or 1) == 1 and bool(rule.byday)
        has_hours = bool(rule.opens_at and rule.closes_at)
        return is_weekly and has_hours and _overlaps(rule, self._today)


def _overlaps(rule: Schedule, today: date) -> bool:
    """Tell whether a rule holds in the week that begins today."""
    return first_day(rule) <= today + timedelta(days=6) and today <= last_day(rule)


def _joined(hours: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return hours in their order, those that overlap as one."""
    joined: list[tuple[str, str]] = []
    for start, end in sorted(hours):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _telephone(phones: Sequence[Phone]) -> str | None:
    return next((phone.number for phone in phones if phone.type in (None, "voice")), None)


def _content(offered: Offered) -> Markup:
    """Return what is said of an offer as HTML, with times, costs and the way in where they are told in words."""
    doc, service = offered.doc, offered.service
    times = [str(rule["description"]) for rule in service.get("schedules", []) if rule.get("description")]
    parts = [
        Markup("<p>{}</p>\n").format(doc.summary) if doc.summary else Markup(),
        markdown(doc.body),
        _list("Wann", times),
        _paragraph("Kosten", doc.fees_text or ("kostenfrei" if doc.is_free else "")),
        _paragraph("Teilnehmen", doc.application_process),
    ]
    return Markup().join(part for part in parts if part)


def _paragraph(title: str, text: str) -> Markup:
    return Markup("<h3>{}</h3>\n<p>{}</p>\n").format(title, text) if text else Markup()


def _list(title: str, texts: Sequence[str]) -> Markup:
    items = Markup().join(Markup("<li>{}</li>\n").format(text) for text in texts)
    return Markup("<h3>{}</h3>\n<ul>\n{}</ul>\n").format(title, items) if items else Markup()


INTEGREAT: Final = Format(
    name="integreat",
    path="/integreat/places.json",
    media_type="application/json",
    title="Orte aller Angebote in der Form der Integreat-App (JSON)",
    title_en="Places of all offers in the shape of the Integreat app (JSON)",
    write=write_places,
)
