"""Run seeds: `python -m tests.simulation --seeds 0:300`, or one of them in full: `--seed 17 --verbose`.

Many seeds take a while: `--seeds 0:20000 --jobs 2` prints a line for each hundred and for each seed that broke
something, and at the end what was run, what was not, and how to replay what broke.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable
from functools import partial

from tests.simulation.many import Tally, run_all, run_one
from tests.simulation.scenario import FAULTS


def _parse_range(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end or int(first) + 1))


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
    tally = Tally(len(seeds))
    for line in run_all(seeds, max(1, asked.jobs), run, tally):
        print(line, flush=True)
    print("\n".join(tally.summary()))
    return 1 if tally.broken or tally.ran < len(seeds) else 0


if __name__ == "__main__":
    sys.exit(main())
