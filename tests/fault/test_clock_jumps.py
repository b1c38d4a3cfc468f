"""Clocks that are wrong, jump or stand still: order and catalogue are those of a run with right clocks (THREATS 3.4).

What is refused meanwhile is said.  Once the clock is right everything goes on by itself, at the latest when the time is
there for which something was signed; `clock reset` ends that wait (more of it: tests/integration/test_own_clock.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
import sqlalchemy as sa

from hub.overview import members
from hub.party import Hub
from hub.store.tables import member_day
from node.own_clock import reset_clock
from node.party import Node
from node.troubles import find_troubles
from shared.doctor.computer import look_at_time_of_log
from shared.doctor.finding import Grade
from shared.feed import limits
from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.feed.note import parse_note
from shared.feed.roster import format_roster, parse_roster, sign_roster
from shared.holdings import logs, payloads
from tests.fault.scenes import HONEST, LIAR, Settled, open_world
from tests.support.world import Answered, Exchange, SharedClock, World, publish, titles

MINUTE, HOUR, DAY = 60, 3600, 86_400
YEARS = 10 * 365 * DAY
WRONG = LIAR
"""Whose clock is wrong; in a world of honest nodes it tells no lies."""
NAMES = (WRONG, *HONEST)
ORIGIN = f"{WRONG}.example/feed/g1"


def size_and_time(world: World, holder: str = WRONG) -> tuple[int, int]:
    """Of the log whose owner's clock is wrong, as one party holds it."""
    db = world.hub.db if holder == "hub" else world.nodes[holder].db
    with db.read() as conn:
        row = logs.load_log(conn, ORIGIN)
    return int(row.size), int(row.time)


def order_of(world: World, holder: str) -> list[str]:
    """Titles in the order of the entries of that log, as one party holds it."""
    db = world.hub.db if holder == "hub" else world.nodes[holder].db
    with db.read() as conn:
        row = logs.load_log(conn, ORIGIN)
        commitments = [
            e.commitment for e in parse_entries(logs.load_entries(conn, row.id, 0)) if isinstance(e, Publish)
        ]
        bodies = [payloads.load_payload(conn, row.id, commitment) for commitment in commitments]
    return [msgspec.json.decode(body)["doc"]["name"] for body in bodies if body is not None]


def work(world: World) -> None:
    """Everybody publishes twice, some seconds apart."""
    for number in (1, 2):
        for name in NAMES:
            publish(world.nodes[name], f"Neues {number} aus {name}")
        world.tick(7)


def outcome(world: World) -> dict[str, list[str]]:
    """Let everything arrive: what every node shows, and in which order everybody holds that log."""
    world.settle(180)
    return {
        **{f"titles at {name}": titles(world.nodes[name]) for name in NAMES},
        **{f"order at {name}": order_of(world, name) for name in ("hub", *NAMES)},
    }


@pytest.fixture(scope="module")
def control(settled: Settled) -> dict[str, list[str]]:
    """What a run with right clocks ends in."""
    world = open_world(settled)
    work(world)
    return outcome(world)


def set_clock(world: World, name: str, seconds: int) -> None:
    world.clock_of(name).skew = seconds


# --- a node -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-10, 10, 4 * MINUTE])
def test_node_whose_clock_is_a_little_wrong_ends_like_the_control_run(
    settled: Settled, control: dict[str, list[str]], offset: int
) -> None:
    world = open_world(settled)
    set_clock(world, WRONG, offset)

    work(world)
    set_clock(world, WRONG, 0)
    world.clock.time += abs(offset)

    assert outcome(world) == control


@pytest.mark.parametrize("offset", [-HOUR, -DAY, -YEARS])
def test_node_whose_clock_is_behind_signs_nothing_says_so_and_goes_on_by_itself(
    settled: Settled, control: dict[str, list[str]], offset: int
) -> None:
    world = open_world(settled)
    before = size_and_time(world)
    set_clock(world, WRONG, offset)

    work(world)
    node = world.nodes[WRONG]
    told = [trouble.code for trouble in find_troubles(node)]
    answer = look_at_time_of_log(node.db, node.clock.now())

    assert size_and_time(world) == before
    assert "E_OWN_CLOCK" in told
    assert answer[0] is Grade.BAD
    assert "in der Zukunft; es wird nichts unterschrieben" in answer[1]
    set_clock(world, WRONG, 0)
    assert outcome(world) == control
    assert find_troubles(node) == []


@pytest.mark.parametrize("offset", [HOUR, DAY, YEARS])
def test_node_whose_clock_is_ahead_harms_nobody_else_and_its_news_come_when_it_is_right(
    settled: Settled, control: dict[str, list[str]], offset: int
) -> None:
    world = open_world(settled)
    before = size_and_time(world, "hub")
    set_clock(world, WRONG, offset)

    work(world)
    world.clock.time += 15 * MINUTE  # the hub reads everybody by then
    world.tick(15)

    assert size_and_time(world, "hub") == before
    assert {title for title in titles(world.nodes["marl"]) if title.startswith("Neues")} == {
        f"Neues {number} aus {name}" for number in (1, 2) for name in HONEST
    }
    assert world_states(world)[WRONG] == "quarantined"
    set_clock(world, WRONG, 0)
    if offset == HOUR:
        world.clock.time += offset  # the time is there for which it signed
    else:
        reset_clock(world.nodes[WRONG])
        world.clock.time += HOUR  # the hub's longest wait before it reads a quarantined member again
    assert outcome(world) == control
    assert world_states(world)[WRONG] == "active"


def world_states(world: World) -> dict[str, str]:
    return {member.name: member.state for member in members(world.hub)}


class StuckClock(SharedClock):
    """A clock that stands still until it is let go."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self.stands_at: int | None = super().now()

    def now(self) -> int:
        return super().now() if self.stands_at is None else self.stands_at


@pytest.mark.parametrize("name", [WRONG, "hub"])
def test_party_whose_clock_stands_still_goes_on_when_it_runs_again(
    settled: Settled, control: dict[str, list[str]], name: str
) -> None:
    world = open_world(settled)
    stuck = world._clocks[name] = StuckClock(world)
    world.restart(name)

    work(world)
    _, time = size_and_time(world)
    stuck.stands_at = None

    assert outcome(world) == control
    assert size_and_time(world)[1] >= time


@pytest.mark.parametrize("jump", [-DAY, -HOUR, HOUR])
def test_clock_that_jumps_between_question_and_signature_changes_no_order(
    settled: Settled, control: dict[str, list[str]], jump: int
) -> None:
    world = open_world(settled)
    before = size_and_time(world)
    jumped: list[Exchange] = []

    def jump_at_the_first_push(exchange: Exchange, deliver: Callable[[], Answered]) -> Answered:
        answered = deliver()
        if (exchange.sender, exchange.method) == (WRONG, "POST") and not jumped:
            jumped.append(exchange)
            set_clock(world, WRONG, jump)
        return answered

    world.network.meddle = jump_at_the_first_push
    work(world)
    size, time = size_and_time(world)

    assert jumped
    assert (size > before[0]) == (jump > 0)
    assert time >= before[1]
    set_clock(world, WRONG, 0)
    world.clock.time += max(jump, 0)
    assert outcome(world) == control


# --- the hub ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("offset", [-YEARS, -DAY, -HOUR, -10, 10])
def test_hub_whose_clock_is_wrong_blames_no_member_and_goes_on_by_itself(
    settled: Settled, control: dict[str, list[str]], offset: int
) -> None:
    world = open_world(settled)
    set_clock(world, "hub", offset)

    work(world)
    states = set(world_states(world).values())
    set_clock(world, "hub", 0)
    world.clock.time += max(offset, 0)

    assert states == {"active"}
    assert outcome(world) == control


# --- the nights of the two time changes -------------------------------------------------------------------------------


def prolong_roster(world: World, expires: int) -> None:
    """The holders of the root key sign the members once more, for longer."""
    last = parse_roster(parse_note(world.roster_note, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
    issued = expires - 300 * DAY
    newer = msgspec.structs.replace(last, version=last.version + 1, issued=issued, expires=expires)
    note = sign_roster(format_roster(newer), world.root)
    parties: list[Hub | Node] = [world.hub, *world.nodes.values()]
    for party in parties:
        with party.db.write() as conn:
            party.book.extend(conn, note)


@pytest.mark.parametrize(
    "changes_at", [datetime(2026, 10, 25, 1, tzinfo=UTC), datetime(2027, 3, 28, 1, tzinfo=UTC)], ids=["twice", "never"]
)
def test_half_past_two_that_comes_twice_or_never_changes_nothing(
    settled: Settled, control: dict[str, list[str]], changes_at: datetime
) -> None:
    world = open_world(settled)
    prolong_roster(world, int(changes_at.timestamp()) + 30 * DAY)
    world.clock.time = changes_at.timestamp() - DAY
    world.settle(180)
    world.clock.time = changes_at.timestamp() - 7

    work(world)  # seven seconds before the change, and seven after it
    found = outcome(world)
    for _ in range(4):
        world.clock.time += 8 * HOUR
        world.tick()

    assert found == control
    with world.hub.db.read() as conn:
        days = conn.execute(sa.select(member_day.c.day).where(member_day.c.member == WRONG)).scalars().all()
    night, next_day = changes_at.date(), changes_at.date() + timedelta(days=1)
    assert {night.isoformat(), next_day.isoformat()} <= set(days)
