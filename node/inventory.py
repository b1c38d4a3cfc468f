"""The own offers as they stand, read once for a whole import: drafts, pending edits, newest versions in the log."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy as sa

from node.party import Node
from node.store import drafts, versions
from shared.feed.payload import parse_payload
from shared.holdings import edits, logs, payloads
from shared.holdings.edits import NEW

Names = tuple[tuple[str, ...], str]
"""Providers and title of an offer."""


class Inventory:
    """Answers questions about own offers within one transaction."""

    def __init__(self, node: Node, conn: sa.Connection) -> None:
        self._conn = conn
        row = logs.find_log(conn, node.settings.origin)
        self._log_id = None if row is None else row.id
        self._records = {} if row is None else versions.load_own_records(conn, row.id)
        self._pending = {edit.rid: edit for edit in edits.load_edits(conn) if edit.rid is not None}
        self._drafts = dict(drafts.iterate_drafts(conn))
        self._conflicts = {bytes(conflict.rid) for conflict in edits.load_conflicts(conn)}
        self._cleaned: set[bytes] | None = None

    def has(self, rid: bytes) -> bool:
        """There is anything under this id."""
        return rid in self._records or rid in self._pending or rid in self._drafts or rid in self._conflicts

    def position(self, rid: bytes) -> int:
        """Index of the newest version in the log; the base of an edit."""
        return self._records[rid].position if rid in self._records else NEW

    def is_withdrawn(self, rid: bytes) -> bool:
        """Out of the catalogue, or on its way out, and nothing newer is being written."""
        if rid in self._pending:
            return self._pending[rid].op == "withdraw"
        return rid in self._records and not self._records[rid].live and rid not in self._drafts

    def is_published(self, rid: bytes) -> bool:
        """In the log, or on its way into it."""
        return rid in self._pending or (rid in self._records and self._records[rid].live)

    def title(self, rid: bytes) -> str:
        """Title of the newest version held, else the id."""
        document = self.document(rid)
        return str(document.get("name", "")) if document else rid.hex()

    def document(self, rid: bytes) -> dict[str, Any] | None:
        """Newest document held: draft, pending edit, version in the log."""
        if rid in self._drafts:
            return msgspec.json.decode(self._drafts[rid], type=dict[str, Any])
        edit, known = self._pending.get(rid), self._records.get(rid)
        if edit is not None and edit.body is not None:
            return dict(parse_payload(edit.body).doc)
        if known is None or known.commitment is None or self._log_id is None:
            return None
        body = payloads.load_payload(self._conn, self._log_id, known.commitment)
        return None if body is None else dict(parse_payload(body).doc)

    def by_names(self, taken: set[bytes]) -> dict[Names, bytes]:
        """Offers that are not withdrawn and not in `taken`, by providers and title."""
        found = {}
        for rid in sorted({*self._records, *self._pending, *self._drafts} - taken):
            if self.is_withdrawn(rid) or (document := self.document(rid)) is None:
                continue
            providers = document.get("providers", [])
            names = tuple(str(p.get("name", "")) for p in providers if isinstance(p, dict))
            found[names, str(document.get("name", ""))] = rid
        return found

    def was_cleaned(self, rid: bytes) -> bool:
        """A version of it was erased."""
        if self._cleaned is None:
            log_id = self._log_id
            self._cleaned = set() if log_id is None else {*versions.erasure_times(self._conn, log_id)}
        return rid in self._cleaned
