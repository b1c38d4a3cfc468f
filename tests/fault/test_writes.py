"""Every write fails, once unstored, once stored, once for good until there is room: nothing acknowledged is lost.

An operation's writes are counted in a run without faults; then each of them fails in a run of its own.  Afterwards,
with a healthy disk, everything converges and every database is whole (`tests.support.wholeness`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from hub import enrolment, notes, pulling, pushing
from hub import recovery as hub_recovery
from node import importing, receiving, upkeep
from node.editing import save_offer
from node.erasing import erase
from node.sealing import seal_offline, seal_pending
from shared.database import Database
from shared.errors import KreisweitError
from shared.holdings import payloads
from shared.holdings.tables import conflict, outbox, payload
from tests.fault.scenes import Settled, open_world
from tests.support.enrolling import City, make_hub, root_of
from tests.support.flaky import Failure, FlakyWrites
from tests.support.lone_node import make_member, offer
from tests.support.wholeness import check_whole
from tests.support.world import (
    Answered,
    Exchange,
    VirtualClock,
    World,
    pending_of,
    publish,
    titles,
    withdraw,
)

PERSON = "Erika Mustermann"
MANY = 300
SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"


class Operation(msgspec.Struct, frozen=True):
    """One operation of one party.

    Attributes:
        target: whose writes fail.
        prepare: brings the world to where the operation begins.
        run: the operation; True if it told its caller that it is done.
        is_done: whether its effect is there, everywhere.
        again: whether a caller who was told of a failure may simply try again.
    """

    target: str
    prepare: Callable[[World, Path], None]
    run: Callable[[World], object]
    is_done: Callable[[World], bool]
    again: bool = True


def nothing(world: World, home: Path) -> None:
    """There is nothing to prepare."""


def answer_500(exchange: Exchange, deliver: Callable[[], Answered]) -> Answered:
    """What a party's web server says when its database fails."""
    try:
        return deliver()
    except sa.exc.OperationalError:
        return Answered(500)


def shown_everywhere(*wanted: str) -> Callable[[World], bool]:
    return lambda world: all(titles(node).count(title) == 1 for node in world.nodes.values() for title in wanted)


# --- operations -------------------------------------------------------------------------------------------------------


def pend(world: World, home: Path) -> None:
    publish(world.nodes["herten"], "Neu")


def save(world: World) -> None:
    save_offer(world.nodes["herten"], offer("Neu"))


def seal(world: World) -> None:
    seal_pending(world.nodes["herten"], "test")


def much_at_herten(world: World, home: Path) -> None:
    for number in range(MANY):
        publish(world.nodes["herten"], f"Viele {number:03}")
    seal_offline(world.nodes["herten"])
    world.network.sites["herten"] = world.network.sites["herten"]


def pull(world: World) -> None:
    pulling.pull_named(world.hub, ["herten"], "test")


def has_many(world: World) -> bool:
    return all(sum(title.startswith("Viele") for title in titles(node)) == MANY for node in world.nodes.values())


def news_at_the_hub(world: World, home: Path) -> None:
    publish(world.nodes["herten"], "Neu")
    seal_pending(world.nodes["herten"], "test")
    world.clock.time += 2


def make_note(world: World) -> None:
    notes.publish_note(world.hub)


def note_at_the_hub(world: World, home: Path) -> None:
    news_at_the_hub(world, home)
    notes.publish_note(world.hub)


def push_to_all(world: World) -> None:
    pushing.push_due(world.hub)


def read_note(world: World) -> None:
    receiving.refresh(world.nodes["marl"])


def herten_from_an_old_disk(world: World, home: Path) -> None:
    old = world.image("herten")
    publish(world.nodes["herten"], "Neu")
    world.settle()
    world.resume("herten", old)
    publish(world.nodes["herten"], "Danach")


def start_herten(world: World) -> None:
    upkeep.start(world.nodes["herten"])
    upkeep.tick(world.nodes["herten"], "herten")


def hub_from_an_old_disk(world: World, home: Path) -> None:
    old = world.image("hub")
    publish(world.nodes["herten"], "Neu")
    world.settle()
    world.resume("hub", old)


def start_hub(world: World) -> None:
    hub_recovery.begin_recovery(world.hub)
    world.tick(3)


def a_person(world: World, home: Path) -> None:
    node = world.nodes["herten"]
    node.settings = msgspec.structs.replace(node.settings, home=str(home))
    publish(node, "Mit Person", summary=f"Fragen beantwortet {PERSON} gern.")
    publish(node, "Ohne Person")
    world.settle()


def erase_person(world: World) -> None:
    erase(world.nodes["herten"], PERSON)


def person_erased_here(world: World, home: Path) -> None:
    a_person(world, home)
    erase_person(world)


def databases(world: World) -> list[Database]:
    return [world.hub.db, *(node.db for node in world.nodes.values())]


def is_erased(world: World) -> bool:
    """No database has the name in any row, and nobody lost the offers."""
    for db in databases(world):
        with db.read() as conn:
            for table in (payload, outbox, conflict):
                if any(PERSON.encode() in bytes(b or b"") for b in conn.execute(sa.select(table.c.body)).scalars()):
                    return False
    return shown_everywhere("Mit Person", "Ohne Person")(world)


def import_file(world: World) -> None:
    importing.import_table(world.nodes["herten"], SAMPLE.read_bytes(), own_only=True)


def is_imported(world: World) -> bool:
    """Every row of the file once, and the same file again changes nothing."""
    again = importing.import_table(world.nodes["herten"], SAMPLE.read_bytes(), own_only=True, dry_run=True)
    names = titles(world.nodes["marl"])
    return (again.created, again.changed) == (0, 0) and len(names) == len(set(names)) == 3 + again.unchanged


def prepare_withdrawal(world: World, home: Path) -> None:
    rid = publish(world.nodes["herten"], "Geht wieder")
    world.settle()
    withdraw(world.nodes["herten"], rid)
    world.clock.time += 10


def is_withdrawn(world: World) -> bool:
    return all("Geht wieder" not in titles(node) for node in world.nodes.values())


OPERATIONS = {
    "an edit is saved": Operation("herten", nothing, save, shown_everywhere("Neu"), again=False),
    "a node seals and delivers": Operation("herten", pend, seal, shown_everywhere("Neu")),
    "a node seals a withdrawal": Operation("herten", prepare_withdrawal, seal, is_withdrawn),
    "the hub receives a push": Operation("hub", pend, seal, shown_everywhere("Neu")),
    "the hub reads 300 offers": Operation("hub", much_at_herten, pull, has_many),
    "the hub signs a note": Operation("hub", news_at_the_hub, make_note, shown_everywhere("Neu")),
    "the hub pushes": Operation("hub", note_at_the_hub, push_to_all, shown_everywhere("Neu")),
    "a node receives a push": Operation("marl", note_at_the_hub, push_to_all, shown_everywhere("Neu")),
    "a node reads the catalogue": Operation("marl", note_at_the_hub, read_note, shown_everywhere("Neu")),
    "a node recovers": Operation("herten", herten_from_an_old_disk, start_herten, shown_everywhere("Neu", "Danach")),
    "the hub recovers": Operation("hub", hub_from_an_old_disk, start_hub, shown_everywhere("Neu")),
    "a person is erased": Operation("herten", a_person, erase_person, is_erased),
    "a person's erasure is sealed": Operation("herten", person_erased_here, seal, is_erased),
    "a table is imported": Operation("herten", nothing, import_file, is_imported),
}


def database(world: World, name: str) -> Database:
    return world.hub.db if name == "hub" else world.nodes[name].db


def attempt(world: World, operation: Operation) -> bool:
    """Run an operation; False if it says that it failed."""
    try:
        operation.run(world)
    except (sa.exc.OperationalError, KreisweitError):
        return False
    return True


def open_flaky(settled: Settled, operation: Operation, home: Path) -> tuple[World, FlakyWrites]:
    world = open_world(settled)
    world.network.meddle = answer_500
    operation.prepare(world, home)
    return world, FlakyWrites(database(world, operation.target))


def converge(world: World) -> None:
    """Everybody is healthy: three minutes suffice for everything to be everywhere."""
    world.settle(180)
    for db in databases(world):
        assert check_whole(db) == []
    assert not any(pending_of(node) for node in world.nodes.values())


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("name", OPERATIONS)
def test_failing_write_loses_nothing_and_leaves_nothing_half_done(
    settled: Settled, tmp_path: Path, name: str, failure: Failure
) -> None:
    operation = OPERATIONS[name]
    world, writes = open_flaky(settled, operation, tmp_path)
    writes.arm(0, failure)
    assert attempt(world, operation)
    total = writes.count
    converge(world)
    assert operation.is_done(world)

    for at in range(1, total + 1):
        world, writes = open_flaky(settled, operation, tmp_path)
        writes.arm(at, failure)
        was_told_done = attempt(world, operation)
        assert writes.failed, f"write {at} of {total} did not come"
        writes.heal()
        assert check_whole(database(world, operation.target)) == []
        if not was_told_done and operation.again:
            assert attempt(world, operation)
        converge(world)
        if was_told_done or operation.again:
            assert operation.is_done(world), f"write {at} of {total}"


@pytest.mark.parametrize("failure", list(Failure))
def test_saved_edit_is_there_and_a_refused_one_is_whole_or_not_there(
    settled: Settled, tmp_path: Path, failure: Failure
) -> None:
    world, writes = open_flaky(settled, OPERATIONS["an edit is saved"], tmp_path)
    writes.arm(1, failure)

    with pytest.raises(sa.exc.OperationalError):
        save(world)
    writes.heal()
    converge(world)

    assert titles(world.nodes["marl"]).count("Neu") == (1 if failure is Failure.STORED else 0)


# --- enrolment, with real files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", [Failure.UNSTORED, Failure.STORED])
@pytest.mark.parametrize("step", ["invite", "apply", "approve"])
def test_enrolment_goes_on_after_a_failing_write(tmp_path: Path, step: str, failure: Failure) -> None:
    hub = make_hub(tmp_path / "hub", VirtualClock())
    writes, city = FlakyWrites(hub.db), City("herten")
    code = [""]

    def invite() -> None:
        code[0] = enrolment.invite(hub, "herten", "05562020", "Stadt Herten")

    def apply() -> None:
        status, _ = enrolment.receive_join(hub, city.application(code[0]))
        assert status in (200, 202)

    def approve() -> None:
        enrolment.approve(hub, "herten", root_of(hub))

    steps = {"invite": invite, "apply": apply, "approve": approve}
    for name, run in steps.items():
        if name == step:
            fail_once(run, writes, failure)
        elif name != step:
            run()

    assert enrolment.receive_join(hub, city.application(code[0]))[1]["state"] == "member"
    assert [row.name for row in hub.members()] == ["herten"]
    assert check_whole(hub.db) == []


def fail_once(run: Callable[[], None], writes: FlakyWrites, failure: Failure) -> None:
    """Let the last write of this step fail, then take the step again, as a person would."""
    writes.arm(1, failure)
    with pytest.raises(sa.exc.OperationalError):
        run()
    writes.heal()
    if failure is Failure.STORED:
        # The step may say that it is done already.
        with suppress(KreisweitError):
            run()
    else:
        run()


# --- a lone node ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failure", list(Failure))
def test_offline_seal_with_a_failing_write(tmp_path: Path, failure: Failure) -> None:
    node = make_member(tmp_path / "herten", VirtualClock())
    save_offer(node, offer("Neu"))
    writes = FlakyWrites(node.db)
    writes.arm(1, failure)

    with pytest.raises(sa.exc.OperationalError):
        seal_offline(node)
    writes.heal()
    assert check_whole(node.db) == []
    seal_offline(node)

    assert check_whole(node.db) == []
    assert pending_of(node) == 0
    with node.db.read() as conn:
        own = [body for _, _, body in payloads.iterate_payloads(conn, 1)]
    assert len(own) == 1


def test_flaky_writes_fail_as_they_say(tmp_path: Path) -> None:
    node = make_member(tmp_path / "herten", VirtualClock())
    writes = FlakyWrites(node.db)
    expected = {Failure.UNSTORED: 0, Failure.STORED: 1, Failure.FULL: 0}

    for failure, count in expected.items():
        before = pending_of(node)
        writes.arm(1, failure)
        with pytest.raises(sa.exc.OperationalError):
            save_offer(node, offer(f"Neu {failure}"))
        writes.heal()
        assert pending_of(node) - before == count
