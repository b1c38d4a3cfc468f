"""The parameters of the API, each described once; what a value must look like is taken from what reads it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.hsds.openapi.examples import sample_member, sample_postcode
from shared.hsds.query import PARAMETERS, READERS
from shared.model.district import District

Object = dict[str, Any]

_ABOUT: Final[Mapping[str, tuple[str, Any]]] = {
    "page": ("Which page, from 1; one past the end is empty", 1),
    "per_page": ("Items on each page; without it 50", 50),
    "format": ("json: pages; ndjson: everything at once, one object on each line, without pages", "json"),
    "search": (
        "Words in any language of the pages; services are searched as on the search page, other lists as they stand",
        "Sprachkurs",
    ),
    "taxonomy_term_id": ("A term or one below it; several: any of them", ["b17df11b-ab57-5fe2-ad9b-a7c954d44847"]),
    "taxonomy_id": ("A vocabulary: what has any of its terms, or what stands in it",
                    "f1c33f8b-f9a7-5e09-9c82-f90fe47f4693"),
    "organization_id": ("A provider, leading or not", "8c3e0f1a-1f6d-4b7a-9b39-2f6f0a1c4d5e"),
    "parent_id": ("Terms directly below this one", "b17df11b-ab57-5fe2-ad9b-a7c954d44847"),
    "top_only": ("Only terms that stand below no other", True),
    "modified_after": (
        "Changed at this time or later: a time with `Z` or an offset, or a day (in UTC); lists are ordered by it",
        "2026-11-26T08:00:00Z",
    ),
    "minimal": ("Only id, name, status and time of the last change", True),
    "full": ("Items with everything that is nested in them", True),
    "full_service": ("Providers with their services, each with everything nested in it", True),
    "postcode": ("Alone: what holds in the area of this postcode", "00000"),
    "proximity": ("Needs `postcode`: what takes place within so many metres of its centre", 5000),
    "minimum_age": ("Open to somebody of this age or older", 16),
    "maximum_age": ("Open to somebody of this age or younger", 27),
    "day": ("Takes place on this day of the week; several: any of them", ["TU"]),
    "start_time": ("Begins at this time or later (local time); together with `day`: on that day", "09:00"),
    "end_time": ("Ends at this time or earlier (local time); together with `day`: on that day", "17:00"),
    "target_group": ("Open to this group: code of the vocabulary `target_group`", ["neu"]),
    "especially_for": ("Made for this group: code of the vocabulary `target_group`", ["frauen"]),
    "language": ("Spoken there: ISO 639-1, else 639-3", ["ar"]),
    "city": ("Municipality key (AGS) of a town, or of the district for what holds everywhere in it", ["00000000"]),
    "free": ("Only what is free of charge", True),
    "access": ("How to come in: code of the vocabulary `access`", ["offen"]),
    "lang": ("Adds `x_kreisweit.text`: the texts in this language, else German; the fields of HSDS stay German", "en"),
    "mode": ("How it takes place: code of the vocabulary `mode`", ["vor_ort"]),
}  # fmt: skip
_KEYS: Final = {
    "service_id": ("services", "3f0e9a6d-2c7b-4e51-a8d4-c6b90f1e2d3a"),
    "organization_id": ("organizations", "8c3e0f1a-1f6d-4b7a-9b39-2f6f0a1c4d5e"),
    "service_at_location_id": ("service_at_locations", "8d688eb1-aaf9-5ac0-b37e-9f20fe174103"),
    "taxonomy_id": ("taxonomies", "f1c33f8b-f9a7-5e09-9c82-f90fe47f4693"),
    "taxonomy_term_id": ("taxonomy_terms", "b17df11b-ab57-5fe2-ad9b-a7c954d44847"),
}


def parameters(district: District) -> dict[str, Object]:
    """Return all parameters of the document, by the name of their component, with examples of a district."""
    member = sample_member(district)
    local = {"city": [member.ags], "postcode": sample_postcode(member)}
    found = {name: query_parameter(name, about, READERS[name].schema, local.get(name) or example)
             for name, (about, example) in _ABOUT.items()}  # fmt: skip
    for name, (where, example) in _KEYS.items():
        found[f"key_{name}"] = {
            "name": "id", "in": "path", "required": True, "description": f"An id from /{where}",
            "schema": {"type": "string", "format": "uuid"}, "example": example,
        }  # fmt: skip
    return found


def query_parameter(name: str, about: str, schema: Mapping[str, Any], example: object) -> Object:
    """Describe a parameter of a query; one that takes several values may be repeated or given as a comma list."""
    several = {"style": "form", "explode": True} if schema.get("type") == "array" else {}
    return {"name": name, "in": "query", "description": about, "schema": dict(schema), "example": example, **several}


def list_parameters(name: str) -> list[Object]:
    """Return references to the parameters of a list, in the order in which they are documented."""
    return [parameter_ref(parameter) for parameter in PARAMETERS[name]]


def parameter_ref(name: str) -> Object:
    """Return a reference to a parameter of the document."""
    return {"$ref": f"#/components/parameters/{name}"}
