"""The writer: outbox → entries → signed checkpoint, in one transaction (PROTOCOL 4, W1 to W5).

Whether sealing is allowed at all (ask before every seal, W3; membership, W7) is decided by the room that asks; this
module refuses only what it can see by itself: a clock behind our own last signature (W4), a party that is recovering
(W6).

Write order: everything in one transaction.  A crash before the commit leaves the outbox untouched, after it the new
log.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import sqlalchemy as sa

from shared.clock import in_german_time
from shared.database import Database
from shared.errors import LogStateError
from shared.feed import limits
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text
from shared.feed.entry import Entry, Erase, Hello, Publish, Withdraw, format_entry
from shared.feed.fold import Head, kinds_of, parse_entries
from shared.feed.keys import SigningKey
from shared.feed.merkle import leaf_hash
from shared.feed.note import Note, format_note, parse_note, sign_line, sign_time_line
from shared.feed.trusted_log import Keys, LogState
from shared.holdings import edits, facts, logs, payloads
from shared.holdings.edits import NEW, Edit
from shared.holdings.growth import Rules, grow_log

Names = Callable[[bytes, str], bool]
"""Tells whether the payload `bytes` name the person `str` anywhere."""
TitleOf = Callable[[str, bytes], str]
"""Returns the title of a payload of a kind."""


class Signer(msgspec.Struct, frozen=True):
    """A publisher's keys: one log key (two during a rotation) and the witness key."""

    log_keys: tuple[SigningKey, ...]
    witness: SigningKey

    def sign(self, text: str, now: int) -> bytes:
        """Return the note over `text` with every log line and the time line."""
        lines = [sign_line(key, text) for key in self.log_keys]
        return format_note(Note(text, (*lines, sign_time_line(self.witness, text, now))))


class Seal(msgspec.Struct, frozen=True):
    """What one seal did."""

    size: int
    entries: int = 0
    conflicts: int = 0
    erasures: int = 0


def begin_log(db: Database, conn: sa.Connection, keys: Keys, signer: Signer, *, now: int) -> Checkpoint:
    """Write the hello and sign size 1: only by `init` or for a new generation (PROTOCOL 4 W7)."""
    log_id = logs.create_log(conn, keys, own=True)
    hello = format_entry(Hello(keys.member, keys.ags, keys.generation, now))
    checkpoint = _extend(db, conn, log_id, keys, signer, [hello], now)
    # A hello has no payload that could still be on its way; so all that is sealed after it counts as held at once.
    logs.save_columns(conn, log_id, payloads_from=checkpoint.size)
    return checkpoint


class Sealer:
    """Seals one party's outbox into its log."""

    def __init__(self, db: Database, signer: Signer, keys: Keys, *, names: Names, title_of: TitleOf) -> None:
        self._db = db
        self._signer = signer
        self._keys = keys
        self._names = names
        self._title_of = title_of

    def seal(self, *, now: int, most: int = limits.PUSH_ENTRIES_MAX) -> Seal:
        """Give pending edits an index and a signature, all in one checkpoint.

        Args:
            most: at most so many edits; the others stay pending.
        Raises:
            LogStateError: E_OWN_CLOCK, or the party is recovering.
        """
        with self._db.write() as conn:
            row = logs.load_log(conn, self._keys.origin)
            check_writable(conn, row, now=now)
            batch = edits.load_edits(conn, most=most)
            prepared = _Batch(self, conn, row, now, [edit.rid for edit in batch if edit.rid is not None])
            for edit in batch:
                prepared.add(edit)
            edits.drop_edits(conn, [edit.id for edit in batch])
            entries = [format_entry(entry) for entry in prepared.entries]
            if entries:
                _extend(self._db, conn, row.id, self._keys, self._signer, entries, now)
                versions = [(c, rid, self._title_of(kind, body), body) for rid, c, kind, body in prepared.bodies]
                payloads.keep_versions(self._db, conn, row.id, versions)
                if row.payloads_from == row.size:
                    # Else payloads of earlier entries are still on their way back from the mirror.
                    logs.save_columns(conn, row.id, payloads_from=row.size + len(entries))
                facts.save_fact(conn, "sealed-at", now)
                facts.bump_fact(conn, "catalogue-version")
            if any(edit.op == "erase" for edit in batch):
                # Also where nothing was left to erase: the edit itself held the person's text.
                facts.save_fact(conn, "scrub-due", 1)
        return Seal(row.size + len(entries), len(entries), prepared.conflicts, prepared.erasures)

    def names(self, body: bytes, person: str) -> bool:
        """Tell whether a payload names the person."""
        return self._names(body, person)

    def resign(self, *, now: int) -> bool:
        """Renew the time line of the last checkpoint when it is older than 10 minutes.

        Never another root for a size.
        """
        with self._db.write() as conn:
            row = logs.load_log(conn, self._keys.origin)
            # New keys sign at once: readers that know the roster wait for them.
            is_ours = bytes(row.keys) == self._keys.fingerprint
            if row.size == 0 or (is_ours and now - row.time < limits.RESIGN_AFTER_SECONDS):
                return False
            check_writable(conn, row, now=now)
            state = logs.state_of(row, row.origin)
            note = self._signer.sign(parse_note(state.note).text, now)
            newer = msgspec.structs.replace(state, note=note, time=now, keys=self._keys.fingerprint)
            logs.save_state(conn, row.id, newer, expected_size=row.size, expected_time=row.time)
        return True


class _Batch:
    """Turns edits into entries over the heads as they will be."""

    def __init__(
        self, sealer: Sealer, conn: sa.Connection, row: sa.Row[tuple[object, ...]], now: int, ids: Sequence[bytes]
    ) -> None:
        self.entries: list[Entry] = []
        self.bodies: list[tuple[bytes, bytes, str, bytes]] = []
        self.conflicts = 0
        self.erasures = 0
        self._sealer = sealer
        self._conn = conn
        self._log_id: int = row.id
        self._size: int = row.size
        self._now = now
        self._heads: dict[bytes, Head] = logs.load_heads(conn, row.id, ids)

    def add(self, edit: Edit) -> None:
        if edit.op == "erase":
            self._erase(edit)
        elif edit.rid is not None:
            self._version(edit, edit.rid)

    def _head(self, rid: bytes) -> Head | None:
        return self._heads.get(rid)

    def _version(self, edit: Edit, rid: bytes) -> None:
        head = self._head(rid)
        position = self._size + len(self.entries)
        prev = None if head is None else head.position
        if edit.op == "withdraw" and (head is None or not head.live):
            return
        if (NEW if prev is None else prev) != edit.base:
            edits.add_conflict(self._conn, edit, "stale")
            self.conflicts += 1
            return
        if edit.op == "withdraw" and prev is not None:
            self.entries.append(Withdraw(edit.kind, rid, prev, edit.reason, self._now))
            self._heads[rid] = Head(edit.kind, position, False, None, 0, self._now)
        elif edit.body is not None and edit.commitment is not None:
            self.entries.append(Publish(edit.kind, rid, prev, self._now, edit.commitment, len(edit.body)))
            self._heads[rid] = Head(edit.kind, position, True, edit.commitment, len(edit.body), self._now)
            self.bodies.append((rid, edit.commitment, edit.kind, edit.body))

    def _erase(self, edit: Edit) -> None:
        """Name every version that held the person: those found when it was asked for, and re-imported ones (W3)."""
        doomed = erase_commitments(edit.body)
        if edit.person:
            for rid, commitment, body in payloads.iterate_payloads(self._conn, self._log_id):
                if (edit.rid is None or rid == edit.rid) and self._sealer.names(body, edit.person):
                    doomed.add(commitment)
        targets = self._positions(doomed)
        for start in range(0, len(targets), limits.ERASE_TARGETS_MAX):
            self.entries.append(Erase(self._now, tuple(targets[start : start + limits.ERASE_TARGETS_MAX])))
        self.erasures += len(targets)

    def _positions(self, doomed: set[bytes]) -> list[int]:
        """Return the indexes of all publishes that name one of the commitments and are not erased yet."""
        doomed = doomed - payloads.dead_among(self._conn, self._log_id, doomed)
        if not doomed:
            return []
        found = [
            position
            for position, entry in enumerate(self.entries, self._size)
            if isinstance(entry, Publish) and entry.commitment in doomed
        ]
        for number in range((self._size + logs.WIDTH - 1) // logs.WIDTH):
            parsed = parse_entries(logs.load_entries(self._conn, self._log_id, number))
            found += [
                position
                for position, entry in enumerate(parsed, number * logs.WIDTH)
                if isinstance(entry, Publish) and entry.commitment in doomed
            ]
        return sorted(found)


def erase_commitments(body: bytes | None) -> set[bytes]:
    """Read the commitments that a pending erasure already destroyed locally (32 bytes each, concatenated)."""
    data = body or b""
    return {data[i : i + 32] for i in range(0, len(data), 32)}


def check_writable(conn: sa.Connection, row: sa.Row[tuple[object, ...]], *, now: int) -> None:
    """Refuse to sign with a clock behind our own last signature (W4), while recovering (W6), or after a fork (W3).

    Raises:
        LogStateError: E_OWN_CLOCK, E_RECOVERING or E_FORK.
    """
    if row.time > now:
        raise LogStateError(
            f"Die letzte eigene Unterschrift ist vom {in_german_time(row.time)}; die Uhr zeigt {in_german_time(now)}",
            code="E_OWN_CLOCK",
            advice="Die Uhr stellen. Ging sie vorher falsch vor: der Befehl clock reset.",
        )  # fmt: skip
    if facts.load_number(conn, "recovering-since"):
        raise LogStateError(
            "Der eigene Stand wird noch abgeglichen; bis dahin wird nichts unterschrieben", code="E_RECOVERING"
        )
    if facts.load_number(conn, "forked"):
        raise LogStateError(
            "Andere haben eine andere Fassung des eigenen Logs",
            code="E_FORK",
            advice="Den Kreis anrufen: Es braucht eine neue Generation.",
        )


def _extend(
    db: Database, conn: sa.Connection, log_id: int, keys: Keys, signer: Signer, entries: Sequence[bytes], now: int
) -> Checkpoint:
    """Append own entries and sign the new size; leaf hashes come from the bytes as read back (W2)."""
    state = logs.state_of(logs.load_log(conn, keys.origin), keys.origin)
    batch = (state.size, entries, [leaf_hash(entry) for entry in entries])
    rules = Rules(kinds_of(keys.member))
    grow_log(db, conn, log_id, [batch], rules, signed_at=now, size_before=state.size, now=now)
    frontier = state.frontier.copy()
    frontier.extend(_read_back(conn, log_id, state.size, len(entries)))
    checkpoint = Checkpoint(keys.origin, frontier.size, frontier.root())
    newer = LogState(
        origin=keys.origin, size=frontier.size, root=checkpoint.root, frontier=frontier, time=now,
        note=signer.sign(format_checkpoint_text(checkpoint), now), keys=keys.fingerprint,
    )  # fmt: skip
    logs.save_state(conn, log_id, newer, expected_size=state.size, expected_time=state.time)
    return checkpoint


def _read_back(conn: sa.Connection, log_id: int, start: int, count: int) -> list[bytes]:
    """Return the leaf hashes of entries start to start + count, from what is now stored."""
    leaves: list[bytes] = []
    for number in range(start // logs.WIDTH, (start + count - 1) // logs.WIDTH + 1):
        entries = logs.load_entries(conn, log_id, number)
        first = max(start - number * logs.WIDTH, 0)
        leaves += [leaf_hash(entry) for entry in entries[first:]]
    if len(leaves) != count:
        raise LogStateError(f"{count} entries written, {len(leaves)} read back")
    return leaves
