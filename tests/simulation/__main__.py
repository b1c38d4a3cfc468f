"""Run seeds: `python -m tests.simulation --seeds 0:300`, or one of them in full: `--seed 17 --verbose`."""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.simulation.scenario import FAULTS, run_seed


def _parse_range(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end or int(first) + 1))


def main() -> int:
    """Run what was asked for; exit code 1 when an invariant broke."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=_parse_range, default=range(20), metavar="FIRST:END")
    parser.add_argument("--seed", type=int, help="only this one")
    parser.add_argument("--faults", help=f"instead of the seed's own choice; of: {' '.join(FAULTS)}")
    parser.add_argument("--steps", type=int, help="instead of the seed's own number")
    parser.add_argument("--verbose", action="store_true", help="print every step and exchange")
    asked = parser.parse_args()
    if os.environ.get("PYTHONHASHSEED") != "0":
        # A replay must not depend on the order of sets either.
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "tests.simulation", *sys.argv[1:]])  # noqa: S606 - ourselves
    seeds = range(asked.seed, asked.seed + 1) if asked.seed is not None else asked.seeds
    faults = None if asked.faults is None else asked.faults.split()
    broken = 0
    for seed in seeds:
        begun = time.process_time()
        say = print if asked.verbose else None
        result = run_seed(seed, faults, steps=asked.steps, **({"say": say} if say else {}))
        print(
            f"seed {seed} trace {result.trace} digest {result.digest[:12] or '-'} steps {result.steps} "
            f"requests {result.requests} rounds {result.rounds} {time.process_time() - begun:.1f} s "
            f"[{' '.join(result.faults)}] {result.violation or 'ok'}",
            flush=True,
        )  # fmt: skip
        broken += bool(result.violation)
    print(f"{len(seeds)} seeds, {broken} broken")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
