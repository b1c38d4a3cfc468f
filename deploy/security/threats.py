"""`python -m deploy.security.threats`: which tests show what the project says about threats, faults and invariants.

`threats.tsv` is written by people: a row for each threat (T), accepted risk (R), fault (F) and invariant (I), with the
tests that show its outcome, or the reason why there is none.  `THREATS.md` is made of it and says the same to readers.
With `--check` nothing is written; the program ends with 1 when the text is not what the table gives, or when a row
lacks an id, names a test that is not there, or has neither a test nor a reason.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from deploy.security.references import check_reference, link_to, parse_reference

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parents[1]
TABLE, TEXT = FOLDER / "threats.tsv", FOLDER / "THREATS.md"
HERE = Path("deploy/security")
"""Where the text lies, from the top of the project: links begin there."""
REASON_WORDS = 5
"""A reason of fewer words gives none."""
SECTIONS = (
    ("T", "Threats", "What somebody may try, what stands against it, and what is seen when it is tried."),
    ("R", "Accepted risks", "What is not prevented, and what can be done about it."),
    ("F", "Faults", "What breaks by itself, and how the parties come out of it."),
    ("I", "Invariants", "What holds whatever happens; the simulation checks most of them after every step."),
)
IDS = (
    *(f"T{number}" for number in range(1, 43)),
    *(f"R{number}" for number in range(1, 6)),
    *(f"F3.{number}" for number in range(2, 12)),
    *(f"I{number}" for number in range(1, 19)),
)
"""Every id that the table has, each once and in this order."""
_HEAD = """# Threats and their tests

Made by `python -m deploy.security.threats` from [threats.tsv](threats.tsv); do not edit. Numbers are those of the
project's threat model. A row without a test says why there is none and what could happen.

"""


@dataclass(frozen=True)
class Row:
    """One row of the table, as it is written there."""

    id: str
    threat: str
    defence: str
    seen: str
    tests: str
    remark: str


def load_rows(table: Path = TABLE) -> list[Row]:
    """Read the table; its columns are the fields of `Row`, in their order.

    Raises:
        ValueError: another head, or a line with more or fewer cells.
    """
    names = [field.name for field in fields(Row)]
    with table.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    if lines[:1] != [names]:
        raise ValueError(f"{table.name}: columns {lines[:1]}, {names} expected")
    for number, line in enumerate(lines, 1):
        if len(line) != len(names):
            raise ValueError(f"{table.name}, line {number}: {len(line)} cells, {len(names)} expected")
    return [Row(*line) for line in lines[1:]]


def check_rows(rows: Sequence[Row], root: Path = PROJECT) -> list[str]:
    """Collect what is wrong with the table: ids, empty cells, tests that are not there, rows without a reason."""
    problems = [f"{id_} is missing" for id_ in IDS if id_ not in {row.id for row in rows}]
    if not problems and [row.id for row in rows] != list(IDS):
        problems.append("the ids are not those of the threat model, each once and in order")
    for row in rows:
        problems += [f"{row.id}: {problem}" for problem in _row_problems(row, root)]
    return problems


def _row_problems(row: Row, root: Path) -> Iterator[str]:
    for name in ("threat", "defence", "seen"):
        if not getattr(row, name).strip():
            yield f"{name} is empty"
    if not row.tests and len(row.remark.split()) < REASON_WORDS:
        yield "neither a test nor a reason"
    if len(set(row.tests.split(" "))) != len(row.tests.split(" ")):
        yield "a test is named twice"
    for text in filter(None, row.tests.split(" ")):
        try:
            reference = parse_reference(text)
        except ValueError as error:
            yield str(error)
            continue
        if not (reference.path.startswith("tests/") and reference.name.startswith("test_")):
            yield f"{text} is no test"
        elif problem := check_reference(root, reference):
            yield problem


def format_text(rows: Sequence[Row]) -> str:
    """Write the table as Markdown: a section for each kind of row, a table in each."""
    counted = f"{len(rows)} rows, {sum(bool(row.tests) for row in rows)} with tests.\n"
    return _HEAD + counted + "".join(_section(*section, rows) for section in SECTIONS)


def _section(kind: str, title: str, about: str, rows: Sequence[Row]) -> str:
    lines = [f"\n## {title}\n", about, "", "| | what | defence | outcome | shown by |", "|---|---|---|---|---|"]
    for row in (row for row in rows if row.id.startswith(kind)):
        shown = [link_to(parse_reference(text), HERE) for text in row.tests.split(" ") if text]
        cells = (
            row.id,
            row.threat,
            row.defence,
            row.seen,
            "<br>".join([*shown, *([row.remark] if row.remark else [])]),
        )
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the text, or only compare it; returns 1 when something is wrong."""
    parser = argparse.ArgumentParser(prog="python -m deploy.security.threats", description="Threats and their tests.")
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    options = parser.parse_args(arguments)
    rows = load_rows()
    problems = check_rows(rows)
    if not problems and not options.check:
        TEXT.write_text(format_text(rows), "utf-8")
    if not problems and options.check and TEXT.read_text("utf-8") != format_text(rows):
        problems.append(f"{TEXT.name} is not what {TABLE.name} gives; run python -m deploy.security.threats")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
