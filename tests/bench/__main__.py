"""`python -m tests.bench`: measure the steps at each size, print the table, and with `--json` append one line per run.

One round runs the floor, then every step, then the floor again, so that a disk's or neighbour's mood falls on both.
Which steps exist is the list `STEPS`; how one is measured is decided in `measure`, what is divided by what in `table`.
The default takes about eight minutes on two cores, and 4 GB below the system's temporary directory.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from tests.bench.floor import sqlite_driver
from tests.bench.measure import ROOT, Measurement, run_served_step, run_step
from tests.bench.table import format_table, format_targets
from tests.support.world import CITIES

DEFAULT_SIZES = (1_000, 10_000, 100_000)
PARTY_SIZE, OUTPUTS_SIZE = 5_000, 20_000
"""Offers of the steps that look at whole running parties, whatever the sizes of the others."""


@dataclass(frozen=True)
class Step:
    """A measured step.

    Args:
        name: in the table.
        target: where its function is.
        serves: parties that another process serves meanwhile.
        is_floor: part of the floor.
        own_size: looks at running parties; once, at this size.
    """

    name: str
    target: str
    serves: tuple[str, ...] = ()
    is_floor: bool = False
    own_size: int = 0


PREPARE = "tests.bench.steps:prepare"
_MEMBERS = tuple(name for name, _ in CITIES)
STEPS: tuple[Step, ...] = (
    Step("floor-issue", "tests.bench.floor:issue_floor", is_floor=True),
    Step("floor-decode", "tests.bench.floor:decode_floor", is_floor=True),
    Step("floor-p5", "tests.bench.floor:p5_floor", is_floor=True),
    Step("publish", "tests.bench.steps:publish"),
    Step("full", "tests.bench.steps:full", serves=("herten",)),
    Step("second", "tests.bench.steps:second", serves=("hub",)),
    Step("idle", "tests.bench.steps:idle", serves=_MEMBERS),
    Step("incr-100", "tests.bench.steps:increment_100", serves=("herten",)),
    Step("incr-1pct", "tests.bench.steps:increment_percent", serves=("herten",)),
    Step("incr-1", "tests.bench.steps:increment_one", serves=("herten",)),
    Step("rss", "tests.bench.whole:resident", serves=("hub", "herten"), own_size=PARTY_SIZE),
    Step("visible", "tests.bench.whole:visible", own_size=PARTY_SIZE),
    Step("verify", "tests.bench.integrator:verified_copy", serves=("hub",), own_size=OUTPUTS_SIZE),
    Step("outputs", "tests.bench.outputs:build", serves=("herten",), own_size=OUTPUTS_SIZE),
    Step("export", "tests.bench.outputs:export", own_size=OUTPUTS_SIZE),
    Step("pages", "tests.bench.outputs:pages", own_size=OUTPUTS_SIZE),
)
FOUNDATION = ("publish", "full")
"""What every step but the floor and these builds on."""


def measure_round(steps: Sequence[Step], directory: Path, size: int, seed: int) -> Iterator[tuple[Step, Measurement]]:
    """One round at one size: floors, steps, and the floors again if there is anything between."""
    floors = [step for step in steps if step.is_floor]
    others = [step for step in steps if not step.is_floor]
    for step in [*floors, *others, *(floors if others else [])]:
        if step.serves:
            yield step, run_served_step(step.target, step.serves, directory, size, seed)
        else:
            yield step, run_step(step.target, directory, size, seed)


def circumstances() -> dict[str, Any]:
    """What a figure depends on besides the code: versions, machine, commit."""
    return {
        "commit": _git("rev-parse", "HEAD"),
        "is_dirty": bool(_git("status", "--porcelain")),
        "versions": {
            "python": platform.python_version(),
            "sqlite": sqlite_driver().sqlite_version,
            **{name: metadata.version(name) for name in ("cryptography", "httpx", "msgspec", "sqlalchemy")},
        },
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
    }


def _git(*arguments: str) -> str:
    """Output of git; empty where there is no repository or no git."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return done.stdout.strip()


def as_line(
    step: str, size: int, seed: int, number: int, account: Measurement, facts: Mapping[str, Any]
) -> dict[str, Any]:
    """One line of the JSON output."""
    return {
        "step": step,
        "size": size,
        "seed": seed,
        "round": number,
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu_seconds": account.cpu_seconds,
        "work_cpu_seconds": account.work_cpu_seconds,
        "work_wall_seconds": account.work_wall_seconds,
        **asdict(account),
        **facts,
    }


def measure_all(
    steps: Sequence[Step], sizes: Sequence[int], rounds: int, seed: int, facts: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """All rounds of all sizes; the material of a size is made once and thrown away after it."""
    plain = [step for step in steps if not step.own_size]
    work = [(size, plain, rounds) for size in sizes]
    for own_size in sorted({step.own_size for step in steps} - {0}):
        whole = [step for step in steps if step.own_size == own_size or step.name in FOUNDATION]
        work.append((own_size, whole, 1))
    for size, chosen, times in work:
        with tempfile.TemporaryDirectory(prefix="kreisweit-bench-") as name:
            run_step(PREPARE, Path(name), size, seed)
            for number in range(times):
                for step, account in measure_round(chosen, Path(name), size, seed):
                    yield as_line(step.name, size, seed, number, account, facts)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default=DEFAULT_SIZES, help="numbers of offers, such as 1000,10000")
    parser.add_argument("--steps", help=f"only these and the floor: {', '.join(step.name for step in STEPS)}")
    parser.add_argument("--rounds", type=int, default=1, help="3 for a look, 5 for a figure to publish")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="append one line per run")
    return parser.parse_args(arguments)


def _sizes(text: str) -> tuple[int, ...]:
    sizes = tuple(int(part) for part in text.split(","))
    if not all(size > 0 for size in sizes):
        raise argparse.ArgumentTypeError(f"sizes {text!r} are not all positive")
    return sizes


def chosen_steps(text: str | None) -> list[Step]:
    """The floor and the named steps with what they build on; all where none is named."""
    known = {step.name: step for step in STEPS}
    names = set(known) if text is None else set(text.split(","))
    if unknown := names - known.keys():
        raise SystemExit(f"no such step: {', '.join(sorted(unknown))}")
    if any(not known[name].is_floor for name in names - {"publish"}):
        names |= set(FOUNDATION)
    return [step for step in STEPS if step.is_floor or step.name in names]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, tell progress on stderr, print the table on stdout."""
    given = parse_arguments(arguments)
    lines = []
    for line in measure_all(chosen_steps(given.steps), given.sizes, given.rounds, given.seed, circumstances()):
        print(f"{line['step']} {line['size']:,} round {line['round']}: {line['wall_seconds']:.2f} s", file=sys.stderr)
        lines.append(line)
        if given.json is not None:
            with given.json.open("a", encoding="utf-8") as output:
                output.write(json.dumps(line) + "\n")
    print(format_table(lines))
    print(format_targets(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
