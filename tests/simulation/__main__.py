"""Run seeds: `python -m tests.simulation --seeds 0:300`, or one of them in full: `--seed 17 --verbose`.

Many seeds take a while: `--seeds 0:20000 --jobs 2` prints a line for each hundred and for each seed that broke
something, and at the end what was run, what was not, and how to replay what broke.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
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


def _parse_range(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end or int(first) + 1))


def run_one(seed: int, faults: list[str] | None = None, steps: int | None = None, *, verbose: bool = False) -> Ran:
    """Run one seed; whatever ends it is told."""
    begun = time.process_time()
    say = {"say": print} if verbose else {}
    try:
        result = run_seed(seed, faults, steps=steps, **say)  # type: ignore[arg-type]
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


def run_all(seeds: range, jobs: int, run: partial[Ran]) -> Tally:
    """Run seeds and print what a person wants to see of them while they run."""
    tally = Tally(len(seeds))
    try:
        for ran in _each(seeds, jobs, run):
            tally.take(ran)
            if len(seeds) < MANY or ran.is_broken:
                print(describe(ran), flush=True)
            if len(seeds) >= MANY and tally.ran % MANY == 0:
                print(tally.progress(), flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
    return tally


def _parse(arguments: Iterable[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=_parse_range, default=range(20), metavar="FIRST:END")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--faults", help=f"instead of the seed's own choice; of: {' '.join(FAULTS)}")
    parser.add_argument("--steps", type=int, help="instead of the seed's own number")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="so many processes")
    parser.add_argument("--verbose", action="store_true", help="print every step and exchange")
    return parser.parse_args(list(arguments))


def main() -> int:
    """Run what was asked for; exit code 1 when an invariant broke, or not all of it was run."""
    asked = _parse(sys.argv[1:])
    if os.environ.get("PYTHONHASHSEED") != "0":
        # A replay must not depend on the order of sets either.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # noqa: S606 - ourselves
    seeds = range(asked.seed, asked.seed + 1) if asked.seed is not None else asked.seeds
    faults = None if asked.faults is None else asked.faults.split()
    run = partial(run_one, faults=faults, steps=asked.steps, verbose=asked.verbose)
    tally = run_all(seeds, max(1, asked.jobs), run)
    print("\n".join(tally.summary()))
    return 1 if tally.broken or tally.ran < len(seeds) else 0


if __name__ == "__main__":
    sys.exit(main())
