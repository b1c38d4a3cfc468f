"""The questions of `questions.tsv`, and how well a search answers them.

A question names the rows of `deploy/data/offers-recklinghausen.csv` that answer it.  Recall at ten is the share of them
on the first page; a question with more than ten answers is answered wholly by any ten of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

FIRST_PAGE = 10
_FILE = Path(__file__).with_name("questions.tsv")

Ask = Callable[[str], Sequence[int]]
"""Takes the words of a question, returns the rows that are found, best first."""


@dataclass(frozen=True)
class Question:
    """What somebody types, of which class it is, and the rows that answer it."""

    group: str
    words: str
    rows: frozenset[int]


@dataclass(frozen=True)
class Outcome:
    """How one question was answered."""

    question: Question
    found: tuple[int, ...]

    @property
    def recall(self) -> float:
        """Share of the answers on the first page."""
        right = self.question.rows.intersection(self.found[:FIRST_PAGE])
        return len(right) / min(FIRST_PAGE, len(self.question.rows))

    @property
    def precision(self) -> float:
        """Share of right answers among all that was found on the first page; 1 for nothing found."""
        page = self.found[:FIRST_PAGE]
        return 1.0 if not page else len(self.question.rows.intersection(page)) / len(page)


def load_questions() -> list[Question]:
    """Read the questions; a line that starts with # is a remark."""
    lines = [line for line in _FILE.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return [Question(group, words, frozenset(map(int, rows.split()))) for group, words, rows in map(_parts, lines)]


def _parts(line: str) -> tuple[str, str, str]:
    group, words, rows = line.split("\t")
    return group, words, rows


def ask_all(questions: Sequence[Question], ask: Ask) -> list[Outcome]:
    """Put every question."""
    return [Outcome(question, tuple(ask(question.words))) for question in questions]


def recall(outcomes: Sequence[Outcome]) -> float:
    """Mean recall at ten."""
    return mean(outcome.recall for outcome in outcomes)


def precision(outcomes: Sequence[Outcome]) -> float:
    """Mean share of right answers on the first page."""
    return mean(outcome.precision for outcome in outcomes)


def by_group(outcomes: Sequence[Outcome]) -> Mapping[str, list[Outcome]]:
    """Sort outcomes by the class of their question."""
    groups: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(outcome.question.group, []).append(outcome)
    return groups
