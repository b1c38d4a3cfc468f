"""Joining, rotation of the key, a new generation: against a hub that only remembers."""

from __future__ import annotations

from pathlib import Path

import pytest

from node import upkeep
from node.editing import own_offers, save_offer
from node.joining import join, poll_membership
from node.opening import close_node, init_node, open_node
from node.party import Node
from node.rotating import finish_rotation, new_generation, rotate_key
from node.settings import load_settings
from node.status import show_status
from shared.errors import AccessError, ConfigError, ConflictError, FetchError, InputError, KreisweitError, LogStateError
from shared.feed.note import parse_note
from shared.holdings import facts, logs
from tests.support.lone_node import FakeHub, make_node, offer, reopen, seal, states
from tests.support.world import SeededDice, VirtualClock

URL = "http://herten.example:8106"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def hub(clock: VirtualClock) -> FakeHub:
    return FakeHub(clock)


@pytest.fixture
def node(tmp_path: Path, clock: VirtualClock, hub: FakeHub) -> Node:
    return make_node(tmp_path / "herten", clock, hub)


@pytest.fixture
def member(node: Node, hub: FakeHub) -> Node:
    join(node, hub.invite(), URL)
    hub.approve(hub.requests[-1])
    assert poll_membership(node) == "member"
    return node


def state_of(node: Node) -> str:
    return show_status(node).state


def token_of(node: Node) -> str:
    with node.db.read() as conn:
        return facts.load_fact(conn, "join-token")


def test_init_refuses_where_keys_are_and_changes_nothing(node: Node) -> None:
    before = (node.settings.key_folder / "log-g1.key").read_bytes()

    with pytest.raises(ConfigError):
        init_node(node.home, name="herten", ags="05562020", title="Stadt Herten")

    assert (node.settings.key_folder / "log-g1.key").read_bytes() == before


def test_keys_without_a_database_make_a_recovering_node_and_no_second_hello(node: Node) -> None:
    node.db.close()
    for file in node.home.glob("node.db*"):
        file.unlink()

    again = open_node(node.home, clock=node.clock, dice=SeededDice(1), web=node.web)

    with again.db.read() as conn:
        assert logs.load_log(conn, again.settings.origin).size == 0
        assert facts.load_number(conn, "recovering-since") > 0


def test_new_node_waits_after_joining_and_is_a_member_after_approval(node: Node, hub: FakeHub) -> None:
    seen = [state_of(node)]

    joined = join(node, hub.invite(), URL)
    seen.append(state_of(node))
    hub.approve(hub.requests[-1])
    said = poll_membership(node)

    assert (seen, joined.state, said) == (["new", "waiting"], "waiting", "member")
    assert joined.fingerprint == hub.requests[0].fingerprint
    assert (state_of(node), token_of(node)) == ("active", "")
    assert reopen(node).is_member


def test_joining_twice_sends_the_same_keys_again(node: Node, hub: FakeHub) -> None:
    join(node, hub.invite(), URL)

    join(node, hub.invite(), URL)

    assert len({request.fingerprint for request in hub.requests}) == 1


@pytest.mark.parametrize(
    "invite", [{"name": "marl"}, {"ags": "05562024"}, {"seconds": -1}], ids=["name", "ags", "expired"]
)
def test_invite_for_another_or_expired_is_refused_before_anything_is_sent(
    node: Node, hub: FakeHub, invite: dict[str, object]
) -> None:
    with pytest.raises(InputError):
        join(node, hub.invite(**invite), URL)  # type: ignore[arg-type]

    assert (hub.requests, state_of(node)) == ([], "new")


@pytest.mark.parametrize(("status", "error"), [(403, AccessError), (409, ConflictError), (422, InputError)])
def test_refusal_of_the_hub_is_told_and_nothing_is_kept(
    node: Node, hub: FakeHub, status: int, error: type[KreisweitError]
) -> None:
    hub.refuse = status

    with pytest.raises(error):
        join(node, hub.invite(), URL)

    assert (state_of(reopen(node)), token_of(node)) == ("new", "")


def test_unreachable_hub_is_told_and_nothing_is_kept(node: Node, hub: FakeHub) -> None:
    hub.is_down = True

    with pytest.raises(FetchError):
        join(node, hub.invite(), URL)

    assert state_of(node) == "new"


def test_member_with_a_new_database_finds_the_roster_without_the_token(member: Node) -> None:
    member.db.close()
    for file in member.home.glob("node.db*"):
        file.unlink()
    again = open_node(member.home, clock=member.clock, dice=SeededDice(1), web=member.web)

    assert (again.is_member, poll_membership(again), again.is_member) == (False, "member", True)


def test_rotation_signs_with_both_keys_until_the_roster_drops_the_old_one(member: Node, hub: FakeHub) -> None:
    old = member.signer.log_keys[0].verifying
    save_offer(member, offer())

    rotate_key(member)
    seal(member)
    early = finish_rotation(member)
    announced = hub.requests[-1]
    hub.approve(announced)
    poll_membership(member)

    with member.db.read() as conn:
        note = parse_note(bytes(logs.load_log(conn, member.settings.origin).note))
    assert {old.key_id, announced.log_key.key_id} <= {line.key_id for line in note.signatures}
    assert early is False
    assert finish_rotation(member) is True
    assert [key.verifying for key in reopen(member).signer.log_keys] == [announced.log_key]


def test_running_process_takes_up_what_other_commands_changed(node: Node, hub: FakeHub) -> None:
    running = open_node(node.home, clock=node.clock, dice=SeededDice(1), web=hub)
    join(node, hub.invite(), URL)
    hub.approve(hub.requests[-1])
    poll_membership(node)

    upkeep.tick(running, "server")
    rotate_key(node)
    upkeep.tick(running, "server")

    assert running.is_member
    assert running.signer.log_keys == node.signer.log_keys
    close_node(running)


def test_rotation_repeated_announces_the_same_key(member: Node, hub: FakeHub) -> None:
    hub.is_down = True
    with pytest.raises(FetchError):
        rotate_key(member)
    hub.is_down = False

    first, second = rotate_key(member), rotate_key(reopen(member))

    assert first.fingerprint == second.fingerprint


def test_rotation_before_joining_and_finish_without_one_are_refused(node: Node) -> None:
    with pytest.raises(LogStateError):
        rotate_key(node)
    with pytest.raises(LogStateError):
        finish_rotation(node)


def test_new_generation_publishes_live_records_again_with_the_same_ids(member: Node, hub: FakeHub) -> None:
    live = save_offer(member, offer("Bleibt"))
    gone = save_offer(member, offer("Geht"))
    seal(member)
    from node.editing import withdraw

    withdraw(member, gone, "ended")
    seal(member)
    waiting = save_offer(member, offer("Wartet"))

    new_generation(member, hub.invite(token=b"g" * 32))
    second = reopen(member)
    hub.approve(hub.requests[-1], generation=2)
    said = poll_membership(second)
    seal(second)

    assert (said, second.settings.origin) == ("member", "herten.kreisweit.example/feed/g2")
    assert {row.id for row in own_offers(second)} == {live.hex(), waiting.hex()}
    assert states(own_offers(second)) == {"Bleibt": "published", "Wartet": "published"}
    assert hub.requests[-1].witness_key != hub.requests[0].witness_key
    with second.db.read() as conn:
        assert [row.size for row in logs.load_logs(conn)] == [4, 3]


def test_new_generation_that_the_hub_refuses_changes_nothing(member: Node, hub: FakeHub) -> None:
    hub.refuse = 403

    with pytest.raises(AccessError):
        new_generation(member, hub.invite(token=b"g" * 32))

    assert load_settings(member.home).generation == 1
    hub.refuse = 0
    new_generation(reopen(member), hub.invite(token=b"g" * 32))
    assert load_settings(member.home).generation == 2
    close_node(member)
