"""Questions made to cost as much as possible are answered like any other, within a bounded time (threat T36).

Counted is the time of the processor, which a busy machine does not lengthen.  `tests/bench/search.py` measures whole
pages at 5,000 to 50,000 offers; here 65 ms were the most, of 500 offers as of 5,000.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from datetime import date

import pytest

from shared.search.asking import parse_asked
from shared.search.found import Answer
from tests.bench.offers import generate
from tests.support.searching import SmallIndex

TODAY = date(2026, 1, 10)
MOST_SECONDS = 0.2
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


def test_worst_questions_are_answered_within_the_bound(index: SmallIndex) -> None:
    asked = list(questions(random.Random(36)))
    index.finder.find(parse_asked([("q", "kurs")]), today=TODAY)  # opens the file

    taken = []
    for pairs in asked:
        begun = time.thread_time()
        answer = index.finder.find(parse_asked(pairs), today=TODAY)
        taken.append(time.thread_time() - begun)
        assert isinstance(answer, Answer)
        assert 0 <= answer.total <= 200

    assert len(taken) == 44
    assert sorted(taken)[-2] < MOST_SECONDS  # all but one: a pause of the interpreter is no fault of the question


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
