"""What is killed (`dying`): operations of a federation on real files, and how its parties go on afterwards.

Operations of one node or hub that end a process before it serves anybody (backup, restore, migration) are in
`home_operations`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from hub import notes, pulling, pushing
from node import importing, receiving
from node.editing import save_offer
from node.erasing import erase
from node.sealing import seal_pending
from tests.fault.home_operations import Backup, Restore
from tests.fault.migration_operation import Migration
from tests.support.file_world import FileWorld
from tests.support.lone_node import offer
from tests.support.wholeness import check_whole
from tests.support.world import World, pending_of, publish, titles, withdraw

NAMES = ("herten", "marl")
PERSON = "Erika Mustermann"
LEFT = ["Bleibt", "Mit Person", "Neu"]
"""What everybody shows in the end."""
ROWS = 40
_SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"
_BEGIN = 1_767_225_600.0
_LEASE_SECONDS = 121
"""The writer's lease of a process that died runs two minutes; then everything is as ever."""
_HEALED_SECONDS = 120
_NOW = "now"


class Operation(Protocol):
    """Something that is done once on the files of one folder."""

    @property
    def watched(self) -> str:
        """Name with which the files begin whose steps count."""

    @property
    def most(self) -> int:
        """How many steps are taken where not all are wanted."""

    def make(self, folder: Path) -> None:
        """Bring an empty folder to where the operation begins."""

    def act(self, folder: Path, arm: Callable[[], None], disarm: Callable[[], None]) -> None:
        """Do it; `arm` is called before what counts, `disarm` after it."""

    def go_on(self, folder: Path) -> None:
        """Start again on what is left, check that everything is whole, repeat what may be, check the end."""


@dataclass(frozen=True)
class InFederation:
    """An operation of a party in a small federation.

    Args:
        watched: whose files count.
        prepare: what comes before.
        run: what is killed.
        is_repeated: whoever asked for it was not told that it is done, and asks again.
        check: what must hold in the end.
        gone: what stands in no file in the end.
    """

    watched: str
    prepare: Callable[[World], None]
    run: Callable[[World], object]
    check: Callable[[World], None]
    is_repeated: bool = False
    gone: bytes = b""
    most: int = 20

    def make(self, folder: Path) -> None:
        world = FileWorld(folder, NAMES, _BEGIN)
        world.settle()
        self.prepare(world)
        (folder / _NOW).write_text(str(world.clock.time), "ascii")
        world.close()

    def act(self, folder: Path, arm: Callable[[], None], disarm: Callable[[], None]) -> None:
        world = FileWorld(folder, NAMES, _time_of(folder))
        arm()
        self.run(world)
        disarm()
        world.close()

    def go_on(self, folder: Path) -> None:
        world = FileWorld(folder, NAMES, _time_of(folder) + 10)
        _verify_whole(world)
        heal(world)
        if self.is_repeated:
            self.run(world)
            heal(world)
        _verify_whole(world)
        assert not any(pending_of(node) for node in world.nodes.values())
        self.check(world)
        world.close()
        if self.gone:
            assert not any(self.gone in path.read_bytes() for path in folder.iterdir())


def _time_of(folder: Path) -> float:
    return float((folder / _NOW).read_text("ascii"))


def heal(world: World) -> None:
    """Everybody starts and works for a moment; when the lease of the dead process has run out, all becomes level."""
    world.start_all()
    world.tick(3)
    world.clock.time += _LEASE_SECONDS
    world.settle(_HEALED_SECONDS)


def _verify_whole(world: FileWorld) -> None:
    for db in world.databases():
        assert check_whole(db) == []


# --- what comes before ------------------------------------------------------------------------------------------------


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
    """Herten has signed, and nobody knows yet."""
    prepare_edits(world)
    node = world.nodes["herten"]
    node.sealer.seal(now=node.clock.now())


def prepare_note(world: World) -> None:
    """The hub has signed a note that nobody has read yet."""
    prepare_news(world)
    pulling.pull_named(world.hub, ["herten"], "before")
    world.clock.time += 2
    notes.publish_note(world.hub)


def prepare_nothing(_world: World) -> None:
    """A settled federation is all that is needed."""


# --- what is killed ---------------------------------------------------------------------------------------------------


def seal(world: World) -> None:
    """Herten asks, signs what waits, and delivers what it has signed."""
    seal_pending(world.nodes["herten"], "test")


def merge(world: World) -> None:
    pulling.pull_named(world.hub, ["herten"], "test")
    notes.publish_note(world.hub)


def push(world: World) -> None:
    pushing.push_due(world.hub)


def apply(world: World) -> None:
    receiving.refresh(world.nodes["marl"])


def erase_person(world: World) -> None:
    erase(world.nodes["herten"], PERSON)


def table() -> bytes:
    """A table of forty offers of Herten."""
    read = csv.DictReader(io.StringIO(_SAMPLE.read_text("utf-8-sig")), delimiter=";")
    rows = [row for row in read if row["stadt"] == "Herten"]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=";")
    writer.writeheader()
    writer.writerows(
        rows[number % len(rows)] | {"angebot": f"Angebot der Tabelle {number:02}"} for number in range(ROWS)
    )
    return text.getvalue().encode()


def import_table(world: World) -> None:
    """All rows or none; the same table again changes nothing that is there."""
    done = importing.import_table(world.nodes["herten"], table())
    assert (done.created, done.unchanged) in ((ROWS, 0), (0, ROWS)), done


# --- what must hold in the end ----------------------------------------------------------------------------------------


def shows_what_is_left(world: World) -> None:
    assert titles(world.nodes["marl"]) == LEFT


def shows_the_table(world: World) -> None:
    assert titles(world.nodes["marl"]) == [f"Angebot der Tabelle {number:02}" for number in range(ROWS)]


OPERATIONS: Final[Mapping[str, Operation]] = {
    "seal": InFederation("herten", prepare_edits, seal, shows_what_is_left, most=20),
    "merge": InFederation("hub", prepare_news, merge, shows_what_is_left),
    "apply": InFederation("marl", prepare_note, apply, shows_what_is_left),
    "erase": InFederation(
        "herten",
        prepare_edits,
        erase_person,
        shows_what_is_left,
        is_repeated=True,
        gone=PERSON.encode(),
        most=18,
    ),
    "receive": InFederation("hub", prepare_news, seal, shows_what_is_left, most=20),
    "push": InFederation("", prepare_note, push, shows_what_is_left, most=20),
    "import": InFederation("herten", prepare_nothing, import_table, shows_the_table, is_repeated=True, most=12),
    "backup": Backup(),
    "restore": Restore(),
    "migrate": Migration(),
}
