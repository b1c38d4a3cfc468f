"""Differences within a cluster: found, told to both owners once, shown at their desks; no record is changed."""

from __future__ import annotations

import pytest

from hub import disagreements
from hub.deciding import same
from hub.relaying import OPEN_PER_OFFER, tell_owner
from hub.store.inbox import load_waiting
from node import hints as node_hints
from node import relaying
from node.workflow import Editor
from shared.errors import ConflictError, NotFoundError
from shared.feed.inbox import Hint
from tests.support.pairs import BY, COURSE, publish_offer
from tests.support.world import World

ALL = Editor("Person Rita", may_publish=True)
PERSON = {"name": "Erika Mustermann", "email": "e.mustermann@awo.de", "phones": [{"number": "+49 2366 303161"}]}


@pytest.fixture
def world() -> World:
    return World(["herten", "marl"])


@pytest.fixture
def offers(world: World) -> list[bytes]:
    """One course in two cities, with other hours, another number and a direct dial."""
    other = {
        "schedule_text": "Dienstag 14 bis 16 Uhr", "contacts": [PERSON],
        "phones": [{"number": "+49 2365 990"}, {"number": "+49 2366 303161"}], "email": "e.mustermann@awo.de",
    }  # fmt: skip
    rids = [
        publish_offer(world.nodes["herten"], **COURSE, email="info@awo.de"),
        publish_offer(world.nodes["marl"], **{**COURSE, **other}),
    ]
    world.settle()
    return rids


def cluster(world: World, offers: list[bytes]) -> bytes:
    same(world.hub, *offers, by=BY)
    world.settle()
    return disagreements.find_disputed(world.hub)[0].cluster


def waiting(world: World, member: str) -> list[str]:
    with world.hub.db.read() as conn:
        return [row.body for row in load_waiting(conn, member, most=10)]


def test_only_joined_offers_are_compared(world: World, offers: list[bytes]) -> None:
    assert disagreements.find_disputed(world.hub) == []


def test_fields_that_cannot_both_be_true_are_found(world: World, offers: list[bytes]) -> None:
    cluster(world, offers)

    found = disagreements.find_disputed(world.hub)

    assert [one.label for one in found[0].differences] == ["Zeiten", "Telefon"]
    assert found[0].differences[1].said == {offers[0]: ["+49 2366 303160"], offers[1]: ["+49 2365 990"]}
    assert disagreements.count_untold(world.hub) == 1


def test_both_owners_are_told_at_their_desks_without_persons(world: World, offers: list[bytes]) -> None:
    told = disagreements.tell_owners(world.hub, cluster(world, offers))
    world.tick(700)

    found = [node_hints.list_hints(world.nodes[name], ALL) for name in ("herten", "marl")]
    assert set(told) == {"herten", "marl"}
    assert [len(some) for some in found] == [1, 1]
    (herten,), (marl,) = found
    assert (herten.rid, marl.rid) == (offers[0], offers[1])
    assert node_hints.SOURCES[herten.source] == "vom Kreis"
    assert "Zeiten\n– bei Ihnen: Mo 09:00–12:00 Uhr\n– Stadt Marl: Di 14:00–16:00 Uhr" in herten.text
    assert "Telefon\n– bei Ihnen: +49 2365 990\n– Stadt Herten: +49 2366 303160" in marl.text
    assert "303161" not in herten.text + marl.text
    assert "ustermann" not in herten.text + marl.text


def test_owners_are_told_once(world: World, offers: list[bytes]) -> None:
    rid = cluster(world, offers)
    disagreements.tell_owners(world.hub, rid)

    with pytest.raises(ConflictError, match="haben diesen Hinweis schon"):
        disagreements.tell_owners(world.hub, rid)

    assert len(waiting(world, "herten")) == 1
    assert disagreements.count_untold(world.hub) == 0
    assert all(one.told for one in disagreements.find_disputed(world.hub)[0].differences)


def test_changed_value_makes_a_new_difference_and_is_told_alone(world: World, offers: list[bytes]) -> None:
    rid = cluster(world, offers)
    disagreements.tell_owners(world.hub, rid)
    publish_offer(world.nodes["herten"], offers[0], **{**COURSE, "phones": [{"number": "+49 2366 999"}]})
    world.settle()

    disagreements.tell_owners(world.hub, rid)

    texts = sorted(waiting(world, "marl"), key=lambda body: "999" in body)
    assert len(texts) == 2
    assert "+49 2366 999" in texts[1]
    assert "Zeiten" not in texts[1]


def test_settled_difference_is_gone_and_cannot_be_sent(world: World, offers: list[bytes]) -> None:
    rid = cluster(world, offers)
    publish_offer(world.nodes["marl"], offers[1], **COURSE)
    world.settle()

    with pytest.raises(NotFoundError, match="besteht nicht mehr"):
        disagreements.tell_owners(world.hub, rid)
    assert disagreements.find_disputed(world.hub) == []


def test_nothing_is_sent_where_one_owner_cannot_be_told(world: World, offers: list[bytes]) -> None:
    rid = cluster(world, offers)
    with world.hub.db.write() as conn:
        for number in range(OPEN_PER_OFFER):
            assert tell_owner(world.hub, conn, offers[1], f"Hinweis {number}")

    with pytest.raises(ConflictError, match="Stadt Marl kann zurzeit keinen Hinweis"):
        disagreements.tell_owners(world.hub, rid)

    assert waiting(world, "herten") == []
    assert disagreements.count_untold(world.hub) == 1


def test_no_record_of_a_city_is_changed(world: World, offers: list[bytes]) -> None:
    rid = cluster(world, offers)
    with world.nodes["herten"].db.read() as conn:
        before = conn.exec_driver_sql("SELECT rid, position FROM record WHERE kind = 'offer' ORDER BY rid").all()

    disagreements.tell_owners(world.hub, rid)
    world.tick(700)

    with world.nodes["herten"].db.read() as conn:
        after = conn.exec_driver_sql("SELECT rid, position FROM record WHERE kind = 'offer' ORDER BY rid").all()
    assert after == before


def test_long_values_make_several_hints_none_too_long(world: World, offers: list[bytes]) -> None:
    same(world.hub, *offers, by=BY)
    for name, number, digit in (("herten", 0, "1"), ("marl", 1, "2")):
        publish_offer(
            world.nodes[name], offers[number], name="Kurs", url=f"https://{'a' * 60}{digit}.de/{'b' * 60}",
            email=f"{'c' * 60}{digit}@{'d' * 50}.de", minimum_age=int(digit), valid_to=f"2027-01-0{digit}",
            costs=[{"amount": int(digit), "amount_description": "e" * 150}],
            phones=[{"number": f"+49 236{digit} {number}", "description": ""} for number in range(10)],
            locations=[{"address_1": f"{'f' * 80} {digit}", "postal_code": "45699", "city": "Herten"}],
        )  # fmt: skip
    world.settle()
    disputed = disagreements.find_disputed(world.hub)[0]

    disagreements.tell_owners(world.hub, disputed.cluster)
    world.tick(700)

    texts = [one.text for one in node_hints.list_hints(world.nodes["herten"], ALL)]
    assert len(texts) > 1
    assert all(len(text) <= 1000 for text in texts)
    assert all(sum(one.label in text for text in texts) == 1 for one in disputed.differences)


def test_node_takes_a_source_of_a_later_version_for_the_hub(world: World, offers: list[bytes]) -> None:
    node = world.nodes["herten"]

    relaying._take(node, Hint("a" * 32, "hint", offers[0].hex(), text="Etwas Neues", source="moon"))

    assert [one.source for one in node_hints.list_hints(node, ALL)] == ["hub"]
