"""Reads an OpenAPI document as a client does: operations, references, and what an answer holds beyond its schema."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_NAME = "urn:document"


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    """Yield every path with its GET operation."""
    for path, item in document["paths"].items():
        yield path, item["get"]


def deref(document: Any, value: Any) -> Any:
    """Return what a reference leads to; anything else as it is."""
    while isinstance(value, dict) and "$ref" in value:
        place: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            place = place[part.replace("~1", "/").replace("~0", "~")]
        value = place
    return value


def schema_problems(document: Any, schema: Any, value: Any) -> list[str]:
    """Return what is wrong with a value under a schema that may refer to the document, each with its place."""
    whole: Registry[Any] = Registry().with_resource(_NAME, Resource.from_contents(document, DRAFT202012))
    pointed = json.loads(json.dumps(schema).replace('"#/', f'"{_NAME}#/'))
    validator = Draft202012Validator(pointed, registry=whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]


def undescribed(document: Any, schema: Any, value: Any, place: str = "$") -> list[str]:
    """Return the places of members that the schema does not name, at any depth."""
    if isinstance(value, list):
        items = _merged(document, schema).get("items", {})
        return [found for at, one in enumerate(value) for found in undescribed(document, items, one, f"{place}[{at}]")]
    if not isinstance(value, dict):
        return []
    whole = _merged(document, schema)
    named, others = whole.get("properties", {}), whole.get("additionalProperties")
    found: list[str] = []
    for name, entry in value.items():
        known = named.get(name, others)
        found += [f"{place}.{name}"] if known is None else undescribed(document, known, entry, f"{place}.{name}")
    return found


def _merged(document: Any, schema: Any) -> dict[str, Any]:
    """Return a schema with what its `allOf` adds."""
    whole = dict(deref(document, schema))
    properties: dict[str, Any] = {}
    for part in whole.get("allOf", []):
        properties |= _merged(document, part).get("properties", {})
    return {**whole, "properties": {**properties, **whole.get("properties", {})}}
