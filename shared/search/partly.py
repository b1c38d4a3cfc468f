"""Offers that meet only some words of a question: for a first page that would else stay almost empty.

They are never mixed with those that meet every word, and each says which words it lacks.  A rare word says more about
what somebody looks for than one that half of all offers contain, so it counts for more.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.search.matching import Level, covered
from shared.search.question import Unit
from shared.search.ranking import Ranks, ranks_of, refine

ENOUGH: Final = 10
"""A question that finds this many offers needs none that fit in part."""
_RARE: Final = 20
_SELDOM: Final = 5
"""A word that less than one offer in so many holds counts threefold, or twofold."""


def rank_partly(units: Sequence[Unit], levels: Sequence[Sequence[Level]], among: int, total: int) -> Ranks:
    """Return the entries that meet at least half of the needed words but not all, by score.

    Args:
        among: the entries that fulfil all filters.
        total: how many entries there are at all.
    """
    needed = [covered(found) & among for unit, found in zip(units, levels, strict=True) if unit.is_needed]
    if len(needed) < 2:
        return {}
    enough = _met_by(needed, -(-len(needed) // 2)) & ~_met_by(needed, len(needed))
    ranks: Ranks = {0: enough} if enough else {}
    for found in levels:
        share = _share(covered(found).bit_count(), total)
        ranks = refine(ranks, {score * share: bits for score, bits in ranks_of(found).items()}, 0)
    return ranks


def lacking(number: int, units: Sequence[Unit], levels: Sequence[Sequence[Level]]) -> tuple[str, ...]:
    """Return the needed words that an entry does not meet, as they were typed."""
    return tuple(
        unit.typed
        for unit, found in zip(units, levels, strict=True)
        if unit.is_needed and not covered(found) >> number & 1
    )


def _met_by(sets: Sequence[int], least: int) -> int:
    """Return the entries that are in at least so many of the sets."""
    at_least = [-1, *[0] * len(sets)]
    for bits in sets:
        for count in range(len(sets), 0, -1):
            at_least[count] |= at_least[count - 1] & bits
    return at_least[least]


def _share(held: int, total: int) -> int:
    if held * _RARE < total:
        return 3
    return 2 if held * _SELDOM < total else 1
