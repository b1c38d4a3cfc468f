"""Looks at running parties from outside: what /proc and the directories tell, without asking the programs."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.bench.measure import resident_mb
from tests.bench.soak_judging import Sample

_PROC = Path("/proc")
_STEAL = 7


class Sampler:
    """Takes a sample of each process when told to.

    Args:
        processes: process number and home directory of each party.
        began: `time.monotonic()` of the run's beginning.
    """

    def __init__(self, processes: Mapping[str, tuple[int, Path]], began: float) -> None:
        self._processes = processes
        self._began = began
        self._cpu = cpu_ticks()
        self.samples: list[Sample] = []

    def look(self) -> None:
        """Add one sample of every party."""
        for party, (pid, home) in self._processes.items():
            self.samples.append(
                Sample(
                    round(time.monotonic() - self._began, 1), party, resident_mb(pid), count_descriptors(pid),
                    count_threads(pid), database_files(home),
                )
            )  # fmt: skip

    @property
    def steal_share(self) -> float:
        """Which part of the machine's time since the beginning others took."""
        before, now = self._cpu, cpu_ticks()
        whole = sum(now) - sum(before)
        return (now[_STEAL] - before[_STEAL]) / whole if whole else 0.0


def count_descriptors(pid: int) -> int:
    return _count(_PROC / str(pid) / "fd")


def count_threads(pid: int) -> int:
    return _count(_PROC / str(pid) / "task")


def _count(folder: Path) -> int:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return 0  # it has ended; the visitors notice that


def database_files(home: Path) -> dict[str, int]:
    """Bytes of every database below a directory, and of their write-ahead logs."""
    return dict(_sizes(path for pattern in ("*.db", "*.db-wal") for path in home.rglob(pattern)))


def _sizes(paths: Iterable[Path]) -> Iterable[tuple[str, int]]:
    for path in paths:
        try:
            yield path.name, path.stat().st_size
        except FileNotFoundError:
            continue  # an index that was just replaced


def cpu_ticks() -> tuple[int, ...]:
    """Ticks of all cores by kind; the eighth is time that the machine's host gave to others."""
    first = (_PROC / "stat").read_text(encoding="ascii").splitlines()[0]
    return tuple(int(number) for number in first.split()[1:9])
