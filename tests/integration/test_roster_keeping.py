"""The roster from version to version: m of n, changes of status, rotation, expiry (PROTOCOL 11); and decided holds."""

from __future__ import annotations

import msgspec
import pytest

from hub import holds, overview, own_clock, roster_keeping
from hub.roster_keeping import Change
from shared.errors import ConflictError, LogStateError, NotFoundError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.keys import LOG, SigningKey
from shared.feed.roster import format_roster, parse_roster, sign_roster
from shared.holdings import facts, logs, payloads
from tests.support.world import SeededDice, World, publish, titles, withdraw

OTHERS = tuple(
    SigningKey.from_seed(f"hub.example/root/{label}", LOG, SeededDice(label).token(32)) for label in ("b", "c")
)


def with_two_of_three(world: World) -> None:
    """Put two more root keys beside the first; from then on two signatures are needed."""
    roster = parse_roster(roster_keeping.draft(world.hub))
    roots = (*roster.roots, *(key.verifying for key in OTHERS))
    text = format_roster(msgspec.structs.replace(roster, roots=roots, threshold=2))
    note = roster_keeping.sign(roster_keeping.sign(text.encode(), world.root), OTHERS[0])
    roster_keeping.publish(world.hub, note)


def state_of(world: World, name: str) -> str:
    return next(member.state for member in overview.members(world.hub) if member.name == name)


# --- versions and signatures ---------------------------------------------------------------------------------------


def test_draft_is_one_version_higher_and_runs_for_a_year() -> None:
    world = World(["herten"])
    held = roster_keeping.held_roster(world.hub).roster

    drafted = parse_roster(roster_keeping.draft(world.hub))

    assert drafted.version == held.version + 1
    assert drafted.expires == world.hub.clock.now() + 365 * limits.DAY
    assert drafted.members == held.members


def test_new_version_reaches_every_node() -> None:
    world = World(["herten", "marl"])
    world.settle()

    version = roster_keeping.make_and_publish(world.hub, world.root)
    world.tick(5)

    assert version == 2
    assert [node.book.version() for node in world.nodes.values()] == [2, 2]


def test_two_of_three_keys_must_sign() -> None:
    world = World(["herten"])
    with_two_of_three(world)
    roster_keeping.request_change(world.hub, "herten", Change.SUSPEND)
    once = roster_keeping.sign(roster_keeping.draft(world.hub).encode(), OTHERS[1])

    with pytest.raises(VerificationError, match="1 von 2") as refused:
        roster_keeping.publish(world.hub, once)
    version = roster_keeping.publish(world.hub, roster_keeping.sign(once, world.root))

    assert refused.value.code == "E_ROSTER"
    assert version == 3
    assert world.hub.book.rows("herten")[0].status == "suspended"
    with world.hub.db.read() as conn:
        assert roster_keeping.pending_changes(conn) == {}


def test_one_signature_does_not_publish_at_once_where_two_are_needed() -> None:
    world = World(["herten"])
    with_two_of_three(world)

    with pytest.raises(ConflictError):
        roster_keeping.change_now(world.hub, "herten", Change.SUSPEND, world.root)

    assert world.hub.book.version() == 2
    assert "roster-pending" in {alarm.name for alarm in roster_keeping.alarms(world.hub)}


def test_signing_twice_counts_once() -> None:
    world = World(["herten"])
    with_two_of_three(world)
    note = roster_keeping.draft(world.hub).encode()
    for _ in range(2):
        note = roster_keeping.sign(note, world.root)

    with pytest.raises(VerificationError):
        roster_keeping.publish(world.hub, note)


def test_stranger_cannot_sign() -> None:
    world = World(["herten"])

    with pytest.raises(ConflictError):
        roster_keeping.change_now(world.hub, "herten", Change.SUSPEND, OTHERS[0])
    with pytest.raises(ConflictError):
        roster_keeping.sign(roster_keeping.draft(world.hub).encode(), OTHERS[0])
    with pytest.raises(ParseError):
        roster_keeping.sign(b"\xff", world.root)

    with world.hub.db.read() as conn:
        assert roster_keeping.pending_changes(conn) == {}


def test_draft_that_skips_a_version_is_refused() -> None:
    world = World(["herten"])
    drafted = parse_roster(roster_keeping.draft(world.hub))
    later = sign_roster(format_roster(msgspec.structs.replace(drafted, version=3)), world.root)

    with pytest.raises(VerificationError, match="folgt 2"):
        roster_keeping.publish(world.hub, later)


def test_expiry_alarms_sixty_days_ahead() -> None:
    world = World(["herten"])
    expires = roster_keeping.held_roster(world.hub).roster.expires

    world.clock.time = expires - 61 * limits.DAY
    early = roster_keeping.alarms(world.hub)
    world.clock.time = expires - 59 * limits.DAY
    soon = roster_keeping.alarms(world.hub)
    world.clock.time = expires + 1
    late = roster_keeping.alarms(world.hub)

    assert [alarm.name for alarm in (*early, *soon, *late)] == ["roster-expires", "roster-expired"]
    assert "59 Tagen" in soon[0].message


# --- status of a member --------------------------------------------------------------------------------------------


def test_suspended_member_is_hidden_until_it_is_resumed() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()

    roster_keeping.change_now(world.hub, "herten", Change.SUSPEND, world.root)
    world.tick(10)
    hidden = (titles(world.nodes["marl"]), state_of(world, "herten"))
    roster_keeping.change_now(world.hub, "herten", Change.RESUME, world.root)
    world.tick(400)

    assert hidden == ([], "suspended")
    assert titles(world.nodes["marl"]) == ["Sprachcafé"]
    assert state_of(world, "herten") == "active"


def test_retired_members_payloads_are_deleted_at_the_hub() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()

    roster_keeping.change_now(world.hub, "herten", Change.RETIRE, world.root)
    world.tick(10)

    with world.hub.db.read() as conn:
        log = logs.load_log(conn, "herten.example/feed/g1")
        assert payloads.count_missing(conn, log.id) == 1
    assert titles(world.nodes["marl"]) == []


@pytest.mark.parametrize("change", list(Change))
def test_change_of_nobody_is_refused(change: Change) -> None:
    world = World(["herten"])

    with pytest.raises(NotFoundError):
        roster_keeping.change_now(world.hub, "marl", change, world.root)


# --- rotation ------------------------------------------------------------------------------------------------------


def with_second_key(world: World) -> SigningKey:
    """List a second log key of herten, as an approved rotation does."""
    new = SigningKey.from_seed("herten.example/feed/g1", LOG, SeededDice("next").token(32))
    drafted = parse_roster(roster_keeping.draft(world.hub))
    row = msgspec.structs.replace(drafted.members[0], log_key=new.verifying)
    text = format_roster(msgspec.structs.replace(drafted, members=(*drafted.members, row)))
    roster_keeping.publish(world.hub, sign_roster(text, world.root))
    return new


def test_old_key_is_dropped_after_seven_days_and_a_checkpoint_by_the_new_one() -> None:
    world = World(["herten"])
    world.settle()
    new = with_second_key(world)

    with pytest.raises(ConflictError, match="sieben Tage"):
        roster_keeping.change_now(world.hub, "herten", Change.FINISH_ROTATION, world.root)
    world.clock.time += limits.ROTATION_SECONDS
    with pytest.raises(ConflictError, match="keine Unterschrift"):
        roster_keeping.change_now(world.hub, "herten", Change.FINISH_ROTATION, world.root)
    old = world.nodes["herten"].signer
    world.nodes["herten"].sealer._signer = msgspec.structs.replace(old, log_keys=(*old.log_keys, new))
    publish(world.nodes["herten"], "Mit neuem Schlüssel")
    world.settle()
    roster_keeping.change_now(world.hub, "herten", Change.FINISH_ROTATION, world.root)

    assert [row.log_key for row in world.hub.book.rows("herten")] == [new.verifying]


def test_rotation_that_never_began_cannot_be_finished() -> None:
    world = World(["herten"])

    with pytest.raises(ConflictError, match="keine Schlüssel"):
        roster_keeping.change_now(world.hub, "herten", Change.FINISH_ROTATION, world.root)


# --- holds ---------------------------------------------------------------------------------------------------------


def with_mass_withdrawal() -> World:
    world = World(["herten", "marl"])
    ids = [publish(world.nodes["herten"], f"Angebot {number}") for number in range(10)]
    world.settle()
    for rid in ids[:8]:
        withdraw(world.nodes["herten"], rid)
    world.tick(30)
    return world


def test_held_withdrawals_leave_the_catalogue_once_confirmed() -> None:
    world = with_mass_withdrawal()
    before = (state_of(world, "herten"), len(titles(world.nodes["marl"])))

    decision = holds.confirm(world.hub, "herten")
    world.tick(10)

    assert before == ("held", 10)
    assert decision.folded
    assert state_of(world, "herten") == "active"
    assert len(titles(world.nodes["marl"])) == 2


def test_rejected_withdrawals_stay_out_until_the_city_publishes_again() -> None:
    world = with_mass_withdrawal()

    holds.reject(world.hub, "herten")
    world.tick(30)

    herten = next(member for member in overview.members(world.hub) if member.name == "herten")
    assert herten.state == "held"
    assert "nicht bestätigt" in herten.message
    assert len(titles(world.nodes["marl"])) == 10


def test_nothing_held_is_nothing_to_decide() -> None:
    world = World(["herten"])
    world.settle()

    for decide in (holds.confirm, holds.reject):
        with pytest.raises(ConflictError):
            decide(world.hub, "herten")
        with pytest.raises(NotFoundError):
            decide(world.hub, "marl")


def test_confirmed_growth_passes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(["herten", "marl"])
    world.settle()
    monkeypatch.setattr(limits, "GROWTH_PER_READ", 5)
    for number in range(8):
        publish(world.nodes["herten"], f"Angebot {number}")
    world.tick(30)
    before = state_of(world, "herten")

    decision = holds.confirm(world.hub, "herten")
    world.tick(400)

    assert before == "throttled"
    assert decision.let_pass == 8
    assert state_of(world, "herten") == "active"
    assert len(titles(world.nodes["marl"])) == 8


# --- overview and recovery -----------------------------------------------------------------------------------------


def test_lag_counts_what_a_member_has_not_acknowledged() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Alle haben es")
    world.settle()
    world.tick(10)
    before = [member.lag for member in overview.members(world.hub)]
    world.stop("marl")
    for number in range(3):
        publish(world.nodes["herten"], f"Angebot {number}")
    world.tick(30)

    lags = {member.name: member.lag for member in overview.members(world.hub)}

    assert before == [0, 0]
    assert lags == {"herten": 0, "marl": 3}


def test_catalogue_agrees_with_the_nodes() -> None:
    world = World(["herten", "marl"])
    publish(world.nodes["herten"], "Sprachcafé")
    world.settle()

    said = overview.catalogue_state(world.hub)

    assert (said.records, said.other, said.missing) == (1, 0, 0)
    assert said.digest == world.digests()["marl"]
    assert [source.member for source in said.sources] == ["herten", "hub", "marl"]


def test_recovery_is_shortened_only_while_it_runs() -> None:
    world = World(["herten", "marl"])
    world.settle()
    with pytest.raises(ConflictError):
        holds.excuse_members(world.hub, ["marl"])

    world.stop("marl")
    world.restart("hub")
    waiting = overview.status(world.hub)
    holds.excuse_members(world.hub, ["marl"])
    world.tick(30)

    assert waiting.recovering is not None
    assert set(waiting.recovering.waits_for) == {"herten", "marl"}
    assert not world.hub.is_recovering()


def test_clock_is_reset_when_no_node_saw_the_time_ahead() -> None:
    world = World(["herten"])
    world.settle()
    _sign_ahead(world, 5000)

    now = own_clock.reset_clock(world.hub)

    with world.hub.db.read() as conn:
        assert logs.load_log(conn, "hub.example/feed/g1").time == now == world.hub.clock.now()


def test_clock_is_not_reset_below_what_a_node_saw() -> None:
    world = World(["herten"])
    world.settle()
    world.clock.time += 1000
    world.hub.sealer.resign(now=world.hub.clock.now())
    world.settle()
    world.tick(700)
    world.clock_of("hub").skew = -3000

    with pytest.raises(ConflictError, match="kennt schon"):
        own_clock.reset_clock(world.hub)


def test_clock_is_not_reset_unasked_or_while_recovering() -> None:
    world = World(["herten"])
    world.settle()
    unasked = own_clock.reset_clock(world.hub)
    _sign_ahead(world, 5000)
    world.stop("herten")
    with pytest.raises(ConflictError, match="Kein Knoten"):
        own_clock.reset_clock(world.hub)
    with world.hub.db.write() as conn:
        facts.save_fact(conn, "recovering-since", 1)

    with pytest.raises(LogStateError):
        own_clock.reset_clock(world.hub)
    assert unasked is None


def _sign_ahead(world: World, seconds: int) -> None:
    """Let the hub sign with a clock that runs ahead, unseen by anybody."""
    world.hub.sealer.resign(now=world.hub.clock.now() + seconds)
