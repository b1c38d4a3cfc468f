"""Rights and roles: who may do what in a city and at the district, as a table that a change has to touch."""

from __future__ import annotations

import pytest

from hub.roles import ROLES as DISTRICT_ROLES
from hub.roles import city_limit
from node.roles import ROLES
from shared.accounts.rights import RIGHT_TEXTS, Right
from shared.model.shipped import shipped_district

EDITOR = {Right.READ, Right.WRITE, Right.PUBLISH, Right.IMPORT, Right.PERSONS, Right.HINTS}


@pytest.mark.parametrize(
    ("code", "rights"),
    [
        ("leser", {Right.READ}),
        ("autor", {Right.READ, Right.WRITE}),
        ("redaktion", EDITOR),
        ("verwaltung", EDITOR | {Right.ACCOUNTS, Right.SETTINGS}),
        ("traeger", {Right.READ, Right.WRITE}),
    ],
)
def test_role_has_exactly_its_rights(code: str, rights: set[Right]) -> None:
    assert ROLES.of(code).rights == rights


@pytest.mark.parametrize(
    ("code", "rights"),
    [
        ("leser", {Right.READ}),
        ("kurator", {Right.READ, Right.CURATE, Right.NEED}),
        ("betrieb", {Right.READ, Right.CURATE, Right.NEED, Right.OPERATE, Right.NOTICES, Right.ACCOUNTS}),
        ("fallmanagement", {Right.NEED}),
    ],
)
def test_role_of_the_district_has_exactly_its_rights(code: str, rights: set[Right]) -> None:
    assert DISTRICT_ROLES.of(code).rights == rights


def test_only_providers_are_limited_to_their_own_offers() -> None:
    assert [role.code for role in ROLES if role.is_limited] == ["traeger"]


def test_only_case_managers_are_limited_to_their_cities() -> None:
    assert [role.code for role in DISTRICT_ROLES if role.is_limited] == ["fallmanagement"]
    assert ("waltrop", "Waltrop") in city_limit(shipped_district()).choices
    assert "kreis" not in dict(city_limit(shipped_district()).choices)


def test_role_that_is_gone_has_no_rights() -> None:
    assert ROLES.of("gone").rights == frozenset()


def test_every_right_is_explained() -> None:
    assert set(RIGHT_TEXTS) == set(Right)
