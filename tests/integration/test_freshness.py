"""How current the offers are, as the district sees it: steps, figures of a day, the course, lists and files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from hub import trend
from hub.freshness import Checks, Step, late_offers, never_checked, standing_of, standings_of, step_of
from hub.store import figures, reports
from hub.store.figures import DayOfChecks
from shared.feed.report import Report, format_report
from tests.support.checked import publish_checked, publish_with
from tests.support.desk import Desk, add_person, at_desk, make_passwords_cheap
from tests.support.world import World, withdraw


@pytest.fixture
def world() -> World:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    return world


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with at_desk(world.hub) as desk:
        desk.be(add_person(desk.node, "leser", "leser"))
        yield desk


def furnish(world: World) -> None:
    """Herten has an offer on every step, one that is current and one that was never checked; Marl a current one."""
    for late in (-10, 1, 29, 30, 60, 90, 200):
        publish_checked(world, "herten", f"Kurs {late:+}", late=late)
    publish_checked(world, "herten", "Neues Café", late=None)
    publish_checked(world, "marl", "Beratung", late=-5)
    world.settle()


@pytest.mark.parametrize(
    ("days", "step"),
    [(-1, None), (0, None), (1, Step.DUE), (29, Step.DUE), (30, Step.LATE), (60, Step.VERY_LATE), (90, Step.TOO_LATE)],
)
def test_days_lead_to_steps(days: int, step: Step | None) -> None:
    assert step_of(days) is step


def test_standing_counts_each_step_and_never_checked_ones_apart(world: World) -> None:
    furnish(world)

    standing = standing_of(
        "herten", [one for one in Checks(world.hub).offers() if one.member == "herten"], world.hub.today()
    )

    assert dict(standing.steps) == {Step.DUE: 2, Step.LATE: 1, Step.VERY_LATE: 1, Step.TOO_LATE: 2}
    assert (standing.offers, standing.never, standing.fresh, standing.overdue) == (8, 1, 1, 7)
    assert standing.median_days == 210
    assert standing.worst is Step.TOO_LATE


def test_district_counts_as_overdue_what_the_city_reports_as_overdue(world: World) -> None:
    from node.reporting import make_report

    furnish(world)

    report = make_report(world.nodes["herten"], world.hub.today())

    standing = standing_of(
        "herten", [one for one in Checks(world.hub).offers() if one.member == "herten"], world.hub.today()
    )
    assert (report.offers, report.overdue) == (standing.offers, standing.overdue)


def test_due_day_follows_from_the_kind_of_offer_where_none_is_given(world: World) -> None:
    checked = (world.hub.today() - timedelta(days=100)).isoformat()
    publish_with(world.nodes["herten"], "Kurs", assured_date=checked, offer_type="kurs")
    publish_with(world.nodes["herten"], "Beratung", assured_date=checked, offer_type="beratung")
    world.settle()

    late = late_offers(Checks(world.hub).offers(), world.hub.today())

    assert [(one.title, one.days_late(world.hub.today())) for one in late] == [("Kurs", 10)]


def test_checks_follow_what_the_cities_change(world: World) -> None:
    furnish(world)
    checks, today = Checks(world.hub), world.hub.today()
    before = {one.title: one.rid for one in checks.offers()}

    publish_with(world.nodes["herten"], "Kurs +90", before["Kurs +90"], assured_date=today.isoformat())  # checked anew
    withdraw(world.nodes["herten"], before["Kurs +200"])
    world.settle()

    titles = [one.title for one in late_offers(checks.offers(), today)]
    assert titles == ["Kurs +60", "Kurs +30", "Kurs +29", "Kurs +1"]
    assert [one.title for one in never_checked(checks.offers())] == ["Neues Café"]


def test_member_without_offers_stands_last_and_has_no_share(world: World) -> None:
    publish_checked(world, "herten", "Kurs", late=3)
    world.settle()

    found = standings_of(["herten", "marl"], Checks(world.hub).offers(), world.hub.today())

    assert [(one.member, one.share) for one in found] == [("herten", 100), ("marl", None)]


# --- the course ------------------------------------------------------------------------------------------------------


def test_figures_of_a_day_are_noted_once_and_a_day_that_comes_again_replaces_itself(world: World) -> None:
    furnish(world)
    world.tick(61)
    world.clock.time += 86_400
    world.tick(2)
    world.clock.time -= 86_400
    world.tick(2)

    with world.hub.db.read() as conn:
        days = figures.load_days(conn, since="2025-01-01")

    assert [(one.day, one.member) for one in days] == [
        ("2026-01-01", "herten"), ("2026-01-01", "marl"), ("2026-01-02", "herten"), ("2026-01-02", "marl"),
    ]  # fmt: skip
    assert days[2].overdue == 7


def test_course_takes_the_last_day_of_each_month_and_reports_of_before(world: World) -> None:
    def told(member: str, day: date, offers: int, overdue: int) -> None:
        body = format_report(Report(day, offers=offers, overdue=overdue)).decode()
        with world.hub.db.write() as conn:
            reports.save_report(conn, member, day.isoformat(), body, now=0)

    told("herten", date(2025, 10, 2), 10, 9)
    told("herten", date(2025, 10, 30), 10, 5)
    told("marl", date(2025, 10, 30), 30, 5)
    told("herten", date(2025, 12, 30), 10, 10)  # noted by the hub too, which counts
    with world.hub.db.write() as conn:
        figures.save_days(conn, [DayOfChecks("herten", "2025-12-01", 10, 2, 1, 120)])

    months = trend.by_month(trend.load_trend(world.hub), date(2026, 1, 1))
    herten = trend.by_month(trend.load_trend(world.hub), date(2026, 1, 1), member="herten")

    assert len(months) == 12
    assert {one.month: one.share for one in months if one.share is not None} == {"2025-10": 25, "2025-12": 20}
    assert {one.month: one.median_days for one in herten if one.median_days} == {"2025-12": 120}


def test_figures_older_than_the_course_are_forgotten(world: World) -> None:
    with world.hub.db.write() as conn:
        figures.save_days(conn, [DayOfChecks("herten", "2024-01-01", 10, 2, 1, 120)])

    trend.note_day(world.hub)

    with world.hub.db.read() as conn:
        assert {one.day for one in figures.load_days(conn, since="2000-01-01")} == {world.hub.today().isoformat()}


# --- pages -----------------------------------------------------------------------------------------------------------


def test_page_names_who_acts_and_the_city_with_most_work_first(world: World, desk: Desk) -> None:
    furnish(world)

    text = desk.get("/pult/aktualitaet").text

    assert text.index("Stadt Herten") < text.index("Stadt Marl")
    assert "7 von 9 Angeboten brauchen eine Prüfung" in text
    assert "1 wurde noch nie geprüft" in text
    assert "KIM fragt bei der Stadt nach" in text
    assert text.count('role="img"') == 2


def test_page_without_offers_is_said(desk: Desk) -> None:
    assert "<svg" not in desk.get("/pult/aktualitaet").text
    assert "Von hier wird kein Angebot gezeigt." in desk.get("/pult/aktualitaet/herten").text


def test_city_page_lists_what_is_due_oldest_first_and_never_checked_ones_apart(world: World, desk: Desk) -> None:
    furnish(world)

    due, never = desk.get("/pult/aktualitaet/herten").text, desk.get("/pult/aktualitaet/herten?liste=nie").text

    listed = [due.index(f">Kurs {late:+}<") for late in (200, 90, 60, 30, 29, 1)]
    assert listed == sorted(listed)
    assert "Neues Café" not in due
    assert ">Kurs -10<" not in due
    assert ">Neues Café<" in never
    assert ">Kurs +90<" not in never
    assert "Die Leitung spricht mit der Stadt" in due


def test_city_page_has_pages_and_bears_any_number(world: World, desk: Desk) -> None:
    for number in range(60):
        publish_checked(world, "herten", f"Kurs {number:02}", late=100 - number)
    world.settle()

    first, second = desk.get("/pult/aktualitaet/herten").text, desk.get("/pult/aktualitaet/herten?seite=2").text

    assert "Seite 1 von 2" in first
    assert ">Kurs 00<" in first
    assert ">Kurs 59<" in second
    for wrong in ("0", "-1", "99", "x", "9" * 40):
        assert desk.get(f"/pult/aktualitaet/herten?seite={wrong}").status_code == 200


def test_unknown_city_is_not_found(desk: Desk) -> None:
    assert desk.get("/pult/aktualitaet/bochum").status_code == 404
    assert desk.get("/pult/aktualitaet/bochum/ausgabe").status_code == 404


def test_file_holds_what_is_due_and_what_was_never_checked(world: World, desk: Desk) -> None:
    furnish(world)
    publish_checked(world, "herten", "=2+5", late=3)
    world.settle()

    answer = desk.get("/pult/aktualitaet/herten/ausgabe")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert answer.headers["content-disposition"] == 'attachment; filename="aktualitaet-herten-2026-01-01.csv"'
    assert [row[1] for row in rows[1:]] == [
        "Kurs +200", "Kurs +90", "Kurs +60", "Kurs +30", "Kurs +29", "'=2+5", "Kurs +1", "Neues Café",
    ]  # fmt: skip
    assert rows[1][2].startswith("http://hub/angebote/")
    assert rows[1][5:] == ["200", "seit 90 Tagen überfällig", "Leitung"]
    assert rows[-1][3:7] == ["", "", "", "nie geprüft"]


def test_days_are_those_of_the_district(world: World) -> None:
    world.clock.time = datetime(2026, 6, 30, 22, 30, tzinfo=UTC).timestamp()

    assert world.hub.today() == date(2026, 7, 1)
