"""Checks of HSDS objects against the official schemas, where that folder lies beside the project (never copied)."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from shared.hsds.profile import patches

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "hsds"
_BASE = "https://hsds.example/"


@cache
def _registry(*, is_patched: bool) -> Registry[Any]:
    """Read the schemas, as they are or with the patches of our profile applied to those that they are for."""
    files = [*FOLDER.glob("schema/**/*.json"), FOLDER / "openapi.local.json"]
    named = {file.relative_to(FOLDER).as_posix(): json.loads(file.read_text("utf-8")) for file in files}
    if is_patched:
        for name, patch in patches().items():
            named[f"schema/{name}"] = merge_patch(named[f"schema/{name}"], json.loads(json.dumps(patch)))
    return Registry().with_resources(
        (_BASE + name, Resource.from_contents(schema, default_specification=DRAFT202012))
        for name, schema in named.items()
    )


def merge_patch(target: Any, patch: Any) -> Any:
    """Apply a merge patch (RFC 7396, 2)."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patch(found.get(name), value)
    return found


@cache
def _validator(reference: str, *, is_patched: bool) -> Draft202012Validator:
    registry = _registry(is_patched=is_patched)
    return Draft202012Validator({"$ref": _BASE + reference}, registry=registry, format_checker=FormatChecker())


def hsds_problems(value: object, name: str) -> list[str]:
    """Return what is wrong with an object under a compiled schema (`service`, `service_list` …), each with its place.

    Skips the test with a reason where the schemas are not at hand.
    """
    return _problems(value, f"schema/compiled/{name}.json")


def hsds_answer_problems(value: object, path: str, *, is_patched: bool = False) -> list[str]:
    """Return what is wrong with the answer of a GET path of the official OpenAPI document.

    Args:
        is_patched: hold it against the schemas as our profile patches them.
    """
    place = path.replace("~", "~0").replace("/", "~1")
    reference = f"openapi.local.json#/paths/{place}/get/responses/200/content/application~1json/schema"
    return _problems(value, reference, is_patched=is_patched)


def official_schema(name: str) -> Any:
    """Return one of the official schemas, such as `service.json`; skips where they are not at hand."""
    _need_folder()
    return json.loads((FOLDER / "schema" / name).read_text("utf-8"))


def _need_folder() -> None:
    if not FOLDER.is_dir():
        pytest.skip("HSDS schemas are not beside the project (CC BY-SA, not copied)")


def _problems(value: object, reference: str, *, is_patched: bool = False) -> list[str]:
    _need_folder()
    validator = _validator(reference, is_patched=is_patched)
    return [f"{error.json_path}: {error.message[:200]}" for error in validator.iter_errors(value)]
