"""Evidence against a publisher: two notes that it signed and that cannot both be honest, judged again by anybody.

What is needed: the two notes, the roster that names the publisher's keys, and for a fork of two sizes a proof that the
longer log does not begin with the shorter one.  That proof is kept behind the note that was received:

    <note>
    kreisweit.fork/v1
    <root, base64>        of the first entries of the longer log, as many as the shorter one has
    <hash, base64>        one line for each hash of the consistency proof from there to the longer log's root

A reader that follows it up comes to the signed root with another beginning than the one signed before.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.errors import ParseError, SignatureError, VerificationError
from shared.feed import limits
from shared.feed.base64s import decode_base64, encode_base64
from shared.feed.checkpoint import HASH_BYTES, Checkpoint, parse_checkpoint_text
from shared.feed.merkle import verify_consistency
from shared.feed.note import Note, is_line_by, parse_note, verify_line, verify_time_line
from shared.feed.outcomes import Code
from shared.feed.roster import MemberRow, Pins, rows_for_origin, verify_first

PROOF_LINE = "kreisweit.fork/v1"


class Signed(msgspec.Struct, frozen=True):
    """What one note says, with the time at which its publisher signed it."""

    checkpoint: Checkpoint
    time: int


class Judged(msgspec.Struct, frozen=True):
    """What two notes prove: `member` signed both, and they contradict each other as `code` says."""

    code: str
    member: str
    origin: str
    our_size: int
    our_time: int
    their_size: int
    their_time: int


def format_proof(prefix_root: bytes, proof: Sequence[bytes]) -> bytes:
    """Return what is kept behind a note that was received: its log begins otherwise than the one held."""
    lines = [PROOF_LINE, encode_base64(prefix_root), *(encode_base64(one) for one in proof)]
    return ("\n".join(lines) + "\n").encode()


def split_proof(theirs: bytes) -> tuple[bytes, bytes, tuple[bytes, ...]]:
    """Return the note, the root of the other beginning and the proof; the last two empty where nothing was kept.

    Raises:
        ParseError: what stands behind the note is not of this form.
    """
    note, mark, rest = theirs.partition(f"{PROOF_LINE}\n".encode())
    if not mark:
        return theirs, b"", ()
    try:
        lines = rest.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise ParseError("the proof of a fork is not text") from error
    hashes = [decode_base64(line, HASH_BYTES) for line in lines]
    if len(hashes) < 2:
        raise ParseError("the proof of a fork is empty")
    return note, hashes[0], tuple(hashes[1:])


def judge_evidence(roster_note: bytes, pins: Pins, code: str, ours: bytes, theirs: bytes) -> Judged:
    """Return what two notes prove, whoever kept them.

    Checks, in order: the roster by its root keys, both notes by the keys that it names, then the contradiction: for
    E_ROLLBACK a shorter log that was signed no earlier than the longer one; for E_FORK two roots of one size, or the
    proof that the longer log begins otherwise.

    Raises:
        VerificationError: a signature is missing or wrong, or the notes do not contradict each other.
        ParseError: something is not of its form.
    """
    note, prefix, proof = split_proof(theirs)
    first, second = _checkpoint_of(ours), _checkpoint_of(note)
    if first.origin != second.origin:
        raise VerificationError("the notes are of two logs", code=Code.E_ORIGIN)
    rows = rows_for_origin(verify_first(roster_note, pins), first.origin)
    if not rows:
        raise VerificationError(f"the roster does not name {first.origin}", code=Code.E_ROSTER)
    held, told = _verify(rows, ours, first), _verify(rows, note, second)
    if code == Code.E_ROLLBACK:
        _check_rollback(held, told)
    elif code == Code.E_FORK:
        _check_fork(held.checkpoint, told.checkpoint, prefix, proof)
    else:
        raise VerificationError(f"{code[:24]} is nothing that two notes prove", code=Code.E_FORMAT)
    return Judged(
        code, rows[0].name, first.origin, first.size, held.time, second.size, told.time
    )  # fmt: skip


def _checkpoint_of(data: bytes) -> Checkpoint:
    return parse_checkpoint_text(parse_note(data, max_bytes=limits.NOTE_MAX_BYTES).text)


def _verify(rows: Sequence[MemberRow], data: bytes, checkpoint: Checkpoint) -> Signed:
    """Check that some row's log key signed a note, and that its witness says when."""
    note = parse_note(data, max_bytes=limits.NOTE_MAX_BYTES)
    for row in rows:
        if any(is_line_by(row.log_key, line) for line in note.signatures):
            return Signed(checkpoint, _verify_by(row, note))
    raise SignatureError(f"no key of {checkpoint.origin} signed the note of size {checkpoint.size}")


def _verify_by(row: MemberRow, note: Note) -> int:
    times = []
    for line in note.signatures:
        if is_line_by(row.log_key, line):
            verify_line(row.log_key, note.text, line)
        elif is_line_by(row.witness_key, line):
            times.append(verify_time_line(row.witness_key, note.text, line))
    if not times:
        raise SignatureError(f"no line of {row.witness_key.name} says when the note was signed")
    return max(times)


def _check_rollback(held: Signed, told: Signed) -> None:
    if told.checkpoint.size >= held.checkpoint.size:
        raise VerificationError("the second log is not shorter", code=Code.E_FORMAT)
    if told.time < held.time:
        raise VerificationError("the shorter log was signed earlier: an old copy, nothing more", code=Code.E_REPLAY)


def _check_fork(held: Checkpoint, told: Checkpoint, prefix: bytes, proof: Sequence[bytes]) -> None:
    if held.size == told.size:
        if held.root == told.root:
            raise VerificationError("both notes say the same", code=Code.E_FORMAT)
        return
    if told.size < held.size or not prefix:
        raise VerificationError("two sizes, and no proof that the longer log begins otherwise", code=Code.E_ROOT)
    verify_consistency(
        first=held.size, second=told.size, first_root=prefix, second_root=told.root, proof=proof
    )  # fmt: skip
    if prefix == held.root:
        raise VerificationError("the longer log goes on where the shorter one ended", code=Code.E_FORMAT)
