"""What people decided about offers that may be the same, as it stands in the hub's log with what is pending over it.

Two kinds of verdict: a cluster joins offers, a rejection keeps two of them apart.  What follows from them is never
asked again: offers of one cluster are the same, and a rejection between two offers holds for their clusters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from hub.own_records import OwnRecord, load_records
from hub.party import Hub
from shared.errors import ParseError
from shared.holdings import catalogue, edits
from shared.model.cluster import apart_from_builtins, cluster_from_builtins


@dataclass(frozen=True)
class Cluster:
    """Offers that are one and the same, the one whose card is shown first."""

    rid: bytes
    members: tuple[bytes, ...]
    reason: str
    is_pending: bool


@dataclass(frozen=True)
class Rejection:
    """Two offers that are not the same."""

    rid: bytes
    a: bytes
    b: bytes
    reason: str
    is_pending: bool


class Verdicts:
    """All decisions that stand.  Of two clusters that name one offer the first one has it, as for every reader."""

    def __init__(self, clusters: Iterable[Cluster], rejections: Iterable[Rejection]) -> None:
        self.clusters: Mapping[bytes, Cluster] = {one.rid: one for one in clusters}
        self.rejections: Mapping[bytes, Rejection] = {one.rid: one for one in rejections}
        self._cluster_of: dict[bytes, Cluster] = {}
        for cluster in self.clusters.values():
            for member in cluster.members:
                self._cluster_of.setdefault(member, cluster)
        self._apart: defaultdict[bytes, list[Rejection]] = defaultdict(list)
        for one in self.rejections.values():
            self._apart[one.a].append(one)
            self._apart[one.b].append(one)

    def cluster_of(self, offer: bytes) -> Cluster | None:
        """Return the cluster that an offer belongs to, if any."""
        return self._cluster_of.get(offer)

    def group_of(self, offer: bytes) -> tuple[bytes, ...]:
        """Return the offers that are the same as this one, itself included."""
        cluster = self.cluster_of(offer)
        return (offer,) if cluster is None else cluster.members

    def between(self, a: bytes, b: bytes) -> Rejection | None:
        """Return the rejection that keeps two offers, or offers that are the same as they, apart."""
        there = frozenset(self.group_of(b))
        for member in self.group_of(a):
            for one in self._apart.get(member, ()):
                if (one.b if one.a == member else one.a) in there:
                    return one
        return None

    def rejects(self, a: bytes, b: bytes) -> bool:
        """Tell whether exactly these two offers are kept apart."""
        return any(b in (one.a, one.b) for one in self._apart.get(a, ()) if a != b)

    def are_same(self, a: bytes, b: bytes) -> bool:
        """Tell whether two offers were joined, directly or through others."""
        cluster = self.cluster_of(a)
        return cluster is not None and cluster is self.cluster_of(b)

    def settles(self, a: bytes, b: bytes) -> bool:
        """Tell whether nobody has to be asked about two offers any more."""
        return self.are_same(a, b) or self.between(a, b) is not None


def load_verdicts(hub: Hub, conn: sa.Connection) -> Verdicts:
    """Return what was decided; a record that is neither form counts for nothing."""
    clusters: list[Cluster] = []
    rejections: list[Rejection] = []
    for record in load_records(hub, conn, "cluster"):
        if "apart" in record.doc:
            rejections += _rejection(record)
        else:
            clusters += _cluster(record)
    return Verdicts(clusters, rejections)


def verdicts_now(hub: Hub, conn: sa.Connection) -> Verdicts:
    """Return what was decided, read anew only when something changed; for pages, within a transaction that only reads.

    What is read while a decision is being written must not be kept: it may never come true.
    """
    held = hub.kept(_Held)
    state = state_of_records(conn)
    known, found = held.last
    if known != state:
        found = load_verdicts(hub, conn)
        held.last = state, found
    return found


class _Held:
    """The state of the holdings, and the verdicts that were read of it last."""

    def __init__(self, _hub: Hub) -> None:
        self.last = "", Verdicts([], [])


def state_of_records(conn: sa.Connection) -> str:
    """Return a text that changes whenever a record of anybody or a pending edit of our own does."""
    return f"{catalogue.change_mark(conn)}/{edits.state_of_edits(conn)}"


def _cluster(record: OwnRecord) -> list[Cluster]:
    try:
        doc = cluster_from_builtins(record.doc)
    except ParseError:
        return []
    return [Cluster(record.rid, doc.rids(), doc.reason, record.is_pending)]


def _rejection(record: OwnRecord) -> list[Rejection]:
    try:
        doc = apart_from_builtins(record.doc)
    except ParseError:
        return []
    a, b = (bytes.fromhex(one) for one in doc.apart)
    return [Rejection(record.rid, a, b, doc.reason, record.is_pending)]
