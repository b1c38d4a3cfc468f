"""The cases a reader is asked, as they lie in the package: one JSON object a line.

They are made by `tests/conformance/make_reader_cases.py` and are data: whoever wants no runner reads the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from importlib import resources
from typing import Any

import msgspec

from shared.errors import ParseError

KINDS = ("entry", "roster", "catalogue", "record", "log", "hub")
"""What a case asks a reader to judge, in the order in which one is best written."""
_FILE = "reader-v1.ndjson"


class Expected(msgspec.Struct, frozen=True, omit_defaults=True):
    """The right answer; a member that is None is not asked for."""

    code: str
    shown: tuple[str, ...] | None = None  # commitments of the records shown at the end, sorted
    refused: dict[str, str] | None = None  # commitment of each payload that was refused, with its code


class Case(msgspec.Struct, frozen=True):
    """One question with its answer."""

    case: str  # <kind>/<name>
    about: str  # one sentence
    ask: dict[str, Any]  # what the reader is given, beside `case` and `kind`
    expect: Expected

    @property
    def kind(self) -> str:
        """What is judged; one of `KINDS`."""
        return self.case.partition("/")[0]

    def question(self) -> bytes:
        """Return the line that the reader is given, without what is expected."""
        return msgspec.json.encode({"case": self.case, "kind": self.kind, **self.ask}) + b"\n"


class Answer(msgspec.Struct, frozen=True):
    """What a reader answers; members it adds are ignored."""

    case: str
    code: str
    shown: tuple[str, ...] | None = None
    refused: dict[str, str] | None = None


def load_cases() -> list[Case]:
    """Return all cases in the order of the file."""
    data = (resources.files("shared.conformance") / "vectors" / _FILE).read_bytes()
    return [msgspec.json.decode(line, type=Case) for line in data.splitlines()]


def choose(cases: Sequence[Case], only: Sequence[str], skip: Sequence[str]) -> list[Case]:
    """Return the cases whose name matches one of `only` (all where it is empty) and none of `skip`: shell patterns."""
    return [
        case
        for case in cases
        if (not only or any(fnmatchcase(case.case, pattern) for pattern in only))
        and not any(fnmatchcase(case.case, pattern) for pattern in skip)
    ]


def parse_answer(line: bytes) -> Answer:
    """Read one line of a reader; ParseError where it is no answer."""
    try:
        return msgspec.json.decode(line, type=Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ParseError(f"not an answer: {line[:120].decode('utf-8', 'replace').strip()!r} ({error})") from error


def check_answer(case: Case, answer: Answer) -> list[str]:
    """Return what is wrong with an answer, in words; empty for a right one."""
    expected = case.expect
    if answer.case != case.case:
        return [f"answers {answer.case[:80]!r}, was asked {case.case!r}"]
    found = []
    if answer.code != expected.code:
        found.append(f"code {answer.code[:40]}, expected {expected.code}")
    if expected.shown is not None:
        shown, right = set(answer.shown or ()), set(expected.shown)
        found += [f"shows {one[:80]}, must not" for one in sorted(shown - right)]
        found += [f"does not show {one}" for one in sorted(right - shown)]
    if expected.refused is not None:
        refused = answer.refused or {}
        for one in sorted(refused.keys() | expected.refused.keys()):
            said, right_code = refused.get(one, "nothing"), expected.refused.get(one, "nothing")
            if said != right_code:
                found.append(f"payload {one[:80]} refused with {said[:40]}, expected {right_code}")
    return found
