"""Changes to what was joined already: whose card is shown, who leaves, and the end of a cluster.

Whoever takes offers apart says that they are different: that is noted too, so that neither the comparison nor a
colleague joins them again.
"""

from __future__ import annotations

from collections.abc import Callable

from hub.clusters import Cluster
from hub.deciding import Change, Decided, Decider, Verb, apart_fields, cluster_fields
from hub.party import Hub
from shared.errors import NotFoundError


def show_card_of(hub: Hub, rid: bytes, offer: bytes, *, by: Decider) -> Decided:
    """Choose whose card is shown for a cluster; NotFoundError for a cluster that is gone or an offer not in it."""

    def act(change: Change, cluster: Cluster) -> None:
        change.put(cluster_fields(change, change.standing(rid), cluster.members, offer), rid)

    return _change_cluster(hub, rid, offer, "display", act, by)


def remove(hub: Hub, rid: bytes, offer: bytes, *, by: Decider) -> Decided:
    """Take one offer out of a cluster, as different from the others; of two none remains.

    Raises:
        NotFoundError: the cluster is gone, or the offer is not in it.
    """

    def act(change: Change, cluster: Cluster) -> None:
        left = [one for one in cluster.members if one != offer]
        change.put(apart_fields(change, left[0], offer))
        if len(left) < 2:
            change.drop(rid, "mistake")
        else:
            change.put(cluster_fields(change, change.standing(rid), left, left[0]), rid)

    return _change_cluster(hub, rid, offer, "remove", act, by)


def dissolve(hub: Hub, rid: bytes, *, by: Decider) -> Decided:
    """Show the offers of a cluster one by one again, as different from the one that was shown.

    Raises:
        NotFoundError: the cluster is gone.
    """

    def act(change: Change, cluster: Cluster) -> None:
        shown, *others = cluster.members
        for other in others:
            change.put(apart_fields(change, shown, other))
        change.drop(rid, "mistake")

    return _change_cluster(hub, rid, None, "dissolve", act, by)


def _change_cluster(
    hub: Hub, rid: bytes, offer: bytes | None, verb: Verb, act: Callable[[Change, Cluster], None], by: Decider
) -> Decided:
    with hub.db.write() as conn:
        change = Change(hub, conn, by)
        cluster = change.verdicts.clusters.get(rid)
        if cluster is None or (offer is not None and offer not in cluster.members):
            raise NotFoundError(
                "Diese Gruppe gibt es so nicht mehr", advice="Die Gruppen stehen unter „Zusammengeführt“."
            )
        act(change, cluster)
        return change.done(verb, offer or cluster.members[0], cluster.members[0])
