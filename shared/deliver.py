"""What one party sends to another: the body of a push, built when sent, and what a received body feeds (PROTOCOL 9).

A push has no authority of its own: the receiver gives its bytes to the same reader as a pull.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from shared.feed import limits
from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.feed.push import Holding, PayloadPart, PushAnswer, PushBody, PushState, SourcePart
from shared.feed.trusted_log import Keys
from shared.follow import Guards, Reader, Report
from shared.holdings import facts, logs, papers, payloads
from shared.rosterbook import RosterBook
from shared.sources import FetchedSource, PushedSource

_BODY_BUDGET = limits.PUSH_MAX_BYTES * 3 // 4
"""Raw bytes put into one body; JSON quoting and base64 make more of them."""


class Cursor(msgspec.Struct):
    """How far payloads of one log were sent in this delivery."""

    origin: str
    next_index: int


class Parcel(msgspec.Struct, frozen=True):
    """A push body and where to go on with payloads, if it did not hold all."""

    body: PushBody
    rest: tuple[Cursor, ...]


def live_state(conn: sa.Connection) -> PushState:
    """Return the word this party says about itself in pushes and answers."""
    return "recovering" if facts.load_number(conn, "recovering-since") else "live"


def pack(
    conn: sa.Connection,
    *,
    note: bytes,
    roster_version: int,
    rosters: Iterable[bytes] = (),
    known: Mapping[str, Holding] | None = None,
    resume: Iterable[Cursor] = (),
    skip: frozenset[str] = frozenset(),
) -> Parcel:
    """Build a push: lines 1 and 2, and of every log that the receiver holds less of, what it lacks.

    Args:
        known: what the receiver holds; None = say only what we hold.
        resume: payloads to go on with, by log and entry index.
        skip: logs not to deliver.
    """
    budget = _BODY_BUDGET
    parts: list[SourcePart] = []
    cursors = {cursor.origin: cursor.next_index for cursor in resume}
    for row in logs.load_logs(conn) if known is not None else ():
        held = known.get(row.origin) if known is not None else None
        size = held.size if held else 0
        if row.size <= size or row.origin in skip or row.origin in cursors:
            continue
        part = _source_part(conn, row, size, budget)
        budget -= sum(len(entry) * 4 // 3 + 8 for entry in part.entries)
        parts.append(part)
        cursors[row.origin] = size
    lines, rest = _payload_lines(conn, cursors, budget)
    body = PushBody(
        note=note, state=live_state(conn), roster_version=roster_version, holdings=tuple(papers.load_holdings(conn)),
        rosters=tuple(rosters), sources=tuple(parts), payloads=tuple(lines),
    )  # fmt: skip
    return Parcel(body, rest)


def _source_part(conn: sa.Connection, row: sa.Row[Any], size: int, budget: int) -> SourcePart:
    """Checkpoint and entries from `size`; no entries when they would not fit (the receiver pulls them)."""
    entries: list[bytes] = []
    if (row.size - size) * 240 <= budget:
        for number in range(size // logs.WIDTH, (row.size + logs.WIDTH - 1) // logs.WIDTH):
            entries += logs.load_entries(conn, row.id, number)[max(size - number * logs.WIDTH, 0) :]
    return SourcePart(row.origin, size, bytes(row.note), tuple(entries))


def _payload_lines(
    conn: sa.Connection, cursors: Mapping[str, int], budget: int
) -> tuple[list[PayloadPart], tuple[Cursor, ...]]:
    lines: list[PayloadPart] = []
    rest: list[Cursor] = []
    for origin, start in cursors.items():
        row = logs.find_log(conn, origin)
        if row is None:
            continue
        index = start
        while index < row.size and budget > 0:
            index, found = _bundle_payloads(conn, row, index, budget)
            lines += [PayloadPart(origin, data) for data in found]
            budget -= sum(len(data) * 5 // 4 for data in found)
        if index < row.size:
            rest.append(Cursor(origin, index))
    return lines, tuple(rest)


def _bundle_payloads(conn: sa.Connection, row: sa.Row[Any], start: int, budget: int) -> tuple[int, list[bytes]]:
    """Return (next index, payload bytes) of newest live versions from index `start` to the end of its bundle."""
    number = start // logs.WIDTH
    parsed = parse_entries(logs.load_entries(conn, row.id, number))
    wanted = [
        (position, entry)
        for position, entry in enumerate(parsed, number * logs.WIDTH)
        if position >= start and isinstance(entry, Publish)
    ]
    heads = logs.load_heads(conn, row.id, [entry.id for _, entry in wanted])
    newest = [(p, e.commitment) for p, e in wanted if heads[e.id].position == p]
    bodies = payloads.load_payloads(conn, row.id, [commitment for _, commitment in newest])
    found: list[bytes] = []
    for position, commitment in newest:
        data = bodies.get(commitment)
        if data is None:
            continue
        if len(data) * 5 // 4 > budget and found:
            return position, found
        found.append(data)
        budget -= len(data) * 5 // 4
    return (number + 1) * logs.WIDTH, found


def answer_push(conn: sa.Connection, roster_version: int) -> PushAnswer:
    """Build the answer to a push: what we hold and what we still want (PROTOCOL 9)."""
    wants = []
    for row in logs.load_logs(conn):
        count = payloads.count_wanted(conn, row.id)
        if count:
            wants.append((row.origin, count))
    return PushAnswer(live_state(conn), roster_version, tuple(papers.load_holdings(conn)), tuple(wants))


class Intake:
    """Feeds the parts of a received push to the reader.

    Args:
        keys_for: the roster's word on an origin, or None: then the part is ignored.
        guards_for: what is checked beyond verification, by origin.
        fallback_for: where to pull what the body lacks, by origin.
        may_cosign: whether taking entries of this origin may be receipted now.
    """

    def __init__(
        self,
        reader: Reader,
        *,
        keys_for: Callable[[str], Keys | None],
        guards_for: Callable[[str], Guards],
        fallback_for: Callable[[str], FetchedSource | None],
        may_cosign: Callable[[str], bool],
    ) -> None:
        self._reader = reader
        self._keys_for = keys_for
        self._guards_for = guards_for
        self._fallback_for = fallback_for
        self._may_cosign = may_cosign

    def take(self, stored_notes: Mapping[str, bytes], body: PushBody, *, sender: str) -> list[Report]:
        """Read every log that the body has something of.

        Args:
            stored_notes: our stored checkpoint of each held log, for payloads that come without entries.
        """
        pushed: dict[str, list[bytes]] = {}
        for piece in body.payloads:
            pushed.setdefault(piece.origin, []).append(piece.data)
        parts = {part.origin: part for part in body.sources}
        for origin in pushed:
            if origin not in parts and origin in stored_notes:
                parts[origin] = SourcePart(origin, 0, stored_notes[origin], ())
        reports = []
        for origin in sorted(parts):
            keys = self._keys_for(origin)
            if keys is None:
                continue
            source = PushedSource(
                parts[origin], pushed.get(origin, []), sender=sender, fallback=self._fallback_for(origin)
            )  # fmt: skip
            reports.append(
                self._reader.read(keys, source, self._guards_for(origin), may_cosign=self._may_cosign(origin))
            )
        return reports


def extend_chain(book: RosterBook, conn: sa.Connection, notes: Iterable[bytes]) -> int:
    """Take roster notes in order; returns how many were new.  Raises VerificationError (E_ROSTER)."""
    return sum(1 for note in notes if book.extend(conn, note))
