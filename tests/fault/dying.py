"""One operation of a federation on real files, killed at each of its steps to the disk, and started again each time.

Run with the library of `die_at.c` preloaded: `python -m tests.fault.dying OPERATION FOLDER LIBRARY`.  Prints how many
steps there were; ends with 1 and says what was lost or broken otherwise.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from hub import notes, pulling
from node import receiving
from node.editing import save_offer
from node.erasing import erase
from node.sealing import seal_pending
from shared.database import Database
from tests.support.lone_node import offer
from tests.support.wholeness import check_whole
from tests.support.world import SharingDatabase, VirtualClock, World, pending_of, publish, titles, withdraw

NAMES = ("herten", "marl")
PERSON = "Erika Mustermann"
LEFT = ["Bleibt", "Mit Person", "Neu"]
"""What everybody shows in the end."""
_MOST_STEPS = 2000
_BEGIN = 1_767_225_600.0
_HEALED_SECONDS = 400
"""The writer's lease of a process that died runs two minutes; then everything is as ever."""


class FileWorld(World):
    """A federation whose databases are files in one folder; it goes on with those that are there."""

    def __init__(self, folder: Path, now: float) -> None:
        self._folder = folder
        is_new = not (folder / "hub.db").exists()
        super().__init__(NAMES, clock=VirtualClock(now), disks=None if is_new else {}, dice_seed=int(now))

    def make_database(self, name: str) -> Database:
        return SharingDatabase(f"sqlite:///{self._folder / name}.db")

    def _disk(self, name: str, disks: Mapping[str, bytes] | None) -> Database:
        return self.make_database(name)

    def close(self) -> None:
        for db in databases(self):
            db.close()


def databases(world: World) -> list[Database]:
    return [world.hub.db, *(node.db for node in world.nodes.values())]


# --- operations -------------------------------------------------------------------------------------------------------


def prepare_edits(world: World) -> None:
    """One of each kind waits in Herten's outbox."""
    rid = publish(world.nodes["herten"], "Geht")
    publish(world.nodes["herten"], "Mit Person", summary=f"Fragen beantwortet {PERSON} gern.")
    publish(world.nodes["herten"], "Bleibt")
    world.settle()
    world.tick(10)
    withdraw(world.nodes["herten"], rid)
    save_offer(world.nodes["herten"], offer("Neu"))
    world.clock.time += 10


def prepare_news(world: World) -> None:
    prepare_edits(world)
    seal_without_delivery(world)


def seal_without_delivery(world: World) -> None:
    node = world.nodes["herten"]
    node.sealer.seal(now=node.clock.now())


def prepare_note(world: World) -> None:
    prepare_edits(world)
    seal_without_delivery(world)
    pulling.pull_named(world.hub, ["herten"], "before")
    world.clock.time += 2
    notes.publish_note(world.hub)


def merge(world: World) -> None:
    pulling.pull_named(world.hub, ["herten"], "test")
    notes.publish_note(world.hub)


OPERATIONS: Mapping[str, tuple[str, Callable[[World], None], Callable[[World], object]]] = {
    "seal": ("herten", prepare_edits, lambda world: seal_pending(world.nodes["herten"], "test")),
    "merge": ("hub", prepare_news, merge),
    "apply": ("marl", prepare_note, lambda world: receiving.refresh(world.nodes["marl"])),
    "erase": ("herten", prepare_edits, lambda world: erase(world.nodes["herten"], PERSON)),
}
"""Whose files are watched, what comes before, and what is killed."""


# --- processes --------------------------------------------------------------------------------------------------------


def in_process(work: Callable[[], None]) -> int:
    """Do the work in a process of its own; returns how that ended."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001 - told, and the process ends here
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(child, 0)[1]


class Trial:
    """One operation on a copy of one template, as often as it has steps."""

    def __init__(self, operation: str, folder: Path, library: Path) -> None:
        self._party, self._prepare, self._run = OPERATIONS[operation]
        self._is_erasure = operation == "erase"
        self._template, self._work = folder / "template", folder / "work"
        self._shim = ctypes.CDLL(str(library))
        self._shim.die_at.argtypes = (ctypes.c_long, ctypes.c_char_p)
        self._now = 0.0

    def make(self) -> None:
        """Bring a new federation to where the operation begins."""
        self._template.mkdir()
        world = FileWorld(self._template, _BEGIN)
        world.settle()
        self._prepare(world)
        (self._template / "now").write_text(str(world.clock.time), "ascii")
        world.close()

    def copy(self) -> None:
        """Begin anew."""
        self._now = float((self._template / "now").read_text("ascii"))
        shutil.rmtree(self._work, ignore_errors=True)
        shutil.copytree(self._template, self._work)

    def act(self, at: int) -> None:
        """Do it, and die at this step."""
        world = FileWorld(self._work, self._now)
        self._shim.die_at(at, str(self._work / self._party).encode())
        self._run(world)
        self._shim.die_at(0, b"")
        world.close()

    def go_on(self) -> None:
        """Start again on what is left: everything is whole, and in the end everything is everywhere."""
        world = FileWorld(self._work, self._now + 10)
        for db in databases(world):
            assert check_whole(db) == []
        world.start_all()
        world.settle(_HEALED_SECONDS)
        if self._is_erasure:  # whoever asked for it was not told that it is done, and asks again
            self._run(world)
            world.settle(_HEALED_SECONDS)
        for db in databases(world):
            assert check_whole(db) == []
        assert titles(world.nodes["marl"]) == LEFT
        assert not any(pending_of(node) for node in world.nodes.values())
        world.close()
        if self._is_erasure:
            assert not any(PERSON.encode() in path.read_bytes() for path in self._work.iterdir())


def main(operation: str, folder: Path, library: Path) -> int:
    """Kill the operation at every step; returns 1 when something was lost or broken."""
    trial = Trial(operation, folder, library)
    trial.make()  # in this process: all others begin with its modules and compiled statements
    for at in range(1, _MOST_STEPS):
        trial.copy()
        status = in_process(partial(trial.act, at))
        if status not in (0, signal.SIGKILL) or in_process(trial.go_on):
            print(f"{operation} at step {at}")
            return 1
        if status == 0:
            print(f"{operation} survived {at - 1} steps")
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])))
