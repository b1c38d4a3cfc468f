"""What to offer when nothing is found: wider questions that find something, the smallest change first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, islice
from typing import Final

from shared.search.asking import Asked
from shared.search.found import Step

STEPS_MAX: Final = 4
_COMBINATIONS: Final = 40
"""Ways to drop so many filters that are tried; with more filters than this needs, the first ones will do."""
_FARTHEST: Final = 50
_PAIRS: Final = {"kilometres": ("postcode", "kilometres"), "postcode": ("postcode", "kilometres")}
# What people give up most easily comes first.
_GIVEN_UP: Final = (
    "parts", "days", "order", "offer_types", "modes", "accessible", "needs_no_registration", "especially", "open_to",
    "age", "languages", "providers", "is_free", "kilometres", "cities", "topics",
)  # fmt: skip


def useful_steps(asked: Asked, words: Sequence[str], count: Callable[[Asked], int]) -> tuple[Step, ...]:
    """Return at most four wider questions that find offers.

    One change each: a doubled distance, one word or one filter less.  Where no single change helps, two filters are
    dropped, then three and more, so that as many as possible stay; then all words.

    Args:
        words: the units of the question's words, as they were typed.
        count: says how many offers a question finds.
    """
    names = _active(asked)
    fewer = (islice(_fewer(asked, names, count), _COMBINATIONS) for count in range(2, len(names)))
    for candidates in (_single(asked, words), *fewer, _many(asked, words)):
        found = [replace_total(step, count(step.asked)) for step in candidates]
        found = [step for step in found if step.total]
        if found:
            # A widening comes before giving something up, then what finds most.
            ordered = sorted(found, key=lambda step: (bool(step.dropped), -step.total))
            return tuple(ordered[:STEPS_MAX])
    return ()


def replace_total(step: Step, total: int) -> Step:
    """Return the step with how many offers it finds."""
    return replace(step, total=total)


def _single(asked: Asked, words: Sequence[str]) -> Iterator[Step]:
    if asked.kilometres is not None and asked.kilometres < _FARTHEST:
        yield Step(replace(asked, kilometres=min(_FARTHEST, asked.kilometres * 2), page=1), 0, changed=("kilometres",))
    for name in _active(asked):
        yield _without(asked, name)
    for at in range(len(words) if len(words) > 1 else 0):
        left = " ".join([*words[:at], *words[at + 1 :]])
        yield Step(replace(asked, words=left, page=1), 0, changed=("words",))


def _fewer(asked: Asked, names: Sequence[str], count: int) -> Iterator[Step]:
    return (_without(asked, *dropped) for dropped in combinations(names, count))


def _many(asked: Asked, words: Sequence[str]) -> Iterator[Step]:
    names = tuple(_active(asked))
    if names:
        yield _without(asked, *names)
    if words and names:
        yield _without(asked, "words")
    for at in range(len(words)):
        yield Step(replace(asked.without(*names), words=words[at]), 0, dropped=names, changed=("words",))


def _active(asked: Asked) -> list[str]:
    """The filters that are set; a postcode alone excludes nothing."""
    set_now = asked.active()
    return [name for name in _GIVEN_UP if name in set_now]


def _without(asked: Asked, *names: str) -> Step:
    fields = [field for name in names for field in _PAIRS.get(name, (name,))]
    return Step(asked.without(*fields), 0, dropped=names)
