"""One run: a seed is a federation, a choice of faults, some days of work and trouble, healing, and quiet cycles.

The seed decides everything; the same seed gives the same trace.  What must hold is in `invariants`.
"""

from __future__ import annotations

import gc
import random
from collections.abc import Callable, Iterable

import msgspec

from hub import holds
from shared.errors import KreisweitError
from shared.feed.push import parse_push
from shared.holdings import facts
from tests.simulation import invariants
from tests.simulation.disks import SimulatedDisk
from tests.simulation.federation import FOLLOWER, NAMES, PARTIES, PUSH_ONLY, Archived, Federation, lighten, settled
from tests.simulation.guard import sealed_off
from tests.simulation.liar import Liar
from tests.simulation.network import CRASH, EXCHANGE_FAULTS, INTERLEAVE, LATE, PARTITION, FaultyNetwork, heal
from tests.simulation.redelivery import check_redelivery
from tests.simulation.violations import Violation, ensure
from tests.simulation.workload import Workload, active_nodes

RESTORE_NODE = "restore-node"
RESTORE_HUB = "restore-hub"
WIPE_HUB = "wipe-hub"
SKEW = "skew"
LIAR = "liar"
ROSTER = "roster"
FAULTS = (*EXCHANGE_FAULTS, PARTITION, CRASH, INTERLEAVE, RESTORE_NODE, RESTORE_HUB, WIPE_HUB, SKEW, LIAR, ROSTER)

_SKEWS = (-86_400, -3600, -240, -10, 10, 240, 3600, 86_400)
_LEAST_STEPS = 130
_MOST_STEPS = 190
_NEAR = 4
_QUIET = (3, 6, 35, 720, 4, 720, 6, 35, 3700, 35, 720, 6, 3700, 720, 35, 3700, 3700)
"""Seconds between the rounds after healing: three cycles, and time for every back-off to end."""


class Result(msgspec.Struct, frozen=True):
    """What came of one seed.  `violation` is empty when everything held."""

    seed: int
    faults: tuple[str, ...]
    steps: int
    requests: int
    trace: str
    digest: str
    rounds: int
    violation: str = ""
    invariant: str = ""


def choose_faults(seed: int) -> frozenset[str]:
    """Swarm: each seed has some kinds of fault and not others."""
    dice = random.Random(f"{seed} faults")
    share = dice.choice((0.15, 0.3, 0.5))
    return frozenset(fault for fault in FAULTS if dice.random() < share)


class Scenario:
    """Steps, healing and judgement of one seed."""

    def __init__(self, seed: int, faults: Iterable[str], *, say: Callable[[str], None], steps: int | None) -> None:
        self.seed = seed
        self.faults = frozenset(faults)
        self.dice = random.Random(f"{seed} steps")
        self.steps = steps or self.dice.randrange(_LEAST_STEPS, _MOST_STEPS)
        self.network = FaultyNetwork(random.Random(f"{seed} network"), set(self.faults))
        self._say = say
        beginning = settled()
        self.federation = Federation(
            seed, self.network, disks=beginning.disks, time=beginning.time,
            liar=self.dice.choice([n for n in NAMES if n != PUSH_ONLY]) if LIAR in self.faults else "", say=self.say,
        )  # fmt: skip
        if say is not _silent:
            self.network.listener = lambda request, outcome: say(
                f"      {request.sender}>{request.receiver} {request.method} {request.path[:60]} {outcome}"
            )
        self.workload = Workload(self.federation, random.Random(f"{seed} workload"))
        self.federation.interferences = self._interfere
        self.federation.on_commit = self._on_commit
        self.liar = None
        if self.federation.liar:
            self.liar = Liar(self.federation, self.federation.liar, random.Random(f"{seed} liar"))
            self.liar.take_place()
        self.archive: dict[str, list[Archived]] = {}
        self._checks = random.Random(f"{seed} checks")
        self._is_interfering = False
        self.rounds = 0
        self.near = self._choose_near()

    def _choose_near(self) -> list[str]:
        """A few nodes do most of the talking; in most runs the others are cut off until the end.

        With all ten talking the same trouble happens less often in the same time.
        """
        names = self.dice.sample(NAMES, _NEAR)
        if self.federation.liar and self.federation.liar not in names:
            names[0] = self.federation.liar
        if self.dice.random() < 0.9:
            self.network.far.update(name for name in NAMES if name not in names)
        return names

    def say(self, text: str) -> None:
        self.network.trace.update(text.encode())
        self._say(f"{int(self.federation.clock.time)} {text}" if hasattr(self, "federation") else text)

    def _on_commit(self, disk: SimulatedDisk) -> None:
        """After some commits the whole disk is compared with itself."""
        if self._checks.random() < 0.01:
            invariants.check_atomic(disk)

    # --- a run -----------------------------------------------------------------------------------------------------

    def run(self) -> str:
        """Do everything; returns the digest all agree on.  Raises Violation."""
        for step in range(self.steps):
            self._step(step)
        self._heal()
        self._quiet()
        return self._judge()

    def _step(self, number: int) -> None:
        federation, dice = self.federation, self.dice
        deeds: list[tuple[float, Callable[[], str]]] = [
            (30, self._work), (40, self._pass_time), (2, self._district), (2, self._archive), (4, self._rise),
        ]  # fmt: skip
        troubles = {
            PARTITION: self._cut, CRASH: self._plan_crash, LATE: self._deliver_late, RESTORE_NODE: self._restore_node,
            RESTORE_HUB: self._restore_hub, WIPE_HUB: self._wipe_hub, SKEW: self._skew, LIAR: self._lie,
            ROSTER: self._roster,
        }  # fmt: skip
        weights = {WIPE_HUB: 0.3, RESTORE_HUB: 0.8, RESTORE_NODE: 3.0, SKEW: 2.0, ROSTER: 1.5, LIAR: 8.0, LATE: 6.0}
        deeds += [(weights.get(fault, 5.0), act) for fault, act in troubles.items() if fault in self.faults]
        act = dice.choices([act for _, act in deeds], [weight for weight, _ in deeds])[0]
        what = act()
        self.say(f"#{number} {what}")
        for name in federation.honest():
            if federation.is_up(name):
                invariants.check_quickly(federation.disk(name))
        for name in self.near:
            if federation.is_up(name):
                invariants.check_masked(federation, name)
        if number % 25 == 24:
            invariants.check_ledger(federation)

    def _work(self) -> str:
        names = active_nodes(self.federation)
        if not names:
            return "nobody works"
        near = [name for name in self.near if name in names]
        name = self.dice.choice(near if near and self.dice.random() < 0.95 else names)
        what = self.workload.act(name)
        if self.dice.random() < 0.4:
            self.federation.tick_party(name)
        return what

    def _district(self) -> str:
        return self.workload.district_text() if self.federation.is_up("hub") else "the hub is down"

    def _pass_time(self) -> str:
        federation, dice = self.federation, self.dice
        seconds = dice.choices(
            (
                1, dice.randrange(2, 8), dice.randrange(10, 70), dice.randrange(300, 800), 3700,
                dice.randrange(14_000, 90_000),
            ),
            (30, 40, 20, 10, 2, 1),
        )[0]  # fmt: skip
        federation.clock.time += seconds
        ticked = []
        if dice.random() < 0.4:
            ticked.append("hub")
        ticked += dice.sample(self.near, dice.choice((0, 1, 1, 2)))
        if dice.random() < 0.05:
            ticked.append(FOLLOWER)
        if dice.random() < 0.02:
            ticked.append(dice.choice(NAMES))
        dice.shuffle(ticked)
        for name in ticked:
            federation.tick_party(name)
        return f"{seconds} s pass; {' '.join(ticked)}"

    def _interfere(self, sender: str, receiver: str) -> None:
        """In the middle of an exchange somebody else does something, or a disk's owner edits."""
        if self._is_interfering:
            return
        self._is_interfering = True
        try:
            federation, dice = self.federation, self.network.dice
            kind = dice.choice(("tick", "tick", "edit", "time"))
            if kind == "time":
                federation.clock.time += dice.randrange(1, 12)
            elif kind == "edit":
                party = sender if sender in active_nodes(federation) else receiver
                if party in active_nodes(federation):
                    self.say("  meanwhile " + self.workload.act(party))
            else:
                name = dice.choice([receiver, sender, "hub", dice.choice(self.near)])
                self.say(f"  meanwhile {name} ticks")
                federation.tick_party(name)
        finally:
            self._is_interfering = False

    # --- troubles --------------------------------------------------------------------------------------------------

    def _cut(self) -> str:
        """Another set of parties cannot be reached; often nobody, sometimes the hub."""
        kind = self.dice.choice(("none", "one", "some", "hub"))
        self.network.cut.clear()
        if kind == "hub":
            self.network.cut.add("hub")
        elif kind != "none":
            self.network.cut.update(self.dice.sample(self.near, 1 if kind == "one" else 2))
        return f"cut off: {' '.join(sorted(self.network.cut)) or 'nobody'}"

    def _plan_crash(self) -> str:
        name = self.dice.choice(("hub", "hub", FOLLOWER, *self.near))
        if self.federation.is_up(name):
            self.federation.crash_after[name] = self.dice.randrange(0, 30)
        return f"{name} will crash"

    def _rise(self) -> str:
        """A fallen party starts again."""
        fallen = sorted(self.federation.down)
        if not fallen:
            return "all are up"
        name = self.dice.choice(fallen)
        self.federation.bring_up(name)
        self._after_start(name)
        return f"{name} starts again"

    def _after_start(self, name: str) -> None:
        if self.liar is not None and name == self.liar.name:
            self.liar.take_place()
        if self.federation.is_up(name):
            invariants.check_atomic(self.federation.disk(name))
            if name not in (FOLLOWER, self.federation.liar):
                self.federation.check_ledger_of(name)

    def _deliver_late(self) -> str:
        if not self.network.late:
            return "nothing is on the way"
        request = self.network.late.pop(self.dice.randrange(len(self.network.late)))
        if self.dice.random() < 0.3:
            self.network.late.append(request)
        self.network.deliver_late(request)
        return f"a late push of {request.sender} reaches {request.receiver}"

    def _archive(self) -> str:
        name = self.dice.choice((*self.near, "hub", "hub"))
        if not self.federation.is_up(name) or self.federation.is_recovering(name):
            return "no copy"
        self.archive.setdefault(name, []).append(self.federation.archive(name))
        del self.archive[name][:-3]
        return f"copy of {name}"

    def _restore_node(self) -> str:
        federation = self.federation
        names = [name for name in self.archive if name in federation.honest_nodes() and federation.is_up(name)]
        if not names or self.network.cut or not self._is_whole():
            return "no restore"
        name = self.dice.choice(sorted(names))
        by_restart = self.dice.random() < 0.5
        federation.put_back(name, self.dice.choice(self.archive[name]), by_restart=by_restart)
        return f"{name} is put back, {'with' if by_restart else 'without'} a start"

    def _is_whole(self) -> bool:
        """All are up and nobody is recovering: losing two disks at once is detected, not healed (PROTOCOL 4)."""
        federation = self.federation
        parties = [*federation.honest_nodes(), "hub"]
        return all(federation.is_up(name) and not federation.is_recovering(name) for name in parties)

    def _restore_hub(self) -> str:
        if not self.archive.get("hub") or not self._is_whole() or self._unmirrored():
            return "no restore"
        by_restart = self.dice.random() < 0.5
        self.federation.put_back("hub", self.dice.choice(self.archive["hub"]), by_restart=by_restart)
        return f"the hub is put back, {'with' if by_restart else 'without'} a start"

    def _unmirrored(self) -> bool:
        """Somebody's log at the hub is longer than with its owner: it was put back and has not asked yet."""
        federation = self.federation
        held = dict(federation.disk("hub").rows("SELECT origin, size FROM log"))
        return any(
            held.get(federation.origin(name), 0)
            > dict(federation.disk(name).rows("SELECT origin, size FROM log")).get(federation.origin(name), 0)
            for name in federation.honest_nodes()
        )

    def _wipe_hub(self) -> str:
        if not self._is_whole() or self._unmirrored():
            return "no wipe"
        self.federation.wipe_hub()
        return "the hub's database is gone"

    def _skew(self) -> str:
        name = self.dice.choice(("hub", FOLLOWER, *self.near))
        self.federation.clock_of(name).skew = self.dice.choice((0, *_SKEWS[2:6], *_SKEWS))
        return f"the clock of {name} is off by {self.federation.clock_of(name).skew} s"

    def _lie(self) -> str:
        assert self.liar is not None
        return self.liar.act() if self.federation.is_up(self.liar.name) else "the liar is down"

    def _roster(self) -> str:
        statuses = self.federation.statuses()
        out = [name for name, status in statuses.items() if status != "active"]
        if not self.federation.is_up("hub"):
            return "no new roster"
        if out:
            self.federation.issue_roster({out[0]: "active"})
            return f"{out[0]} is a member again"
        name = self.dice.choice([name for name in self.near if name != self.federation.liar])
        self.federation.issue_roster({name: self.dice.choice(("suspended", "paused"))})
        return f"{name} is out for a while"

    # --- healing and judgement -------------------------------------------------------------------------------------

    def _heal(self) -> None:
        federation = self.federation
        late, self.network.late = self.network.late, []
        heal(self.network)
        federation.crash_after.clear()
        for name in PARTIES:
            federation.clock_of(name).skew = 0
            if name in federation.down:
                federation.bring_up(name)
                self._after_start(name)
        self._pass_newest_signature()
        federation.publish_rosters()
        out = {name: "active" for name, status in federation.statuses().items() if status != "active"}
        if out:
            federation.issue_roster(out)
        self.dice.shuffle(late)
        for request in late:
            self.network.deliver_late(request)
        self.say("healed")

    def _pass_newest_signature(self) -> None:
        """Nobody signs before the time of its own last signature (W4): wait until all of them are past."""
        newest = 0
        for name in PARTIES:
            disk = self.federation.disk(name)
            newest = max([newest, *(row[0] for row in disk.rows("SELECT time FROM log"))])
            newest = max([newest, *(row[0] for row in disk.rows("SELECT time FROM catalogue_note"))])
        if newest - 600 > self.federation.clock.time:
            self.say("waiting until the last signature is past")
            self.federation.clock.time = float(newest + 1)

    def _quiet(self) -> None:
        """Time passes, nothing fails; everything pending is published and all catalogues become equal (I6, I13)."""
        reason = ""
        for self.rounds, seconds in enumerate(_QUIET, 1):
            self.federation.clock.time += seconds
            names = list(PARTIES)
            self.dice.shuffle(names)
            for name in names:
                self.federation.tick_party(name)
            self._decide()
            if seconds > 600 and self.liar is not None:
                self._go_on_without_liar()
            reason = invariants.stuck(self.federation) or (
                invariants.apart(self.federation) if self.rounds > 2 else "…"
            )
            if not reason:
                return
        raise Violation("I13" if "pending" in reason or "recovering" in reason else "I6", reason)

    def _decide(self) -> None:
        """A person at the hub confirms what a guard stopped."""
        hub = self.federation.hub
        held = self.federation.disk("hub").rows("SELECT member FROM log WHERE fold IS NOT NULL")
        for (name,) in held:
            try:
                holds.confirm(hub, name)
            except KreisweitError:
                continue

    def _go_on_without_liar(self) -> None:
        """A person at the hub lets a recovery end without the liar's word (`recover --without`)."""
        hub = self.federation.hub
        if self.federation.is_recovering("hub"):
            with hub.db.write() as conn:
                facts.save_fact(conn, f"recover-without:{self.federation.liar}", 1)

    def _judge(self) -> str:
        federation = self.federation
        for name in federation.honest():
            invariants.check_atomic(federation.disk(name))
            invariants.check_quickly(federation.disk(name))
        invariants.check_ledger(federation)
        invariants.check_prefixes(federation)
        invariants.check_owners(federation)
        invariants.check_reference_digest(federation)
        self._let_files_settle()
        invariants.check_erased(federation)
        if self.seed % 5 == 0 and self.liar is None:
            check_redelivery(federation, random.Random(f"{self.seed} redelivery"))
        self._outlive_the_lease()
        standing = federation.follower.consumer.standing()
        ensure("I6", standing, "the integrator has no catalogue")
        assert standing is not None
        self.network.trace.update(standing.digest.encode())
        return standing.digest

    def _let_files_settle(self) -> None:
        """What a mass erasure kept apart goes after 72 hours (PROTOCOL 6.11)."""
        if self.federation.disk("hub").rows("SELECT 1 FROM payload WHERE apart_until IS NOT NULL LIMIT 1"):
            self.federation.clock.time += 73 * 3600
            for name in PARTIES:
                self.federation.tick_party(name)

    def _outlive_the_lease(self) -> None:
        """Nobody hears of anybody for longer than a lease runs."""
        self.federation.clock.time += 73 * 3600
        for name in self.federation.honest_nodes():
            invariants.check_masked(self.federation, name)


def _silent(_text: str) -> None:
    return


def run_seed(
    seed: int, faults: Iterable[str] | None = None, *, say: Callable[[str], None] = _silent, steps: int | None = None
) -> Result:
    """Run one seed in a sealed-off process state and say what came of it."""
    chosen = choose_faults(seed) if faults is None else frozenset(faults)
    was_enabled = gc.isenabled()
    gc.disable()
    back = lighten()
    digest = violation = invariant = ""
    with sealed_off():
        settled()
        scenario = Scenario(seed, chosen, say=say, steps=steps)
        try:
            digest = scenario.run()
        except Violation as error:
            violation, invariant = str(error), error.invariant
        finally:
            scenario.federation.close()
            back()
            if was_enabled:
                gc.enable()
    return Result(
        seed, tuple(sorted(chosen)), scenario.steps, scenario.network.requests, scenario.network.trace.hexdigest()[:16],
        digest, scenario.rounds, violation, invariant,
    )  # fmt: skip


def pushes_to(federation: Federation, receiver: str) -> list[bytes]:
    """Return the bodies of all pushes that were carried to one party, as sent."""
    assert isinstance(federation.network, FaultyNetwork)
    bodies = [request.body for request in federation.network.pushes if request.receiver == receiver]
    return [body for body in bodies if _is_push(body)]


def _is_push(body: bytes) -> bool:
    try:
        parse_push(body)
    except KreisweitError:
        return False
    return True
