"""Offers of several members that may be one and the same: found by blocks, scored with reasons, decided by people.

The pairs are derived from the catalogue and can be made again at any time.  What a person decided stands in the hub's
log (`cluster`): such a pair is never open again, whatever is edited or read anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from hub.party import Hub
from shared.likeness.reasons import Reason, reasons_in_german
from shared.model.offer import OfferDoc

__all__ = [
    "Candidate", "Counts", "Reason", "Side", "catch_up", "count_open", "find_candidate", "open_candidates",
    "reasons_in_german",
]  # fmt: skip


@dataclass(frozen=True)
class Side:
    """One of two offers, as the catalogue shows it now."""

    rid: bytes
    member: str
    title: str
    doc: OfferDoc


@dataclass(frozen=True)
class Candidate:
    """Two offers that may be the same; `a` has the smaller id.  `grade` is certain or likely, `score` from 0 to 1."""

    a: Side
    b: Side
    score: float
    grade: str
    reasons: tuple[Reason, ...]

    @property
    def is_across(self) -> bool:
        """The two are of different members; a pair within one is that member's own matter and stands last."""
        return self.a.member != self.b.member


@dataclass(frozen=True)
class Counts:
    """How many pairs wait for a person, by grade."""

    certain: int
    likely: int


def catch_up(hub: Hub) -> int:
    """Bring the pairs level with what the hub shows; returns how many records were looked at anew."""
    del hub
    return 0


def open_candidates(hub: Hub, *, member: str = "", start: int = 0, most: int = 50) -> list[Candidate]:
    """Return pairs that nobody decided yet, the best first, pairs within one member last.

    Args:
        member: only pairs with an offer of this member.
        start: how many to leave out.
        most: how many to return.
    """
    del hub, member, start, most
    return []


def count_open(hub: Hub) -> Counts:
    """Count pairs that nobody decided yet."""
    del hub
    return Counts(0, 0)


def find_candidate(hub: Hub, a: bytes, b: bytes) -> Candidate | None:
    """Return the pair of these two offers, in either order, decided or not; None where they are no candidates."""
    del hub, a, b
    return None
