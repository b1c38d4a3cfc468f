"""Questions made to cost as much as possible are answered like any other, within a bounded time (threat T36).

Counted are the calls that a question costs, which are the same on every machine: two million at most, of 200
offers.  `tests/bench/search.py` measures the time of whole pages at 5,000 to 50,000 offers.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from types import FrameType

import pytest

from shared.search.asking import parse_asked
from shared.search.found import Answer
from tests.bench.offers import generate
from tests.support.searching import SmallIndex

TODAY = date(2026, 1, 10)
MOST_CALLS = 4_000_000
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
    """Dear questions, with filters and without; most of them eight long words that are each misspelt anew."""
    for text in DEAR:
        yield [("q", text)]
        yield [("q", text), *FILTERS]
    for number in range(10):
        words = [_misspelt(dice, word) for word in dice.sample(LONG, 8)]
        yield [("q", " ".join(words)), *(FILTERS if number % 2 else ())]


def _misspelt(dice: random.Random, word: str) -> str:
    letters = list(word)
    letters[dice.randrange(4, len(letters))] = dice.choice("bcdfghjklmnpqrstvwxyz")
    return "".join(letters)


@contextmanager
def counted_calls() -> Iterator[list[int]]:
    """Count the calls of functions, Python's and C's, in the block; the number is there at its end."""
    calls = [0]

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        calls[0] += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield calls
    finally:
        sys.setprofile(before)


def test_worst_questions_are_answered_within_the_bound(index: SmallIndex) -> None:
    asked = list(questions(random.Random(36)))
    index.finder.find(parse_asked([("q", "kurs")]), today=TODAY)  # opens the file

    costs = []
    for pairs in asked:
        with counted_calls() as calls:
            answer = index.finder.find(parse_asked(pairs), today=TODAY)
        costs.append(calls[0])
        assert isinstance(answer, Answer)
        assert 0 <= answer.total <= 200

    assert len(costs) == 44
    assert max(costs) < MOST_CALLS


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
