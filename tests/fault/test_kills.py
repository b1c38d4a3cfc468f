"""kill -9 at every step to the disk: of a seal, of a merge, of an apply, of an erasure (THREATS 3.2)."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fault.dying import OPERATIONS

ROOT = Path(__file__).parents[2]
COMPILER = shutil.which("cc") or shutil.which("gcc")


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
    command = [sys.executable, "-m", "tests.fault.dying", operation, str(tmp_path), str(library)]
    environment = {**os.environ, "LD_PRELOAD": str(library), "PYTHONPATH": str(ROOT)}

    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)

    assert done.returncode == 0, done.stdout + done.stderr[-4000:]
    steps = re.fullmatch(rf"{operation} survived ([0-9]+) steps\n", done.stdout)
    assert steps is not None
    assert int(steps[1]) > 10
