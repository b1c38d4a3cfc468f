"""What an answer to a question is made of, for pages, feeds and programs; how it is found is decided by `finding`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shared.search.asking import Asked

Where = Literal["title", "topic", "target", "provider", "summary", "place", "text"]
"""The part of an offer in which a word was found."""
How = Literal["word", "begins", "part", "synonym", "language", "typo"]
"""The word itself, its beginning, a part of a compound, another word for it, one of another language, a correction."""


@dataclass(frozen=True)
class Reason:
    """Why an offer was found: one word of the question, where it was met, and how."""

    word: str  # as the visitor wrote it
    where: Where
    how: How
    met: str = ""  # what stands there, as far as it says more than `word`: "sprachkurs", or the code of a topic


@dataclass(frozen=True)
class Hit:
    """One offer of an answer.  `others` are the records of its cluster that this card stands for."""

    rid: bytes
    member: str
    score: int = 0
    reasons: tuple[Reason, ...] = ()
    kilometres: float | None = None
    is_own: bool = False  # of the party's own city
    is_stale: bool = False
    others: tuple[tuple[str, bytes], ...] = ()  # (member, rid)
    lacking: tuple[str, ...] = ()  # words of the question that it does not meet


@dataclass(frozen=True)
class Count:
    """One value of a filter, and how many offers choosing it would leave, all other filters kept."""

    value: str
    number: int
    is_on: bool = False


@dataclass(frozen=True)
class Step:
    """A useful next step: a wider question, and how many offers it finds.

    `dropped` names the fields left out; `changed` those that were widened (`kilometres`).
    """

    asked: Asked
    total: int
    dropped: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """One page of offers with the counts of every filter."""

    asked: Asked
    hits: tuple[Hit, ...]
    total: int
    page: int
    pages: int
    counts: Mapping[str, tuple[Count, ...]] = field(default_factory=dict)
    """Field of `Asked` to its values.  A flag has the one value `ja`; `kilometres` counts each of `DISTANCES`."""
    corrections: tuple[tuple[str, str], ...] = ()
    """Words that were found nowhere, and what was searched instead."""
    partly: tuple[Hit, ...] = ()
    """Offers that meet only some of the words, where hardly any meets them all; not part of `total` and `counts`."""
    steps: tuple[Step, ...] = ()
    """Only for an answer without offers, the most useful first."""
    stamp: int = 0
    """State of the index from which this answer came."""
