"""Notices: what a document says, what is none, and which texts everybody may read."""

from __future__ import annotations

import json
from datetime import date

import pytest

from shared.errors import ParseError
from shared.model.notice import find_text_problem, notice_from_builtins, read_notice_line

DOC = {"id": "a" * 32, "owner": "05562000", "record": "b" * 32, "member": "marl", "since": "2026-01-02"}
GOOD = "Der Text wirbt für eine verbotene Vereinigung."


def line(**fields: object) -> bytes:
    return json.dumps({"doc": {**DOC, **fields}, "salt": "x" * 43}).encode()


def test_notice_hides_until_it_is_lifted() -> None:
    standing, lifted = read_notice_line(line()), read_notice_line(line(lifted="2026-02-03"))

    assert standing is not None
    assert lifted is not None
    assert (standing.hides, standing.since, standing.rid) == (True, date(2026, 1, 2), bytes.fromhex("b" * 32))
    assert not lifted.hides


def test_fields_of_a_newer_program_are_ignored() -> None:
    found = read_notice_line(line(reason="something new", colour="red"))

    assert found is not None
    assert found.hides


@pytest.mark.parametrize("wrong", [{"record": "short"}, {"member": 5}, {"lifted": "never"}, {"record": None}])
def test_document_that_is_no_notice_is_none(wrong: dict[str, object]) -> None:
    assert read_notice_line(line(**wrong)) is None
    with pytest.raises(ParseError):
        notice_from_builtins({**DOC, **wrong})


def test_bytes_that_are_no_payload_are_no_notice() -> None:
    assert read_notice_line(b"\xff{") is None


@pytest.mark.parametrize(
    "text",
    [
        GOOD,
        "Der Kurs am 12. 10. 2026 und am 2026-10-13 wirbt für Gewalt.",
        "Verstoß gegen § 86a StGB, Absatz 1 und 2.",
        "Beschluss vom 24.11.2026, Aktenzeichen 7 K 1234/26.",
    ],
)  # fmt: skip
def test_plain_reason_can_stand(text: str) -> None:
    assert find_text_problem(text, ["Erika Mustermann"]) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("kurz", "short"),
        ("x" * 1001, "long"),
        ("Fragen Sie erika@example.org, sie weiß mehr.", "mail"),
        ("Fragen Sie unter 02361 / 53-4712 nach dem Grund.", "phone"),
        ("Fragen Sie unter +49 2361 534712 nach dem Grund.", "phone"),
        ("Erika Mustermann hat das geschrieben.", "name"),
        ("Frau Mustermann hat das geschrieben.", "name"),
    ],
)
def test_text_that_not_everybody_may_read_is_refused(text: str, problem: str) -> None:
    assert find_text_problem(text, ["Erika Mustermann"]) == problem
