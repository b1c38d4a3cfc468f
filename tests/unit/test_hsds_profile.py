"""The profile: merge patches that fit the schemas of HSDS, differ from them, and hold what they say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.hsds.profile import describe_profile, patches
from tests.support.hsds import hsds_answer_problems, merge_patch, official_schema


@pytest.mark.parametrize("name", list(patches()))
def test_patch_changes_a_schema_that_there_is_and_leaves_a_valid_one(name: str) -> None:
    official, patch = official_schema(name), json.loads(json.dumps(patches()[name]))

    patched = merge_patch(official, patch)

    Draft202012Validator.check_schema(patched)
    assert patched != official
    for member, change in patch.get("properties", {}).items():
        assert member == "x_kreisweit" or member in official["properties"], member
        assert change != official["properties"].get(member)
    assert set(official["required"]) < set(patch["required"]) if "required" in patch else True


def test_patch_says_only_what_differs() -> None:
    for name, patch in patches().items():
        assert patch.keys() <= {"properties", "required"}, name
    assert "unit.json" not in patches()


def test_service_needs_the_extension_and_hours_have_no_time_zone() -> None:
    assert {"last_modified", "x_kreisweit"} <= set(patches()["service.json"]["required"])
    assert patches()["schedule.json"]["properties"]["timezone"] is None


def test_broken_answer_is_found_by_the_patched_schema_alone() -> None:
    service: Any = {"id": "3f0e9a6d-2c7b-4e51-a8d4-c6b90f1e2d3a", "name": "Kurs", "status": "active"}

    assert hsds_answer_problems(service, "/services/{id}") == []
    assert len(hsds_answer_problems(service, "/services/{id}", is_patched=True)) == 2


def test_list_names_every_patch() -> None:
    listed = describe_profile(base_url="https://hub.example")

    assert [one["schema"] for one in listed["patches"]] == list(patches())
    assert listed["patches"][0]["url"] == f"https://hub.example/hsds/profile/{listed['patches'][0]['schema']}"


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"a": None}, {}), ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}), ({"a": "foo"}, None, None),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)  # fmt: skip
def test_patches_are_applied_as_the_standard_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result
