"""A small settled federation in which one member is a simulator that can lie, and how a test plays a round with it."""

from __future__ import annotations

import msgspec

from hub import pulling
from hub.party import Hub
from hub.pulling import Pull
from hub.states import Standing, standing_of
from node.sealing import seal_offline
from shared.feed.outcomes import parse_state_word
from shared.feed.roster import MemberRow
from shared.holdings import logs
from shared.holdings.catalogue import iterate_shown
from shared.seal import Signer
from tests.support.node_simulator import NodeSimulator, Told
from tests.support.world import VirtualClock, World, publish

LIAR = "herten"
HONEST = ("kreis", "marl")
OFFERS = ("Erstes Angebot", "Zweites Angebot", "Drittes Angebot")


class Settled(msgspec.Struct, frozen=True):
    """Disks of a settled federation, from which every test starts."""

    time: float
    images: dict[str, bytes]
    told: Told


class Scene:
    """One hub, two honest members, one liar with three offers that everybody holds."""

    def __init__(self, world: World, liar: NodeSimulator) -> None:
        self.world = world
        self.liar = liar
        self.signer: Signer = liar.signer
        self.truth = liar.snapshot()

    @property
    def hub(self) -> Hub:
        return self.world.hub

    def row(self, name: str = LIAR) -> MemberRow:
        return next(row for row in self.hub.members() if row.name == name)

    def standing(self, name: str = LIAR) -> Standing:
        """How the hub shows a member."""
        row = self.row(name)
        with self.hub.db.read() as conn:
            return standing_of(conn, row, now=self.hub.clock.now())

    def pull(self) -> Pull:
        """Play one round: all members have news, the hub reads all of them; returns the liar's line.

        Fails unless every honest member advances in this round.
        """
        before = {name: self.size_at_hub(name) for name in HONEST}
        for name in HONEST:
            publish(self.world.nodes[name], f"Neues aus {name}")
            seal_offline(self.world.nodes[name])
        pulls = {pull.name: pull for pull in pulling.pull_named(self.hub, [], "test")}
        for name in HONEST:
            assert (pulls[name].outcome, pulls[name].size) == ("ok", before[name] + 1)
        return pulls[LIAR]

    def pull_alone(self) -> Pull:
        """Read only the liar."""
        return pulling.pull_named(self.hub, [LIAR], "test")[0]

    def recant(self) -> None:
        """The liar tells the truth again, as it was before."""
        self.liar.restore(self.truth, self.signer)

    def recant_serving(self) -> None:
        """The liar serves what it has, without twists; its log stays as it is."""
        self.liar.twists.clear()

    def size_at_hub(self, name: str = LIAR) -> int:
        with self.hub.db.read() as conn:
            return int(logs.load_log(conn, f"{name}.example/feed/g1").size)

    def shown(self, member: str = LIAR) -> list[str]:
        """Titles of a member's offers in the hub's catalogue."""
        origin = f"{member}.example/feed/g1"
        with self.hub.db.read() as conn:
            return sorted(found.title for found in iterate_shown(conn, [origin]))

    def shown_by_note(self, member: str = LIAR) -> str:
        """The state word of a member in the hub's newest catalogue note; empty when it is not named."""
        from hub.notes import newest_note

        with self.hub.db.read() as conn:
            note = newest_note(conn)
        assert note is not None
        return next((source.state for source in note.sources if source.member == member), "")

    def word(self, member: str = LIAR) -> str:
        """The state alone, without the fold."""
        return parse_state_word(self.shown_by_note(member))[0]


def settle_once() -> Settled:
    """Build the federation once; tests begin from its disks."""
    world = World([LIAR, *HONEST])
    for title in OFFERS:
        publish(world.nodes[LIAR], title)
    world.settle()
    world.tick(15)
    world.settle()
    told = NodeSimulator(world, world.nodes[LIAR]).snapshot()
    return Settled(world.clock.time, {name: world.image(name) for name in (LIAR, *HONEST, "hub")}, told)


def open_world(settled: Settled) -> World:
    """A settled world with honest nodes only."""
    return World([LIAR, *HONEST], disks=settled.images, dice_seed=2, clock=VirtualClock(settled.time))


def open_scene(settled: Settled) -> Scene:
    """A settled scene of one's own."""
    world = open_world(settled)
    return Scene(world, NodeSimulator.replace(world, LIAR))
