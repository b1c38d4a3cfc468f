"""The hub's word on which records are one and the same offer, as it stands in the holdings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from shared.errors import ParseError
from shared.feed.payload import parse_payload
from shared.holdings.catalogue import iterate_shown
from shared.model.cluster import cluster_from_builtins


def load_clusters(conn: sa.Connection, origins: Sequence[str]) -> Iterator[tuple[bytes, ...]]:
    """Yield the records of each shown cluster, the one whose card is shown first; what cannot be read is none."""
    for one in iterate_shown(conn, origins, kind="cluster"):
        try:
            yield cluster_from_builtins(parse_payload(one.body).doc).rids()
        except ParseError:
            continue
