"""Runs a step in a process of its own and reads the kernel's account of it.

CPU time and peak memory come from `wait4` of the finished process, so nothing a step forgets to count is missed.  One
exception: a child starts with its parent's resident size as peak (the kernel carries it over `exec` after `vfork`), so
a step also reports the peak of its own address space (`VmHWM`), and that one counts where the system tells it.

A step is a function `(directory, size, seed) -> figures` named as `module:function`.  Anything it must not be charged
for, such as a publisher that it reads from, is started as another process with `Started`.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

Figures = dict[str, float]
StepFunction = Callable[[Path, int, int], Figures]
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Measurement:
    """The account of one finished process; `figures` are what it said about its own work."""

    user_seconds: float
    system_seconds: float
    wall_seconds: float
    peak_rss_mb: float
    exit_code: int
    figures: Figures = field(default_factory=dict)

    @property
    def cpu_seconds(self) -> float:
        return self.user_seconds + self.system_seconds

    @property
    def work_cpu_seconds(self) -> float:
        """CPU of the work alone where the step measured it, else of the whole process."""
        return self.figures.get("work_cpu_seconds", self.cpu_seconds)

    @property
    def work_wall_seconds(self) -> float:
        """Wall time of the work alone where the step measured it, else of the whole process."""
        return self.figures.get("work_wall_seconds", self.wall_seconds)


class Started:
    """A running process whose account is taken when it ends.

    Args:
        command: program and arguments.
        environment: added to this process's own.
        cores: the process is pinned to these where the system can.
    """

    def __init__(
        self, command: Sequence[str], *, environment: Mapping[str, str] | None = None, cores: Sequence[int] = ()
    ) -> None:
        self._command = list(command)
        self._began = time.perf_counter()
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, cwd=ROOT, env={**os.environ, **(environment or {})}
        )
        if cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(self._process.pid, set(cores))

    def line(self) -> str:
        """The next line that the process prints; empty when it has ended."""
        stdout = self._process.stdout
        return "" if stdout is None else stdout.readline().decode().strip()

    @property
    def pid(self) -> int:
        return self._process.pid

    def finished(self) -> tuple[Measurement, bytes]:
        """Read the output to its end, wait, and account.  Call once."""
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("the process was started without a pipe")
        with stdout:
            output = stdout.read()
        _, status, usage = os.wait4(self._process.pid, 0)
        self._process.returncode = os.waitstatus_to_exitcode(status)  # Popen must not wait for it again
        account = Measurement(
            user_seconds=usage.ru_utime,
            system_seconds=usage.ru_stime,
            wall_seconds=time.perf_counter() - self._began,
            peak_rss_mb=usage.ru_maxrss / (1024 if sys.platform != "darwin" else 1024 * 1024),
            exit_code=self._process.returncode,
        )
        return account, output

    def stopped(self) -> tuple[Measurement, bytes]:
        """Ask the process to end (SIGTERM), then account."""
        self._process.send_signal(signal.SIGTERM)
        return self.finished()


def run_step(target: str, directory: Path, size: int, seed: int, *, cores: Sequence[int] = ()) -> Measurement:
    """Run one step in a fresh interpreter.

    Raises:
        RuntimeError: the step failed; a benchmark never reports figures of half a run.
    """
    arguments = [target, str(directory), str(size), str(seed)]
    account, output = Started([sys.executable, "-m", "tests.bench.measure", *arguments], cores=cores).finished()
    if account.exit_code != 0:
        raise RuntimeError(f"{target} at {size} ended with exit code {account.exit_code}")
    figures: Figures = json.loads(output.splitlines()[-1])
    return Measurement(
        account.user_seconds,
        account.system_seconds,
        account.wall_seconds,
        figures.pop("own_peak_rss_mb", account.peak_rss_mb),
        account.exit_code,
        figures,
    )


def run_served_step(target: str, names: Sequence[str], directory: Path, size: int, seed: int) -> Measurement:
    """Run one step while another process serves the parties `names`; its CPU from being ready on is a figure, too.

    Raises:
        RuntimeError: the server did not start, or the step failed.
    """
    options = ["--size", str(size), "--seed", str(seed), str(directory), *names]
    server = Started([sys.executable, "-m", "tests.bench.serve", *options])
    word, _, spent = server.line().partition(" ")
    try:
        if word != "ready":
            raise RuntimeError(f"the server of {', '.join(names)} did not start")
        account = run_step(target, directory, size, seed)
    finally:
        served, _ = server.stopped()
    figures = {**account.figures, "server_cpu_seconds": served.cpu_seconds - float(spent)}
    return replace(account, figures=figures)


def resident_mb(pid: int) -> float:
    """What a running process holds in memory now; 0 where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def own_peak_rss_mb() -> float | None:
    """Peak resident size of this address space; None where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:")), None)


def find_step(target: str) -> StepFunction:
    """Import `module:function`."""
    module, _, name = target.partition(":")
    function: StepFunction = getattr(importlib.import_module(module), name)
    return function


def main(arguments: Sequence[str]) -> int:
    """The measured side: run the step, print its figures as one line of JSON."""
    target, directory, size, seed = arguments
    figures = find_step(target)(Path(directory), int(size), int(seed))
    peak = own_peak_rss_mb()
    print(json.dumps(figures if peak is None else {**figures, "own_peak_rss_mb": peak}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
