"""`kreisweit-conformance`: our own reader is right in every case, and readers that are not are told where."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from shared.conformance.cases import KINDS, Answer, Case, Expected, check_answer, choose, load_cases, parse_answer
from shared.conformance.cli import main_command
from shared.errors import ParseError
from shared.feed.keys import VerifyingKey
from shared.feed.outcomes import Code
from shared.feed.trusted_log import TrustedLog
from shared.holdings import payloads
from shared.verify.answering import OwnReader
from tests.conformance.make_reader_cases import READER, make
from tests.support.apart import apart

OURS = shlex.join([sys.executable, "-m", "shared.verify.answering"])
CASES = load_cases()


@pytest.fixture(scope="module")
def reader() -> Iterator[OwnReader]:
    made = OwnReader()
    yield made
    made.close()


def wrong(reader: OwnReader, *patterns: str) -> dict[str, list[str]]:
    """What a reader answers wrong, by case."""
    asked = {case.case: check_answer(case, parse_answer(reader.answer(case.question()))) for case in of(*patterns)}
    return {name: problems for name, problems in asked.items() if problems}


def of(*patterns: str) -> list[Case]:
    return choose(CASES, patterns, ())


def conformance(*arguments: str) -> Result:
    return apart(lambda: CliRunner().invoke(main_command, arguments))


# --- the cases -------------------------------------------------------------------------------------------------------


def test_cases_are_what_the_generator_writes() -> None:
    assert READER.read_bytes() == make()


def test_cases_have_names_of_their_own_and_known_codes() -> None:
    assert len({case.case for case in CASES}) == len(CASES)
    assert {case.kind for case in CASES} == set(KINDS)
    assert {case.expect.code for case in CASES} <= set(Code)
    assert all(case.about for case in CASES)


def test_every_code_that_a_reader_can_come_to_is_asked_for() -> None:
    asked = {case.expect.code for case in CASES}
    asked |= {code for case in CASES for code in (case.expect.refused or {}).values()}
    # The hub's guard, sizes that would make the file large, what concerns writers, and warnings about entries.
    others = {"E_RATE", "E_OVERSIZE", "E_KEY_WEAK", "E_OWN_CLOCK", "E_LOCAL_CLOCK", "E_RECOVERING"}
    assert asked == {code for code in Code if not code.startswith("W_")} - others | {"W_GRAMMAR"}


def test_questions_do_not_carry_their_answers() -> None:
    for case in CASES:
        assert json.loads(case.question()).keys() & {"expect", "about", "shown", "refused"} == set()


@pytest.mark.parametrize("kind", KINDS)
def test_own_reader_is_right(reader: OwnReader, kind: str) -> None:
    assert wrong(reader, f"{kind}/*") == {}


# --- readers with planted faults -------------------------------------------------------------------------------------


def _nothing(*_: object, **__: object) -> None:
    return None


FAULTS: dict[str, tuple[Sequence[Any], set[str]]] = {
    "believes every signature": (
        [mock.patch.object(VerifyingKey, "verify", _nothing)],
        {"log/bad-signature", "log/rotation-one-line-wrong", "log/refused-keeps-the-last", "record/other-size",
         "catalogue/text-changed-after-signing"},
    ),
    "takes a smaller tree for news": (
        [mock.patch.object(TrustedLog, "_check_size", _nothing)],
        {"log/rollback", "log/fork-same-size", "log/fork-keeps-the-first"},
    ),
    "takes any time": (
        [mock.patch.object(TrustedLog, "_check_time", _nothing)], {"log/replay-old-checkpoint", "log/clock-future"},
    ),
    "does not look whose log it is": (
        [mock.patch.object(TrustedLog, "_check_hello", _nothing)],
        {"log/hello-of-another", "log/hello-with-another-ags", "log/hello-missing"},
    ),
    "does not hash payloads": (
        [mock.patch("shared.follow.verify_payload", _nothing)],
        {"log/payload-shorter-than-promised"},
    ),
    "forgets erasures": (
        [
            mock.patch.object(payloads, "mark_erased", _nothing),
            mock.patch.object(payloads, "destroy_payloads", return_value=0),
        ],
        {"log/erased-although-served", "log/newest-version-erased"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", list(FAULTS))
def test_planted_fault_is_named_by_its_cases(fault: str) -> None:
    patches, cases = FAULTS[fault]
    reader = OwnReader()
    for patch in patches:
        patch.start()
    try:
        found = wrong(reader, *cases, "log/first-read", "log/ok-extend")
    finally:
        for patch in patches:
            patch.stop()
        reader.close()

    assert found.keys() == cases


# --- the command -----------------------------------------------------------------------------------------------------

GOOD = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    print(json.dumps({"case": asked["case"], "code": %s}), flush=True)
"""


def written(tmp_path: Path, code: str = '"OK"', *, program: str = GOOD) -> str:
    """A reader in a few lines of its own, which knows nothing of ours."""
    file = tmp_path / "reader.py"
    file.write_text(program % code if "%s" in program else program)
    return shlex.join([sys.executable, "-S", str(file)])


def test_own_reader_passes_as_a_program() -> None:
    result = conformance("--reader", OURS, "--only", "log/*first*", "--only", "record/*", "--json")

    said = json.loads(result.stdout)
    assert (result.exit_code, said["wrong"]) == (0, [])
    assert said["right"] == len(of("log/*first*", "record/*")) > 10


def test_reader_that_says_ok_to_everything_fails_where_something_is_wrong(tmp_path: Path) -> None:
    result = conformance("--reader", written(tmp_path), "--only", "entry/*", "--only", "roster/*")

    bad = [case.case for case in of("entry/*", "roster/*") if case.expect.code != "OK"]
    assert result.exit_code == 1
    assert result.stdout.count("FAIL  ") == len(bad)
    assert result.stdout.endswith("\n  " + "\n  ".join(bad) + "\n")
    assert "ok    roster/chain-of-three\n" in result.stdout
    assert "FAIL  roster/gap: version 3 after version 1\n      code OK, expected E_ROSTER\n" in result.stdout


@pytest.mark.parametrize(
    ("program", "problem"),
    [
        ("import sys\nsys.stdin.readline()\nsys.exit(3)", "the reader ended with exit code 3 instead of answering"),
        ("print('hello', flush=True)\ninput()", "not an answer: 'hello'"),
        ("import time\ntime.sleep(60)", "no answer within 0.5 s"),
        ("""print('{"case": "entry/07", "code": "OK"}', flush=True)\ninput()""", "answers 'entry/07', was asked"),
        ("""print('{"code": "OK"}', flush=True)\ninput()""", "not an answer"),
    ],
)
def test_reader_that_does_not_answer_fails_each_case(tmp_path: Path, program: str, problem: str) -> None:
    command = written(tmp_path, program=program)
    result = conformance("--reader", command, "--only", "entry/0[01]", "--timeout", "0.5")

    assert result.exit_code == 1
    assert result.stdout.count("FAIL  ") == 2
    assert problem in result.stdout


def test_reader_is_started_anew_for_each_case_where_that_is_asked_for(tmp_path: Path) -> None:
    once = 'import json, sys\nprint(json.dumps({"case": json.loads(sys.stdin.read())["case"], "code": "OK"}))'
    command = written(tmp_path, program=once)

    result = conformance("--reader", command, "--only", "entry/0[01]", "--fresh")

    assert result.exit_code == 0, result.output
    assert "2 of 2 right" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "--reader"),
        (("--reader", ""), "--reader"),
        (("--reader", "/no/such/reader"), "cannot be started"),
        (("--list", "--only", "nothing/*"), "no case has such a name"),
        (("--show", "nothing"), "there is no case"),
    ],
)
def test_wrong_usage_is_told(arguments: Sequence[str], reason: str) -> None:
    result = conformance(*arguments)

    assert result.exit_code == 2
    assert reason in " ".join(result.output.replace("│", " ").split())


def test_cases_are_listed_and_one_is_shown() -> None:
    listed = conformance("--list", "--only", "log/*", "--skip", "log/rollback")
    shown = conformance("--show", "log/rollback")

    assert "log/first-read" in listed.stdout
    assert "log/rollback" not in listed.stdout
    asked = json.loads(shown.stdout)
    assert (asked["case"], asked["kind"], len(asked["reads"])) == ("log/rollback", "log", 2)


# --- how an answer is judged -----------------------------------------------------------------------------------------


def test_answer_is_judged_by_code_shown_and_refused() -> None:
    case = Case("log/x", "", {}, Expected("OK", shown=("a", "b"), refused={"c": "E_OWNER"}))

    assert check_answer(case, Answer("log/x", "OK", shown=("b", "a"), refused={"c": "E_OWNER"})) == []
    assert check_answer(case, Answer("log/x", "OK", shown=("a", "d"))) == [
        "shows d, must not", "does not show b", "payload c refused with nothing, expected E_OWNER",
    ]  # fmt: skip
    assert check_answer(case, Answer("log/y", "OK")) == ["answers 'log/y', was asked 'log/x'"]


def test_line_that_is_no_answer_is_refused() -> None:
    with pytest.raises(ParseError):
        parse_answer(b"\xff\n")
