"""Logs that end: members that leave, replaced generations, superseded versions (PROTOCOL 6.14 and 8)."""

from __future__ import annotations

import msgspec

from hub import roster_keeping
from hub.holds import confirm
from hub.notes import newest_note
from hub.pulling import pull_named
from shared.database import Database
from shared.feed.keys import LOG, WITNESS, SigningKey
from shared.feed.roster import MemberRow, format_roster, sign_roster
from shared.holdings import logs, payloads
from tests.support.world import SeededDice, World, publish, titles, withdraw

MARL = "marl.example/feed/g1"


def held(db: Database, origin: str = MARL) -> int:
    with db.read() as conn:
        return len(list(payloads.iterate_payloads(conn, logs.load_log(conn, origin).id)))


def change_row(world: World, **changes: object) -> None:
    """The holders of the root keys sign a roster in which Marl's row is another."""
    roster = roster_keeping.held_roster(world.hub).roster
    rows = tuple(_changed(row, changes) if row.name == "marl" else row for row in roster.members)
    newer = msgspec.structs.replace(roster, version=roster.version + 1, members=rows)
    roster_keeping.publish(world.hub, sign_roster(format_roster(newer), world.root))


def _changed(row: MemberRow, changes: dict[str, object]) -> MemberRow:
    return msgspec.structs.replace(row, **changes)


def new_keys() -> dict[str, object]:
    dice = SeededDice("second generation")
    return {
        "generation": 2,
        "log_key": SigningKey.from_seed("marl.example/feed/g2", LOG, dice.token(32)).verifying,
        "witness_key": SigningKey.from_seed("marl.example/witness", WITNESS, dice.token(32)).verifying,
    }


def settled() -> World:
    world = World(["herten", "marl"])
    publish(world.nodes["marl"], "Aus Marl")
    world.settle()
    return world


def test_superseded_version_is_gone_everywhere_but_at_its_owner_after_an_hour() -> None:
    world = World(["herten", "marl"])
    rid = publish(world.nodes["marl"], "Erste Fassung")
    world.settle()
    publish(world.nodes["marl"], "Zweite Fassung", rid)
    world.tick(10)
    world.settle()

    world.clock.time += 2 * 3600
    world.tick(70)

    assert (held(world.hub.db), held(world.nodes["herten"].db), held(world.nodes["marl"].db)) == (1, 1, 2)


def test_old_generation_stays_in_the_catalogue_until_the_new_one_was_read() -> None:
    world = settled()

    change_row(world, **new_keys())
    world.tick(70)

    with world.hub.db.read() as conn:
        note = newest_note(conn)
    assert note is not None
    assert [source.origin for source in note.sources if source.member == "marl"] == [MARL]
    assert titles(world.nodes["herten"]) == ["Aus Marl"]
    assert held(world.hub.db) == held(world.nodes["herten"].db) == 1


def test_hub_restored_from_before_a_member_left_deletes_its_payloads_again() -> None:
    world = settled()
    old = world.image("hub")
    change_row(world, status="retired")
    world.tick(10)
    assert held(world.hub.db) == 0

    world.restart("hub", old)
    world.tick(30)

    assert roster_keeping.held_roster(world.hub).roster.version == 2
    assert held(world.hub.db) == 0


def test_member_that_left_is_not_read_even_when_it_is_named() -> None:
    world = settled()
    change_row(world, status="retired")
    world.tick(10)

    (pull,) = pull_named(world.hub, ["marl"], "test")

    assert (pull.outcome, pull.code) == ("refused", "E_ROSTER")
    assert held(world.hub.db) == 0


def test_party_that_comes_while_offers_are_held_shows_them_as_everybody_does() -> None:
    world = World(["herten", "marl"])
    ids = [publish(world.nodes["herten"], f"Angebot {number:02}") for number in range(13)]
    world.settle()
    for rid in ids[:10]:
        withdraw(world.nodes["herten"], rid)
    world.tick(20)
    assert len(titles(world.nodes["marl"])) == 13

    world.clock.time += 2 * 3600
    world.tick(70)
    world.wipe("marl")
    world.settle(400)

    assert len(titles(world.nodes["marl"])) == 13
    confirm(world.hub, "herten")
    world.tick(5)
    assert len(titles(world.nodes["marl"])) == 3
