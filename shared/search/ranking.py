"""In which order entries are shown: scores as a partition, from score to the set of entries that have it.

Sets are refined word by word, so the cost goes by the number of different scores and not by the number of entries; only
the page that is shown is ever spelled out.  Ties go by title.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from shared.search.bitmaps import numbers_of
from shared.search.matching import Level

OWN_CITY: Final = 6
STALE: Final = -9
_SECOND_PLACE: Final = 2
"""For being met in two places at once."""
_SPARSE: Final = 4

Ranks = dict[int, int]
"""Score to the entries that have it; sets are apart from each other."""


def ranks_of(levels: Sequence[Level]) -> Ranks:
    """Return for each weight the entries whose best level it is; those met in two places stand a little higher."""
    seen = twice = 0
    places: dict[str, int] = {}
    for level in levels:
        places[level.where] = places.get(level.where, 0) | level.bits
    for bits in places.values():
        twice |= seen & bits
        seen |= bits
    ranks: Ranks = {}
    done = 0
    for level in levels:
        fresh = level.bits & ~done
        done |= fresh
        _add(ranks, level.weight + _SECOND_PLACE, fresh & twice)
        _add(ranks, level.weight, fresh & ~twice)
    return ranks


def refine(ranks: Ranks, others: Ranks, rest: int | None) -> Ranks:
    """Add the scores of two partitions.

    Args:
        rest: score of entries that `others` does not name; None leaves them out.
    """
    refined: Ranks = {}
    for score, bits in ranks.items():
        left = bits
        for more, other in others.items():
            both = bits & other
            left &= ~other
            _add(refined, score + more, both)
        if rest is not None:
            _add(refined, score + rest, left)
    return refined


def shifted(ranks: Ranks, among: int, by: int) -> Ranks:
    """Raise or lower the score of some entries."""
    return refine(ranks, {by: among}, 0) if among and by else ranks


def _add(ranks: Ranks, score: int, bits: int) -> None:
    if bits:
        ranks[score] = ranks.get(score, 0) | bits


def by_score(ranks: Ranks, order: array[int], position: array[int]) -> Iterator[tuple[int, int]]:
    """Yield entries with their scores, the best first, equal ones in the given order.

    Args:
        order: all entries.
        position: of each entry in `order`.
    """
    for score in sorted(ranks, reverse=True):
        bits = ranks[score]
        if bits.bit_count() * _SPARSE > len(order):
            yield from ((number, score) for number in in_order(bits, order))
        else:
            yield from ((number, score) for number in sorted(numbers_of(bits), key=position.__getitem__))


def in_order(bits: int, order: Iterable[int]) -> Iterator[int]:
    """Yield the numbers of a set in the given order."""
    flags = bin(bits)[:1:-1]
    length = len(flags)
    return (number for number in order if number < length and flags[number] == "1")


def page_of(found: Iterator[tuple[int, int]], page: int, per_page: int) -> list[tuple[int, int]]:
    """Return one page of what is yielded."""
    return list(islice(found, (page - 1) * per_page, page * per_page))
