"""An offer as HSDS `service`, whole ("compiled") and as an item of a list.

Decided here: which field of the model goes where (DOMAIN 2.2), what the extension `x_kreisweit` adds, and what is left
out on purpose (persons' legal basis, internal state, deprecated fields).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from shared.hsds import parts
from shared.hsds.organization import organization, organization_id
from shared.hsds.parts import Object, attribute, child, dashed, day, filled, keyed, known
from shared.hsds.terms import Terms
from shared.ids import child_id
from shared.model.district import District
from shared.model.offer import OfferDoc, translation_states
from shared.model.rules import default_review_due

LIST_FIELDS: Final = (
    "id", "organization_id", "name", "alternate_name", "description", "url", "email", "status", "alert",
    "last_modified",
    "assured_date", "minimum_age", "maximum_age", "organization", "x_kreisweit",
)  # fmt: skip
"""What an item of a list holds unless `full=true`."""
_LINKS: Final = (
    ("offer_type", "offer_type"), ("topic", "topics"), ("target_group", "target_groups"),
    ("especially_for", "especially_for"), ("access", "access"), ("mode", "mode"),
)  # fmt: skip
_ATTENDING: Final = {"vor_ort": "in_person", "online": "online", "telefon": "phone", "aufsuchend": "in_person"}


@dataclass(frozen=True)
class Origin:
    """Who published a record, as the roster and the log say; never what a document says about itself."""

    node: str
    city: str
    ags: str
    publisher: str
    url: str = ""  # of the offer's page at its owner, or here
    proof: str = ""  # where the signed entry can be verified


@dataclass(frozen=True)
class Maker:
    """Makes HSDS objects for one district.

    Args:
        terms: finished taxonomies and terms.
    """

    district: District
    terms: Terms

    def service(self, doc: OfferDoc, origin: Origin, *, same_as: Sequence[str] = ()) -> Object:
        """Return the compiled service: everything about an offer in one object."""
        rid = doc.id
        places = [
            self._service_at_location(rid, key, place, doc)
            for key, place in keyed((_place_key(one), one) for one in doc.locations)
        ]
        lead = doc.providers[0] if doc.providers else None
        return {
            "id": dashed(rid), "name": doc.name or "Angebot ohne Titel", "status": doc.status or "active",
            **filled(
                organization_id=dashed(organization_id(doc.owner, lead)) if lead else "",
                alternate_name=doc.alternate_name, description=_description(doc), url=doc.url,
                additional_urls=[
                    child(rid, "url", key, service_id=dashed(rid), label=link.label, url=link.url)
                    for key, link in keyed((link.url, link) for link in doc.additional_urls)
                ],
                email=doc.email, interpretation_services=doc.interpretation,
                application_process=doc.application_process, fees_description=doc.fees_text,
                accreditations=doc.accreditation, eligibility_description=doc.eligibility,
                minimum_age=doc.minimum_age, maximum_age=doc.maximum_age, assured_date=day(doc.assured_date),
                assurer_email=doc.assurer, alert=doc.alert, last_modified=doc.last_modified,
                phones=parts.phones(rid, doc.phones),
                schedules=self._schedules(rid, doc),
                service_areas=parts.areas(rid, doc.service_areas, self.district),
                service_at_locations=places,
                languages=parts.spoken(rid, doc.languages, self.terms.vocabularies["language"]),
                organization=organization(doc.owner, lead, self.terms) if lead else {},
                funding=[
                    child(rid, "funding", key, source=source)
                    for key, source in keyed((source, source) for source in doc.funding)
                ],
                cost_options=parts.costs(rid, doc.costs, is_free=doc.is_free), program=_program(rid, doc.program),
                required_documents=parts.documents(rid, doc.required_documents),
                contacts=parts.contacts(rid, doc.contacts), capacities=parts.capacities(rid, doc.capacity),
                attributes=self._attributes(doc),
            ),
            "x_kreisweit": self._extension(doc, origin, same_as),
        }  # fmt: skip

    def with_contacts_of(self, service: Object, doc: OfferDoc) -> Object:
        """Return a service as of a document that differs from its own in contacts and assurer alone."""
        told = filled(contacts=parts.contacts(doc.id, doc.contacts), assurer_email=doc.assurer)
        return {
            name: told.get(name, value)
            for name, value in service.items()
            if name in told or name not in ("contacts", "assurer_email")
        }

    def item(self, service: Object) -> Object:
        """Return a service as an item of a list: its own fields and its organization, without the other children."""
        return {name: service[name] for name in LIST_FIELDS if name in service}

    def minimal(self, service: Object) -> Object:
        """Return what a reader needs to see whether it knows a service already."""
        modified = service.get("last_modified", "")
        return {
            "id": service["id"], "name": service["name"], "status": service["status"],
            **filled(last_modified=modified, modified_date=modified),
        }  # fmt: skip

    def service_at_locations(self, service: Object) -> list[Object]:
        """Return the places of a service as objects of their own, each with its service."""
        inner = {name: value for name, value in service.items() if name != "service_at_locations"}
        return [{**place, "service": inner} for place in service.get("service_at_locations", [])]

    def _service_at_location(self, rid: str, key: str, place: Any, doc: OfferDoc) -> Object:
        own = child_id(rid, "service_at_location", key)
        where = parts.location(rid, key, place, is_confidential=doc.address_confidential, district=self.district)
        location_id = where["id"].replace("-", "")
        return {
            "id": dashed(own), "service_id": dashed(rid), "location_id": where["id"],
            "location": {
                **where,
                **filled(
                    accessibility=parts.accessibilities(
                        location_id, place.accessibility, self.terms.vocabularies["accessibility"]
                    ),
                    attributes=[
                        attribute(
                            location_id, "location", "accessibility", self.terms.term("accessibility", code),
                            value="ja" if holds else "nein",
                        )
                        for code, holds in sorted(place.accessibility.items())
                    ],
                ),
            },
        }  # fmt: skip

    def _schedules(self, rid: str, doc: OfferDoc) -> list[Object]:
        """Return the confirmed rules; times that are known as text alone are one object with a description."""
        attending = next((_ATTENDING[code] for code in doc.mode if code in _ATTENDING), "")
        if doc.schedules:
            return parts.schedules(rid, doc.schedules, attending=attending)
        if doc.schedule_text:
            return [child(rid, "schedule", "text", description=doc.schedule_text, attending_type=attending)]
        return []

    def _attributes(self, doc: OfferDoc) -> list[Object]:
        found: list[Object] = []
        for link_type, name in _LINKS:
            given = getattr(doc, name)
            vocabulary = "target_group" if link_type == "especially_for" else link_type
            codes = known((given,) if isinstance(given, str) or given is None else given)
            found += [attribute(doc.id, "service", link_type, self.terms.term(vocabulary, code)) for code in codes]
        return found

    def _extension(self, doc: OfferDoc, origin: Origin, same_as: Sequence[str]) -> Object:
        due = doc.review_due or default_review_due(doc)
        return filled(
            origin=filled(
                node=origin.node, city=origin.city, ags=origin.ags, publisher=origin.publisher, url=origin.url,
                proof=origin.proof,
            ),
            timezone=self.district.timezone, is_free=doc.is_free, schedule_text=doc.schedule_text,
            valid_from=day(doc.valid_from), valid_to=day(doc.valid_to), review_due=day(due),
            alert_until=day(doc.alert_until), address_confidential=doc.address_confidential or None,
            closed_on_holidays=doc.closed_on_holidays if doc.schedules else None,
            exceptions=_plain(doc.exceptions), attachments=_plain(doc.attachments),
            co_providers=[organization(doc.owner, provider, self.terms) for provider in doc.providers[1:]],
            translations=_translations(doc), same_as=[dashed(rid) for rid in same_as],
        )  # fmt: skip


def _description(doc: OfferDoc) -> str:
    """The short text, a blank line, the rest: readers take the first line as the short text."""
    return "\n\n".join(text for text in (doc.summary, doc.body) if text)


def _program(rid: str, name: str) -> Object:
    return child(rid, "program", name, name=name, description=name) if name else {}


def _place_key(place: Any) -> str:
    return "|".join((place.name, place.address_1, place.postal_code, place.city))


def _plain(values: Sequence[msgspec.Struct]) -> list[Any]:
    return [msgspec.to_builtins(value) for value in values]


def _translations(doc: OfferDoc) -> Mapping[str, Any]:
    states = translation_states(doc)
    return {
        tag: {**msgspec.to_builtins(translation), "state": states.get(tag, "")}
        for tag, translation in sorted(doc.translations.items())
    }
