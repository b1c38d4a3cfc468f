"""Log lines: JSON, one per happening, and nothing personal in them."""

from __future__ import annotations

import io
import json
import logging

import pytest

from shared.errors import SignatureError
from shared.logs import Log, adopt_library_logs, describe_exception, open_log
from tests.unit.test_web_pages import FixedClock

PERSON = "Erika Mustermann"


@pytest.fixture
def lines() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(lines: io.StringIO) -> Log:
    return open_log(lines, FixedClock(), party="herten")


def test_line_is_json_with_time_level_party_and_action(lines: io.StringIO, log: Log) -> None:
    log.bind(member="datteln").warning("member_blocked", size=41, root=b"\x01\xff")

    assert json.loads(lines.getvalue()) == {
        "time": "2026-11-24T04:20:00Z",
        "level": "warning",
        "party": "herten",
        "action": "member_blocked",
        "member": "datteln",
        "size": 41,
        "root": "01ff",
    }


def test_hostile_text_stays_one_line_of_ascii(lines: io.StringIO, log: Log) -> None:
    log.info("member_joined", name='x\n{"action":"forged"}\x1b[2J\u202e\u0085')

    text = lines.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert text.isascii()
    assert text.strip().isprintable()


@pytest.mark.parametrize("field", ["email", "phone", "person", "token", "body", "cookie"])
def test_field_that_promises_personal_data_is_withheld(lines: io.StringIO, log: Log, field: str) -> None:
    log.info("offer_changed", **{field: PERSON, "nested": {field: PERSON}})

    assert PERSON not in lines.getvalue()
    assert json.loads(lines.getvalue())[field] == "withheld"


def test_free_text_is_no_action(lines: io.StringIO, log: Log) -> None:
    sentence = f"Imported offer of {PERSON}"

    log.info(sentence)

    assert json.loads(lines.getvalue())["action"] == "unnamed"
    assert PERSON not in lines.getvalue()


def test_long_values_and_strange_objects_are_cut(lines: io.StringIO, log: Log) -> None:
    log.info("offer_changed", text="x" * 5000, thing=object(), error=ValueError(PERSON), items=[object(), 1])

    line = json.loads(lines.getvalue())
    assert len(line["text"]) == 301
    assert (line["thing"], line["error"], line["items"]) == ("object", "ValueError", ["object", 1])


def test_lines_below_the_level_are_left_out(lines: io.StringIO, log: Log) -> None:
    log.debug("poll_began")

    assert lines.getvalue() == ""


def test_described_exception_has_type_code_cause_and_places_but_no_text() -> None:
    try:
        try:
            raise KeyError(PERSON)
        except KeyError as cause:
            raise SignatureError(PERSON) from cause
    except SignatureError as error:
        described = describe_exception(error)

    assert (described["error"], described["code"], described["cause"]) == ("SignatureError", "E_SIG", "KeyError")
    assert PERSON not in repr(described)
    assert "tests/unit/test_logs.py" in str(described["where"])


def test_library_messages_keep_their_template_only(lines: io.StringIO, log: Log) -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    adopt_library_logs(log)
    try:
        logging.getLogger("some.library").error("cannot read %s", PERSON)
        logging.getLogger("some.library").info("not written")
    finally:
        root.handlers, root.level = handlers, level

    line = json.loads(lines.getvalue())
    assert (line["action"], line["library"], line["template"]) == ("library_message", "some.library", "cannot read %s")
    assert PERSON not in lines.getvalue()
