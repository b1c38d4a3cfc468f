"""What the doors decide by themselves: joining providers, days of the agenda, where offers stand, the policy."""

from __future__ import annotations

from datetime import date

import pytest

from shared.model.parts import Provider
from shared.model.shipped import shipped_district
from shared.search.asking import Asked
from shared.web.headers import CONTENT_SECURITY_POLICY, CSP_HEADER, MAP_POLICY, _with_headers
from shared.web.public import agenda
from shared.web.public.calls import ends_in_words
from shared.web.public.gathered import Short, Spot
from shared.web.public.map import place_offers
from shared.web.public.organisations import Mention, Organisation, by_letter, merge

TODAY = date(2026, 12, 1)


def mention(rid: bytes, modified: str, name: str = "AWO", *, is_mo_topic: bool = False, **fields: str) -> Mention:
    return Mention(rid, "herten", modified, Provider(name=name, **fields), is_mo_topic)  # type: ignore[arg-type]


def short(*spots: Spot) -> Short:
    return Short(
        rid=b"r", member="marl", title="Kurs", titles={}, town="", provider="", modified="", offer_type="",
        is_free=False, valid_to=None, times=None, by_phone=frozenset(), has_text_hours=False, spots=spots,
    )  # fmt: skip


def test_newest_statement_wins_and_an_older_one_fills_its_gaps() -> None:
    old = mention(b"1", "2026-01-01T00:00:00.000Z", "AWO e.V.", description="alt", email="awo@example.org")
    new = mention(b"2", "2026-02-01T00:00:00.000Z", "AWO", description="neu")

    one = merge("awo", [old, new])

    assert (one.name, one.description, one.email, one.other_names) == ("AWO", "neu", "awo@example.org", ("AWO e.V.",))
    assert one.offers == (b"2", b"1")
    assert one.members == {"herten": 2}


@pytest.mark.parametrize(
    ("kind", "is_mo_topic", "expected"), [("mo", False, True), ("verein", True, True), ("verein", False, False)]
)
def test_kind_or_topic_makes_a_migrant_organisation(kind: str, is_mo_topic: bool, expected: bool) -> None:
    assert merge("k", [mention(b"1", "", is_mo_topic=is_mo_topic, org_type=kind)]).is_migrant_organisation is expected


def test_letters_are_those_of_a_german_list() -> None:
    def named(name: str) -> Organisation:
        return merge(name, [mention(b"1", "", name)])

    letters = by_letter([named("Ömer"), named("Zebra"), named("Omega"), named("1. FC"), named("مركز")])

    assert list(letters) == ["O", "Z", "#"]
    assert [one.name for one in letters["O"]] == ["Omega", "Ömer"]
    assert len(letters["#"]) == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2026-12-24", date(2026, 12, 24)), ("2026-11-01", TODAY), ("", TODAY), ("2026-02-30", TODAY),
        ("20261224", TODAY), ("9999-12-31", date(2027, 11, 18)), ("２０２６-12-24", TODAY),
    ],
)  # fmt: skip
def test_first_day_is_never_past_nor_beyond_what_is_known(given: str, expected: date) -> None:
    assert agenda.read_start(given, TODAY) == expected


def test_only_weekdays_that_were_asked_for_are_shown() -> None:
    days = agenda.days_from(TODAY, Asked(days=("TU",)))

    assert days == [date(2026, 12, 1), date(2026, 12, 8)]


def test_ends_are_said_in_days() -> None:
    assert [ends_in_words(days) for days in (0, 1, 12)] == ["endet heute", "endet in 1 Tag", "endet in 12 Tagen"]


def test_offers_stand_at_their_point_or_in_their_area_or_nowhere() -> None:
    exact, by_code = short(Spot("45770", 51.65, 7.09)), short(Spot("45770"))
    slip, foreign, unknown = short(Spot("45770", 0.0, 0.0)), short(Spot("10115")), short()

    placed = place_offers([exact, by_code, slip, foreign, unknown], shipped_district())

    assert dict(placed.points) == {(51.65, 7.09): [exact]}
    assert dict(placed.areas) == {"45770": [by_code, slip]}
    assert placed.nowhere == 2


@pytest.mark.parametrize(
    ("asked", "given"),
    [(MAP_POLICY, MAP_POLICY), ("img-src *", CONTENT_SECURITY_POLICY), ("", CONTENT_SECURITY_POLICY)],
)
def test_only_a_policy_that_is_written_down_replaces_the_strict_one(asked: str, given: str) -> None:
    headers = [(b"content-type", b"text/html"), (CSP_HEADER.encode(), asked.encode())]

    found = _with_headers(headers, 200)

    assert [value.decode() for name, value in found if name == CSP_HEADER.encode()] == [given]
