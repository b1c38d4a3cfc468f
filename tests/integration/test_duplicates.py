"""Pairs of offers at the hub: found anew with every change, gone with their offers, never asked twice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from hub import comparing, duplicates
from hub.duplicates import Candidate, catch_up, count_open, find_candidate, open_candidates
from hub.own_records import load_records, publish_record, withdraw_record
from hub.store.tables import candidate, likeness, likeness_block
from node.editing import prepare_document, publish_edit
from node.party import Node
from shared.database import Database
from shared.holdings import edits, facts, logs
from shared.holdings.clusters import load_clusters
from shared.holdings.edits import NEW
from shared.likeness import RULES
from tests.support.postgres import fresh_database, postgres_server
from tests.support.world import World, withdraw

__all__ = ["postgres_server"]

TITLE, PROVIDER = "Migrationsberatung für Erwachsene", "Caritasverband Herten e.V."


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    opened: list[Database] = []

    class HubSomewhere(World):
        def make_database(self, name: str) -> Database:
            if name != "hub" or request.param == "sqlite":
                return super().make_database(name)
            opened.append(Database(fresh_database(request.getfixturevalue("postgres_server"))))
            return opened[-1]

    yield HubSomewhere(["herten", "marl", "kreis"])
    for db in opened:
        db.close()


def put(
    node: Node, title: str = TITLE, provider: str = PROVIDER, *, town: str = "Herten", rid: bytes | None = None,
    identifier: str = "",
) -> bytes:  # fmt: skip
    """Publish an offer, or a new version of one."""
    numbers = [{"identifier": identifier, "identifier_type": "Vereinsregister"}] if identifier else []
    document: dict[str, Any] = {
        "name": title, "providers": [{"name": provider, "identifiers": numbers}], "locations": [{"city": town}],
        "summary": "Hilfe bei Fragen zum Leben in Deutschland.", "topics": ["beratung.migration"],
        "owner": node.settings.ags,
    }  # fmt: skip
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        head = logs.load_heads(conn, row.id, [rid]).get(rid) if rid else None
        rid = rid or node.dice.token(16)
        base = NEW if head is None else head.position
        edits.add_edits(node.db, conn, [publish_edit(node, prepare_document(node, document, rid), rid, base)])
    return rid


def put_twice(world: World) -> list[bytes]:
    """One offer, entered by its city and by the district."""
    rids = [put(world.nodes["herten"]), put(world.nodes["kreis"], "MBE", "Caritas Herten")]
    world.settle()
    return rids


def look(world: World) -> list[Candidate]:
    """Settle, compare, and return what is open."""
    world.settle()
    catch_up(world.hub)
    return open_candidates(world.hub)


def decide(world: World, **fields: Any) -> bytes:
    with world.hub.db.write() as conn:
        return publish_record(world.hub, conn, "cluster", fields)


def sides(found: list[Candidate]) -> list[set[bytes]]:
    return [{one.a.rid, one.b.rid} for one in found]


def test_offer_of_two_members_is_an_open_pair_with_its_reasons(world: World) -> None:
    rids = put_twice(world)

    found = look(world)

    assert sides(found) == [set(rids)]
    assert found[0].grade == "certain"
    assert found[0].is_across
    assert {found[0].a.member, found[0].b.member} == {"herten", "kreis"}
    assert "gleicher Ort (Herten)" in duplicates.reasons_in_german(found[0].reasons)
    assert count_open(world.hub) == duplicates.Counts(certain=1, likely=0)


def test_pair_is_found_in_either_order(world: World) -> None:
    a, b = put_twice(world)
    look(world)

    assert find_candidate(world.hub, a, b) == find_candidate(world.hub, b, a) != None  # noqa: E711 - compared thrice
    assert find_candidate(world.hub, a, a) is None


def test_nothing_is_looked_at_again_without_a_change(world: World) -> None:
    put_twice(world)

    first, second = catch_up(world.hub), catch_up(world.hub)

    assert (first, second) == (2, 0)


def test_only_changed_records_are_compared(world: World) -> None:
    put_twice(world)
    look(world)
    put(world.nodes["marl"], "Fußball", "SuS Marl", town="Marl")
    world.settle()

    assert catch_up(world.hub) == 1


def test_pair_goes_with_its_offer(world: World) -> None:
    rids = put_twice(world)
    look(world)

    withdraw(world.nodes["herten"], rids[0])

    assert look(world) == []
    with world.hub.db.read() as conn:
        left = [conn.execute(sa.select(sa.func.count()).select_from(t)).scalar() for t in (candidate, likeness)]
        keys = {bytes(row.rid) for row in conn.execute(sa.select(likeness_block.c.rid))}
    assert left == [0, 1]
    assert keys == {rids[1]}


def test_pair_goes_when_an_edit_makes_another_offer_of_it(world: World) -> None:
    rids = put_twice(world)
    look(world)

    put(world.nodes["kreis"], "Suchtberatung", "Diakonie Herten", rid=rids[1])

    assert look(world) == []


def test_new_version_is_shown_in_the_pair(world: World) -> None:
    rids = put_twice(world)
    look(world)

    put(world.nodes["herten"], f"{TITLE} (MBE)", rid=rids[0])

    assert f"{TITLE} (MBE)" in {side.title for one in look(world) for side in (one.a, one.b)}


def test_pair_within_one_member_stands_last(world: World) -> None:
    first, second = put_twice(world)
    third = put(world.nodes["herten"], TITLE, "Caritas Herten")

    found = look(world)

    assert [one.is_across for one in found] == [True, True, False]
    assert sides(found)[-1] == {first, third}
    assert {second} <= set.intersection(*sides(found)[:2])


def test_pairs_of_one_member_can_be_asked_for_alone(world: World) -> None:
    put_twice(world)
    look(world)

    assert len(open_candidates(world.hub, member="kreis")) == 1
    assert open_candidates(world.hub, member="marl") == []
    assert open_candidates(world.hub, start=1) == []


def test_joined_pair_is_not_open(world: World) -> None:
    rids = put_twice(world)
    look(world)

    decide(world, members=[rid.hex() for rid in rids])

    assert open_candidates(world.hub) == []
    assert count_open(world.hub) == duplicates.Counts(0, 0)
    assert find_candidate(world.hub, *rids) is not None


def test_rejected_pair_stays_rejected_after_an_edit(world: World) -> None:
    rids = put_twice(world)
    look(world)
    decide(world, apart=[rid.hex() for rid in rids])

    put(world.nodes["herten"], f"{TITLE} (MBE)", rid=rids[0])

    assert look(world) == []


def test_rejected_pair_stays_rejected_when_the_hub_reads_everything_anew(world: World) -> None:
    rids = put_twice(world)
    look(world)
    decide(world, apart=[rid.hex() for rid in rids])
    world.settle()

    world.wipe("hub")
    while world.hub.is_recovering():
        world.tick()

    assert look(world) == []
    assert find_candidate(world.hub, *rids) is not None


def test_pair_is_open_again_when_the_decision_is_taken_back(world: World) -> None:
    rids = put_twice(world)
    look(world)
    rid = decide(world, apart=[one.hex() for one in rids])

    with world.hub.db.write() as conn:
        withdraw_record(world.hub, conn, "cluster", rid, "mistake")

    assert sides(open_candidates(world.hub)) == [set(rids)]


def test_of_a_cluster_and_a_third_offer_is_asked_once(world: World) -> None:
    rids = put_twice(world)
    third = put(world.nodes["marl"], f"{TITLE} (MBE)")
    before = look(world)

    decide(world, members=[rid.hex() for rid in rids])

    assert len(before) == 3
    after = open_candidates(world.hub)
    assert len(after) == 1
    assert third in sides(after)[0]


def test_what_is_apart_from_one_of_a_cluster_is_apart_from_all(world: World) -> None:
    rids = put_twice(world)
    third = put(world.nodes["marl"], f"{TITLE} (MBE)")
    look(world)

    decide(world, members=[rid.hex() for rid in rids])
    decide(world, apart=[rids[0].hex(), third.hex()])

    assert open_candidates(world.hub) == []


def test_rules_that_changed_compare_everything_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rids = put_twice(world)
    look(world)
    monkeypatch.setattr(comparing, "RULES", RULES + 1)

    assert catch_up(world.hub) == 2
    assert sides(open_candidates(world.hub)) == [set(rids)]


def test_crash_between_keys_and_pairs_only_delays(world: World) -> None:
    rids = put_twice(world)
    look(world)
    # As a crash leaves it: the keys are there, the version compared is not, nor is the mark of the catalogue.
    with world.hub.db.write() as conn:
        conn.execute(sa.update(likeness).values(commitment=b""))
        conn.execute(sa.delete(candidate))
        facts.delete_fact(conn, "likeness-mark")

    assert sides(look(world)) == [set(rids)]


def test_key_that_many_offers_have_is_left_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST_IN_BLOCK", 1)
    put_twice(world)

    assert look(world) == []


# --- joined without a person ------------------------------------------------------------------------------------


def clusters(world: World) -> list[tuple[bytes, ...]]:
    with world.nodes["marl"].db.read() as conn:
        return list(load_clusters(conn, [world.hub.settings.origin]))


def test_equal_register_number_title_and_town_are_joined_without_a_person(world: World) -> None:
    rids = [put(world.nodes[name], identifier="VR 12") for name in ("herten", "kreis")]

    assert look(world) == []
    world.settle()

    assert [set(members) for members in clusters(world)] == [set(rids)]
    with world.hub.db.read() as conn:
        reasons = [record.doc["reason"] for record in load_records(world.hub, conn, "cluster")]
    assert reasons == ["Gleiche Kennung des Trägers, gleicher Titel, gleicher Ort: ohne Rückfrage verbunden"]


def test_third_offer_with_the_number_joins_the_cluster(world: World) -> None:
    rids = [put(world.nodes[name], identifier="VR 12") for name in ("herten", "kreis")]
    look(world)

    rids.append(put(world.nodes["marl"], identifier="VR 12"))
    look(world)
    world.settle()

    assert [set(members) for members in clusters(world)] == [set(rids)]


def test_register_number_alone_joins_nothing(world: World) -> None:
    put(world.nodes["herten"], "Migrationsberatung", identifier="VR 12")
    put(world.nodes["kreis"], "Migrationsberatung für Erwachsene", identifier="VR 12")

    assert len(look(world)) == 1
    assert clusters(world) == []


def test_rejected_pair_is_not_joined_by_its_register_number(world: World) -> None:
    rids = put_twice(world)
    look(world)
    decide(world, apart=[rid.hex() for rid in rids])

    for name, rid in zip(("herten", "kreis"), rids, strict=True):
        put(world.nodes[name], identifier="VR 12", rid=rid)

    assert look(world) == []
    world.settle()
    assert clusters(world) == []


def test_nothing_is_compared_or_joined_while_the_hub_recovers(world: World) -> None:
    for name in ("herten", "kreis"):
        put(world.nodes[name], identifier="VR 12")
    world.settle()
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", world.hub.clock.now())

    assert catch_up(world.hub) == 0
    assert clusters(world) == []
