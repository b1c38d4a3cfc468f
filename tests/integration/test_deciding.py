"""Decisions about offers that may be the same: they hold for every node, follow from each other, can be taken back."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hub.clusters import Verdicts, load_verdicts
from hub.deciding import Decider, apart, reopen, same, skip, skipped
from hub.own_records import load_records
from hub.regrouping import dissolve, remove, show_card_of
from hub.store import tables
from hub.undoing import last_of, undo
from shared.errors import ConflictError, InputError, NotFoundError
from shared.holdings.clusters import load_clusters
from tests.support.pairs import COURSE, publish_offer
from tests.support.world import World, publish, withdraw

BY = Decider(7, "Kurator")
JOURNAL = tables.decision, tables.skipped_pair
CITIES = ["herten", "marl", "datteln", "waltrop"]


@pytest.fixture
def world() -> World:
    return World(CITIES)


@pytest.fixture
def offers(world: World) -> list[bytes]:
    """The same course in four cities."""
    rids = [publish(world.nodes[name], "Nähkurs") for name in CITIES]
    world.settle()
    return rids


def verdicts(world: World) -> Verdicts:
    with world.hub.db.read() as conn:
        return load_verdicts(world.hub, conn)


def groups(world: World) -> list[set[bytes]]:
    return [set(one.members) for one in verdicts(world).clusters.values()]


def groups_at(world: World, party: str) -> list[set[bytes]]:
    with world.nodes[party].db.read() as conn:
        return [set(rids) for rids in load_clusters(conn, [world.hub.settings.origin])]


def records(world: World) -> list[tuple[bytes, object]]:
    with world.hub.db.read() as conn:
        return [(one.rid, one.doc) for one in load_records(world.hub, conn, "cluster")]


def test_two_offers_become_one_on_every_node(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    world.settle()

    assert all(groups_at(world, name) == [set(offers[:2])] for name in CITIES)


def test_third_offer_extends_the_cluster_of_the_second(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    world.settle()

    same(world.hub, offers[2], offers[1], by=BY)

    assert groups(world) == [set(offers[:3])]


def test_two_clusters_become_one_and_the_other_record_goes(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    same(world.hub, offers[2], offers[3], by=BY)
    world.settle()

    same(world.hub, offers[3], offers[0], by=BY)
    world.settle()

    assert groups(world) == [set(offers)]
    assert groups_at(world, "marl") == [set(offers)]


def test_record_names_neither_a_person_nor_the_title_of_an_offer(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    apart(world.hub, offers[0], offers[2], by=BY)

    (_, rejected), (_, joined) = sorted(records(world), key=lambda one: "members" in str(one[1]))
    assert isinstance(joined, dict)
    assert isinstance(rejected, dict)
    assert joined["title"] == "Gleiches Angebot: Stadt Herten, Stadt Marl"
    assert rejected["title"] == "Verschiedene Angebote: Stadt Herten, Stadt Datteln"
    assert joined["reason"] == "Kreis Recklinghausen, Kurator, 01.01.2026"


def test_what_follows_from_decisions_is_settled(world: World, offers: list[bytes]) -> None:
    a, b, c, d = offers
    same(world.hub, a, b, by=BY)
    same(world.hub, b, c, by=BY)
    apart(world.hub, c, d, by=BY)

    found = verdicts(world)

    assert found.settles(a, c)
    assert found.settles(a, d)
    assert found.are_same(a, c)
    assert not found.are_same(a, d)


def test_join_that_contradicts_a_rejection_is_refused_and_names_it(world: World, offers: list[bytes]) -> None:
    a, b, c, _ = offers
    apart(world.hub, a, c, by=BY)
    same(world.hub, a, b, by=BY)
    before = records(world)

    with pytest.raises(ConflictError, match="widerspricht einer früheren Entscheidung: „Nähkurs“ und „Nähkurs“"):
        same(world.hub, b, c, by=BY)

    assert records(world) == before


def test_rejected_pair_cannot_be_joined_directly(world: World, offers: list[bytes]) -> None:
    apart(world.hub, offers[0], offers[1], by=BY)

    with pytest.raises(ConflictError, match="sind als verschieden vermerkt"):
        same(world.hub, offers[1], offers[0], by=BY)


def test_joined_offers_cannot_be_kept_apart(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    same(world.hub, offers[1], offers[2], by=BY)

    with pytest.raises(ConflictError, match="gehören zu einer Gruppe"):
        apart(world.hub, offers[0], offers[2], by=BY)


def test_same_decision_twice_is_refused(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    apart(world.hub, offers[0], offers[2], by=BY)

    with pytest.raises(ConflictError, match="gehören schon zusammen"):
        same(world.hub, offers[1], offers[0], by=BY)
    with pytest.raises(ConflictError, match="schon als verschieden"):
        apart(world.hub, offers[1], offers[2], by=BY)


def test_offer_that_is_gone_is_not_decided_about(world: World, offers: list[bytes]) -> None:
    withdraw(world.nodes["herten"], offers[0])
    world.settle()

    with pytest.raises(NotFoundError, match="nicht mehr im Katalog"):
        same(world.hub, offers[0], offers[1], by=BY)
    with pytest.raises(InputError):
        apart(world.hub, offers[1], offers[1], by=BY)


def test_rejection_outlives_edits_and_a_hub_that_lost_everything(world: World, offers: list[bytes]) -> None:
    apart(world.hub, offers[0], offers[1], by=BY)
    world.settle()
    publish(world.nodes["herten"], "Nähkurs am Abend", offers[0])
    world.settle()

    world.wipe("hub")
    world.tick(1300)
    world.settle()

    assert verdicts(world).settles(offers[1], offers[0])


@pytest.mark.parametrize("is_sealed", [False, True])
def test_undo_restores_exactly_what_stood_before(world: World, offers: list[bytes], is_sealed: bool) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    same(world.hub, offers[2], offers[3], by=BY)
    world.settle()
    before = sorted(records(world))
    decided = same(world.hub, offers[0], offers[2], by=BY)
    if is_sealed:
        world.settle()

    undone = undo(world.hub, decided.number)
    world.settle()

    assert (undone.a, undone.b) == (offers[0], offers[2])
    assert sorted(records(world)) == before
    assert sorted(map(sorted, groups_at(world, "waltrop"))) == sorted(map(sorted, [offers[:2], offers[2:]]))


@pytest.mark.parametrize("is_sealed", [False, True])
def test_undone_rejection_is_open_again(world: World, offers: list[bytes], is_sealed: bool) -> None:
    decided = apart(world.hub, offers[0], offers[1], by=BY)
    if is_sealed:
        world.settle()

    undo(world.hub, decided.number)
    world.settle()

    assert records(world) == []
    assert not verdicts(world).settles(*offers[:2])


def test_undo_before_the_seal_leaves_nothing_in_the_log(world: World, offers: list[bytes]) -> None:
    decided = same(world.hub, offers[0], offers[1], by=BY)
    undo(world.hub, decided.number)
    world.settle()

    with world.hub.db.read() as conn:
        count = conn.exec_driver_sql("SELECT count(*) FROM record WHERE kind = 'cluster'").scalar_one()
    assert count == 0


def test_undo_twice_and_undo_of_what_was_changed_since_are_refused(world: World, offers: list[bytes]) -> None:
    first = same(world.hub, offers[0], offers[1], by=BY)
    second = same(world.hub, offers[1], offers[2], by=BY)

    with pytest.raises(ConflictError, match="Seitdem wurde"):
        undo(world.hub, first.number)
    undo(world.hub, second.number)
    with pytest.raises(ConflictError, match="schon zurückgenommen"):
        undo(world.hub, second.number)
    undo(world.hub, first.number)

    assert records(world) == []


def test_undo_that_would_contradict_a_later_decision_is_refused(world: World, offers: list[bytes]) -> None:
    a, b, c, _ = offers
    first = apart(world.hub, a, c, by=BY)
    undone = reopen(world.hub, next(iter(verdicts(world).rejections)), by=BY)
    same(world.hub, a, b, by=BY)
    same(world.hub, b, c, by=BY)

    with pytest.raises(ConflictError, match="widerspräche"):
        undo(world.hub, undone.number)
    with pytest.raises(ConflictError):
        undo(world.hub, first.number)

    assert groups(world) == [{a, b, c}]


def test_last_decision_is_that_of_the_person_and_not_older_than_half_a_day(world: World, offers: list[bytes]) -> None:
    mine = same(world.hub, offers[0], offers[1], by=BY)
    apart(world.hub, offers[0], offers[2], by=Decider(8))

    assert last_of(world.hub, 7) == mine
    world.clock.time += 13 * 3600
    assert last_of(world.hub, 7) is None


def test_undo_is_followed_by_the_decision_before(world: World, offers: list[bytes]) -> None:
    first = same(world.hub, offers[0], offers[1], by=BY)
    second = apart(world.hub, offers[0], offers[2], by=BY)

    undo(world.hub, second.number)

    assert last_of(world.hub, 7) == first


def test_member_leaves_a_cluster_and_the_rest_stays(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    same(world.hub, offers[0], offers[2], by=BY)
    rid = next(iter(verdicts(world).clusters))
    show_card_of(world.hub, rid, offers[2], by=BY)

    remove(world.hub, rid, offers[2], by=BY)

    cluster = verdicts(world).clusters[rid]
    assert set(cluster.members) == set(offers[:2])
    assert verdicts(world).settles(offers[1], offers[2])
    assert not verdicts(world).are_same(offers[0], offers[2])


def test_cluster_of_two_ends_when_one_leaves(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    decided = remove(world.hub, next(iter(verdicts(world).clusters)), offers[0], by=BY)

    assert groups(world) == []
    assert verdicts(world).rejects(offers[0], offers[1])
    undo(world.hub, decided.number)
    assert groups(world) == [set(offers[:2])]
    assert not verdicts(world).rejections


def test_chosen_card_is_shown_first_everywhere(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    rid = next(iter(verdicts(world).clusters))

    show_card_of(world.hub, rid, offers[1], by=BY)
    world.settle()

    with world.nodes["herten"].db.read() as conn:
        assert list(load_clusters(conn, [world.hub.settings.origin])) == [(offers[1], offers[0])]


def test_fuller_offer_is_shown_unless_somebody_chooses(world: World, offers: list[bytes]) -> None:
    publish_offer(world.nodes["waltrop"], offers[3], **COURSE)
    world.settle()

    same(world.hub, offers[2], offers[3], by=BY)

    assert next(iter(verdicts(world).clusters.values())).members == (offers[3], offers[2])


def test_dissolved_cluster_comes_back_with_undo(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    world.settle()
    before = records(world)

    decided = dissolve(world.hub, before[0][0], by=BY)
    world.settle()
    assert groups_at(world, "marl") == []
    assert verdicts(world).rejects(offers[1], offers[0])
    undo(world.hub, decided.number)
    world.settle()

    assert records(world) == before
    assert groups_at(world, "marl") == [set(offers[:2])]


def test_change_of_a_cluster_that_is_gone_is_explained(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    rid = next(iter(verdicts(world).clusters))

    with pytest.raises(NotFoundError, match="gibt es so nicht mehr"):
        remove(world.hub, rid, offers[3], by=BY)
    dissolve(world.hub, rid, by=BY)
    with pytest.raises(NotFoundError):
        dissolve(world.hub, rid, by=BY)
    with pytest.raises(NotFoundError, match="schon zurückgenommen"):
        reopen(world.hub, rid, by=BY)


def test_joined_pair_can_be_joined_again_once_its_rejection_is_reopened(world: World, offers: list[bytes]) -> None:
    same(world.hub, offers[0], offers[1], by=BY)
    dissolve(world.hub, next(iter(verdicts(world).clusters)), by=BY)
    reopen(world.hub, next(iter(verdicts(world).rejections)), by=BY)

    same(world.hub, offers[0], offers[1], by=BY)

    assert groups(world) == [set(offers[:2])]


def test_skipped_pairs_are_those_of_one_person_for_half_a_day(world: World, offers: list[bytes]) -> None:
    a, b, c, _ = sorted(offers)
    skip(world.hub, b, a, by=BY)
    world.tick()
    skip(world.hub, a, c, by=BY)

    assert skipped(world.hub, 7) == [(a, b), (a, c)]
    assert skipped(world.hub, 8) == []
    same(world.hub, a, b, by=BY)
    assert skipped(world.hub, 7) == [(a, c)]
    world.clock.time += 13 * 3600
    assert skipped(world.hub, 7) == []


def test_who_decided_is_forgotten_after_90_days_and_the_decision_stays(world: World, offers: list[bytes]) -> None:
    decided = same(world.hub, offers[0], offers[1], by=BY)
    skip(world.hub, offers[0], offers[2], by=BY)
    world.settle()

    world.clock.time += 91 * 86_400
    world.tick(2)

    with world.hub.db.read() as conn:
        rows = [conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in JOURNAL]
    assert rows == [0, 0]
    assert groups(world) == [set(offers[:2])]
    with pytest.raises(NotFoundError, match="nicht mehr vermerkt"):
        undo(world.hub, decided.number)
