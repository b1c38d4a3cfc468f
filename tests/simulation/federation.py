"""The parties of a run: ten nodes, a hub, an integrator, on disks that crash and a network that fails.

Everything is real code but clock, dice, network and disks.  A run can crash any party at any commit or exchange, put
older disks under it, with or without a start, and shift its clock.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Mapping

import msgspec

from hub import erasure_watch
from hub import receiving as hub_receiving
from hub import upkeep as hub_upkeep
from hub.party import Hub
from node import receiving as node_receiving
from node import upkeep as node_upkeep
from node.party import Node
from shared.feed import limits
from shared.feed.note import parse_note
from shared.feed.roster import Pins, format_roster, parse_roster, sign_roster
from shared.holdings import facts
from shared.holdings.tables import metadata
from tests.simulation.disks import Crash, SimulatedDisk
from tests.simulation.follower import Follower
from tests.simulation.ledger import Ledger, SignedRoots, published_in
from tests.simulation.network import CRASH, FaultyNetwork
from tests.simulation.violations import ensure
from tests.support.world import (
    CITIES,
    NetworkAccess,
    PartySite,
    SharedClock,
    VirtualClock,
    World,
    publish,
    signed_paths,
)  # fmt: skip

PUSH_ONLY = "herten"
FOLLOWER = "integrator"
NAMES = tuple(name for name, _ in CITIES[:10])
PARTIES = (*NAMES, "hub", FOLLOWER)
_KEYS_SEED = 1

_RECOVERING = "SELECT 1 FROM fact WHERE name = 'recovering-since' AND value NOT IN ('', '0')"


class Archived(msgspec.Struct, frozen=True):
    """A disk as it once was, and how far the ledger was then."""

    serial: int
    image: bytes


class Federation(World):
    """All parties of one run.

    Args:
        disks: where to begin; None begins before the first start.
        liar: this node's promises are not checked.
        say: told every happening.
    """

    def __init__(
        self,
        seed: int,
        network: FaultyNetwork,
        *,
        disks: Mapping[str, bytes] | None,
        time: float,
        liar: str = "",
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self.rng = random.Random(f"{seed} federation")
        self.liar = liar
        self.say = say
        self.ledger = Ledger()
        self.signed = SignedRoots()
        self.down: dict[str, bytes] = {}
        self.ticking: set[str] = set()
        self.crash_after: dict[str, int] = {}
        self.on_commit: Callable[[SimulatedDisk], None] = lambda _disk: None
        self.faulty = network
        network.parties = self
        self.interferences: Callable[[str, str], None] = lambda _sender, _receiver: None
        self._held: dict[str, list[tuple[str, int, bytes]]] = {}
        self._own: dict[str, tuple[int, int]] = {}
        self._etags: dict[str, str] = {}
        super().__init__(
            NAMES, seed=_KEYS_SEED, push_only=[PUSH_ONLY], clock=VirtualClock(time), network=network, disks=disks,
            dice_seed=seed,
        )  # fmt: skip
        self.rosters = [self.roster_note]
        self.follower = self._open_follower(self._disk(FOLLOWER, disks), is_new=disks is None)

    def make_database(self, name: str) -> SimulatedDisk:
        return SimulatedDisk(name, self._hook)

    def _open_hub(self, db: object, *, is_new: bool = False) -> Hub:
        assert isinstance(db, SimulatedDisk)
        hub = super()._open_hub(db, is_new=is_new)
        self.network.sites["hub"] = PartySite(
            self._files(hub, "hub"), lambda body: hub_receiving.receive_push(hub, body), signed_paths(hub)
        )
        return hub

    def _open_node(self, name: str, db: object, *, is_new: bool = False) -> Node:
        assert isinstance(db, SimulatedDisk)
        node = super()._open_node(name, db, is_new=is_new)
        if name not in self.push_only:
            self.network.sites[name] = PartySite(
                self._files(node, name), lambda body: node_receiving.receive_push(node, body)
            )
        return node

    def _open_follower(self, disk: object, *, is_new: bool = False) -> Follower:
        assert isinstance(disk, SimulatedDisk)
        clock = self._clocks.setdefault(FOLLOWER, SharedClock(self.clock))
        web = NetworkAccess(self.network, FOLLOWER)
        return Follower(disk, clock, web, Pins((self.root.verifying,), 1), is_new=is_new)

    # --- who is there ----------------------------------------------------------------------------------------------

    def party(self, name: str) -> Node | Hub | Follower:
        if name == FOLLOWER:
            return self.follower
        return self.hub if name == "hub" else self.nodes[name]

    def disk(self, name: str) -> SimulatedDisk:
        db = self.party(name).db
        assert isinstance(db, SimulatedDisk)
        return db

    @staticmethod
    def origin(name: str) -> str:
        return f"{name}.example/feed/g1"

    def honest(self) -> list[str]:
        return [name for name in PARTIES if name != self.liar]

    def honest_nodes(self) -> list[str]:
        return [name for name in NAMES if name != self.liar]

    def is_up(self, name: str) -> bool:
        return name not in self.down

    def up(self, names: list[str]) -> list[str]:
        return [name for name in names if name not in self.down]

    def check_ledger_of(self, name: str) -> None:
        """Nothing that this party acknowledged is lost."""
        copies = [self.disk(other) for other in self.honest() if other != name]
        self.ledger.check(name, self.disk(name), self.origin(name), copies)

    # --- crashes ---------------------------------------------------------------------------------------------------

    def _hook(self, disk: SimulatedDisk, moment: str) -> None:
        """Count down to a planned crash; after a commit, compare what is held with all that was ever signed."""
        if disk.name in self.crash_after:
            self.crash_after[disk.name] -= 1
            if self.crash_after[disk.name] < 0:
                disk.is_dead = True
                raise Crash(disk.name)
        if moment == "after-commit" and disk.name != self.liar:
            self.note_held(disk)
            self.on_commit(disk)

    def note_held(self, disk: SimulatedDisk) -> None:
        own = disk.rows("SELECT size, time FROM log WHERE own")
        self._check_own(disk, own)
        rows = disk.rows("SELECT origin, size, root FROM log WHERE size > 0 ORDER BY origin")
        if rows != self._held.get(disk.name):
            self._held[disk.name] = rows
            self.signed.note(disk.name, rows, exempt=self.origin(self.liar))

    def _check_own(self, disk: SimulatedDisk, own: list[tuple[int, int]]) -> None:
        """What a party signed, and when, never falls while its disk is its own (I9).

        A disk that was put back under a running process may sign its short log once more before it asks; the longer one
        that it then takes back from the others was signed earlier.
        """
        name = disk.name
        for size, time in own:
            last_size, last_time = self._own.get(name, (0, 0))
            ensure("I9", size >= last_size, f"{name}: its own log fell from {last_size} to {size} entries")
            is_taken_back = size > last_size and disk.rows(_RECOVERING)
            ensure(
                "I9", time >= last_time or is_taken_back, f"{name}: signed at {time}, and before that at {last_time}"
            )
            self._own[name] = size, time

    def exchange_crash(self, name: str) -> bool:
        if CRASH not in self.faulty.faults or name not in self.crash_after:
            return False
        self.crash_after[name] -= 1
        if self.crash_after[name] >= 0:
            return False
        self.disk(name).is_dead = True
        return True

    def fell(self, crash: Crash) -> None:
        """Keep what the process left on its disk."""
        name = crash.name
        self.crash_after.pop(name, None)
        if name in self.down:
            return
        disk = self.disk(name)
        disk.is_dead = True
        self.down[name] = disk.image()
        self.network.sites.pop(name, None)
        self.say(f"{name} crashed")

    def bring_up(self, name: str, image: bytes | None = None) -> None:
        """Start a party's process on its disk as last committed, or on an older image."""
        if name in self.down:
            image = image or self.down.pop(name)
            self.down.pop(name, None)
        if image is None:
            image = self.disk(name).image()
        self.disk(name).close()
        disk = self.make_database(name)
        disk.load(image)
        self._open_on(name, disk)

    def _open_on(self, name: str, disk: SimulatedDisk) -> None:
        """Make a party anew over a disk and start it; it may crash right there."""
        try:
            if name == FOLLOWER:
                self.follower = self._open_follower(disk)
            elif name == "hub":
                self.hub = self._open_hub(disk)
                hub_upkeep.start(self.hub)
            else:
                self.nodes[name] = self._open_node(name, disk)
                node_upkeep.start(self.nodes[name])
        except Crash as crash:
            self.fell(crash)

    def attempt(self, name: str, act: Callable[[], None]) -> bool:
        """Run a piece of work of one party; False when its process crashed in it."""
        try:
            act()
        except Crash as crash:
            if crash.name != name:
                raise
            self.fell(crash)
            return False
        return True

    # --- time ------------------------------------------------------------------------------------------------------

    def tick_party(self, name: str) -> None:
        """Let one party do what is due."""
        if name in self.down or name in self.ticking:
            return
        self.ticking.add(name)
        try:
            self.attempt(name, lambda: self._tick(name))
        finally:
            self.ticking.discard(name)

    def _tick(self, name: str) -> None:
        if name == FOLLOWER:
            self.follower.tick()
        elif name == "hub":
            hub_upkeep.tick(self.hub, "hub")
        else:
            node_upkeep.tick(self.nodes[name], name)
            if name in self.push_only and self.rng.random() < 0.5:
                self._long_poll(self.nodes[name])

    def _long_poll(self, node: Node) -> None:
        """What `node.jobs.Listener` does for a node that the hub cannot reach."""
        from shared.errors import KreisweitError

        name = node.settings.name
        try:
            self._etags[name] = node_receiving.refresh(node, etag=self._etags.get(name, ""))
        except KreisweitError:
            self._etags.pop(name, None)

    def interfere(self, sender: str, receiver: str) -> None:
        self.interferences(sender, receiver)

    # --- older disks -----------------------------------------------------------------------------------------------

    def archive(self, name: str) -> Archived:
        return Archived(self.ledger.serial, self.disk(name).image())

    def put_back(self, name: str, archived: Archived, *, by_restart: bool) -> None:
        """An older disk comes back; what nobody else has seen of the time since is gone."""
        self._excuse(name, archived.serial)
        self._own.pop(name, None)
        if by_restart:
            self.bring_up(name, archived.image)
        else:
            self.disk(name).load(archived.image)
        self._held.pop(name, None)
        if name in self.down:
            return
        self.note_held(self.disk(name))

    def wipe_hub(self) -> None:
        """The hub's database is gone; its keys are not."""
        self._excuse("hub", -1)
        self.disk("hub").close()
        disk = self.make_database("hub")
        metadata.create_all(disk.engine)
        self._held.pop("hub", None)
        self._own.pop("hub", None)
        self._open_on("hub", disk)

    def _excuse(self, name: str, serial: int) -> None:
        origin = self.origin(name)
        self.faulty.forget_from(name)
        self.signed.forget_unseen(name, origin)
        delivered: set[bytes] = set()
        erased: set[bytes] = set()
        for other in self.honest():
            if other != name and other not in self.down:
                disk = self.disk(other)
                delivered |= _commitments(disk, origin)
                erased |= {
                    bytes(row[0])
                    for row in disk.rows(
                        "SELECT commitment FROM erased JOIN log ON log.id = log_id WHERE origin = ?", origin
                    )
                }
        self.ledger.excuse(name, serial, delivered, erased)

    # --- roster ----------------------------------------------------------------------------------------------------

    def issue_roster(self, statuses: Mapping[str, str]) -> None:
        """The holders of the root keys sign the next version, and the hub takes it."""
        last = parse_roster(parse_note(self.rosters[-1], max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
        members = tuple(msgspec.structs.replace(row, status=statuses.get(row.name, row.status)) for row in last.members)
        newer = msgspec.structs.replace(last, version=last.version + 1, members=members)
        self.rosters.append(sign_roster(format_roster(newer), self.root))
        self.publish_rosters()

    def publish_rosters(self) -> None:
        def publish_all() -> None:
            with self.hub.db.write() as conn:
                for note in self.rosters:
                    self.hub.book.extend(conn, note)

        if self.is_up("hub"):
            self.attempt("hub", publish_all)

    def statuses(self) -> dict[str, str]:
        last = parse_roster(parse_note(self.rosters[-1], max_bytes=limits.LARGE_NOTE_MAX_BYTES).text)
        return {row.name: row.status for row in last.members}

    def close(self) -> None:
        """Give back every disk."""
        for name in PARTIES:
            self.disk(name).close()

    def is_recovering(self, name: str) -> bool:
        with self.party(name).db.read() as conn:
            return bool(facts.load_number(conn, "recovering-since"))


def _commitments(disk: SimulatedDisk, origin: str) -> set[bytes]:
    return set(published_in(disk, origin)[0])


class Beginning(msgspec.Struct, frozen=True):
    """A federation that has found itself: disks and the time it was then."""

    time: float
    disks: dict[str, bytes]


@functools.cache
def settled() -> Beginning:
    """Make a federation with a few offers, level everywhere, once per process."""
    network = FaultyNetwork(random.Random(0), set())
    federation = Federation(0, network, disks=None, time=float(1_767_225_600))
    for name in NAMES[:5]:
        publish(federation.nodes[name], f"Angebot von {name}")
    for _ in range(14):
        federation.clock.time += 1
        for name in PARTIES:
            federation.tick_party(name)
    federation.clock.time += 700
    for name in PARTIES:
        federation.tick_party(name)
    beginning = Beginning(federation.clock.time, {name: federation.disk(name).image() for name in PARTIES})
    federation.close()
    return beginning


def lighten() -> Callable[[], None]:
    """Let the hub look for one erased payload instead of ten; returns the way back."""
    before = erasure_watch._NEWEST
    erasure_watch._NEWEST = 1

    def back() -> None:
        erasure_watch._NEWEST = before

    return back
