"""The reader of one log as a state machine: every rule of verification, no socket, no clock (PROTOCOL 6.3 to 6.9).

`admit` judges a checkpoint, `take` hashes the entries of one bundle, `finish` compares with the signed root.  What the
entries mean is decided in `fold`; what to fetch, and which failure to bear, in `shared.follow`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from shared.errors import (
    EquivocationError,
    InclusionError,
    LogStateError,
    ParseError,
    RollbackError,
    SignatureError,
    StaleError,
    VerificationError,
)
from shared.feed import limits, tiles
from shared.feed.checkpoint import Checkpoint, parse_checkpoint_text
from shared.feed.entry import Hello, parse_entry
from shared.feed.evidence import format_proof
from shared.feed.keys import WITNESS, VerifyingKey
from shared.feed.merkle import Frontier, HashReader, consistency_proof, frontier_from, leaf_hash, verify_consistency
from shared.feed.note import Note, SignatureLine, format_note, parse_note, verify_line, verify_time_line


class Keys(msgspec.Struct, frozen=True):
    """What the roster says about one origin: the only keys that may speak for it.

    `hub_witness` are the hub's witness keys; with `needs_hub_line` one of them must have cosigned (mirrors).
    """

    origin: str
    member: str
    ags: str
    generation: int
    log_keys: tuple[VerifyingKey, ...]
    witness_keys: tuple[VerifyingKey, ...]
    hub_witness: tuple[VerifyingKey, ...] = ()
    needs_hub_line: bool = False

    @property
    def fingerprint(self) -> bytes:
        """32 bytes that change whenever a roster row of this origin changes."""
        parts = [self.member, self.ags, *(key.vkey for key in (*self.log_keys, *self.witness_keys, *self.hub_witness))]
        return hashlib.sha256("\n".join(parts).encode()).digest()


class LogState(msgspec.Struct, frozen=True):
    """What is verified of one log; size 0 means nothing yet."""

    origin: str
    size: int = 0
    root: bytes = b""
    frontier: Frontier = msgspec.field(default_factory=Frontier)
    time: int = 0
    note: bytes = b""
    keys: bytes = b""


class Admission(msgspec.Struct, frozen=True):
    """A checkpoint that was judged good: what it says, when it was said, and the note to keep (verified lines only)."""

    checkpoint: Checkpoint
    time: int
    note: bytes
    grows: bool
    signatures_checked: int


class TrustedLog:
    """Reads one log forward from a verified state.

    Args:
        state: what is held; never changed here.
        keys: the roster's word on this origin.
    """

    def __init__(self, state: LogState, keys: Keys) -> None:
        if state.origin != keys.origin:
            raise LogStateError(f"state of {state.origin} read with keys of {keys.origin}")
        self.state = state
        self.keys = keys
        self._frontier = state.frontier.copy()
        self._admission: Admission | None = None
        self._first: bytes | None = None

    @property
    def admission(self) -> Admission:
        """The admitted checkpoint; LogStateError before `admit`."""
        if self._admission is None:
            raise LogStateError("no checkpoint admitted yet")
        return self._admission

    def admit(self, data: bytes, *, now: int) -> Admission:
        """Accept a checkpoint of this log, or say exactly why not.

        Checks, in order (PROTOCOL 6): 3 form and origin, 4 signatures, 5 time, 6 size and root.
        Does not check: the entries; see `take` and `finish`.

        Args:
            data: signed checkpoint as received; untrusted.
            now: the caller's clock in unix seconds, used for steps 5 and 6 only.
        Raises:
            ParseError: E_FORMAT.
            VerificationError: E_ORIGIN, E_SIG, E_CLOCK.
            StaleError: E_REPLAY.  RollbackError: E_ROLLBACK.  EquivocationError: E_FORK, with both notes.
        """
        note = parse_note(data, max_bytes=limits.NOTE_MAX_BYTES)
        first = note.text.split("\n", 1)[0]
        if first != self.keys.origin:
            raise VerificationError(f"log {first[:80]!r} offered, {self.keys.origin!r} expected", code="E_ORIGIN")
        checkpoint = parse_checkpoint_text(note.text)
        lines, time, checked = self._verify_lines(note)
        self._check_time(time, now)
        self._check_size(checkpoint, data)
        self._admission = Admission(
            checkpoint=checkpoint,
            time=time,
            note=format_note(Note(note.text, lines)),
            grows=checkpoint.size > self.state.size,
            signatures_checked=checked,
        )
        return self._admission

    def _verify_lines(self, note: Note) -> tuple[tuple[SignatureLine, ...], int, int]:
        """Verify every line by a key of the roster row; return them, the newest own time, and how many were checked."""
        known, keys = self._known_lines(note.text), self.keys
        hub_only = tuple(key for key in keys.hub_witness if key not in keys.witness_keys)
        log_lines = [line for key in keys.log_keys for line in note.signatures if _is_by(key, line)]
        time_lines = [line for key in keys.witness_keys for line in note.signatures if _is_by(key, line)]
        hub_lines = [line for key in hub_only for line in note.signatures if _is_by(key, line)]
        checked = 0
        for key in (*keys.log_keys, *keys.witness_keys, *hub_only):
            for line in note.signatures:
                if _is_by(key, line) and line not in known:
                    _verify(key, note.text, line)
                    checked += 1
        if not log_lines:
            raise SignatureError("no line by a log key of this member")
        if not time_lines:
            raise SignatureError("no time line by a witness key of this member")
        if keys.needs_hub_line and not hub_lines and not self._own_hub_line(time_lines):
            raise SignatureError("no cosignature by the hub")
        newest = max(time_lines, key=_time_of)
        # One line a key: a line that stands twice would make the kept note grow beyond what may be read again.
        hub_newest = {line.key_id: line for line in sorted(hub_lines, key=_time_of)}
        kept = (*dict.fromkeys(log_lines), newest, *hub_newest.values())
        return kept, _time_of(newest), checked

    def _own_hub_line(self, time_lines: Sequence[SignatureLine]) -> bool:
        """In the hub's own log the publisher's time line is the hub's line."""
        return any(_is_by(key, line) for key in self.keys.hub_witness for line in time_lines)

    def _known_lines(self, text: str) -> frozenset[SignatureLine]:
        """Lines already verified over this very text by these very keys (PROTOCOL 6.4: reuse that result)."""
        if not self.state.note or self.state.keys != self.keys.fingerprint:
            return frozenset()
        try:
            stored = parse_note(self.state.note, max_bytes=limits.NOTE_MAX_BYTES)
        except ParseError:
            return frozenset()
        return frozenset(stored.signatures) if stored.text == text else frozenset()

    def _is_by_same_witness(self) -> bool:
        """The stored time was signed by a witness key that the row still names; else it is forgotten (PROTOCOL 11)."""
        if self.state.keys in (b"", self.keys.fingerprint):
            return True
        try:
            lines = parse_note(self.state.note, max_bytes=limits.NOTE_MAX_BYTES).signatures
        except ParseError:
            return False
        return any(_is_by(key, line) for key in self.keys.witness_keys for line in lines)

    def _check_time(self, time: int, now: int) -> None:
        if time > now + limits.SKEW_SECONDS:
            raise VerificationError(f"signed at {time}, {time - now} s ahead of our clock", code="E_CLOCK")
        stored = self.state.time if self._is_by_same_witness() else 0
        if time < stored:
            raise StaleError(f"signed at {time}, one of {stored} is held")

    def _check_size(self, checkpoint: Checkpoint, data: bytes) -> None:
        held = self.state
        if checkpoint.size < held.size:
            raise RollbackError(f"size {checkpoint.size} offered, {held.size} held", evidence=(held.note, data))
        if checkpoint.size == held.size and checkpoint.root != held.root:
            raise EquivocationError(f"another root at size {held.size}", evidence=(held.note, data))

    def bundles(self) -> Iterable[tuple[int, int]]:
        """Yield (number, width) of the entry bundles to fetch, in order (PROTOCOL 6.8)."""
        return tiles.bundles_for(self.state.size, self.admission.checkpoint.size)

    def take(self, start: int, entries: Sequence[bytes]) -> tuple[Sequence[bytes], list[bytes]]:
        """Hash entries that begin at index `start` onto a copy of the frontier.

        Returns:
            Those that are new, in order, and their leaf hashes.

        Raises:
            ParseError: they do not continue where the last ones ended, or go beyond the signed size.
        """
        next_index = self._frontier.size
        if not start <= next_index < start + len(entries) <= self.admission.checkpoint.size:
            raise ParseError(f"entries {start} to {start + len(entries)} do not continue at {next_index}")
        new = entries[next_index - start :]
        if next_index == 0:
            self._first = new[0]
        leaves = [leaf_hash(entry) for entry in new]
        self._frontier.extend(leaves)
        return new, leaves

    def _check_hello(self, entry: bytes) -> None:
        keys = self.keys
        try:
            hello = parse_entry(entry)
        except ParseError as error:
            raise VerificationError(f"entry 0 is no hello: {error.message}", code="E_IDENTITY") from error
        if not isinstance(hello, Hello) or hello.node != keys.member or hello.generation != keys.generation:
            raise VerificationError("entry 0 does not match the roster row", code="E_IDENTITY")
        if hello.node != "hub" and hello.ags != keys.ags:
            raise VerificationError(f"entry 0 says AGS {hello.ags}, the roster {keys.ags}", code="E_IDENTITY")

    def finish(self) -> LogState:
        """Return the verified new state.

        Checks, in order (PROTOCOL 6): 9 the root, 10 that entry 0 is the hello which the roster promises.  So an entry
        that was altered on its way is the carrier's fault, and only what the publisher signed is held against it.

        Raises:
            InclusionError: E_ROOT, the entries do not hash to the signed root.
            VerificationError: E_IDENTITY.
        """
        admission = self.admission
        if self._frontier.size != admission.checkpoint.size or self._frontier.root() != admission.checkpoint.root:
            raise InclusionError(
                f"entries to {self._frontier.size} do not hash to the root signed for {admission.checkpoint.size}"
            )
        if self._first is not None:
            self._check_hello(self._first)
        return LogState(
            origin=self.state.origin,
            size=admission.checkpoint.size,
            root=admission.checkpoint.root,
            frontier=self._frontier,
            time=admission.time,
            note=admission.note,
            keys=self.keys.fingerprint,
        )


def diagnose_root(
    *,
    signed: Checkpoint,
    held_size: int,
    held_root: bytes,
    tree: HashReader,
    evidence: tuple[bytes, bytes],
) -> VerificationError:
    """Say who is wrong when the entries do not hash to the signed root (PROTOCOL 6.9).

    Args:
        tree: the publisher's own tree of the signed size, untrusted; a few hashes of it tell what all leaves would.
        evidence: the note held and the one received; of a fork the proof is put behind the second (see `evidence`).
    Returns:
        E_FORK when its tiles give the signed root but not our prefix, else E_ROOT.
    Raises:
        FetchError: from `tree`.
    """
    try:
        prefix = frontier_from(held_size, tree).root()
        proof = consistency_proof(held_size, signed.size, tree)
        verify_consistency(
            first=held_size, second=signed.size, first_root=prefix, second_root=signed.root, proof=proof
        )  # fmt: skip
    except (InclusionError, ParseError):
        return InclusionError(f"neither entries nor tiles give the root signed for size {signed.size}")
    if prefix != held_root:
        return EquivocationError(
            f"the log of size {signed.size} does not begin with the {held_size} entries held",
            evidence=(evidence[0], evidence[1] + format_proof(prefix, proof)),
        )
    return InclusionError(f"an entry bundle does not match the tiles of size {signed.size}")


def _is_by(key: VerifyingKey, line: SignatureLine) -> bool:
    return line.name == key.name and line.key_id == key.key_id


def _verify(key: VerifyingKey, text: str, line: SignatureLine) -> None:
    verify_time_line(key, text, line) if key.kind == WITNESS else verify_line(key, text, line)


def _time_of(line: SignatureLine) -> int:
    return int.from_bytes(line.signature[:8], "big")
