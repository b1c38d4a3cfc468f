"""The table of OWASP ASVS: read, checked, written as a page.

    python -m deploy.security.tables            write ASVS.md
    python -m deploy.security.tables --check    only say whether ASVS.md and every reference are right; 1 if not

Kept by hand is `asvs.tsv`: one row for each requirement of level 1 and 2, with a subject in our own words.  What is
checked of a table in general: its columns, its states, that every reference leads somewhere, that a row says what its
state demands.  What is not checked: whether the evidence is good; that is for readers.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.security.references import Reference, check_reference, link_to, parse_reference

ROOT = Path(__file__).parents[2]
FOLDER = Path("deploy/security")
TABLE = ROOT / FOLDER / "asvs.tsv"
PAGE = ROOT / FOLDER / "ASVS.md"
COLUMNS = ("id", "level", "subject", "state", "evidence", "remark")
STATES = ("met", "partly", "not met", "not applicable", "operator")
_NEEDS_EVIDENCE = frozenset({"met", "partly", "operator"})
_NEEDS_REMARK = frozenset({"partly", "not met", "not applicable"})
CHAPTERS = {
    1: "Encoding and sanitization", 2: "Validation and business logic", 3: "Web frontend", 4: "API and web service",
    5: "File handling", 6: "Authentication", 7: "Session management", 8: "Authorization", 9: "Self-contained tokens",
    10: "OAuth and OIDC", 11: "Cryptography", 12: "Secure communication", 13: "Configuration", 14: "Data protection",
    15: "Secure coding and architecture", 16: "Logging and error handling", 17: "WebRTC",
}  # fmt: skip
Row = Mapping[str, str]

_HEAD = """\
# kreisweit and OWASP ASVS 5.0.0

The Application Security Verification Standard is a list of what web applications should do, in three levels. This
page goes through every requirement of **level 1 and level 2** of version v5.0.0 and says how kreisweit stands, with
the place in the code, the test or the text that shows it. It was filled in by the project itself and audited by
nobody else.

Numbers and levels are those of the standard (<https://github.com/OWASP/ASVS>, file
`5.0/docs_en/OWASP_Application_Security_Verification_Standard_5.0.0_en.csv`; © The OWASP Foundation, CC BY-SA 4.0). The
subjects are our own short words and do not replace its text: read a requirement there before you judge a row here.

| state | means |
|---|---|
| met | the program does it; the reference shows where, or which test would fail |
| partly | some of it; the remark says what is missing and what could happen |
| not met | not done; the remark says what could happen |
| not applicable | there is no such thing here; the remark says why |
| operator | whoever runs a party sees to it; the reference is what tells them |

Written by `python -m deploy.security.tables` from [asvs.tsv](asvs.tsv); `tests/unit/test_asvs_table.py` checks both,
and every reference.
"""


def read_table(text: str, columns: Sequence[str]) -> list[Row]:
    """Read a table of evidence: tabs between cells, the first line names the columns.

    Raises:
        ValueError: other columns, or a row with more or fewer cells.
    """
    head, *lines = text.rstrip("\n").split("\n")
    if head.split("\t") != list(columns):
        raise ValueError(f"the columns are {head.split(chr(9))}, not {list(columns)}")
    rows = [line.split("\t") for line in lines]
    for number, cells in enumerate(rows, start=2):
        if len(cells) != len(columns):
            raise ValueError(f"line {number} has {len(cells)} cells, not {len(columns)}")
    return [dict(zip(columns, (cell.strip() for cell in cells), strict=True)) for cells in rows]


def references_of(row: Row) -> list[Reference]:
    """Return what a row refers to; ValueError for what is no reference."""
    return [parse_reference(word) for word in row["evidence"].split()]


def check_row(root: Path, row: Row, states: Sequence[str] = STATES) -> list[str]:
    """Collect what is wrong with a row: its state, what that demands, references that lead nowhere."""
    problems: list[str] = []
    if row["state"] not in states:
        problems.append(f"unknown state {row['state']!r}")
    if row["state"] in _NEEDS_EVIDENCE and not row["evidence"]:
        problems.append(f"{row['state']} without evidence")
    if row["state"] in _NEEDS_REMARK and not row["remark"]:
        problems.append(f"{row['state']} without a remark")
    if not row["subject"]:
        problems.append("no subject")
    try:
        problems += filter(None, (check_reference(root, reference) for reference in references_of(row)))
    except ValueError as error:
        problems.append(str(error))
    return [f"{row['id']}: {problem}" for problem in problems]


def chapter_of(row: Row) -> int:
    """Return the number of a requirement's chapter."""
    return int(row["id"].partition(".")[0])


def write_page(rows: Sequence[Row]) -> str:
    """Return the page: introduction, numbers, then the rows of each chapter."""
    parts = [_HEAD, "## Numbers\n", _numbers(rows)]
    for number, title in CHAPTERS.items():
        parts += [f"\n## V{number} {title}\n", _rows_of([row for row in rows if chapter_of(row) == number])]
    return "\n".join(parts) + "\n"


def _numbers(rows: Sequence[Row]) -> str:
    lines = [f"| chapter | level | {' | '.join(STATES)} | together |", "|---|---:" + "|---:" * (len(STATES) + 1) + "|"]
    for number, title in CHAPTERS.items():
        for level in ("1", "2"):
            found = [row for row in rows if chapter_of(row) == number and row["level"] == level]
            if found:
                lines.append(_count(f"V{number} {title}", level, found))
    lines += [_count("**all**", level, [row for row in rows if row["level"] == level]) for level in ("1", "2")]
    return "\n".join([*lines, _count("**all**", "1 and 2", rows)])


def _count(title: str, level: str, rows: Sequence[Row]) -> str:
    counted = Counter(row["state"] for row in rows)
    numbers = " | ".join(str(counted[state] or "–") for state in STATES)
    return f"| {title} | {level} | {numbers} | {len(rows)} |"


def _rows_of(rows: Sequence[Row]) -> str:
    lines = ["| id | level | subject | state | evidence | remark |", "|---|---|---|---|---|---|"]
    for row in rows:
        links = "<br>".join(link_to(reference, FOLDER) for reference in references_of(row))
        cells = (row["id"], row["level"], row["subject"], row["state"], links, row["remark"])
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Write the page, or compare it; returns the exit code."""
    rows = read_table(TABLE.read_text("utf-8"), COLUMNS)
    problems = [problem for row in rows for problem in check_row(ROOT, row)]
    if not problems and "--check" not in arguments:
        PAGE.write_text(write_page(rows), "utf-8")
    elif not problems and PAGE.read_text("utf-8") != write_page(rows):
        problems = ["ASVS.md is not what asvs.tsv makes: python -m deploy.security.tables"]
    sys.stderr.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
