"""Questions made to cost as much as possible are answered like any other, with a bounded amount of work (threat T36).

Counted are calls of functions and steps of the database, which are the same on every machine.
`tests/bench/search.py` measures the time of whole pages at 5,000 to 50,000 offers.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from types import FrameType

import pytest

from shared.search.asking import parse_asked
from shared.search.found import Answer
from tests.bench.offers import generate
from tests.support.searching import SmallIndex

TODAY = date(2026, 1, 10)
MOST_CALLS, MOST_STEPS = 3_200_000, 80_000
"""The dearest question costs 2.3 million and 62,000, of 200 offers; half as much again without the limit of words."""
_STEPS = 1000
LONG = (
    "kinderbetreuung", "sprachkurs", "migrationsberatung", "integrationslotsen", "arbeitsvermittlung",
    "familienzentrum", "schuldnerberatung", "hausaufgabenhilfe", "bewerbungswerkstatt", "ausländerbehörde",
)  # fmt: skip
DEAR = (
    "a b c d e f g h", "ber kur deu spr ver fam inf mit", "x" * 64 + " " + "y" * 64, "zzzzzzzz" * 25, "курси " * 30,
    "und oder der die das in mit von für zu auf bei", "beratung kurs angebot hilfe deutsch sprache familie menschen",
    "donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen " * 3, "sprach" * 30, "ﷺ" * 200, "a\u0301" * 100,
    "(" * 200, '"' * 200, "* " * 100, "%_" * 100, "\u202e" * 200, "0 " * 100,
)  # fmt: skip
FILTERS = (
    ("thema", "sprache,arbeit,familie,gesundheit"), ("plz", "45770"), ("km", "50"), ("tag", "mo,di,mi,do,fr"),
    ("zeit", "vormittags,abends"), ("alter", "20"), ("sprache", "de,ar,uk"), ("ordnung", "naehe"),
)  # fmt: skip


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallIndex]:
    made = SmallIndex(tmp_path_factory.mktemp("search") / "search.db", own_member="marl")
    made.put_all({**document, "id": f"{number:032x}"} for number, document in enumerate(generate(200, 1)))
    yield made
    made.finder.close()


def questions(dice: random.Random) -> Iterator[list[tuple[str, str]]]:
    """Dear questions, with filters and without; many with three times the words that are read, each misspelt anew."""
    for text in DEAR:
        yield [("q", text)]
        yield [("q", text), *FILTERS]
    for number in range(10):
        words = [_misspelt(dice, word) for word in dice.choices(LONG, k=24)]
        yield [("q", " ".join(words)), *(FILTERS if number % 2 else ())]


def _misspelt(dice: random.Random, word: str) -> str:
    letters = list(word)
    letters[dice.randrange(4, len(letters))] = dice.choice("bcdfghjklmnpqrstvwxyz")
    return "".join(letters)


@dataclass
class Cost:
    """What was done for a question: calls of functions, Python's and C's, and steps of SQLite's machine."""

    calls: int = 0
    steps: int = 0


@contextmanager
def counted(index: SmallIndex) -> Iterator[Cost]:
    """Count what is done in the block; the cost is whole at its end."""
    cost, connection = Cost(), index.finder._index._conn

    def call(_frame: FrameType, event: str, _argument: object) -> None:
        cost.calls += event in ("call", "c_call")

    def step() -> int:
        cost.steps += _STEPS
        return 0

    before = sys.getprofile()
    connection.set_progress_handler(step, _STEPS)
    sys.setprofile(call)
    try:
        yield cost
    finally:
        sys.setprofile(before)
        connection.set_progress_handler(None, _STEPS)


def test_worst_questions_are_answered_within_the_bound(index: SmallIndex) -> None:
    asked = list(questions(random.Random(36)))
    index.finder.find(parse_asked([("q", "kurs")]), today=TODAY)  # opens the file

    costs = []
    for pairs in asked:
        with counted(index) as cost:
            answer = index.finder.find(parse_asked(pairs), today=TODAY)
        costs.append(cost)
        assert isinstance(answer, Answer)
        assert 0 <= answer.total <= 200

    assert len(costs) == 44
    assert max(cost.calls for cost in costs) < MOST_CALLS
    assert max(cost.steps for cost in costs) < MOST_STEPS


@pytest.mark.parametrize(
    ("pairs", "fields"),
    [
        ([("q", "kurs " * 1000)], {"words"}),
        ([("thema", f"code{n}") for n in range(5000)], {"topics"}),
        ([("tag", "mo," * 5000)], {"days"}),
    ],
)
def test_no_more_of_a_question_is_read_than_is_answered(pairs: list[tuple[str, str]], fields: set[str]) -> None:
    asked = parse_asked(pairs)

    for name in fields:
        assert 0 < len(getattr(asked, name)) <= 200
