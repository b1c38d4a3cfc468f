"""What the district has hidden of this city's offers, for the city's own desk (kind `notice`, PROTOCOL 2).

The city's record is not changed by it: the city corrects or withdraws it, and the district lifts the notice.
"""

from __future__ import annotations

from node.party import Node
from shared.consume import shown_origins
from shared.holdings.notices import load_notices
from shared.model.notice import NoticeDoc


def own_notices(node: Node) -> list[NoticeDoc]:
    """Return the notices that hide own offers now, the oldest first."""
    said = node.consumer.newest()
    if said is None:
        return []
    with node.db.read() as conn:
        found = [one.doc for one in load_notices(conn, shown_origins(said)) if one.doc.hides]
    own = [doc for doc in found if doc.member == node.settings.name]
    return sorted(own, key=lambda doc: (doc.since is not None, doc.since, doc.number))


def notice_on(node: Node, rid: bytes) -> NoticeDoc | None:
    """Return the notice that hides an own offer; None for one that is not hidden."""
    return next((doc for doc in own_notices(node) if doc.rid == rid), None)
