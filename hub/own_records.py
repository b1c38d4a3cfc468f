"""The district's own records: what the hub says in its own log about the catalogue (PROTOCOL 2).

A decision is durable at once, in the outbox, and counts at the desk from then on; every party has it with the next seal
(PROTOCOL 4 W3).  So what stands here is the log with the pending edits over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec
import sqlalchemy as sa

from hub.party import Hub
from shared.errors import NotFoundError
from shared.feed.payload import commitment_of, parse_payload, seal_payload
from shared.holdings import catalogue, edits, logs
from shared.holdings.edits import NEW, Edit

Kind = Literal["vocabulary", "cluster", "notice", "text"]
Reason = Literal["ended", "paused", "duplicate", "mistake", "other"]


class OwnRecord(msgspec.Struct, frozen=True):
    """One record as it stands, or as it will once what is pending is sealed."""

    rid: bytes
    doc: Mapping[str, object]
    is_pending: bool = False


def load_records(hub: Hub, conn: sa.Connection, kind: Kind) -> list[OwnRecord]:
    """Return the hub's live records of a kind, pending changes included, by title."""
    found = {
        one.rid: OwnRecord(one.rid, parse_payload(one.body).doc)
        for one in catalogue.iterate_shown(conn, [hub.settings.origin], kind=kind)
    }
    for edit in edits.load_edits(conn):
        if edit.kind != kind or edit.rid is None:
            continue
        found.pop(edit.rid, None)
        if edit.op == "publish" and edit.body is not None:
            found[edit.rid] = OwnRecord(edit.rid, parse_payload(edit.body).doc, is_pending=True)
    return sorted(found.values(), key=lambda one: (str(one.doc.get("title", "")), one.rid))


def find_record(hub: Hub, conn: sa.Connection, kind: Kind, rid: bytes) -> OwnRecord | None:
    """Return one live record, pending changes included; None where there is none of this kind."""
    pending = edits.find_edit(conn, rid)
    if pending is not None and pending.kind == kind:
        if pending.op != "publish" or pending.body is None:
            return None
        return OwnRecord(rid, parse_payload(pending.body).doc, is_pending=True)
    return _find_sealed(hub, conn, kind, rid)


def _find_sealed(hub: Hub, conn: sa.Connection, kind: Kind, rid: bytes) -> OwnRecord | None:
    shown = catalogue.find_shown(conn, [hub.settings.origin], rid)
    if shown is None or shown.kind != kind:
        return None
    return OwnRecord(rid, parse_payload(shown.body).doc)


def fields_of(record: OwnRecord | None) -> dict[str, object] | None:
    """Return a record's document without what every version of it has; None for no record."""
    if record is None:
        return None
    return {name: value for name, value in record.doc.items() if name not in ("id", "owner")}


def restore_record(
    hub: Hub, conn: sa.Connection, kind: Kind, rid: bytes, fields: Mapping[str, object] | None, reason: Reason
) -> None:
    """Let a record stand as it stood before; where the log still has it so, what is pending just goes.

    Args:
        fields: the document without `id` and `owner`; None where there was no such record.
        reason: why it is withdrawn, in the log, if it is.
    """
    if fields_of(find_record(hub, conn, kind, rid)) == fields:
        return
    if fields is None:
        withdraw_record(hub, conn, kind, rid, reason)
    elif fields_of(_find_sealed(hub, conn, kind, rid)) == fields:
        pending = edits.find_edit(conn, rid)
        edits.drop_edits(conn, [] if pending is None else [pending.id])
    else:
        publish_record(hub, conn, kind, fields, rid=rid)


def publish_record(
    hub: Hub, conn: sa.Connection, kind: Kind, fields: Mapping[str, object], *, rid: bytes | None = None
) -> bytes:
    """Put a new record, or a new version of one, on its way into the hub's log; returns its id.

    Args:
        fields: the document without `id` and `owner`.
        rid: of the record that gets a new version; None for a new one, whose id is random.
    """
    rid = hub.dice.token(16) if rid is None else rid
    body = seal_payload({**fields, "id": rid.hex(), "owner": hub.district.ags}, hub.dice.token(32))
    edits.add_edit(
        conn, Edit("publish", kind, rid, _base(hub, conn, rid), hub.clock.now(), commitment_of(body), body)
    )  # fmt: skip
    return rid


def withdraw_record(hub: Hub, conn: sa.Connection, kind: Kind, rid: bytes, reason: Reason) -> None:
    """Take a record of the hub back; one that was never sealed just goes.

    Raises:
        NotFoundError: no such record stands.
    """
    if find_record(hub, conn, kind, rid) is None:
        raise NotFoundError(f"Einen Eintrag {rid.hex()} der Art {kind} gibt es nicht")
    base = _base(hub, conn, rid)
    if base == NEW:
        pending = edits.find_edit(conn, rid)
        edits.drop_edits(conn, [] if pending is None else [pending.id])
        return
    edits.add_edit(conn, Edit("withdraw", kind, rid, base, hub.clock.now(), reason=reason))


def _base(hub: Hub, conn: sa.Connection, rid: bytes) -> int:
    """Return the index of the newest version in the log; NEW for a record that is not in it."""
    log_id = logs.load_log(conn, hub.settings.origin).id
    head = logs.load_heads(conn, log_id, [rid]).get(rid)
    return NEW if head is None else head.position
