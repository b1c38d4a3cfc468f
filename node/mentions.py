"""Which providers and contacts the own offers name, in what the catalogue shows and in drafts.

Documents embed copies of providers and contacts (`shared.model.parts`); the desk treats equal ones as one thing.  What
a text says of them is read once for each version and remembered, as versions never change.  Archived offers count no
more: nothing of them is shown.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from node.party import Node
from node.store import drafts, versions
from node.workflow import Editor
from shared.feed.payload import parse_payload
from shared.holdings import edits, logs, payloads

Entry = Mapping[str, Any]


class Named(msgspec.Struct, frozen=True):
    """What one version names; entries as the document holds them."""

    title: str
    providers: tuple[Entry, ...]
    contacts: tuple[Entry, ...]


class Mention(msgspec.Struct, frozen=True):
    """What one text of an own offer names: what the catalogue shows of it, or its draft."""

    rid: bytes
    is_draft: bool
    named: Named


class Mentions:
    """The providers and contacts in the own offers of one node; remembers what it read of each version."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._known: dict[bytes, Named] = {}
        self._lock = threading.Lock()

    def read(self, editor: Editor) -> list[Mention]:
        """Return what every offer that this editor may see names, by the id of the offer; its draft comes first."""
        with self._lock, self._node.db.read() as conn:
            before, self._known = self._known, {}
            found = [*self._read(conn, before)]
        newest: dict[bytes, Named] = {}
        for one in found:
            newest.setdefault(one.rid, one.named)
        allowed = {rid for rid, named in newest.items() if editor.owns({"providers": list(named.providers[:1])})}
        return [one for one in found if one.rid in allowed]

    def _read(self, conn: sa.Connection, before: Mapping[bytes, Named]) -> Iterator[Mention]:
        row = logs.find_log(conn, self._node.settings.origin)
        records = {} if row is None else versions.load_own_records(conn, row.id)
        pending = {edit.rid: edit for edit in edits.load_edits(conn) if edit.rid is not None}
        sketches = drafts.load_drafts(conn)
        for rid in sorted({*records, *pending, *sketches}):
            if (sketch := sketches.get(rid)) is not None:
                key = b"draft%d" % sketch.revision
                yield Mention(rid, True, self._keep(key, before.get(key) or _named_in_draft(sketch.body)))
            edit, known = pending.get(rid), records.get(rid)
            commitment = known.commitment if known is not None and known.live else None
            commitment = commitment if edit is None else edit.commitment
            if commitment is None:
                continue
            named = before.get(commitment)
            if named is None:
                body = edit.body if edit is not None else payloads.load_payload(conn, row.id if row else 0, commitment)
                named = None if body is None else named_in(parse_payload(body).doc)
            if named is not None:
                yield Mention(rid, False, self._keep(commitment, named))

    def _keep(self, key: bytes, named: Named) -> Named:
        self._known[key] = named
        return named


def _named_in_draft(body: bytes) -> Named:
    return named_in(msgspec.json.decode(body, type=dict[str, Any]))


def named_in(doc: Mapping[str, Any]) -> Named:
    """Read what a document names; a draft may hold anything, so what is no entry is passed over."""
    return Named(str(doc.get("name") or ""), entries_of(doc, "providers"), entries_of(doc, "contacts"))


def entries_of(doc: Mapping[str, Any], group: str) -> tuple[Entry, ...]:
    """Return the entries of one group of a document."""
    rows = doc.get(group)
    return tuple(row for row in rows if isinstance(row, dict)) if isinstance(rows, list | tuple) else ()


def titles_of(mentions: list[Mention]) -> dict[bytes, str]:
    """Return the newest title of each offer."""
    titles: dict[bytes, str] = {}
    for one in mentions:
        titles.setdefault(one.rid, one.named.title or "Angebot ohne Titel")
    return titles
