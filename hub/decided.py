"""What people decided on pairs of offers, as it stands in the hub's log: these are one, these two are not.

Decisions count for everything that follows from them: of two clusters that are apart in one pair nobody is asked about
another pair.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa

from hub.own_records import load_records
from hub.party import Hub
from shared.errors import ParseError
from shared.model.cluster import ApartDoc, ClusterDoc, apart_from_builtins, cluster_from_builtins


@dataclass(frozen=True)
class Cluster:
    """One cluster with the id of its record."""

    rid: bytes
    doc: ClusterDoc


@dataclass
class Decided:
    """All decisions, ready to be asked."""

    _clusters: dict[bytes, Cluster] = field(default_factory=dict)
    _roots: dict[bytes, bytes] = field(default_factory=dict)
    _apart: set[tuple[bytes, bytes]] = field(default_factory=set)

    def cluster_of(self, rid: bytes) -> Cluster | None:
        """Return the cluster that an offer is in; of two that name it the first one has it."""
        return self._clusters.get(rid)

    def group_of(self, rid: bytes) -> bytes:
        """Return the id that stands for all offers that are one with this one."""
        while rid in self._roots:
            rid = self._roots[rid]
        return rid

    def settles(self, a: bytes, b: bytes) -> bool:
        """Tell whether somebody decided on these two, directly or by what follows."""
        return self.is_joined(a, b) or self.is_apart(a, b)

    def is_joined(self, a: bytes, b: bytes) -> bool:
        """The two are in one cluster."""
        return self.group_of(a) == self.group_of(b)

    def is_apart(self, a: bytes, b: bytes) -> bool:
        """The two, or others of their clusters, were said to be different."""
        one, other = self.group_of(a), self.group_of(b)
        return (min(one, other), max(one, other)) in self._apart

    def add_cluster(self, cluster: Cluster) -> None:
        """Take a cluster in."""
        rids = cluster.doc.rids()
        for rid in rids:
            self._clusters.setdefault(rid, cluster)
            one, other = self.group_of(rids[0]), self.group_of(rid)
            if one != other:
                self._roots[max(one, other)] = min(one, other)

    def add_apart(self, doc: ApartDoc) -> None:
        """Take in that two are different; after all clusters."""
        one, other = (self.group_of(bytes.fromhex(rid)) for rid in doc.apart)
        self._apart.add((min(one, other), max(one, other)))


def load_decided(hub: Hub, conn: sa.Connection) -> Decided:
    """Return all decisions of the hub's log, pending ones included; what cannot be read is none."""
    decided = Decided()
    apart: list[ApartDoc] = []
    for record in load_records(hub, conn, "cluster"):
        try:
            if "members" in record.doc:
                decided.add_cluster(Cluster(record.rid, cluster_from_builtins(record.doc)))
            else:
                apart.append(apart_from_builtins(record.doc))
        except ParseError:
            continue
    for doc in apart:
        decided.add_apart(doc)
    return decided
