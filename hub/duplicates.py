"""Pairs of offers that may be one and the same, for people to decide on: the open ones, the best first.

The pairs are derived from the catalogue (`comparing`) and can be made again at any time.  What a person decided stands
in the hub's log (`clusters`): such a pair is never open again, whatever is edited or read anew.  Where several pairs
are the same question, because the offers of one side are one already, only the best of them is asked.

Pairs within one member are that member's own matter: they stand last.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from hub.clusters import verdicts_now
from hub.comparing import catch_up
from hub.notes import newest_note
from hub.party import Hub
from hub.store import candidates
from hub.store.candidates import Pair
from shared.consume import shown_origins
from shared.holdings import catalogue
from shared.likeness.reasons import Reason, reasons_in_german
from shared.model.offer import OfferDoc, read_offer_line

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


def open_candidates(hub: Hub, *, member: str = "", start: int = 0, most: int = 50) -> list[Candidate]:
    """Return pairs that nobody decided yet: across members first, then by grade and score.

    Args:
        member: only pairs with an offer of this member.
        start: how many to leave out.
        most: how many to return.
    """
    with hub.db.read() as conn:
        members = candidates.load_members(conn)
        found = [
            pair
            for pair in _open(hub, conn)
            if pair.a in members and pair.b in members and member in ("", members[pair.a], members[pair.b])
        ]
        return _with_sides(conn, found[start : start + most])


def count_open(hub: Hub) -> Counts:
    """Count pairs that nobody decided yet."""
    with hub.db.read() as conn:
        grades = [pair.grade for pair in _open(hub, conn)]
    return Counts(grades.count("certain"), grades.count("likely"))


def find_candidate(hub: Hub, a: bytes, b: bytes) -> Candidate | None:
    """Return the pair of these two offers, in either order, decided or not; None where they are no candidates."""
    with hub.db.read() as conn:
        pair = candidates.find_pair(conn, min(a, b), max(a, b))
        return next(iter(_with_sides(conn, [pair])), None) if pair is not None else None


def _open(hub: Hub, conn: sa.Connection) -> Iterator[Pair]:
    """Yield what is not decided, of each question the best pair."""
    verdicts = verdicts_now(hub, conn)
    asked: set[tuple[bytes, bytes]] = set()
    for pair in candidates.load_pairs(conn):
        one, other = sorted(min(verdicts.group_of(rid)) for rid in (pair.a, pair.b))
        if (one, other) not in asked and not verdicts.settles(pair.a, pair.b):
            asked.add((one, other))
            yield pair


def _origins(conn: sa.Connection) -> list[str]:
    said = newest_note(conn)
    return [] if said is None else shown_origins(said)


def _with_sides(conn: sa.Connection, pairs: list[Pair]) -> list[Candidate]:
    """Put the offers beside the pairs; one of which an offer is gone since is left out."""
    rids = sorted({rid for pair in pairs for rid in (pair.a, pair.b)})
    sides = {
        one.rid: Side(one.rid, one.member, doc.name or one.title, doc)
        for one in catalogue.find_many(conn, _origins(conn), rids)
        if (doc := read_offer_line(one.body)) is not None
    }
    return [
        Candidate(
            sides[pair.a],
            sides[pair.b],
            pair.score,
            pair.grade,
            msgspec.json.decode(pair.reasons, type=tuple[Reason, ...]),
        )
        for pair in pairs
        if pair.a in sides and pair.b in sides
    ]
