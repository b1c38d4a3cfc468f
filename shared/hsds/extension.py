"""What this profile adds to the objects of HSDS: the members of `x_kreisweit`, as the same kind of table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.hsds.objects import Field, HsdsObject, Nested
from shared.model.offer import TRANSLATED_FIELDS

NAME: Final = "x_kreisweit"

_TRANSLATED: Final[Mapping[str, str]] = {
    "alert": "Passing notice", "application_process": "How to take part", "body": "The rest of the description",
    "eligibility": "Conditions", "fees_text": "About costs", "name": "Title", "summary": "Short text",
}  # fmt: skip

_EXTENSION: Final = (
    HsdsObject(
        "service_extension", "", "What HSDS has no place for",
        (
            Field("timezone", about="Of all opening times, which carry no offset", is_required=True),
            Field("is_free", "boolean", "Free of charge; absent: unknown"),
            Field("schedule_text", about="The times as the provider says them, German"),
            Field("valid_from", "date", "First day of the offer"), Field("valid_to", "date", "Last day of the offer"),
            Field("review_due", "date", "Day by which the offer should be checked again"),
            Field("alert_until", "date", "Last day of the notice in `alert`"),
            Field("address_confidential", "boolean", "The address is told only on request"),
            Field("closed_on_holidays", "boolean", "The schedules do not hold on public holidays"),
            Field("same_as", "ids", "Other services that are the same offer, as the district decided"),
        ),
        (
            Nested("origin", "origin", is_many=False, is_required=True), Nested("exceptions", "schedule_exception"),
            Nested("attachments", "attachment"), Nested("co_providers", "organization"),
            Nested("translations", "translation", is_by_language=True), Nested("text", "text", is_many=False),
        ),
    ),
    HsdsObject(
        "text", "", "Only with `lang`: what to show to readers of that language",
        (
            Field("lang", about="Of these texts: the language asked for, or de where there is none", is_required=True),
            Field("name", about="Title"), Field("description", about="Short text, a blank line, the rest"),
            Field("application_process", about="How to take part"),
            Field("eligibility_description", about="Conditions"), Field("fees_description", about="About costs"),
            Field("alert", about="Passing notice"), Field("in_german", "names", "Which of them are German"),
            Field("state", about="veraltet: the German text is newer", choices=("aktuell", "veraltet")),
            Field("origin", about="Who translated; a machine's text must be labelled", choices=("human", "machine")),
        ),
    ),
    HsdsObject("taxonomy_term_extension", "", "What HSDS has no place for", (
        Field("labels", "by_language", "Names in other languages, by language tag"),
        Field("retired", "boolean", "True: no longer given to offers"),
        Field("replaced_by", "uuid", "Id of the term that this one went into, whose offers count there"))),
    HsdsObject(
        "origin", "", "Who published the offer, as the signed roster and log say",
        (
            Field("node", about="Name of the publisher in the federation", is_required=True),
            Field("city", about="Its town, or the district", is_required=True),
            Field("ags", about="Its municipality key; ends in 000 for the district"),
            Field("publisher", about="Name to attribute the offer to", is_required=True),
            Field("url", "uri", "Page of the offer, to link to"),
            Field("proof", about="Where the signed entry can be verified; a path at a party without public address"),
        ),
    ),
    HsdsObject("schedule_exception", "", "Days on which the schedules do not hold", (
        Field("date_from", "date", "First day", is_required=True), Field("date_to", "date", "Last day, if several"),
        Field("closed", "boolean", "Closed"), Field("hours", about="Other hours, as text"),
        Field("reason", about="Such as: summer holidays"))),
    HsdsObject(
        "attachment", "", "A file",
        (
            Field("url", "uri", "Where it is", is_required=True),
            Field("sha256", about="Of its bytes, in hex", is_required=True),
            Field("type", about="Media type", is_required=True,
                  choices=("application/pdf", "image/png", "image/jpeg")),
            Field("title", about="What it is"), Field("alt", about="What a picture shows"),
            Field("lang", about="Its language tag"),
        ),
    ),
    HsdsObject(
        "translation", "", "The texts in another language; what is missing is there in German alone",
        (
            *(Field(name, about=_TRANSLATED[name]) for name in TRANSLATED_FIELDS),
            Field("origin", about="Who translated; a machine's text must be labelled to readers",
                  choices=("human", "machine")),
            Field("state", about="aktuell: of the German text as it is; veraltet: of an older one; in_arbeit: not"
                  " finished, do not show", is_required=True, choices=("aktuell", "veraltet", "in_arbeit")),
            Field("source_sha256", about="Hash of the German texts that were translated"),
            Field("updated", "date", "Day of the translation"),
        ),
    ),
)  # fmt: skip

EXTENSION: Final[Mapping[str, HsdsObject]] = {found.name: found for found in _EXTENSION}
"""By name, in the order in which they are documented."""
EXTENDED: Final[Mapping[str, str]] = {"service": "service_extension", "taxonomy_term": "taxonomy_term_extension"}
"""Which objects have the extension, and which of the above it is there."""
ALWAYS: Final[Mapping[str, tuple[str, ...]]] = {
    "service": ("last_modified", NAME), "taxonomy_term": ("code",), "language": ("code",),
    "service_area": ("name", "uri"), "service_at_location": ("service_id", "location_id", "location"),
    "attribute": ("link_id", "link_entity", "link_type", "taxonomy_term_id", "taxonomy_term", "label"),
}  # fmt: skip
"""What this profile requires besides what HSDS requires."""
