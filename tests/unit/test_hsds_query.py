"""Questions to the HSDS API: what is understood, what is refused, and the envelope of a list."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import RuleError
from shared.hsds.pages import envelope
from shared.hsds.query import PARAMETERS, ListQuery, parse_query


def ask(**pairs: str) -> ListQuery:
    return parse_query("services", pairs.items())[0]


def refused(name: str, **pairs: str) -> list[str]:
    with pytest.raises(RuleError) as caught:
        parse_query(name, pairs.items())
    return sorted(caught.value.problems)


def test_nothing_asked_is_the_first_page_of_fifty() -> None:
    assert ask() == ListQuery(page=1, per_page=50, format="json")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "", "٣", " ", "1_0", "9" * 400])
def test_page_that_is_no_whole_number_from_one_is_refused(value: str) -> None:
    assert refused("services", page=value, per_page=value) == ["page", "per_page"]


def test_more_than_two_hundred_on_a_page_are_refused() -> None:
    assert ask(per_page="200").per_page == 200
    assert refused("services", per_page="201") == ["per_page"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-26T08:00:00Z", "2026-11-26T08:00:00.000Z"),
        ("2026-11-26T09:00:00+01:00", "2026-11-26T08:00:00.000Z"),
        ("2026-11-26T09:00:00 01:00", "2026-11-26T08:00:00.000Z"),
        ("2026-11-26T08:00:00.1239Z", "2026-11-26T08:00:00.123Z"),
        ("2026-11-26", "2026-11-26T00:00:00.000Z"),
    ],
)
def test_modified_after_is_read_with_its_offset(text: str, moment: str) -> None:
    assert ask(modified_after=text).modified_after == moment


@pytest.mark.parametrize("text", ["gestern", "2026-13-01", "26.11.2026", "0001-01-01T00:00:00+23:00", ""])
def test_modified_after_that_is_no_time_is_refused(text: str) -> None:
    assert refused("services", modified_after=text) == ["modified_after"]


def test_several_values_are_a_comma_list_or_given_again() -> None:
    query, _ = parse_query("services", [("language", "ar,uk"), ("language", "tr"), ("day", "MO"), ("day", "tu")])

    assert (query.language, query.day) == (("ar", "uk", "tr"), ("MO", "TU"))


def test_one_value_given_twice_differently_is_refused() -> None:
    with pytest.raises(RuleError):
        parse_query("services", [("postcode", "45657"), ("postcode", "45659")])


def test_distance_without_a_postcode_is_refused() -> None:
    assert refused("services", proximity="5000") == ["proximity"]
    assert ask(postcode="45770", proximity="5000").proximity == 5000


def test_unknown_parameters_are_named_and_ignored() -> None:
    query, unknown = parse_query("services", [("serch", "kurs"), ("page", "2"), ("top_only", "true")])

    assert (query.page, unknown) == (2, ["serch", "top_only"])


def test_ids_are_read_in_their_usual_spelling_alone() -> None:
    one = "3f0e9a6d-2c7b-4e51-a8d4-c6b90f1e2d3a"

    assert ask(organization_id=one.upper()).organization_id == one.replace("-", "")
    assert refused("services", organization_id=one.replace("-", "")) == ["organization_id"]
    assert refused("services", taxonomy_term_id=f"{one},x") == ["taxonomy_term_id"]


def test_every_problem_is_named_at_once() -> None:
    assert refused("services", page="0", format="xml", postcode="4577", free="vielleicht") == [
        "format", "free", "page", "postcode",
    ]  # fmt: skip


@given(
    st.sampled_from(sorted(PARAMETERS)), st.lists(st.tuples(st.sampled_from([*PARAMETERS["services"], "x"]), st.text()))
)
def test_any_query_is_answered_or_refused(name: str, pairs: list[tuple[str, str]]) -> None:
    with suppress(RuleError):
        query, unknown = parse_query(name, pairs)

        assert query.page >= 1
        assert set(unknown).isdisjoint(PARAMETERS[name])


def test_envelope_of_nothing_is_the_one_of_the_standard() -> None:
    assert json.loads(envelope([], total=0, page=1, per_page=50)) == {
        "total_items": 0, "total_pages": 0, "page_number": 1, "size": 0, "first_page": True, "last_page": True,
        "empty": True, "contents": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("page", "size", "first", "last"),
    [(1, 2, True, False), (2, 2, False, False), (3, 1, False, True), (4, 0, False, True)],
)
def test_envelope_says_where_a_page_stands(page: int, size: int, first: bool, last: bool) -> None:
    got = json.loads(envelope([b"{}"] * size, total=5, page=page, per_page=2))

    assert (got["total_pages"], got["first_page"], got["last_page"], got["empty"]) == (3, first, last, size == 0)
