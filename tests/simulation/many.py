"""Many seeds, in one process or several: what is told of them on the way and at the end."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Final

import msgspec

from tests.simulation.scenario import FAULTS, Result, run_seed

MANY: Final = 100
"""From so many seeds on only every hundredth has a line of its own."""


class Ran(msgspec.Struct, frozen=True):
    """One seed that was run; `error` says what broke the run itself rather than an invariant."""

    seed: int
    seconds: float
    result: Result | None = None
    error: str = ""

    @property
    def is_broken(self) -> bool:
        return self.result is None or bool(self.result.violation)


def run_one(seed: int, faults: list[str] | None = None, steps: int | None = None, *, verbose: bool = False) -> Ran:
    """Run one seed; whatever ends it is told."""
    begun = time.process_time()
    say = {"say": print} if verbose else {}
    try:
        result = run_seed(seed, faults, steps=steps, **say)
    except Exception as error:  # noqa: BLE001 - one run that fails must not hide the others
        return Ran(seed, time.process_time() - begun, error=f"{type(error).__name__}: {error}"[:400])
    return Ran(seed, time.process_time() - begun, result)


def describe(ran: Ran) -> str:
    """Return the line of one seed."""
    result = ran.result
    if result is None:
        return f"seed {ran.seed} {ran.seconds:.1f} s broke off: {ran.error}"
    return (
        f"seed {ran.seed} trace {result.trace} digest {result.digest[:12] or '-'} steps {result.steps} "
        f"requests {result.requests} rounds {result.rounds} {ran.seconds:.1f} s "
        f"[{' '.join(result.faults)}] {result.violation or 'ok'}"
    )


def _each(seeds: range, jobs: int, run: partial[Ran]) -> Iterator[Ran]:
    if jobs == 1:
        yield from map(run, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=4)


class Tally:
    """What a long run came to."""

    def __init__(self, wanted: int) -> None:
        self._wanted = wanted
        self._begun = time.monotonic()
        self._seconds = 0.0
        self._kinds: Counter[str] = Counter()
        self.ran = 0
        self.broken: list[Ran] = []

    def take(self, ran: Ran) -> None:
        self.ran += 1
        self._seconds += ran.seconds
        self._kinds.update(ran.result.faults if ran.result else ())
        if ran.is_broken:
            self.broken.append(ran)

    def progress(self) -> str:
        wall = time.monotonic() - self._begun
        left = wall / self.ran * (self._wanted - self.ran)
        return (
            f"{self.ran} of {self._wanted} seeds, {len(self.broken)} broken, {self._seconds / self.ran:.2f} s of "
            f"processor each, {wall / 60:.1f} min so far, about {left / 60:.0f} min to go"
        )

    def summary(self) -> list[str]:
        lines = [f"{self.ran} seeds, {len(self.broken)} broken"]
        if self.ran < self._wanted:
            lines.append(f"broken off: {self._wanted - self.ran} seeds were not run")
        if self._wanted >= MANY:
            never = [fault for fault in FAULTS if not self._kinds[fault]]
            lines.append(f"faults, by how many seeds had them: {dict(sorted(self._kinds.items()))}")
            lines += [f"never tried: {' '.join(never)}"] if never else []
        kinds = Counter(ran.result.invariant if ran.result else "broke off" for ran in self.broken)
        lines += [f"{kind}: {count}" for kind, count in sorted(kinds.items())]
        lines += [f"replay: python -m tests.simulation --seed {ran.seed} --verbose" for ran in self.broken[:20]]
        return lines


def run_all(seeds: range, jobs: int, run: partial[Ran], tally: Tally) -> Iterator[str]:
    """Run seeds; yields the lines that a person wants to see while they run."""
    try:
        for ran in _each(seeds, jobs, run):
            tally.take(ran)
            if len(seeds) < MANY or ran.is_broken:
                yield describe(ran)
            if len(seeds) >= MANY and tally.ran % MANY == 0:
                yield tally.progress()
    except KeyboardInterrupt:
        yield "interrupted"
