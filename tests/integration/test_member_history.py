"""A row a day says how each member stood; the page shows it as a chart with its table."""

from __future__ import annotations

from datetime import date

from hub import member_history
from hub.store.member_days import MemberDay
from hub.store.standings import update_standing
from shared.holdings import facts
from tests.support.desk import add_person, at_desk, make_passwords_cheap
from tests.support.world import World, publish

DAY = 86_400


def known(world: World, days: int = 30) -> list[MemberDay]:
    return [day for day in member_history.load_course(world.hub, "marl", days) if isinstance(day, MemberDay)]


def pass_time(world: World, seconds: int) -> None:
    world.clock.time += seconds
    member_history.care(world.hub)


def test_day_holds_the_last_size_the_largest_lag_and_the_most_urgent_state() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["marl"], "Sprachcafé")
    world.settle()
    origin = world.nodes["marl"].settings.origin
    with world.hub.db.write() as conn:
        update_standing(conn, origin, "marl", rolled_back=True)
    pass_time(world, 3600)
    with world.hub.db.write() as conn:
        update_standing(conn, origin, "marl", rolled_back=False)
    publish(world.nodes["marl"], "Nähstube")
    world.settle()

    pass_time(world, 3600)

    (today,) = known(world)
    assert (today.day, today.size, today.offers, today.state) == ("2026-01-01", 3, 2, "rolled-back")


def test_course_has_every_day_and_says_where_nothing_is_known() -> None:
    world = World(["herten", "marl"])
    world.settle()
    pass_time(world, 3600)
    pass_time(world, 3 * DAY)

    course = member_history.load_course(world.hub, "marl", 30)

    assert len(course) == 30
    assert [isinstance(day, MemberDay) for day in course[-4:]] == [True, False, False, True]
    assert course[-2] == date(2026, 1, 3)


def test_days_of_more_than_a_year_ago_go() -> None:
    world = World(["herten", "marl"])
    world.settle()
    pass_time(world, 3600)

    pass_time(world, 401 * DAY)

    assert [day.day for day in known(world, 500)] == ["2027-02-06"]


def test_recovering_hub_writes_nothing() -> None:
    world = World(["herten", "marl"])
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.hub.clock.now())

    pass_time(world, 3600)

    assert known(world) == []


def test_page_draws_the_course_and_says_it_as_a_table() -> None:
    world = World(["herten", "marl"])
    make_passwords_cheap(world.hub)
    world.settle()
    pass_time(world, 3600)
    with at_desk(world.hub) as desk:
        desk.be(add_person(world.hub, "leser", "leser"))
        month, year = (desk.get(f"/pult/mitglieder/marl?tage={days}").text for days in (30, 365))

    assert month.count("<svg") == year.count("<svg") == 2
    assert "Einträge am 01.01.: 1; am 01.01.: 1." in month
    assert ">01.01.2026<" in month
    assert "an 1 Tag" in month
    assert 'aria-current="true">ein Jahr' in year
