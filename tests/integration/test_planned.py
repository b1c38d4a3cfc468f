"""Offers on their day: planned publications, the end of what has run out, and the morning's work once a day."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node import caring, planned, upkeep, workflow
from node.editing import own_offers, save_offer
from node.history import list_versions
from node.party import Node
from node.web.desk.offer import read_moment
from node.workflow import Editor
from shared.holdings import facts
from tests.support.desk import add_person, at_desk, make_desk_node
from tests.support.lone_node import offer, states
from tests.support.world import START, VirtualClock

CHIEF = Editor("Rita", may_publish=True)
HOUR = 3600


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock) -> Iterator[Node]:
    node = make_desk_node(tmp_path / "herten", clock)
    with node.db.write() as conn:
        facts.delete_fact(conn, "recovering-since")
    yield node
    node.db.close()


def test_draft_is_published_when_its_time_has_come(node: Node, clock: VirtualClock) -> None:
    rid = workflow.save_draft(node, CHIEF, offer()).id
    workflow.schedule(node, CHIEF, rid, clock.now() + HOUR)

    upkeep.tick(node, "a")
    before = states(own_offers(node))
    clock.time += HOUR
    upkeep.tick(node, "a")

    assert before == {"Sprachkurs am Vormittag": "draft"}
    assert states(own_offers(node)) == {"Sprachkurs am Vormittag": "pending"}
    assert list_versions(node, rid)[0].editor == "Kalender"


def test_changed_draft_is_no_longer_planned(node: Node, clock: VirtualClock) -> None:
    rid = workflow.save_draft(node, CHIEF, offer()).id
    workflow.schedule(node, CHIEF, rid, clock.now() + HOUR)
    workflow.save_draft(node, CHIEF, offer(body="Neu."), rid)
    clock.time += HOUR

    assert planned.publish_planned(node) == 0


def test_draft_that_cannot_be_published_stays_with_the_reason(node: Node, clock: VirtualClock) -> None:
    rid = workflow.save_draft(node, CHIEF, offer(assured_date="2026-01-01")).id
    workflow.schedule(node, CHIEF, rid, clock.now() + HOUR)
    clock.time += HOUR - 40 * 86_400  # the clock went back: the check now lies in the future
    with node.db.write() as conn:
        conn.exec_driver_sql("UPDATE draft SET publish_at = 1")

    assert planned.publish_planned(node) == 0

    draft = workflow.open_for(node, CHIEF, rid).draft
    assert draft is not None
    assert (draft.state, draft.publish_at) == ("draft", None)
    assert "Zukunft" in draft.note
    assert planned.publish_planned(node) == 0


def test_offer_is_withdrawn_after_its_last_day_and_its_draft_stays(node: Node, clock: VirtualClock) -> None:
    save_offer(node, offer("Endet heute", valid_to="2026-01-01"))
    ended = save_offer(node, offer("Endete gestern", valid_to="2025-12-31"))
    workflow.save_draft(node, CHIEF, offer("Endete gestern", valid_to="2026-12-31"), ended)
    save_offer(node, offer("Ohne Ende"))

    assert planned.withdraw_ended(node) == 1
    assert planned.withdraw_ended(node) == 0

    found = states(own_offers(node))
    assert (found["Endet heute"], found["Ohne Ende"]) == ("pending", "pending")
    steps = [(version.action, version.editor, version.note) for version in list_versions(node, ended)]
    assert ("zurückgezogen", "Kalender", "ended") in steps
    assert workflow.open_for(node, CHIEF, ended).doc["valid_to"] == "2026-12-31"


def test_mornings_work_is_done_once_a_day_from_seven_o_clock(node: Node, clock: VirtualClock) -> None:
    save_offer(node, offer(valid_to="2025-12-31"))
    done = []
    for hours in (0, 5, 6, 7):  # START is one o'clock in the morning in Berlin
        clock.time = START + hours * HOUR
        caring.care(node)
        with node.db.read() as conn:
            done.append(facts.load_fact(conn, "cared-day"))

    assert done == ["", "", "2026-01-01", "2026-01-01"]
    assert set(states(own_offers(node)).values()) == {"pending-withdrawal"}


def test_recovering_node_does_nothing_by_itself(node: Node, clock: VirtualClock) -> None:
    save_offer(node, offer(valid_to="2025-12-31"))
    with node.db.write() as conn:
        facts.save_fact(conn, "recovering-since", clock.now())
    clock.time += 12 * HOUR
    caring.care(node)

    assert set(states(own_offers(node)).values()) == {"pending"}


def test_page_of_an_offer_plans_and_takes_it_back(node: Node) -> None:
    rid = workflow.save_draft(node, CHIEF, offer()).id
    page = f"/pult/angebote/{rid.hex()}"
    with at_desk(node) as desk:
        desk.be(add_person(node))
        past = desk.submit(page, f"{page}/planen", tag="2025-01-01", uhrzeit="08:00", aktion="planen")
        nonsense = desk.submit(page, f"{page}/planen", tag="morgen", aktion="planen")
        done = desk.submit(page, f"{page}/planen", tag="2026-02-01", uhrzeit="08:00", aktion="planen")
        shown = desk.get(page).text
        undone = desk.submit(page, f"{page}/planen", aktion="aufheben")

    assert (past.status_code, nonsense.status_code, done.status_code, undone.status_code) == (422, 422, 303, 303)
    assert "liegt in der Vergangenheit" in past.text
    assert "wird am 01.02.2026, 08:00 Uhr veröffentlicht" in shown
    draft = workflow.open_for(node, CHIEF, rid).draft
    assert draft is not None
    assert draft.publish_at is None


def test_moment_is_read_by_the_clock_of_the_district() -> None:
    assert read_moment("2026-07-01", "08:00", "Europe/Berlin") == (1_782_885_600, "")
    assert read_moment("2026-07-01", "08:00+01:00", "Europe/Berlin")[0] is None
