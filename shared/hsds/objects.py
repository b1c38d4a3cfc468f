"""The objects of HSDS 3.2.3 as this profile writes them: fields, types, what is required, what is nested in what.

One table from which the OpenAPI document, the tabular package and its description are made.  Names and types are those
of the standard (https://docs.openreferral.org); fields that we never write are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["string", "number", "integer", "uuid", "uri", "email", "date", "datetime", "time"]


@dataclass(frozen=True)
class Field:
    """One plain field."""

    name: str
    kind: Kind = "string"
    about: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nested:
    """Objects that stand in another: under this name, of this kind, one or many."""

    name: str
    object: str
    is_many: bool = True


@dataclass(frozen=True)
class HsdsObject:
    """One kind of object, and the file of the tabular package that holds it."""

    name: str
    file: str
    about: str
    fields: tuple[Field, ...]
    nested: tuple[Nested, ...] = ()


_ID: Final = Field("id", "uuid", "Stable id", is_required=True)


def _of(name: str) -> Field:
    return Field(name, "uuid", "Id of the object that this belongs to")


_OBJECTS: Final = (
    HsdsObject(
        "service", "services.csv", "An offer: course, counselling, meeting, help",
        (
            _ID, Field("organization_id", "uuid", "The provider that leads"),
            Field("program_id", "uuid", "The programme it belongs to"),
            Field("name", about="Title", is_required=True), Field("alternate_name", about="Another name"),
            Field("description", about="Short text, a blank line, the rest in Markdown"),
            Field("url", "uri", "Page about it"), Field("email", "email", "Of the offer, not of a person"),
            Field("status", about="Whether it takes place", is_required=True,
                  choices=("active", "inactive", "defunct", "temporarily closed")),
            Field("interpretation_services", about="Interpretation on request"),
            Field("application_process", about="How to take part"), Field("fees_description", about="About costs"),
            Field("accreditations", about="Such as by the BAMF"), Field("eligibility_description", about="Conditions"),
            Field("minimum_age", "number", "Years"), Field("maximum_age", "number", "Years"),
            Field("assured_date", "date", "Day on which the offer was last checked; absent: never"),
            Field("assurer_email", "email", "Function mailbox of who checked it"),
            Field("alert", about="Passing notice"), Field("last_modified", "datetime", "UTC with milliseconds"),
        ),
        (
            Nested("organization", "organization", is_many=False), Nested("program", "program", is_many=False),
            Nested("additional_urls", "url"), Nested("phones", "phone"), Nested("schedules", "schedule"),
            Nested("service_areas", "service_area"), Nested("service_at_locations", "service_at_location"),
            Nested("languages", "language"), Nested("funding", "funding"), Nested("cost_options", "cost_option"),
            Nested("required_documents", "required_document"), Nested("contacts", "contact"),
            Nested("capacities", "service_capacity"), Nested("attributes", "attribute"),
        ),
    ),
    HsdsObject(
        "organization", "organizations.csv", "A provider",
        (
            _ID, Field("name", is_required=True), Field("alternate_name", about="Short name"),
            Field("description", about="What it says of itself; its name where it says nothing", is_required=True),
            Field("email", "email"), Field("website", "uri"), Field("legal_status"), Field("logo", "uri"),
            Field("parent_organization_id", "uuid"),
        ),
        (
            Nested("additional_websites", "url"), Nested("organization_identifiers", "organization_identifier"),
            Nested("attributes", "attribute"),
        ),
    ),
    HsdsObject("program", "programs.csv", "A programme that funds offers", (
        _ID, _of("organization_id"), Field("name", is_required=True), Field("description", is_required=True))),
    HsdsObject("service_at_location", "service_at_location.csv", "An offer at one of its places",
               (_ID, _of("service_id"), _of("location_id")), (Nested("location", "location", is_many=False),)),
    HsdsObject(
        "location", "locations.csv", "A place",
        (
            _ID, Field("location_type", is_required=True, choices=("physical", "postal", "virtual")), Field("name"),
            Field("description"), Field("transportation", about="Bus and train"), Field("latitude", "number", "WGS84"),
            Field("longitude", "number", "WGS84"),
        ),
        (Nested("addresses", "address"), Nested("accessibility", "accessibility"), Nested("attributes", "attribute")),
    ),
    HsdsObject(
        "address", "addresses.csv", "Where a place is; only written where it is whole",
        (
            _ID, _of("location_id"), Field("address_1", is_required=True), Field("address_2"),
            Field("city", is_required=True), Field("region"), Field("state_province", is_required=True),
            Field("postal_code", is_required=True), Field("country", is_required=True),
            Field("address_type", is_required=True, choices=("physical", "postal", "virtual")),
        ),
    ),
    HsdsObject(
        "phone", "phones.csv", "A telephone number; the direct line is part of the number",
        (
            _ID, _of("service_id"), _of("contact_id"), Field("number", is_required=True), Field("type"),
            Field("description"),
        ),
        (Nested("languages", "language"),),
    ),
    HsdsObject(
        "contact", "contacts.csv", "A person, function or department to ask",
        (_ID, _of("service_id"), Field("name"), Field("title"), Field("department"), Field("email", "email")),
        (Nested("phones", "phone"),),
    ),
    HsdsObject(
        "schedule", "schedules.csv", "One time slot rule in local time of Europe/Berlin (no offset, by profile)",
        (
            _ID, _of("service_id"), Field("valid_from", "date"), Field("valid_to", "date"), Field("dtstart", "date"),
            Field("until", "date"), Field("count", "number"), Field("freq", choices=("WEEKLY", "MONTHLY")),
            Field("interval", "number"), Field("byday", about="MO,TU or 2WE,-1FR"), Field("bymonthday"),
            Field("description", about="The same in German"), Field("opens_at", "time", "HH:MM"),
            Field("closes_at", "time", "HH:MM"), Field("schedule_link", "uri", "Where to book"),
            Field("attending_type"), Field("notes", about="Kind of hours"),
        ),
    ),
    HsdsObject("service_area", "service_areas.csv", "Where an offer holds",
               (_ID, _of("service_id"), Field("name"), Field("uri", "uri", "DCAT-AP.de political geocoding"))),
    HsdsObject("language", "languages.csv", "A language spoken",
               (_ID, _of("service_id"), _of("phone_id"), Field("name", about="German name"),
                Field("code", about="ISO 639-1, else 639-3"), Field("note"))),
    HsdsObject("funding", "funding.csv", "Who pays", (_ID, _of("service_id"), Field("source"))),
    HsdsObject("cost_option", "cost_options.csv", "A price; 0 for what is free", (
        _ID, _of("service_id"), Field("valid_from", "date"), Field("valid_to", "date"), Field("option"),
        Field("currency"), Field("amount", "number"), Field("amount_description"))),
    HsdsObject("required_document", "required_documents.csv", "Something to bring along",
               (_ID, _of("service_id"), Field("document"), Field("uri", "uri"))),
    HsdsObject("service_capacity", "service_capacity.csv", "Free places", (
        _ID, _of("service_id"), Field("unit_id", "uuid", is_required=True),
        Field("available", "number", is_required=True), Field("maximum", "number"),
        Field("updated", "datetime", is_required=True)), (Nested("unit", "unit", is_many=False),)),
    HsdsObject("unit", "units.csv", "What is counted", (_ID, Field("name", is_required=True))),
    HsdsObject("url", "url.csv", "A web address", (
        _ID, Field("label"), Field("url", "uri", is_required=True), _of("organization_id"), _of("service_id"))),
    HsdsObject("organization_identifier", "organization_identifiers.csv", "Number in a register", (
        _ID, _of("organization_id"), Field("identifier_type", is_required=True),
        Field("identifier", is_required=True))),
    HsdsObject("accessibility", "accessibility.csv", "What a place offers to people with disabilities",
               (_ID, _of("location_id"), Field("description"))),
    HsdsObject("attribute", "attributes.csv", "A term of a vocabulary tied to an object", (
        _ID, Field("link_id", "uuid"), Field("taxonomy_term_id", "uuid"), Field("link_type"), Field("link_entity"),
        Field("value"), Field("label")), (Nested("taxonomy_term", "taxonomy_term", is_many=False),)),
    HsdsObject("taxonomy", "taxonomies.csv", "A vocabulary", (
        _ID, Field("name", is_required=True), Field("description", is_required=True), Field("uri", "uri"),
        Field("version"))),
    HsdsObject("taxonomy_term", "taxonomy_terms.csv", "A term of a vocabulary", (
        _ID, Field("code"), Field("name", is_required=True), Field("description", is_required=True),
        Field("parent_id", "uuid"), Field("taxonomy"), Field("language"), Field("taxonomy_id", "uuid")),
        (Nested("taxonomy_detail", "taxonomy", is_many=False),)),
)  # fmt: skip

OBJECTS: Final[Mapping[str, HsdsObject]] = {found.name: found for found in _OBJECTS}
"""By name, in the order in which they are documented."""
