"""Decisions taken back: everything stands as it stood before, also where that is in the log already.

Any decision of the journal, not only the last one, as long as nothing that it changed was changed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
import sqlalchemy as sa

from hub.clusters import Verdicts, load_verdicts
from hub.deciding import TO_LIST, Decided, Fields
from hub.own_records import fields_of, find_record, restore_record
from hub.party import Hub
from hub.store import decisions
from shared.errors import ConflictError, NotFoundError

LAST_SECONDS: Final = 12 * 3600
"""So long one key takes back what somebody decided last: a working day."""


def last_of(hub: Hub, account_id: int) -> Decided | None:
    """Return what somebody decided last, within half a day, and did not take back."""
    with hub.db.read() as conn:
        step = decisions.load_last_step(conn, account_id, since=hub.clock.now() - LAST_SECONDS)
    return None if step is None else Decided(step.id, step.verb, step.a, step.b)


def undo(hub: Hub, number: int) -> Decided:
    """Let everything stand exactly as it stood before a decision, also where that is in the log already.

    Raises:
        NotFoundError: no such decision is known any more.
        ConflictError: it was taken back already, or what it changed was changed again.
    """
    with hub.db.write() as conn:
        step = decisions.load_step(conn, number)
        if step is None:
            raise NotFoundError(
                "Diese Entscheidung ist hier nicht mehr vermerkt",
                advice="Unter „Zusammengeführt“ und „Verschieden“ lässt sich jede Entscheidung ändern.",
            )
        if step.undone is not None:
            raise ConflictError("Diese Entscheidung ist schon zurückgenommen", advice=TO_LIST)
        before, after = (msgspec.json.decode(text, type=dict[str, dict[str, object] | None]) for text in (
            step.before, step.after,
        ))  # fmt: skip
        _check_untouched(hub, conn, after)
        for rid, fields in before.items():
            restore_record(hub, conn, "cluster", bytes.fromhex(rid), fields, "mistake")
        _check_sound(load_verdicts(hub, conn), [bytes.fromhex(rid) for rid in before])
        decisions.save_undone(conn, number, hub.clock.now())
        return Decided(number, step.verb, step.a, step.b)


def _check_untouched(hub: Hub, conn: sa.Connection, after: Mapping[str, Fields | None]) -> None:
    for rid, fields in after.items():
        if fields_of(find_record(hub, conn, "cluster", bytes.fromhex(rid))) != fields:
            raise ConflictError(
                "Seitdem wurde an dieser Gruppe etwas geändert",
                advice="Nehmen Sie zuerst die spätere Entscheidung zurück, oder ändern Sie die Gruppe.",
            )


def _check_sound(verdicts: Verdicts, rids: Sequence[bytes]) -> None:
    """What comes back must not join what was kept apart meanwhile, nor take what has another cluster now."""
    for rid in rids:
        cluster, rejection = verdicts.clusters.get(rid), verdicts.rejections.get(rid)
        members = () if cluster is None else cluster.members
        pairs = [(a, b) for a in members for b in members if a < b]
        is_sound = all(verdicts.cluster_of(one) is cluster for one in members)
        is_sound &= not any(verdicts.rejects(a, b) for a, b in pairs)
        is_sound &= rejection is None or not verdicts.are_same(rejection.a, rejection.b)
        if not is_sound:
            raise ConflictError(
                "Das widerspräche einer späteren Entscheidung über dieselben Angebote",
                advice="Unter „Zusammengeführt“ und „Verschieden“ können Sie sie ändern.",
            )
