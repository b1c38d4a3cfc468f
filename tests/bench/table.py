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
from typing import Any

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


def format_targets(lines: Iterable[Line]) -> str:
    """What the goals of the issue ask of these figures: value, gate and verdict, a line each."""
    everything = list(lines)
    found: list[tuple[str, float, float]] = []
    for size in dict.fromkeys(line["size"] for line in everything if line["step"] == "full"):
        ratios = _ratios(_of(everything, "full", size), everything, "floor-p5")
        found += [(f"P5: full sync of {size:,}, CPU / floor", median(ratios), 2.0)] if ratios else []
    found += _growth_of_increments(everything)
    for line in everything:
        figures, size = line["figures"], line["size"]
        if line["step"] == "idle":
            found.append((f"idle round at {size:,}: requests", figures["requests"], 11))
            found.append((f"idle round at {size:,}: bytes at the socket", figures["bytes"], 8192))
            found.append((f"idle round at {size:,}: signatures a member", figures["signatures_per_member"], 1))
        elif line["step"] == "rss":
            found.append((f"node with {size:,} offers after 200 polls: resident MB", figures["resident_mb"], 120))
        elif line["step"] == "visible":
            found.append(("seconds from seal to visible on every node", figures["seconds"], 5))
    width = max((len(name) for name, _, _ in found), default=0)
    return "\n".join(
        f"{name.ljust(width)}  {value:10,.2f}  at most {gate:g}{'' if value <= gate else '  OVER'}"
        for name, value, gate in found
    )


def _growth_of_increments(lines: Sequence[Line]) -> list[tuple[str, float, float]]:
    """P7: a hundred changes at the largest size against a hundred at the smallest."""
    sizes = sorted({line["size"] for line in lines if line["step"] == "incr-100"})
    if len(sizes) < 2:
        return []
    small, large = (_of(lines, "incr-100", size) for size in (sizes[0], sizes[-1]))
    ratio = median(line["work_cpu_seconds"] for line in large) / median(line["work_cpu_seconds"] for line in small)
    return [(f"P7: 100 changes at {sizes[-1]:,} / at {sizes[0]:,}, CPU with the note", ratio, 1.25)]


def _of(lines: Sequence[Line], step: str, size: int) -> list[Line]:
    return [line for line in lines if line["step"] == step and line["size"] == size]


def main(arguments: Sequence[str]) -> int:
    lines = [json.loads(line) for path in arguments for line in Path(path).read_text(encoding="utf-8").splitlines()]
    print(format_table(lines))
    print(format_targets(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
