"""One operation on real files, killed at its steps to the disk, and started again each time.

Run with the library of `die_at.c` preloaded: `python -m tests.fault.dying OPERATION FOLDER LIBRARY [SEED|all]`.  A seed
chooses every k-th step where there are more than an operation's share; `all` takes each of them.  After some of them
the process that starts again is killed too.  Prints how many steps there were; ends with 1 and says what was lost or
broken otherwise, and which seed shows it.
"""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tests.fault.operations import OPERATIONS, Operation

ALL: Final = "all"
_DOUBLES: Final = 2
"""Steps after which the process that starts again is killed too, at as many steps of its own."""
_STEPS: Final = "steps"


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


def copy_folder(source: Path, target: Path) -> None:
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


class LostError(Exception):
    """Something was lost, or is not whole."""


class Trial:
    """One operation on a copy of one template, as often as it has steps."""

    def __init__(self, operation: Operation, folder: Path, library: Path) -> None:
        self._operation = operation
        self._folder = folder
        self._template, self._work, self._fallen = folder / "template", folder / "work", folder / "fallen"
        self._shim = ctypes.CDLL(str(library))
        self._shim.die_at.argtypes = (ctypes.c_long, ctypes.c_char_p)

    def make(self) -> None:
        """Bring the template to where the operation begins."""
        self._template.mkdir()
        self._operation.make(self._template)

    def kill(self, at: int) -> bool:
        """Do the operation anew and die at this step; False if there is no such step."""
        copy_folder(self._template, self._work)
        return self._survives(partial(self._act, at), f"step {at}")

    def count(self, act: Callable[[int], None], source: Path) -> int:
        """Return how many steps something has that is done in full."""
        copy_folder(source, self._work)
        self._survives(partial(act, 0), "the run that counts")
        return int((self._folder / _STEPS).read_text("ascii"))

    def count_steps(self) -> int:
        return self.count(self._act, self._template)

    def _survives(self, act: Callable[[], None], what: str) -> bool:
        status = in_process(act)
        if status not in (0, signal.SIGKILL):
            raise LostError(what)
        return status == signal.SIGKILL

    def _arm(self, at: int, watched: str) -> None:
        self._shim.die_at(at, str(self._work / watched).encode())

    def _disarm(self) -> None:
        (self._folder / _STEPS).write_text(str(self._shim.steps_taken()), "ascii")
        self._shim.die_at(0, b"")

    def _act(self, at: int) -> None:
        self._operation.act(self._work, partial(self._arm, at, self._operation.watched), self._disarm)

    def go_on(self) -> None:
        """Start again on what is left; LostError unless everything is whole, and in the end as it should be."""
        if in_process(partial(self._operation.go_on, self._work)):
            raise LostError("what started again")

    def _go_on_and_die(self, at: int) -> None:
        self._arm(at, "")
        self._operation.go_on(self._work)
        self._disarm()

    def kill_again(self, dice: random.Random) -> None:
        """What starts again on the disk as it is now dies too, at some of its steps; then it starts once more."""
        copy_folder(self._work, self._fallen)
        steps = self.count(self._go_on_and_die, self._fallen)
        for at in dice.sample(range(1, steps + 1), min(_DOUBLES, steps)):
            copy_folder(self._fallen, self._work)
            if not self._survives(partial(self._go_on_and_die, at), f"step {at} of {steps} of what started again"):
                continue  # its steps are not always as many
            self.go_on()


def chosen_steps(steps: int, most: int, dice: random.Random | None) -> Sequence[int]:
    """Every step, or every k-th where there are more than `most`; from where on is left to the dice."""
    if dice is None or steps <= most:
        return range(1, steps + 1)
    stride = -(-steps // most)
    return range(1 + dice.randrange(stride), steps + 1, stride)


def main(name: str, folder: Path, library: Path, chosen: str = ALL) -> int:
    """Kill the operation at its steps; returns 1 when something was lost or broken."""
    operation, trial = OPERATIONS[name], Trial(OPERATIONS[name], folder, library)
    dice = random.Random(f"{name} {chosen}")
    trial.make()  # in this process: all others begin with its modules and compiled statements
    place = "the run that counts"
    try:
        steps = trial.count_steps()
        at_steps = chosen_steps(steps, operation.most, None if chosen == ALL else dice)
        doubles = set(dice.sample(at_steps, min(_DOUBLES, len(at_steps))))
        for at in at_steps:
            place = f"step {at} of {steps}"
            trial.kill(at)
            if at in doubles:
                trial.kill_again(dice)
            else:
                trial.go_on()
    except LostError as lost:
        print(f"{name} at {place}, seed {chosen}: {lost}")
        return 1
    print(f"{name} survived {len(at_steps)} of {steps} steps")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:]))
