"""The table of ASVS 5.0.0: complete, honest in form, and every reference leads to something that is there."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from deploy.security.references import Reference, check_reference, link_to, parse_reference
from deploy.security.tables import COLUMNS, PAGE, ROOT, TABLE, Row, chapter_of, check_row, read_table, write_page

REQUIREMENTS = {"1": 70, "2": 183}
"""How many version 5.0.0 has of each level."""
PER_CHAPTER = {
    1: 27, 2: 11, 3: 19, 4: 10, 5: 9, 6: 35, 7: 18, 8: 7, 9: 7, 10: 29, 11: 14, 12: 9, 13: 13, 14: 9, 15: 13, 16: 16,
    17: 7,
}  # fmt: skip
_ROW = {"id": "1.1.1", "level": "1", "subject": "something", "state": "met", "evidence": "README.md", "remark": ""}


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_table(TABLE.read_text("utf-8"), COLUMNS)


def test_every_requirement_of_both_levels_stands_once_and_in_order(rows: list[Row]) -> None:
    ids = [tuple(int(part) for part in row["id"].split(".")) for row in rows]

    assert ids == sorted(set(ids))
    assert Counter(row["level"] for row in rows) == REQUIREMENTS
    assert Counter(chapter_of(row) for row in rows) == PER_CHAPTER


def test_every_row_says_what_its_state_demands_and_its_references_exist(rows: list[Row]) -> None:
    assert [problem for row in rows for problem in check_row(ROOT, row)] == []


def test_page_is_what_the_table_makes(rows: list[Row]) -> None:
    assert PAGE.read_text("utf-8") == write_page(rows)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"state": "done"}, "unknown state 'done'"),
        ({"evidence": ""}, "met without evidence"),
        ({"state": "operator", "evidence": ""}, "operator without evidence"),
        ({"state": "partly"}, "partly without a remark"),
        ({"state": "not met", "evidence": ""}, "not met without a remark"),
        ({"state": "not applicable", "evidence": ""}, "not applicable without a remark"),
        ({"subject": ""}, "no subject"),
        ({"evidence": "../secret"}, "'../secret' is no reference"),
        ({"evidence": "shared/nothing.py"}, "shared/nothing.py is not there"),
        ({"evidence": "shared/logs.py::Blog"}, "shared/logs.py has no Blog"),
        ({"evidence": "README.md::main"}, "'README.md::main' names a part of a file that is not Python"),
        ({"evidence": "README.md#nowhere"}, "README.md has no heading #nowhere"),
    ],
)
def test_row_that_claims_too_much_is_named(changes: Row, problem: str) -> None:
    assert check_row(ROOT, {**_ROW, **changes}) == [f"1.1.1: {problem}"]


def test_table_with_other_columns_or_a_lost_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="the columns are"):
        read_table("id\tstate\n", COLUMNS)
    with pytest.raises(ValueError, match="line 2 has 2 cells"):
        read_table("\t".join(COLUMNS) + "\n1.1.1\t1\n", COLUMNS)


def test_functions_classes_constants_members_and_headings_are_found(tmp_path: Path) -> None:
    (tmp_path / "part.py").write_text(
        "LIMIT: int = 3\nNAME = 'x'\nclass Thing:\n    def move(self): ...\nasync def go(): ...\n"
        "if NAME:\n    LATE = 1\n"
    )
    (tmp_path / "text.md").write_text("# Schlüssel und Geheimnisse\n```\n# no heading\n```\n## 8. `key rotate`\n")
    there = (
        "part.py::LIMIT", "part.py::NAME", "part.py::Thing", "part.py::Thing.move", "part.py::go", "part.py",
        "text.md#schlüssel-und-geheimnisse", "text.md#8-key-rotate",
    )  # fmt: skip
    missing = ("part.py::move", "part.py::LATE", "text.md#no-heading", "part/", "other.py")

    assert [text for text in there if check_reference(tmp_path, parse_reference(text))] == []
    assert [text for text in missing if not check_reference(tmp_path, parse_reference(text))] == []


def test_link_leads_from_the_folder_of_its_text() -> None:
    assert link_to(Reference("shared/logs.py", name="Log"), Path("deploy/security")) == (
        "[`shared/logs.py::Log`](../../shared/logs.py)"
    )
    assert link_to(Reference("deploy/README.md", anchor="english"), Path("deploy/security")) == (
        "[`deploy/README.md#english`](../README.md#english)"
    )
