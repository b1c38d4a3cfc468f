"""The objects of HSDS 3.2.3 as this profile writes them: fields, types, what is required, what is nested in what.

One table from which the OpenAPI document, the tabular package and its description are made.  Names and types are those
of the standard (https://docs.openreferral.org); fields that we never write are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal[
    "string",
    "number",
    "integer",
    "boolean",
    "uuid",
    "uri",
    "email",
    "date",
    "datetime",
    "time",
    "ids",
    "names",
    "by_language",
]
"""`ids`, `names`: a list of them; `by_language`: one text for each language tag.  They stand in no file."""


@dataclass(frozen=True)
class Field:
    """One plain field; `about` says to integrators what stands in it."""

    name: str
    kind: Kind = "string"
    about: str = ""
    is_required: bool = False
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Nested:
    """Objects that stand in another: under this name, of this kind, one or many, or one for each language tag."""

    name: str
    object: str
    is_many: bool = True
    is_by_language: bool = False
    is_required: bool = False


@dataclass(frozen=True)
class HsdsObject:
    """One kind of object, and the file of the tabular package that holds it; empty: none does."""

    name: str
    file: str
    about: str
    fields: tuple[Field, ...]
    nested: tuple[Nested, ...] = ()


_ID: Final = Field("id", "uuid", "Stable id", is_required=True)


def _of(name: str) -> Field:
    return Field(name, "uuid", "Id of the object that this belongs to; where it stands in it, it may be missing")


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
            _ID, Field("name", about="Name", is_required=True), Field("alternate_name", about="Short name"),
            Field("description", about="What it says of itself; its name where it says nothing", is_required=True),
            Field("email", "email", "Of the organisation, not of a person"), Field("website", "uri", "Its own pages"),
            Field("legal_status", about="Legal form"), Field("logo", "uri", "Picture"),
            Field("parent_organization_id", "uuid", "The organisation it belongs to"),
        ),
        (
            Nested("additional_websites", "url"), Nested("organization_identifiers", "organization_identifier"),
            Nested("attributes", "attribute"),
        ),
    ),
    HsdsObject("program", "programs.csv", "A programme that funds offers", (
        _ID, _of("organization_id"), Field("name", about="Name", is_required=True),
        Field("description", about="The name once more, since HSDS requires one", is_required=True))),
    HsdsObject("service_at_location", "service_at_location.csv", "An offer at one of its places",
               (_ID, _of("service_id"), _of("location_id")), (Nested("location", "location", is_many=False),)),
    HsdsObject(
        "location", "locations.csv", "A place",
        (
            _ID, Field("location_type", about="Kind of place", is_required=True,
                       choices=("physical", "postal", "virtual")),
            Field("name", about="Name of the place or building, else its town"),
            Field("description", about="Said of an address that is told only on request"),
            Field("transportation", about="Bus and train"), Field("latitude", "number", "WGS84"),
            Field("longitude", "number", "WGS84"),
        ),
        (Nested("addresses", "address"), Nested("accessibility", "accessibility"), Nested("attributes", "attribute")),
    ),
    HsdsObject(
        "address", "addresses.csv", "Where a place is; only written where it is whole",
        (
            _ID, _of("location_id"), Field("address_1", about="Street and number", is_required=True),
            Field("address_2", about="Floor, room, building"), Field("city", about="Town", is_required=True),
            Field("region", about="District"), Field("state_province", about="Land", is_required=True),
            Field("postal_code", about="Five digits", is_required=True),
            Field("country", about="ISO 3166-1, two letters", is_required=True),
            Field("address_type", about="Kind of address", is_required=True,
                  choices=("physical", "postal", "virtual")),
        ),
    ),
    HsdsObject(
        "phone", "phones.csv", "A telephone number; the direct line is part of the number",
        (
            _ID, _of("service_id"), _of("contact_id"),
            Field("number", about="With country code, or as it was written", is_required=True),
            Field("type", about="voice, fax, text or cell"), Field("description", about="What it is for"),
        ),
        (Nested("languages", "language"),),
    ),
    HsdsObject(
        "contact", "contacts.csv", "A person, function or department to ask",
        (
            _ID, _of("service_id"), Field("name", about="Of a person"), Field("title", about="Function"),
            Field("department", about="Department or institution"), Field("email", "email", "E-mail address"),
        ),
        (Nested("phones", "phone"),),
    ),
    HsdsObject(
        "schedule", "schedules.csv", "One time slot rule in local time of Europe/Berlin (no offset, by profile)",
        (
            _ID, _of("service_id"), Field("valid_from", "date", "First day on which the rule holds"),
            Field("valid_to", "date", "Last day known; what comes after is unknown"),
            Field("dtstart", "date", "Day from which intervals are counted"),
            Field("until", "date", "Day on which the offer ends"), Field("count", "number", "How many times in all"),
            Field("freq", about="RFC 5545", choices=("WEEKLY", "MONTHLY")),
            Field("interval", "number", "Every so many weeks or months"),
            Field("byday", about="MO,TU or 2WE,-1FR"), Field("bymonthday", about="Days of the month: 1,15"),
            Field("description", about="The same in German"), Field("opens_at", "time", "HH:MM"),
            Field("closes_at", "time", "HH:MM"), Field("schedule_link", "uri", "Where to book"),
            Field("attending_type", about="in_person, online or phone"), Field("notes", about="Kind of hours"),
        ),
    ),
    HsdsObject("service_area", "service_areas.csv", "Where an offer holds", (
        _ID, _of("service_id"), Field("name", about="Town or district"),
        Field("uri", "uri", "DCAT-AP.de political geocoding"))),
    HsdsObject("language", "languages.csv", "A language spoken",
               (_ID, _of("service_id"), _of("phone_id"), Field("name", about="German name"),
                Field("code", about="ISO 639-1, else 639-3"), Field("note", about="Such as: on Tuesdays"))),
    HsdsObject("funding", "funding.csv", "Who pays",
               (_ID, _of("service_id"), Field("source", about="Programme or body"))),
    HsdsObject("cost_option", "cost_options.csv", "A price; 0 for what is free", (
        _ID, _of("service_id"), Field("valid_from", "date", "First day of this price"),
        Field("valid_to", "date", "Last day of this price"), Field("option", about="For whom: reduced, for members"),
        Field("currency", about="ISO 4217"), Field("amount", "number", "In the currency, with up to two decimals"),
        Field("amount_description", about="Per what, or the price as text"))),
    HsdsObject("required_document", "required_documents.csv", "Something to bring along", (
        _ID, _of("service_id"), Field("document", about="What to bring"), Field("uri", "uri", "Page about it"))),
    HsdsObject("service_capacity", "service_capacity.csv", "Free places", (
        _ID, _of("service_id"), Field("unit_id", "uuid", "What is counted", is_required=True),
        Field("available", "number", "Free now", is_required=True), Field("maximum", "number", "In all"),
        Field("updated", "datetime", "Day on which they were counted", is_required=True)),
        (Nested("unit", "unit", is_many=False),)),
    HsdsObject("unit", "units.csv", "What is counted", (
        _ID, Field("name", about="Such as: seats in the course", is_required=True))),
    HsdsObject("url", "url.csv", "A web address", (
        _ID, Field("label", about="What it leads to"), Field("url", "uri", "The address", is_required=True),
        _of("organization_id"), _of("service_id"))),
    HsdsObject("organization_identifier", "organization_identifiers.csv", "Number in a register", (
        _ID, _of("organization_id"), Field("identifier_type", about="Which register", is_required=True),
        Field("identifier", about="The number there", is_required=True))),
    HsdsObject("accessibility", "accessibility.csv", "What a place offers to people with disabilities",
               (_ID, _of("location_id"), Field("description", about="German name of what it offers"))),
    HsdsObject("attribute", "attributes.csv", "A term of a vocabulary tied to an object", (
        _ID, Field("link_id", "uuid", "Id of the object"),
        Field("taxonomy_term_id", "uuid", "Id of the term, equal on all nodes"),
        Field("link_type", about="As what: topic, target_group, especially_for, access, mode, offer_type, …"),
        Field("link_entity", about="Kind of the object"), Field("value", about="For accessibility: ja or nein"),
        Field("label", about="German name of the term")), (Nested("taxonomy_term", "taxonomy_term", is_many=False),)),
    HsdsObject("taxonomy", "taxonomies.csv", "A vocabulary", (
        _ID, Field("name", about="German name", is_required=True),
        Field("description", about="What its terms say", is_required=True), Field("uri", "uri", "Names it for ever"),
        Field("version", about="Whole number, as text"))),
    HsdsObject("taxonomy_term", "taxonomy_terms.csv", "A term of a vocabulary", (
        _ID, Field("code", about="Permanent, unlike the name"), Field("name", about="German name", is_required=True),
        Field("description", about="German", is_required=True), Field("parent_id", "uuid", "The wider term"),
        Field("taxonomy", about="Name of its vocabulary"), Field("language", about="Of the name"),
        Field("taxonomy_id", "uuid", "Id of its vocabulary")), (Nested("taxonomy_detail", "taxonomy", is_many=False),)),
)  # fmt: skip

OBJECTS: Final[Mapping[str, HsdsObject]] = {found.name: found for found in _OBJECTS}
"""By name, in the order in which they are documented."""
