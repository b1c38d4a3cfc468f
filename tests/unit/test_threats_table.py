"""The table of threats, faults and invariants: complete, true about the tests it names, and written out as told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deploy.security.threats import IDS, PROJECT, TEXT, Row, check_rows, format_text, load_rows

ROW = Row(
    "T1",
    "Somebody tries",
    "Something stands",
    "Nothing happens",
    "tests/unit/test_logs.py::test_free_text_is_no_action",
    "",
)


def test_committed_text_is_what_the_table_gives() -> None:
    assert TEXT.read_text("utf-8") == format_text(load_rows())


def test_table_has_every_id_once_and_each_row_a_test_that_exists_or_a_reason() -> None:
    assert len(IDS) == 75
    assert check_rows(load_rows()) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"tests": "tests/unit/test_logs.py::test_that_never_was"}, "has no test_that_never_was"),
        ({"tests": "tests/unit/test_never.py::test_x"}, "tests/unit/test_never.py is not there"),
        ({"tests": "shared/logs.py::open_log"}, "is no test"),
        ({"tests": "../tests/x.py::test_x"}, "is no reference"),
        ({"tests": f"{ROW.tests} {ROW.tests}"}, "named twice"),
        ({"tests": "", "remark": ""}, "neither a test nor a reason"),
        ({"tests": "", "remark": "not yet done"}, "neither a test nor a reason"),
        ({"seen": " "}, "seen is empty"),
    ],
)
def test_row_that_claims_too_much_is_told(changed: dict[str, str], told: str) -> None:
    rows = [replace(ROW, id=id_) for id_ in IDS]
    assert check_rows(rows) == []

    rows[3] = replace(rows[3], **changed)

    (problem,) = check_rows(rows, PROJECT)
    assert problem.startswith("T4: ")
    assert told in problem


@pytest.mark.parametrize("left_out", ["T42", "R5", "F3.2", "I18"])
def test_missing_id_is_told(left_out: str) -> None:
    assert check_rows([replace(ROW, id=id_) for id_ in IDS if id_ != left_out]) == [f"{left_out} is missing"]


def test_id_that_stands_twice_is_told() -> None:
    assert len(check_rows([*(replace(ROW, id=id_) for id_ in IDS), ROW])) == 1
