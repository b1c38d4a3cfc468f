"""JSON Schemas (2020-12) of everything that the API answers, from the tables of objects and of the extension."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.feed.entry import REASONS
from shared.hsds.extension import ALWAYS, EXTENDED, EXTENSION, NAME
from shared.hsds.objects import OBJECTS, Field, HsdsObject, Nested
from shared.model.notice import REASONS as NOTICE_REASONS

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_KINDS: Final[Mapping[str, Schema]] = {
    "string": {"type": "string"}, "number": {"type": "number"}, "integer": {"type": "integer"},
    "boolean": {"type": "boolean"}, "uuid": {"type": "string", "format": "uuid"},
    "uri": {"type": "string", "format": "uri"}, "email": {"type": "string", "format": "email"},
    "date": {"type": "string", "format": "date"}, "datetime": {"type": "string", "format": "date-time"},
    "time": {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"},
    "ids": {"type": "array", "items": {"type": "string", "format": "uuid"}},
    "names": {"type": "array", "items": {"type": "string"}},
    "by_language": {"type": "object", "additionalProperties": {"type": "string"}},
}  # fmt: skip
_COUNT: Final = {"type": "integer", "minimum": 0}
_ENVELOPE: Final[Mapping[str, Schema]] = {
    "total_items": {**_COUNT, "description": "Items of all pages"},
    "total_pages": {**_COUNT, "description": "Pages; 0 for an empty list"},
    "page_number": {"type": "integer", "minimum": 1, "description": "Pages count from 1"},
    "size": {**_COUNT, "description": "Items on this page"},
    "first_page": {"type": "boolean", "description": "Whether this is page 1"},
    "last_page": {"type": "boolean", "description": "Whether no page follows"},
    "empty": {"type": "boolean", "description": "Whether this page has no items"},
}
_TEXTS: Final = {"type": "array", "items": {"type": "string"}}


def ref(name: str) -> Schema:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def object_schema(found: HsdsObject) -> Schema:
    """Return the schema of one kind of object; members that it does not name may be added in later versions."""
    required = required_of(found)
    properties = {field.name: field_schema(field) for field in found.fields}
    properties |= {nested.name: _nested_schema(nested) for nested in found.nested}
    if found.name in EXTENDED:
        properties[NAME] = ref(EXTENDED[found.name])
    return {
        "type": "object", "description": found.about, **({"required": required} if required else {}),
        "properties": properties,
    }  # fmt: skip


def required_of(found: HsdsObject) -> list[str]:
    """Return the members that are always there: those that HSDS requires, and those that this profile requires."""
    plain = [field.name for field in found.fields if field.is_required]
    nested = [one.name for one in found.nested if one.is_required]
    return [*plain, *nested, *ALWAYS.get(found.name, ())]


def field_schema(field: Field) -> Schema:
    """Return the schema of one plain field."""
    choices = {"enum": list(field.choices)} if field.choices else {}
    return {**_KINDS[field.kind], **choices, **({"description": field.about} if field.about else {})}


def _nested_schema(nested: Nested) -> Schema:
    if nested.is_by_language:
        return {"type": "object", "additionalProperties": ref(nested.object)}
    return {"type": "array", "items": ref(nested.object)} if nested.is_many else ref(nested.object)


def schemas() -> dict[str, Schema]:
    """Return all schemas of the document, by name."""
    found = {one.name: object_schema(one) for one in (*OBJECTS.values(), *EXTENSION.values())}
    modified_date = {**_KINDS["datetime"], "description": "Only with `minimal=true`: the same as `last_modified`"}
    found["service_in_list"] = _in_list(found["service"], modified_date)
    services = {"type": "array", "items": ref("service")}
    found["organization_with_services"] = _and(
        "organization", {"services": services}, "A provider; in lists its offers stand in it only on demand"
    )
    found["service_at_location_with_service"] = _and(
        "service_at_location", {"service": ref("service")}, "An offer at one of its places, with the offer"
    )
    for name, item in PAGES.items():
        found[f"{name}_page"] = _page(item)
    return found | {"about": _about(), "problem": _problem()}


PAGES: Final[Mapping[str, str]] = {
    "services": "service_in_list", "organizations": "organization_with_services",
    "service_at_locations": "service_at_location_with_service", "taxonomies": "taxonomy",
    "taxonomy_terms": "taxonomy_term",
}  # fmt: skip
"""What stands in the pages of each list."""


def _in_list(service: Schema, modified_date: Schema) -> Schema:
    """Return the schema of an item; a minimal one has no more than what HSDS requires and the time."""
    required = [field.name for field in OBJECTS["service"].fields if field.is_required]
    properties = {**service["properties"], "modified_date": modified_date}
    about = "An offer as an item of a list: as much of it as was asked for"
    return {**service, "description": about, "required": required, "properties": properties}


def _and(base: str, properties: Mapping[str, Schema], about: str) -> Schema:
    return {"type": "object", "description": about, "allOf": [ref(base)], "properties": dict(properties)}


def _page(item: str) -> Schema:
    contents = {"type": "array", "items": ref(item), "description": "The items"}
    return {
        "type": "object", "description": "One page of a list, ordered by the last change, then by id",
        "required": [*_ENVELOPE, "contents"], "properties": {**_ENVELOPE, "contents": contents},
    }  # fmt: skip


def _about() -> Schema:
    publisher: Schema = {
        "type": "object", "description": "Who runs this party", "required": ["name", "identifier"],
        "properties": {
            "name": {"type": "string", "description": "Name of the office"},
            "identifier": {"type": "string", "description": "District and party"},
            "email": {**_KINDS["email"], "description": "Of the office"},
            "website": {**_KINDS["uri"], "description": "Its pages"},
        },
    }  # fmt: skip
    return {
        "type": "object", "description": "What this API is",
        "required": ["version", "profile", "openapi_url", "description", "publisher"],
        "properties": {
            "version": {"type": "string", "description": "Version of HSDS"},
            "profile": {"type": "string", "description": "What is answered beyond and beside HSDS"},
            "openapi_url": {"type": "string", "description": "This document"},
            "description": {"type": "string", "description": "What can be read here"},
            "data_guide": {"type": "string", "description": "Page for developers"}, "publisher": publisher,
        },
    }  # fmt: skip


def _notice_members() -> Schema:
    """Return what is said of an offer that the district has hidden."""
    texts = {
        "number": "The number of the notice", "member": "Whose offer it is", "text": "The reason, German",
        "basis": "The law, German", "decided_by": "Who decided",
        "complaints": "Where to complain: a mail or web address",
        "notices": "The list of everything that is hidden",
    }  # fmt: skip
    days = {"since": "Since when it is hidden", "review": "By when that is looked at again"}
    return {
        "grounds": {"type": "string", "description": "The kind of reason", "enum": list(NOTICE_REASONS)},
        **{name: {"type": "string", "description": about} for name, about in texts.items()},
        **{name: {**_KINDS["date"], "description": about} for name, about in days.items()},
    }


def _problem() -> Schema:
    return {
        "type": "object", "description": "Why there is no other answer (RFC 9457)",
        "required": ["title", "status", "code"],
        "properties": {
            "title": {"type": "string", "description": "The kind of problem"},
            "status": {"type": "integer", "description": "The status once more"},
            "code": {"type": "string", "description": "The kind of problem, for programs"},
            "detail": {"type": "string", "description": "This problem"},
            "advice": {"type": "string", "description": "What a person can do, German"},
            "errors": {"type": "object", "description": "By parameter: what is wrong", "additionalProperties": _TEXTS},
            "reason": {"type": "string", "description": "Why it was withdrawn; hidden: it or its owner is not shown",
                       "enum": [*REASONS, "hidden"]},
            "time": {**_KINDS["datetime"], "description": "When an offer was withdrawn or erased"},
            **_notice_members(),
        },
    }  # fmt: skip
