"""The tabular form of HSDS: rows of CSV files, and the `datapackage.json` that describes them (Frictionless).

A compiled object is taken apart: every nested object becomes a row of its own file with the id of its parent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from shared.hsds.objects import OBJECTS, Field, HsdsObject
from shared.hsds.parts import Object, filled

_TYPES: Final = {
    "number": "number", "integer": "integer", "date": "date", "datetime": "datetime", "time": "time",
}  # fmt: skip
_FORMATS: Final = {"uuid": "uuid", "uri": "uri", "email": "email", "time": "%H:%M"}

Row = tuple[str, dict[str, Any]]
"""Name of the object, and its fields."""


_COLUMNS: Final = {name: tuple(field.name for field in found.fields) for name, found in OBJECTS.items()}
_KNOWN: Final = {name: frozenset(columns) for name, columns in _COLUMNS.items()}


def columns(name: str) -> tuple[str, ...]:
    """Return the columns of an object's file."""
    return _COLUMNS[name]


def rows(name: str, value: Object) -> Iterator[Row]:
    """Yield the rows of an object and of all that is nested in it, each parent before its children."""
    about, known = OBJECTS[name], _KNOWN[name]
    own = {key: entry for key, entry in value.items() if key in known}
    for nested in about.nested:
        if not nested.is_many and nested.name in value and f"{nested.name}_id" in known:
            own.setdefault(f"{nested.name}_id", value[nested.name]["id"])
    yield name, own
    for nested in about.nested:
        given = value.get(nested.name)
        if given is None:
            continue
        for child in given if nested.is_many else [given]:
            yield from rows(nested.object, _with_parent(about, nested.object, child, value["id"]))


def _with_parent(parent: HsdsObject, name: str, child: Object, parent_id: str) -> Object:
    column = f"{parent.name}_id"
    return {**child, column: parent_id} if column in _KNOWN[name] and column not in child else child


def describe_package(*, title: str, homepage: str, licence: Mapping[str, str], **more: Any) -> Object:
    """Return `datapackage.json`: every file with its columns, their types, and what ties them together.

    Args:
        homepage: empty if unknown.
        licence: `name` or `path`, and `title`; empty if unknown.
        more: further properties; empty ones are left out.
    """
    return {
        "name": "kreisweit", "profile": "tabular-data-package",
        **filled(title=title, homepage=homepage, licenses=[dict(licence)] if licence else [], **more),
        "resources": [_resource(found) for found in OBJECTS.values()],
    }  # fmt: skip


def _resource(found: HsdsObject) -> Object:
    return {
        "name": found.name, "path": found.file, "description": found.about, "profile": "tabular-data-resource",
        "encoding": "utf-8", "format": "csv", "mediatype": "text/csv",
        "schema": {
            "fields": [_field(field) for field in found.fields], "primaryKey": "id", "missingValues": [""],
            "foreignKeys": [
                {"fields": field.name, "reference": {"resource": target, "fields": "id"}}
                for field in found.fields
                if (target := field.name.removesuffix("_id")) in OBJECTS and field.name != target
            ],
        },
    }  # fmt: skip


def _field(field: Field) -> Object:
    constraints: Object = {"required": True} if field.is_required else {}
    if field.choices:
        constraints["enum"] = list(field.choices)
    return {
        "name": field.name, "type": _TYPES.get(field.kind, "string"),
        **({"format": _FORMATS[field.kind]} if field.kind in _FORMATS else {}),
        **({"description": field.about} if field.about else {}),
        **({"constraints": constraints} if constraints else {}),
    }  # fmt: skip
