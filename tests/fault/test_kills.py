"""kill -9 at the steps to the disk: of a seal, a merge, a push, an erasure, an import, a restore … (THREATS 3.2).

By default an operation with many steps is killed at every k-th of them, from a different one in each run.
`KREISWEIT_TEST_KILLS=all` takes every step; a number repeats the run that printed it as its seed.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fault.dying import ALL, chosen_steps
from tests.fault.operations import OPERATIONS

ROOT = Path(__file__).parents[2]
COMPILER = shutil.which("cc") or shutil.which("gcc")
CHOSEN = os.environ.get("KREISWEIT_TEST_KILLS") or str(secrets.randbelow(1_000_000))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that ends a process at its Nth step."""
    if COMPILER is None:
        pytest.skip("no C compiler (apt-get install gcc libc6-dev)")
    made = tmp_path_factory.mktemp("library") / "die_at.so"
    source = Path(__file__).with_name("die_at.c")
    subprocess.run([COMPILER, "-shared", "-fPIC", "-O1", "-o", made, source, "-ldl"], check=True)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("operation", OPERATIONS)
def test_process_killed_at_any_step_loses_nothing(operation: str, library: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fault.dying", operation, str(tmp_path), str(library), CHOSEN]
    environment = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(ROOT)}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)

    assert done.returncode == 0, f"KREISWEIT_TEST_KILLS={CHOSEN}: {done.stdout}{done.stderr[-4000:]}"
    told = re.fullmatch(rf"{operation} survived ([0-9]+) of ([0-9]+) steps\n", done.stdout)
    assert told is not None
    assert int(told[2]) > 10
    wanted = int(told[2]) if CHOSEN == ALL else min(int(told[2]), OPERATIONS[operation].most // 2)
    assert int(told[1]) >= wanted


def test_every_kth_step_misses_none_over_all_runs() -> None:
    taken: set[int] = set()
    for seed in range(100):
        taken.update(chosen_steps(95, 20, random.Random(seed)))

    assert taken == set(range(1, 96))
