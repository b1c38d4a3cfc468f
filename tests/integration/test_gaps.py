"""What counts as a gap: each cluster once, each city where an offer holds, the whole district told apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from hub.gap_report import misses_table
from hub.gap_shapes import GROUPS, LANGUAGES, TOPICS, Cell, Matrix, Needs
from hub.gaps import Gaps
from hub.needs import count_needs
from hub.store import reports
from shared.feed.report import Report, format_report
from tests.support.catalogue import publish_doc
from tests.support.desk import Desk, add_person, at_desk
from tests.support.gaps import join_offers, level, make_gap_world, tell_need
from tests.support.loopback import close_all
from tests.support.vocabularies import edited, put
from tests.support.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = make_gap_world(tmp_path)
    yield world
    close_all(world)


@pytest.fixture
def gaps(world: World) -> Gaps:
    return Gaps(world.hub)


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        yield desk


def be(desk: Desk, role: str) -> int:
    number = add_person(desk.node, role, role)
    desk.be(number)
    return number


def field(matrix: Matrix, row: str, column: str) -> Cell:
    at = [value.code for value in matrix.columns].index(column)
    return next(one.cells[at] for one in matrix.rows if one.value.code == row)


def test_offer_counts_in_every_city_where_it_holds(gaps: Gaps) -> None:
    matrix = gaps.matrix("stadt-thema", Needs())

    assert field(matrix, "beratung", "herten").number == 1
    assert field(matrix, "beratung", "waltrop").number == 1
    assert field(matrix, "beratung", "marl").number == 0


def test_topic_counts_what_stands_below_it(gaps: Gaps) -> None:
    matrix = gaps.matrix("stadt-thema", Needs())

    assert field(matrix, "sprache", "waltrop").number == 1
    assert field(matrix, "sprache.kurs", "waltrop").number == 1
    assert field(matrix, "sprache.kurs", "herten").number == 0


def test_offer_of_the_whole_district_fills_no_city_and_is_told_beside_it(gaps: Gaps) -> None:
    matrix = gaps.matrix("stadt-thema", Needs())

    assert field(matrix, "sprachmittlung", "waltrop") == Cell(number=0, whole=1)
    assert next(row.whole for row in matrix.rows if row.value.code == "sprachmittlung") == 1


def test_sums_count_every_offer_once(gaps: Gaps) -> None:
    matrix = gaps.matrix("stadt-thema", Needs())
    waltrop = [value.code for value in matrix.columns].index("waltrop")

    assert matrix.total == 4
    assert matrix.whole == 1
    assert matrix.totals[waltrop] == 2
    assert next(row.total for row in matrix.rows if row.value.code == "beratung") == 1
    assert matrix.empties[waltrop] == len(matrix.rows) - 3


def test_cluster_counts_once_and_in_all_its_cities(world: World, gaps: Gaps, tmp_path: Path) -> None:
    one = publish_doc(world.nodes["herten"], "Sprachcafé", topics=["sprache.cafe"])
    other = publish_doc(world.nodes["waltrop"], "Sprachcafe", topics=["sprache.cafe"])
    level(world, tmp_path)
    before = next(row.total for row in gaps.matrix("stadt-thema", Needs()).rows if row.value.code == "sprache.cafe")

    join_offers(world, tmp_path, one, other)
    matrix = gaps.matrix("stadt-thema", Needs())

    assert before == 2
    assert next(row.total for row in matrix.rows if row.value.code == "sprache.cafe") == 1
    assert field(matrix, "sprache.cafe", "herten").number == field(matrix, "sprache.cafe", "waltrop").number == 1


def test_offer_that_is_over_counts_no_more(world: World, gaps: Gaps, tmp_path: Path) -> None:
    publish_doc(world.nodes["waltrop"], "Sommerfest", topics=["kultur"], valid_to="2026-01-03")
    level(world, tmp_path)
    before = field(gaps.matrix("stadt-thema", Needs()), "kultur", "waltrop").number

    world.clock.time += 7 * 86_400

    assert before == 1
    assert field(gaps.matrix("stadt-thema", Needs()), "kultur", "waltrop").number == 0


def test_topics_are_set_against_languages_in_one_city(gaps: Gaps) -> None:
    matrix = gaps.matrix("thema-sprache", Needs(), "waltrop")

    assert field(matrix, "sprache", "tr").number == 1
    assert field(matrix, "beratung", "tr").number == 0


def test_needs_stand_beside_what_is_missing(gaps: Gaps) -> None:
    tell_need(gaps, "wohnen", number=3, language="ar", target_group="eltern")
    needs = count_needs(gaps)

    assert field(gaps.matrix("stadt-thema", needs), "wohnen", "waltrop") == Cell(0, 0, 3)
    assert field(gaps.matrix("thema-sprache", needs, "waltrop"), "wohnen", "ar").needs == 3
    assert field(gaps.matrix("thema-sprache", needs), "wohnen", "ar").needs == 3
    assert (needs.of("waltrop", TOPICS, "wohnen"), needs.of("", TOPICS, "wohnen")) == (3, 3)
    assert field(gaps.matrix("thema-sprache", needs, "herten"), "wohnen", "ar").needs == 0
    assert {line.value.code: line.cell.needs for line in gaps.lines(GROUPS, "waltrop", needs)}["eltern"] == 3


def test_lines_of_a_city_hold_every_value(gaps: Gaps) -> None:
    lines = {line.value.code: line.cell for line in gaps.lines(TOPICS, "waltrop", Needs())}

    assert (lines["sprache"], lines["sprachmittlung"], lines["wohnen"]) == (Cell(1), Cell(0, 1), Cell(0))
    assert {line.value.code: line.cell.number for line in gaps.lines(LANGUAGES, "waltrop", Needs())}["tr"] == 1


def test_freshness_tells_who_checked_in_time(gaps: Gaps) -> None:
    found = {one.member.name: one for one in gaps.freshness()}

    assert (found["waltrop"].share, found["waltrop"].oldest) == (100, None)
    assert (found["herten"].offers, found["herten"].overdue, found["herten"].unchecked) == (2, 1, 1)
    assert str(found["herten"].oldest) == "2025-03-01"
    assert found["marl"].share is None


def test_postcode_far_from_every_offer_is_told(gaps: Gaps) -> None:
    near = {way.code: way.offers for way in gaps.ways("sprache")}

    assert near["45731"] == 1
    assert near["46282"] == 0
    assert "Wohnen" in [value.label for way in gaps.ways(city="waltrop") for value in way.missing]


def test_count_follows_the_catalogue(world: World, gaps: Gaps, tmp_path: Path) -> None:
    first = gaps.stock()
    same = gaps.stock()
    publish_doc(world.nodes["waltrop"], "Mieterberatung", topics=["wohnen"])
    level(world, tmp_path)

    assert same is first
    assert field(gaps.matrix("stadt-thema", Needs()), "wohnen", "waltrop").number == 1


def test_hub_without_an_index_counts_nothing() -> None:
    world = World(["waltrop"])

    assert Gaps(world.hub).matrix("stadt-thema", Needs()).total == 0


def test_page_marks_empty_fields_and_leads_to_the_offers(desk: Desk, gaps: Gaps) -> None:
    tell_need(gaps, "wohnen", number=2)
    be(desk, "leser")

    text = desk.get("/pult/luecken").text

    assert 'href="/angebote?thema=beratung&amp;stadt=waltrop">1</a>' in text
    assert '<span class="kw-gap">keins</span> <small>+1 kreisweit</small>' in text
    assert "2 × Bedarf" in text
    assert "/pult/luecken/besprechung/neu" not in text


def test_curator_takes_a_gap_to_the_meeting(desk: Desk) -> None:
    be(desk, "kurator")

    text = desk.get("/pult/luecken").text

    assert 'href="/pult/luecken/besprechung/neu?stadt=waltrop&amp;thema=wohnen">keins</a>' in text


@pytest.mark.parametrize(
    "query",
    [
        "sicht=stadt-sprache", "sicht=stadt-zielgruppe", "sicht=thema-sprache&stadt=waltrop",
        "sicht=thema-zielgruppe", "sicht=gibtsnicht&stadt=atlantis",
    ],
)  # fmt: skip
def test_every_view_answers(desk: Desk, query: str) -> None:
    be(desk, "leser")

    assert desk.get(f"/pult/luecken?{query}").status_code == 200


def test_lists_answer_with_their_tables(desk: Desk) -> None:
    be(desk, "leser")

    assert "am längsten überfällig seit" in desk.get("/pult/luecken/aktualitaet").text
    assert "01.03.2025" in desk.get("/pult/luecken/aktualitaet").text
    assert "Keine Suche ohne Treffer" in desk.get("/pult/luecken/suchen").text
    assert "Deutsch lernen: Angebote in der Nähe" in desk.get("/pult/luecken/wege?thema=sprache").text


def test_office_of_a_city_is_kept_and_taken_away(desk: Desk) -> None:
    be(desk, "betrieb")
    page = "/pult/luecken/kontakte/waltrop"

    saved = desk.submit(page, page, name="Fachdienst Integration, KIM", phone="02309 930 0", email="kim@stadt.example")
    listed = desk.get("/pult/luecken/kontakte").text
    desk.submit(page, page, name="", phone="", email="")

    assert saved.status_code == 303
    assert "Fachdienst Integration, KIM" in listed
    assert "+49 2309 9300" in listed
    assert "Waltrop eintragen" in desk.get("/pult/luecken/kontakte").text


def test_office_that_is_a_person_is_refused(desk: Desk) -> None:
    be(desk, "betrieb")
    page = "/pult/luecken/kontakte/waltrop"

    answer = desk.submit(page, page, name="Frau Yilmaz", phone="keine", email="niemand")

    assert answer.status_code == 422
    assert "nicht eine Person" in answer.text
    assert "ist so nicht lesbar" in answer.text
    assert "Funktionspostfach wie" in answer.text


def test_only_operations_change_an_office(desk: Desk) -> None:
    be(desk, "kurator")

    assert desk.get("/pult/luecken/kontakte/waltrop").status_code == 403
    assert "Eintragen kann das die Rolle Betrieb." in desk.get("/pult/luecken/kontakte").text


def test_search_without_a_hit_is_told_with_whose_pages_it_was_typed_on(world: World, desk: Desk, gaps: Gaps) -> None:
    report = Report(date(2025, 12, 30), searches=40, terms=(("schwimmkurs", 7),))
    with world.hub.db.write() as conn:
        for member in ("waltrop", "herten"):
            body = format_report(report).decode()
            reports.save_report(conn, member, report.day.isoformat(), body, now=world.clock.now())
    be(desk, "leser")

    text = desk.get("/pult/luecken/suchen").text
    table = misses_table(gaps, "waltrop")

    assert "schwimmkurs" in text
    assert "Stadt Herten, Stadt Waltrop" in text
    assert "80-mal gesucht" in text
    assert table.rows == (("schwimmkurs", 7),)
    assert misses_table(gaps, "marl").rows == ()


def test_replaced_topic_counts_as_what_replaced_it(world: World, gaps: Gaps, tmp_path: Path) -> None:
    tell_need(gaps, "sprachmittlung", number=4)
    before = [value.code for value in gaps.values(TOPICS)]

    put(world, edited("topic", 2, sprachmittlung={"retired": True, "replaced_by": "sprache"}))
    level(world, tmp_path)
    needs = count_needs(gaps)
    matrix = gaps.matrix("stadt-thema", needs)

    assert "sprachmittlung" in before
    assert "sprachmittlung" not in [row.value.code for row in matrix.rows]
    assert gaps.label(TOPICS, "sprachmittlung") == "Deutsch lernen"
    assert field(matrix, "sprache", "waltrop").needs == 4
    assert next(row.whole for row in matrix.rows if row.value.code == "sprache") == 1
