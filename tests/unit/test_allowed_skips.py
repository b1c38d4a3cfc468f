"""The plugin that fails a run with unexplained skips, tried on small suites of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SUITE = """
import pytest

def test_runs():
    pass

@pytest.mark.skip(reason="{reason}")
def test_skipped():
    pass

@pytest.mark.xfail(strict=True)
def test_known_gap():
    assert False
"""


def run_suite(folder: Path, reason: str, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text("from tests.support.allowed_skips import *\n", "utf-8")
    (folder / "test_sample.py").write_text(SUITE.format(reason=reason), "utf-8")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        str(folder),
        *options,
    ]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=False, timeout=120
    )


@pytest.mark.parametrize("workers", [(), ("-n", "2")])
def test_skip_with_another_reason_fails_the_run_and_is_named(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = run_suite(tmp_path, "no chromium", "--allow-skips", "HSDS", *workers)

    assert run.returncode == 1
    assert "skipped without leave" in run.stdout
    assert "test_skipped: " in run.stdout
    assert "no chromium" in run.stdout
    assert run.stdout.strip().splitlines()[-1].startswith("1 passed, 1 skipped, 1 xfailed")


def test_skip_with_an_allowed_reason_passes(tmp_path: Path) -> None:
    run = run_suite(tmp_path, "HSDS schemas are not here", "--allow-skips", "HSDS")

    assert run.returncode == 0


def test_without_the_option_a_skip_passes(tmp_path: Path) -> None:
    assert run_suite(tmp_path, "no chromium").returncode == 0
