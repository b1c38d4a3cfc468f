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

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "hsds"
_BASE = "https://hsds.example/"


@cache
def _registry() -> Registry[Any]:
    files = [*FOLDER.glob("schema/**/*.json"), FOLDER / "openapi.local.json"]
    named = {_BASE + file.relative_to(FOLDER).as_posix(): json.loads(file.read_text("utf-8")) for file in files}
    return Registry().with_resources(
        (uri, Resource.from_contents(schema, default_specification=DRAFT202012)) for uri, schema in named.items()
    )


@cache
def _validator(reference: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": _BASE + reference}, registry=_registry(), format_checker=FormatChecker())


def hsds_problems(value: object, name: str) -> list[str]:
    """Return what is wrong with an object under a compiled schema (`service`, `service_list` …), each with its place.

    Skips the test with a reason where the schemas are not at hand.
    """
    return _problems(value, f"schema/compiled/{name}.json")


def hsds_answer_problems(value: object, path: str) -> list[str]:
    """Return what is wrong with the answer of a GET path of the official OpenAPI document."""
    place = path.replace("~", "~0").replace("/", "~1")
    return _problems(value, f"openapi.local.json#/paths/{place}/get/responses/200/content/application~1json/schema")


def _problems(value: object, reference: str) -> list[str]:
    if not FOLDER.is_dir():
        pytest.skip("HSDS schemas are not beside the project (CC BY-SA, not copied)")
    return [f"{error.json_path}: {error.message[:200]}" for error in _validator(reference).iter_errors(value)]
