"""Which pair somebody is asked about next: the best first, those that this person put off last."""

from __future__ import annotations

from typing import Final

from hub.clusters import verdicts_now
from hub.deciding import skipped
from hub.duplicates import Candidate, find_candidate, open_candidates
from hub.party import Hub

_BATCH: Final = 50


def next_pair(hub: Hub, account_id: int, *, member: str = "") -> Candidate | None:
    """Return the pair that comes next for somebody; None when nothing waits.

    Args:
        member: only pairs with an offer of this member.
    """
    later = skipped(hub, account_id)
    put_off, start = frozenset(later), 0
    while batch := open_candidates(hub, member=member, start=start, most=_BATCH):
        found = next((one for one in batch if (one.a.rid, one.b.rid) not in put_off), None)
        if found is not None:
            return found
        start += _BATCH
    # Only what was put off is left, and perhaps what somebody decided meanwhile.
    for a, b in later:
        found = find_candidate(hub, a, b)
        if found is not None and is_open(hub, found) and (not member or member in (found.a.member, found.b.member)):
            return found
    return None


def is_open(hub: Hub, pair: Candidate) -> bool:
    """Tell whether nobody decided about a pair."""
    with hub.db.read() as conn:
        return not verdicts_now(hub, conn).settles(pair.a.rid, pair.b.rid)
