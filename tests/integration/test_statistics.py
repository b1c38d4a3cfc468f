"""How much the pages are used, as the district sees it: months, parties, languages, links passed on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from hub import reporting
from hub.statistics import load_use
from hub.store import reports
from shared.feed.report import Report, format_report
from shared.holdings import tally
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.world import World


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    world.clock.time = datetime(2026, 3, 15, 12, tzinfo=UTC).timestamp()
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        desk.be(add_person(desk.node, "leser", "leser"))
        yield desk


def tell(world: World, member: str, day: date, **counts: object) -> None:
    body = format_report(Report(day, **counts)).decode()  # type: ignore[arg-type]
    with world.hub.db.write() as conn:
        reports.save_report(conn, member, day.isoformat(), body, now=0)


def furnish(world: World) -> None:
    tell(world, "herten", date(2026, 1, 3), searches=100, views=250, shares=7, languages=(("de", 300), ("uk", 3)))
    tell(world, "herten", date(2026, 1, 4), searches=20, views=50, shares=0, languages=(("uk", 4),))
    tell(world, "herten", date(2026, 2, 4), searches=3, views=40)
    tell(world, "marl", date(2026, 2, 4), searches=50, views=9, languages=(("ar", 2),))


def test_numbers_add_up_by_month_and_party(world: World) -> None:
    furnish(world)

    use = load_use(world.hub)

    assert (use.months[0], use.months[-1]) == ("2025-04", "2026-03")
    assert use.number("search", "2026-01") == 120
    assert use.number("search", "2026-02") == 53
    assert use.number("view", party="herten") == 340
    assert use.languages() == [("de", 300), ("uk", 7), ("ar", 2)]
    assert use.languages(party="marl") == [("ar", 2)]
    assert dict(use.days) == {"herten": 3, "marl": 1}
    assert not use.is_known("2026-01", party="marl")


def test_report_of_an_older_node_has_neither_shares_nor_languages(world: World) -> None:
    body = format_report(Report(date(2026, 2, 1), searches=8), is_first_form=True).decode()
    with world.hub.db.write() as conn:
        reports.save_report(conn, "marl", "2026-02-01", body, now=0)

    use = load_use(world.hub)

    assert (use.number("search"), use.number("share"), use.languages()) == (8, 0, [])


def count(world: World, day: str, kind: str, key: str, number: int) -> None:
    with world.hub.db.write() as conn:
        tally.add_up(conn, {(day, kind, key): number})


def test_own_days_stand_among_the_reports_once_they_are_over(world: World) -> None:
    for day, number in (("2026-03-12", 4), ("2026-03-14", 9), ("2026-03-15", 70)):
        count(world, day, tally.SEARCH, "", number)
    count(world, "2026-03-14", tally.SHARE, "qr", 5)
    count(world, "2026-03-14", tally.LANGUAGE, "ar", 6)

    early = reporting.note_own(world.hub, datetime(2026, 3, 15, 0, 5, tzinfo=UTC))
    first = reporting.note_own(world.hub, datetime(2026, 3, 15, 0, 20, tzinfo=UTC))
    again = reporting.note_own(world.hub, datetime(2026, 3, 15, 0, 30, tzinfo=UTC))

    use = load_use(world.hub)
    assert (early, first, again) == (False, True, False)
    assert use.number("search", party="hub") == 13
    assert use.number("share", party="hub") == 5
    assert use.languages(party="hub") == [("ar", 6)]


def test_own_days_are_told_once_in_the_list_of_reports(world: World) -> None:
    count(world, "2026-03-13", tally.SEARCH, "", 4)
    count(world, "2026-03-14", tally.SEARCH, "", 9)
    reporting.note_own(world.hub, datetime(2026, 3, 14, 9, tzinfo=UTC))

    found = reporting.list_reports(world.hub)

    assert [(one.report.day.day, one.report.searches) for one in found] == [(14, 9), (13, 4)]


def test_days_that_were_missed_follow(world: World) -> None:
    reporting.note_own(world.hub, datetime(2026, 3, 10, 9, tzinfo=UTC))
    count(world, "2026-03-11", tally.SEARCH, "", 4)
    count(world, "2026-03-13", tally.SEARCH, "", 9)

    reporting.note_own(world.hub, datetime(2026, 3, 14, 9, tzinfo=UTC))

    assert load_use(world.hub).number("search") == 13


# --- pages -----------------------------------------------------------------------------------------------------------


def test_page_shows_charts_with_tables_and_never_a_small_number(world: World, desk: Desk) -> None:
    furnish(world)

    text = desk.get("/pult/statistik").text

    assert text.count('role="img"') == text.count("<details") == 4
    assert "Ukrainisch" in text
    assert "unter 5" in text
    assert "Am meisten im Januar 2026: 120. Zuletzt im Februar 2026: 53." in text
    assert "Arabisch: 2" not in text


def test_page_of_one_party_shows_its_numbers_alone(world: World, desk: Desk) -> None:
    furnish(world)

    text = desk.get("/pult/statistik?stelle=herten").text

    assert "Statistik: Stadt Herten" in text
    assert "Zuletzt im Februar 2026: unter 5." in text
    assert "Nach Stelle" not in text


@pytest.mark.parametrize("query", ["", "?stelle=marl", "?stelle=niemand", "?stelle=" + "x" * 3000])
def test_page_without_numbers_says_so(desk: Desk, query: str) -> None:
    answer = desk.get(f"/pult/statistik{query}")

    assert answer.status_code == 200
    assert "Noch keine Zahlen." in answer.text


def test_file_holds_every_number_and_no_small_one(world: World, desk: Desk) -> None:
    furnish(world)

    answer = desk.get("/pult/statistik/ausgabe")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))[1:]
    assert ["2026-01", "Stadt Herten", "Suchen", "", "120"] in rows
    assert ["2026-02", "Stadt Herten", "Suchen", "", "unter 5"] in rows
    assert ["2026-02", "Stadt Marl", "Seiten nach Sprache", "Arabisch", "unter 5"] in rows
    assert ["2026-02", "Stadt Herten", "Aufrufe über weitergegebene Links", "", "0"] in rows
    assert not [row for row in rows if row[4].isdigit() and 0 < int(row[4]) < 5]
    assert 'filename="statistik-2026-03-15.csv"' in answer.headers["content-disposition"]
