"""Bodies of the back channel: hints that are passed on, and the report of a day."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.passed_hints import PassedHint, format_passed, format_taken, parse_passed, parse_taken
from shared.feed.report import Report, format_report, may_be_kept, parse_report

HINT = {"id": "1" * 32, "rid": "2" * 32, "text": "Die Nummer ist falsch.", "contact": ""}
REPORT = {"day": "2026-01-01", "searches": 1, "views": 2, "offers": 3, "overdue": 0, "terms": [], "gaps": []}


def test_hints_come_back_as_they_were_written() -> None:
    passed = (PassedHint(b"\1" * 16, b"\2" * 16, "Grüße\nan alle", "02366 1"), PassedHint(b"\3" * 16, b"\4" * 16, "x"))

    assert parse_passed(format_passed(passed)) == passed
    assert parse_taken(format_taken([one.id for one in passed])) == {one.id for one in passed}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "1" * 31}, {"id": "A" * 32}, {"id": 1}, {"rid": "x"}, {"text": "x" * 1001}, {"contact": "x" * 255},
        {"text": None}, {"more": 1},
    ],
)  # fmt: skip
def test_hint_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        parse_passed(json.dumps({"hints": [{**HINT, **change}]}).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"hints":{}}', b'{"hints":[[]]}'])
def test_body_that_is_no_list_of_hints_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse_passed(body)


def test_largest_request_of_hints_fits_and_one_more_is_refused() -> None:
    longest = PassedHint(b"\1" * 16, b"\2" * 16, "\U0001f600" * 1000, "ü" * 254)
    body = format_passed([longest] * limits.HINTS_PASSED_MAX)

    assert len(parse_passed(body)) == limits.HINTS_PASSED_MAX
    with pytest.raises(ParseError):
        parse_passed(format_passed([longest] * (limits.HINTS_PASSED_MAX + 1)))


def test_report_comes_back_as_it_was_written() -> None:
    told = Report(
        date(2026, 1, 1), 4, 3, 2, 1, (("töpfern", 5),), (("locations.accessibility", 7),), 6, (("de-simple", 2),)
    )

    assert parse_report(format_report(told)) == told


def test_report_of_an_older_program_is_read_and_one_for_it_is_what_it_reads() -> None:
    told = Report(date(2026, 1, 1), 1, 2, 3, shares=4, languages=(("ar", 5),))

    first_form = json.loads(format_report(told, is_first_form=True))

    assert first_form == REPORT
    assert parse_report(json.dumps(REPORT).encode()) == Report(date(2026, 1, 1), 1, 2, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"day": "2026-02-30"}, {"day": "20260101"}, {"day": 1}, {"searches": -1}, {"searches": True}, {"views": 1.5},
        {"terms": [["a", 4]]}, {"terms": [["a@b.de", 9]]}, {"terms": [["1 2 3 4 5", 9]]}, {"terms": [["a"]]},
        {"terms": [["a", 5], ["a", 6]]}, {"gaps": [["Frau Beispiel", 1]]}, {"gaps": [["a", 1]] * 201},
        {"member": "marl"}, {"shares": -1}, {"languages": [["Deutsch", 1]]}, {"languages": [["de", 1], ["de", 2]]},
    ],
)  # fmt: skip
def test_report_of_another_form_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ParseError):
        parse_report(json.dumps({**REPORT, **change}).encode())


@pytest.mark.parametrize(
    ("term", "kept"),
    [
        ("Sprachkurs B1", True), ("Kurs 2026", True), ("x" * 60, True), ("x" * 61, False), ("45770", False),
        ("٤٥٧٧٠", False), ("erika@example.org", False), ("", False),
    ],
)  # fmt: skip
def test_words_that_may_lead_to_a_person_are_not_kept(term: str, kept: bool) -> None:
    assert may_be_kept(term) is kept
