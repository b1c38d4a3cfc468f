"""The profile "kreisweit 1.0 over HSDS 3.2.3": what it changes in the schemas of HSDS, as RFC 7396 merge patches.

Each patch holds only what differs: members that are added, removed (`null`), always there, or said more closely.  Made
from the same tables as the answers; applied to the schema of its name, it gives what every answer here fulfils.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.hsds.extension import ALWAYS, EXTENDED, EXTENSION, NAME
from shared.hsds.objects import OBJECTS, Nested
from shared.hsds.openapi.schemas import field_schema, required_of

Patch = dict[str, Any]

VERSION: Final = "3.2.3"
"""Of HSDS."""
PROFILE: Final = f"kreisweit 1.0 over HSDS {VERSION}"
MERGE_PATCH: Final = "application/merge-patch+json"
_CLOCK: Final = {
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    "description": "Local time of Europe/Berlin without an offset, which would be wrong half of the year",
}
_CLOSER: Final[Mapping[str, Patch]] = {
    "service": {
        "description": {"description": "German: a short text, a blank line, the rest in Markdown"},
        "assured_date": {"description": "Day of the last check; absent: never checked, a review is overdue"},
        "fees": None, "licenses": None, "wait_time": None,
    },
    "organization": {
        "description": {"description": "What the provider says of itself; its name where it says nothing"},
        "tax_id": None, "tax_status": None,
    },
    "location": {
        "addresses": {"description": "Only where street, postcode and town are known, and never for a secret place"},
    },
    "address": {"country": {"enum": ["DE"]}},
    "schedule": {
        "opens_at": _CLOCK, "closes_at": _CLOCK, "timezone": None,
        "description": {"description": "The rule in German, or times that are known as text alone"},
    },
    "cost_option": {"currency": {"enum": ["EUR"]}},
    "phone": {
        "extension": None,
        "number": {"description": "With the direct line, since a number would lose its leading zeros"},
    },
}  # fmt: skip
"""What is said more closely of members that HSDS has; None: never written."""


def patches() -> dict[str, Patch]:
    """Return all patches by the name of the schema file that each is for, `service.json` …, in that order."""
    named = {f"{name}.json": _patch(name) for name in OBJECTS}
    return {name: patch for name, patch in sorted(named.items()) if patch}


def _patch(name: str) -> Patch:
    properties: Patch = dict(_CLOSER.get(name, {}))
    if name in EXTENDED:
        properties[NAME] = _whole(EXTENDED[name])
    return {
        **({"properties": properties} if properties else {}),
        **({"required": required_of(OBJECTS[name])} if name in ALWAYS else {}),
    }


def _whole(name: str) -> Patch:
    """Return the schema of an object of the extension with all of its own in it, and HSDS's by reference."""
    about = EXTENSION[name]
    properties = {field.name: field_schema(field) for field in about.fields}
    properties |= {nested.name: _nested(nested) for nested in about.nested}
    required = required_of(about)
    return {
        "type": "object", "description": about.about, "properties": properties,
        **({"required": required} if required else {}),
    }  # fmt: skip


def _nested(nested: Nested) -> Patch:
    inner = _whole(nested.object) if nested.object in EXTENSION else {"$ref": f"{nested.object}.json"}
    if nested.is_by_language:
        return {"type": "object", "additionalProperties": inner}
    return {"type": "array", "items": inner} if nested.is_many else inner


def describe_profile(*, base_url: str) -> dict[str, Any]:
    """Return the list of all patches.

    Args:
        base_url: origin of the party, without a slash at its end; empty: addresses are paths.
    """
    return {
        "profile": PROFILE, "version": "1.0", "hsds": VERSION, "media_type": MERGE_PATCH,
        "schemas": f"https://github.com/openreferral/specification/tree/v{VERSION}/schema",
        "openapi_url": f"{base_url}/hsds/openapi.json",
        "patches": [{"schema": name, "url": f"{base_url}/hsds/profile/{name}"} for name in patches()],
    }  # fmt: skip
