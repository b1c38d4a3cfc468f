"""What happens to offers on its day: planned publications, and the end of what has run out.

Done under the name „Kalender“, so that the history says that no person did it just then.
"""

from __future__ import annotations

from datetime import date

import msgspec

from node.editing import take_out
from node.history import next_revision, note_step
from node.offer_list import today_of
from node.party import Node
from node.reviewing import published_documents
from node.store import drafts
from node.store.drafts import WRITING
from node.workflow import Editor, publish_draft
from shared.errors import KreisweitError

CALENDAR = Editor("Kalender", may_publish=True)


def publish_planned(node: Node) -> int:
    """Publish drafts whose time has come; one that cannot be stays a draft with a note why.  Returns how many left."""
    with node.db.read() as conn:
        due = drafts.load_due(conn, node.clock.now())
    published = 0
    for rid in due:
        try:
            with node.db.write() as conn:
                publish_draft(node, conn, CALENDAR, rid)
            published += 1
        except KreisweitError as error:
            _keep_with_note(node, rid, f"Die geplante Veröffentlichung ging nicht. {error.message}")
    return published


def _keep_with_note(node: Node, rid: bytes, note: str) -> None:
    with node.db.write() as conn:
        kept = drafts.load_draft(conn, rid)
        if kept is None:
            return
        changes = {"state": WRITING, "note": note, "publish_at": None, "revision": next_revision(conn)}
        drafts.save_drafts(node.db, conn, [msgspec.structs.replace(kept, **changes)])
        note_step(node, conn, rid, "returned", WRITING, editor=CALENDAR.name, note=note)


def withdraw_ended(node: Node) -> int:
    """Take offers out of the catalogue whose last day is over; a draft of one stays.  Returns how many."""
    today = today_of(node)
    with node.db.read() as conn:
        ended = [rid for rid, doc in published_documents(node, conn) if has_ended(doc.get("valid_to"), today)]
    for rid in ended:
        with node.db.write() as conn:
            sketch = drafts.load_draft(conn, rid)
            take_out(node, conn, rid, "ended", editor=CALENDAR.name)
            if sketch is not None:
                drafts.save_drafts(node.db, conn, [sketch])
    return len(ended)


def has_ended(valid_to: object, today: date) -> bool:
    """Tell whether the last day of an offer is over; a text that is no day ends nothing."""
    try:
        return isinstance(valid_to, str) and date.fromisoformat(valid_to) < today
    except ValueError:
        return False
