"""What became of an offer: every version kept here with who and when, compared field by field, and taken back.

Decided here: what is noted and how two versions are compared.  The notes are local; names of editors never leave the
node (PROTOCOL 10, DOMAIN 2).  An erasure cleans them like everything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from node.party import Node
from node.store import drafts, history, versions
from node.store.history import Step
from shared.errors import NotFoundError
from shared.holdings import facts
from shared.model.labels import field_label

ACTIONS: Mapping[str, str] = {
    "saved": "Entwurf gespeichert",
    "submitted": "zur Freigabe gegeben",
    "returned": "zurückgegeben",
    "published": "veröffentlicht",
    "withdrawn": "zurückgezogen",
    "discarded": "Entwurf verworfen",
    "imported": "eingespielt",
    "restored": "frühere Fassung wiederhergestellt",
    "undone": "rückgängig gemacht",
    "scheduled": "Veröffentlichung geplant",
    "changed": "mit anderen Angeboten zusammen geändert",
    "found": "Stand zu Beginn des Verlaufs",
}
"""What can happen to an offer, as the page of its history says it."""

_SAME_SITTING_SECONDS = 1800
_UNCOMPARED = frozenset({"id", "owner", "last_modified"})
_COMMAND = "Befehlszeile"


class Change(msgspec.Struct, frozen=True):
    """One field that differs; values as their JSON holds them, None for nothing."""

    field: str
    label: str
    before: Any
    after: Any


class Version(msgspec.Struct, frozen=True):
    """One line of an offer's history; `number` names it where it can be restored, 0 where no text is kept of it."""

    number: int
    time: int
    editor: str
    action: str
    state: str
    note: str
    changes: tuple[Change, ...]


def note_step(  # noqa: PLR0913 - one argument for each column of the history
    node: Node,
    conn: sa.Connection,
    rid: bytes,
    action: str,
    state: str,
    *,
    editor: str = "",
    doc: Mapping[str, Any] | None = None,
    note: str = "",
    operation_id: int | None = None,
) -> None:
    """Note within a transaction what happened to an offer; saves of one person in one sitting are one version."""
    now, body = node.clock.now(), None if doc is None else msgspec.json.encode(doc)
    facts.bump_fact(conn, "catalogue-version")
    if action == "saved" and body is not None:
        last = history.last_step(conn, rid)
        is_same = last is not None and (last.action, last.editor) == (action, editor)
        if last is not None and is_same and 0 <= now - last.time < _SAME_SITTING_SECONDS:
            history.replace_step(conn, last.id, time=now, body=body)
            return
    history.add_steps(node.db, conn, [Step(rid, now, editor, action, state, body, note, operation_id)])


def note_first(node: Node, conn: sa.Connection, rid: bytes, state: str, doc: Mapping[str, Any]) -> None:
    """Note an offer as it stands where nothing is known of its past (it came back from the mirror), for the undo."""
    if history.last_step(conn, rid) is None:
        known = {"pending": "published", "pending-withdrawal": "withdrawn"}.get(state, state)
        note_step(node, conn, rid, "found", known, doc=doc)


def next_revision(conn: sa.Connection) -> int:
    """Return a number that no draft had before."""
    return facts.bump_fact(conn, "draft-revision")


def list_versions(node: Node, rid: bytes) -> list[Version]:
    """Return the history of an offer, newest first, each version with what it changed."""
    with node.db.read() as conn:
        steps = history.load_steps(conn, rid)
    found: list[Version] = []
    before: dict[str, Any] = {}
    for step in steps:
        doc = before if step.body is None else msgspec.json.decode(step.body, type=dict[str, Any])
        changes = tuple(compare(before, doc))
        number = 0 if step.body is None else step.id
        editor = step.editor or _COMMAND
        found.append(Version(number, step.time, editor, ACTIONS[step.action], step.state, step.note, changes))
        before = doc
    return found[::-1]


def load_version(node: Node, rid: bytes, number: int) -> dict[str, Any]:
    """Return the document of one version; NotFoundError when the offer has no such version with text."""
    with node.db.read() as conn:
        step = history.load_step(conn, number)
    if step is None or step.rid != rid or step.body is None:
        raise NotFoundError("Diese Fassung gibt es nicht", advice="Der Verlauf des Angebots zeigt alle Fassungen.")
    return msgspec.json.decode(step.body, type=dict[str, Any])


def last_document(conn: sa.Connection, rid: bytes) -> dict[str, Any] | None:
    """Return the last text that is kept of an offer: what an archived one said."""
    last = history.last_step(conn, rid)
    body = None if last is None else history.body_at(conn, rid, last.id)
    return None if body is None else msgspec.json.decode(body, type=dict[str, Any])


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """List the fields of two documents that differ, by the order of their labels."""
    names = {*before, *after} - _UNCOMPARED
    differing = [name for name in names if before.get(name) != after.get(name)]
    changes = [Change(name, field_label(name), before.get(name), after.get(name)) for name in differing]
    return sorted(changes, key=lambda change: change.label)


def forget_erased(conn: sa.Connection, log_id: int) -> None:
    """Forget drafts and texts of versions that are older than an erasure which came back from the mirror.

    This is a restored copy: what was cleaned then may name the person again, and the erasure no longer says whom.
    """
    for rid, time in versions.erasure_times(conn, log_id).items():
        history.forget_bodies(conn, rid, until=time)
        drafts.drop_older(conn, rid, until=time)
