"""The hub's notices as they stand in the holdings: which records are hidden kreisweit, and since when (PROTOCOL 2).

Decided here: a notice counts where the hub's log is among the logs that are shown, and hides a record from everything
that is shown: lists, search, pages, formats, letters.  It censors no log: entries, the catalogue digest (PROTOCOL 7),
feed, mirrors and proofs in them stay as the city published them, and payloads stay served to parties.  Otherwise a
party that lost its disk could not be rebuilt from the others, and no two parties with the same digest would be sure to
hold the same.  What must not be kept at all is for its owner to withdraw or erase; `withheld` (PROTOCOL 5) says that
bytes are not here, and they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from shared.holdings.prepared import Prepared
from shared.holdings.tables import erased, log, payload, record
from shared.model.notice import NoticeDoc, read_notice_line

HUB: Final = "hub"


class Notice(msgspec.Struct, frozen=True):
    """One notice by its own id."""

    rid: bytes
    doc: NoticeDoc


def _bodies() -> sa.Select[tuple[str, bytes, bytes]]:
    """The hub's live notices: the newest payload held, else the last good one.  A hub's log is never frozen."""
    newest, older = payload.alias("newest"), payload.alias("older")
    is_dead = sa.exists(
        sa.select(sa.literal(1)).where(erased.c.log_id == record.c.log_id, erased.c.commitment == record.c.commitment)
    )
    return (
        sa.select(log.c.origin, record.c.rid, sa.func.coalesce(newest.c.body, older.c.body).label("body"))
        .select_from(
            log.join(record, record.c.log_id == log.c.id)
            .outerjoin(newest, _is_held(newest, record.c.commitment))
            .outerjoin(older, _is_held(older, record.c.fallback))
        )
        .where(log.c.member == HUB, record.c.kind == "notice", record.c.live, ~is_dead)
    )


def _is_held(table: sa.FromClause, commitment: sa.Column[bytes]) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.log_id == record.c.log_id, table.c.commitment == commitment, table.c.apart_until.is_(None)
    )  # fmt: skip


_NOTICES: Final = Prepared(_bodies())


def load_notices(conn: sa.Connection, origins: Sequence[str]) -> Iterator[Notice]:
    """Yield all notices of the hub's log among these logs, lifted ones too; what cannot be read is none."""
    for row in _NOTICES.run(conn):
        if row.body is None or row.origin not in origins:
            continue
        rid, doc = bytes(row.rid), read_notice_line(bytes(row.body))
        if doc is not None and doc.id == rid.hex():
            yield Notice(rid, doc)


def hidden_records(conn: sa.Connection, origins: Sequence[str]) -> list[tuple[str, bytes]]:
    """Return (member, record) of everything that is hidden; one small query, and no more where there is no notice.

    The district's own records are not hidden by it: to take one back is its own to do.
    """
    found = {(one.doc.member, one.doc.rid) for one in load_notices(conn, origins) if one.doc.hides}
    return sorted((member, rid) for member, rid in found if member != HUB)


def find_notice(conn: sa.Connection, origins: Sequence[str], rid: bytes) -> Notice | None:
    """Return the notice that hides a record; None for one that is not hidden."""
    return next((one for one in load_notices(conn, origins) if one.doc.hides and one.doc.rid == rid), None)
