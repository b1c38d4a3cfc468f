"""What the world knows by itself: which edits were acknowledged, whom an erasure concerns, which roots were signed.

The ledger is fed by the workload and never reads what the product concludes.  A disk that is put back to an older state
may lose what was acknowledged later and had not reached anybody; exactly that is excused, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shared.errors import ParseError
from shared.feed.entry import Publish, Withdraw, parse_entry
from shared.feed.tiles import split_bundle
from tests.simulation.disks import SimulatedDisk
from tests.simulation.violations import ensure

_HASH = 32


@dataclass
class Acknowledged:
    """One edit whose editor was told that it is saved."""

    serial: int
    rid: bytes
    op: str
    base: int
    commitment: bytes | None
    persons: frozenset[str] = frozenset()
    is_excused: bool = False
    is_erased: bool = False


@dataclass
class Erasure:
    """One erasure of a person that was acknowledged."""

    serial: int
    party: str
    person: str
    commitments: frozenset[bytes]
    had_pending: bool
    is_excused: bool = False


@dataclass
class Ledger:
    """Everything acknowledged, by party."""

    serial: int = 0
    edits: dict[str, list[Acknowledged]] = field(default_factory=dict)
    erasures: list[Erasure] = field(default_factory=list)

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial

    def acknowledge(self, party: str, disk: SimulatedDisk, rid: bytes, persons: Iterable[str] = ()) -> None:
        """Note the pending edit of a record as acknowledged; read back from the outbox, where it must be."""
        found = disk.rows("SELECT op, base, commitment FROM outbox WHERE rid = ?", rid)
        ensure("I2", len(found) == 1, f"{party}: an acknowledged edit of {rid.hex()} is not in the outbox")
        op, base, commitment = found[0]
        self.edits.setdefault(party, []).append(
            Acknowledged(self.next_serial(), rid, op, base, commitment, frozenset(persons))
        )

    def adopt(self, party: str, disk: SimulatedDisk, persons: Iterable[str]) -> None:
        """Take up what is durable although nobody was told: the process died between the commit and the word.

        It stands in place of what was acknowledged of the same record before.
        """
        newest = {edit.rid: edit for edit in self.edits.get(party, [])}
        waiting = disk.rows("SELECT rid, op, base, commitment, body FROM outbox WHERE rid IS NOT NULL ORDER BY id")
        for rid, op, base, commitment, body in waiting:
            known = newest.get(rid)
            if known is not None and (known.op, known.commitment) != (op, commitment):
                named = frozenset(person for person in persons if body and person.encode() in body)
                self.edits[party].append(Acknowledged(self.next_serial(), rid, op, base, commitment, named))

    def acknowledge_erasure(self, party: str, person: str, commitments: frozenset[bytes], *, had_pending: bool) -> None:
        """Note an erasure: edits that named the person are gone by intent."""
        self.erasures.append(Erasure(self.next_serial(), party, person, commitments, had_pending))
        for edit in self.edits.get(party, []):
            if person in edit.persons:
                edit.is_erased = True

    def excuse(self, party: str, since: int, delivered: set[bytes], erased_elsewhere: set[bytes]) -> None:
        """A disk went back to what it was at serial `since`: what was made later and reached nobody may be lost."""
        for edit in self.edits.get(party, []):
            if edit.serial > since and (edit.commitment is None or edit.commitment not in delivered):
                edit.is_excused = True
        for erasure in self.erasures:
            is_later = erasure.party == party and erasure.serial > since
            if is_later and (erasure.had_pending or not erasure.commitments <= erased_elsewhere):
                erasure.is_excused = True

    def check(self, party: str, disk: SimulatedDisk, origin: str, copies: Iterable[SimulatedDisk] = ()) -> None:
        """Each acknowledged edit is pending, in the log, in the conflict list, superseded or erased (I2, I5).

        Args:
            copies: others' disks; a party that was put back takes its log from them again.
        """
        newest = {edit.rid: edit for edit in self.edits.get(party, []) if not edit.is_excused}
        pending = {(row[0], row[1]): row[2] for row in disk.rows("SELECT rid, op, commitment FROM outbox")}
        conflicts = disk.rows("SELECT rid, op, body FROM conflict")
        stood = {(rid, op) for rid, op, _ in conflicts}
        kept = {hashlib.sha256(body).digest() for _, _, body in conflicts if body is not None}
        longest = max([disk, *copies], key=lambda holder: _size(holder, origin))
        published, live = published_in(longest, origin)
        for rid, edit in newest.items():
            if edit.is_erased:
                continue
            if edit.op == "publish":
                found = edit.commitment in published or pending.get((rid, "publish")) == edit.commitment
                ensure("I2", found or edit.commitment in kept, f"{party} lost an edit: {self._story(party, rid)}")
            else:
                gone = rid not in live or (rid, "withdraw") in pending or (rid, "withdraw") in stood
                ensure("I2", gone, f"{party} lost a withdrawal: {self._story(party, rid)}")
        self._check_bases(party, published)

    def _story(self, party: str, rid: bytes) -> str:
        """All that was acknowledged of one record, for the reader of a broken run."""
        edits = [edit for edit in self.edits.get(party, []) if edit.rid == rid]
        told = [
            f"#{e.serial} {e.op} on {e.base}{' excused' * e.is_excused}{' erased' * e.is_erased} "
            f"{(e.commitment or b'').hex()[:8]}"
            for e in edits
        ]
        return f"{rid.hex()} ({'; '.join(told)})"

    def _check_bases(self, party: str, published: dict[bytes, int]) -> None:
        """A version stands on the one its editor saw, else it belongs in the conflict list (I5)."""
        for edit in self.edits.get(party, []):
            prev = published.get(edit.commitment) if edit.commitment else None
            if prev is not None:
                ensure("I5", prev == edit.base, f"{party}: {edit.rid.hex()} made on {edit.base} was sealed on {prev}")


def own_entries(disk: SimulatedDisk, origin: str) -> Iterator[tuple[int, bytes]]:
    """Yield (index, entry) of a log as one disk holds it."""
    index = 0
    for entries, leaves in disk.rows(
        "SELECT entries, leaves FROM bundle JOIN log ON log.id = log_id WHERE origin = ? ORDER BY number", origin
    ):
        for entry in split_bundle(entries, len(leaves) // _HASH):
            yield index, entry
            index += 1


def _size(disk: SimulatedDisk, origin: str) -> int:
    return max([row[0] for row in disk.rows("SELECT size FROM log WHERE origin = ?", origin)], default=0)


def published_in(disk: SimulatedDisk, origin: str) -> tuple[dict[bytes, int], set[bytes]]:
    """Return (commitment → index of the version before, -1 for none) and the ids that are live."""
    found: dict[bytes, int] = {}
    live: set[bytes] = set()
    for _, data in own_entries(disk, origin):
        try:
            entry = parse_entry(data)
        except ParseError:
            continue
        if isinstance(entry, Publish):
            found[entry.commitment] = -1 if entry.prev is None else entry.prev
            live.add(entry.id)
        elif isinstance(entry, Withdraw):
            live.discard(entry.id)
    return found, live


@dataclass
class SignedRoots:
    """Every (origin, size, root) that an honest party ever committed: one root for each (I1, I3)."""

    roots: dict[str, dict[int, bytes]] = field(default_factory=dict)
    held: dict[str, dict[str, int]] = field(default_factory=dict)

    def note(self, party: str, rows: Iterable[tuple[str, int, bytes]], *, exempt: str) -> None:
        """Compare what a party holds now with all that was ever held."""
        mine = self.held.setdefault(party, {})
        for origin, size, root in rows:
            if origin == exempt:
                continue
            known = self.roots.setdefault(origin, {})
            first = known.setdefault(size, root)
            ensure("I1", first == root, f"two roots of {origin} at size {size}; the second at {party}")
            mine[origin] = size

    def forget_unseen(self, party: str, origin: str) -> None:
        """A publisher's disk went back: what it signed and nobody else holds has never been."""
        seen = max((sizes.get(origin, 0) for name, sizes in self.held.items() if name != party), default=0)
        known = self.roots.get(origin, {})
        for size in [size for size in known if size > seen]:
            del known[size]
        self.held.pop(party, None)
