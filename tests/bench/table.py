"""Prints measurements as a table; `python -m tests.bench.table FILE` reads what `tests.bench --json FILE` wrote.

Ratios are taken within one round, each step against the floor of the same round and size; shown is the median, and the
range where there are several rounds.  Figures of different rounds or machines are never divided by each other.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any, NamedTuple

Line = Mapping[str, Any]
FLOORS = {"x P5": "floor-p5", "x decode": "floor-decode", "x issue": "floor-issue"}
HEAD = (
    "step", "size", "changes/s", "us CPU/change", "CPU ms", "note ms", "wall ms", "peak MB", "requests", "bytes",
    "us server", *FLOORS,
)  # fmt: skip


def format_table(lines: Iterable[Line]) -> str:
    """One row per step and size, in the order of their first measurement."""
    groups: dict[tuple[str, int], list[Line]] = {}
    for line in lines:
        groups.setdefault((line["step"], line["size"]), []).append(line)
    everything = [line for group in groups.values() for line in group]
    rows = [HEAD, *(_row(step, size, group, everything) for (step, size), group in groups.items())]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(_aligned(row, widths) for row in [rows[0], tuple("-" * width for width in widths), *rows[1:]])


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(row, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *others]).rstrip()


def _row(step: str, size: int, group: Sequence[Line], everything: Sequence[Line]) -> tuple[str, ...]:
    def middle(value: Callable[[Line], float]) -> float:
        return median(value(line) for line in group)

    def figure(name: str) -> float:
        return middle(lambda line: line["figures"].get(name, 0))

    changes, wall = figure("changes"), middle(lambda line: line["work_wall_seconds"])
    work, served = middle(lambda line: line["work_cpu_seconds"]), figure("server_cpu_seconds")
    return (
        step,
        f"{size:,}",
        _shown(changes / wall if wall else 0),
        f"{work / changes * 1e6:,.1f}" if changes else "-",
        f"{work * 1e3:,.1f}",
        _shown(figure("note_cpu_seconds") * 1e3, 1),
        f"{wall * 1e3:,.1f}",
        f"{middle(lambda line: line['peak_rss_mb']):.0f}",
        _shown(figure("requests"), 1),
        _shown(figure("bytes")),
        f"{served / changes * 1e6:,.1f}" if changes and served else "-",
        *(_ratio(group, everything, floor) for floor in FLOORS.values()),
    )


def _shown(value: float, digits: int = 0) -> str:
    return f"{value:,.{digits}f}" if value else "-"


def _ratio(group: Sequence[Line], everything: Sequence[Line], floor: str) -> str:
    ratios = _ratios(group, everything, floor)
    if not ratios:
        return "-"
    spread = f" ({min(ratios):.2f}-{max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"{median(ratios):.2f}{spread}"


def _ratios(group: Sequence[Line], everything: Sequence[Line], floor: str) -> list[float]:
    """CPU of the work per change over that of the floor in the same round; a round's floor is the mean of its runs."""
    ratios = []
    for line in group:
        same = (line["round"], line["size"])
        costs = [
            _cost(other) for other in everything if other["step"] == floor and (other["round"], other["size"]) == same
        ]
        cost = _cost(line)
        if cost is not None and costs and all(costs):
            ratios.append(cost / fmean(value for value in costs if value is not None))
    return ratios


def _cost(line: Line) -> float | None:
    """Seconds of CPU per change; None for a step that counts none."""
    changes = line["figures"].get("changes", 0)
    return line["work_cpu_seconds"] / changes if changes else None


class Goal(NamedTuple):
    """What an issue asks of a figure."""

    name: str
    value: float
    gate: float
    is_least: bool = False

    @property
    def holds(self) -> bool:
        return self.value >= self.gate if self.is_least else self.value <= self.gate


def format_targets(lines: Iterable[Line]) -> str:
    """What the goals of the issues ask of these figures: value, gate and verdict, a line each."""
    everything = list(lines)
    found: list[Goal] = []
    for size in dict.fromkeys(line["size"] for line in everything if line["step"] == "full"):
        ratios = _ratios(_of(everything, "full", size), everything, "floor-p5")
        found += [Goal(f"P5: full sync of {size:,}, CPU / floor", median(ratios), 2.0)] if ratios else []
    found += _growth_of_increments(everything)
    for line in everything:
        found += _goals_of(line)
    width = max((len(goal.name) for goal in found), default=0)
    return "\n".join(
        f"{goal.name.ljust(width)}  {goal.value:10,.2f}  at {'least' if goal.is_least else 'most'} {goal.gate:g}"
        f"{'' if goal.holds else '  UNDER' if goal.is_least else '  OVER'}"
        for goal in found
    )


def _goals_of(line: Line) -> list[Goal]:
    figures, size = line["figures"], f"{line['size']:,}"
    match line["step"]:
        case "idle":
            return [
                Goal(f"idle round at {size}: requests", figures["requests"], 11),
                Goal(f"idle round at {size}: bytes at the socket", figures["bytes"], 8192),
                Goal(f"idle round at {size}: signatures a member", figures["signatures_per_member"], 1),
            ]
        case "rss":
            return [Goal(f"node with {size} offers after 200 polls: resident MB", figures["resident_mb"], 120)]
        case "visible":
            return [Goal("seconds from seal to visible on every node", figures["seconds"], 5)]
        case "export":
            return [
                Goal(f"all {size} offers as lines: CPU seconds", figures["work_cpu_seconds"], 5),
                Goal(f"all {size} offers as lines: peak MB of the server", figures["server_peak_mb"], 200),
            ]
        case "pages":
            return _goals_of_pages(figures)
    return []


def _goals_of_pages(figures: Mapping[str, float]) -> list[Goal]:
    """A page of 50 against Datasette, once by the clock and once by what one core would answer; and 304."""
    goals = [Goal("304 that is asked for again: p99 ms", figures["known_p99_ms"], 5)]
    for name, words, least in (("again", "asked again", 15), ("cold", "never asked before", 4)):
        for unit, by in (("per_second", "requests/s"), ("per_cpu_second", "requests per second of CPU")):
            if (ratio := figures.get(f"{name}_ratio_{unit}")) is not None:
                goals.append(Goal(f"page of 50 {words}: {by} / Datasette's", ratio, least, is_least=True))
    return goals


def _growth_of_increments(lines: Sequence[Line]) -> list[Goal]:
    """P7: a hundred changes at the largest size against a hundred at the smallest."""
    sizes = sorted({line["size"] for line in lines if line["step"] == "incr-100"})
    if len(sizes) < 2:
        return []
    small, large = (_of(lines, "incr-100", size) for size in (sizes[0], sizes[-1]))
    ratio = median(line["work_cpu_seconds"] for line in large) / median(line["work_cpu_seconds"] for line in small)
    return [Goal(f"P7: 100 changes at {sizes[-1]:,} / at {sizes[0]:,}, CPU with the note", ratio, 1.25)]


def _of(lines: Sequence[Line], step: str, size: int) -> list[Line]:
    return [line for line in lines if line["step"] == step and line["size"] == size]


def main(arguments: Sequence[str]) -> int:
    lines = [json.loads(line) for path in arguments for line in Path(path).read_text(encoding="utf-8").splitlines()]
    print(format_table(lines))
    print(format_targets(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
