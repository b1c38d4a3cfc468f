"""Proof for one record: what an integrator keeps to show what a city published, and by when (PROTOCOL 12).

The text is c2sp.org/tlog-proof@v1 with the entry as `extra`.  It proves publication, not that the record is still
current: that only the fold of the whole log says.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shared.errors import InclusionError, ParseError, SignatureError, VerificationError
from shared.feed import limits
from shared.feed.base64s import decode_base64, encode_base64
from shared.feed.checkpoint import Checkpoint, parse_checkpoint_text
from shared.feed.entry import Publish, parse_entry
from shared.feed.keys import VerifyingKey
from shared.feed.merkle import leaf_hash, verify_inclusion
from shared.feed.note import Note, is_line_by, parse_note, verify_line, verify_time_line
from shared.feed.outcomes import Code
from shared.feed.payload import verify_payload
from shared.feed.roster import Roster, rows_for_origin
from shared.ids import parse_num

FIRST_LINE = "c2sp.org/tlog-proof@v1"


class Proof(msgspec.Struct, frozen=True):
    """An entry, its index, the hashes that lead to a root, and the checkpoint note with that root."""

    entry: bytes
    index: int
    hashes: tuple[bytes, ...]
    checkpoint: bytes


class ProvenRecord(msgspec.Struct, frozen=True):
    """What a record proof shows: the owner of this log published this by `time`, as the hub saw it."""

    entry: Publish
    index: int
    checkpoint: Checkpoint
    time: int


def format_proof(proof: Proof) -> bytes:
    """Write a proof; refuses what `parse_proof` would refuse."""
    head = f"{FIRST_LINE}\nextra {encode_base64(proof.entry)}\nindex {proof.index}\n"
    hashes = "".join(f"{encode_base64(value)}\n" for value in proof.hashes)
    data = f"{head}{hashes}\n".encode() + proof.checkpoint
    parse_proof(data)
    return data


def parse_proof(data: bytes) -> Proof:
    """Read a proof; one spelling per proof.

    Does not check: anything it claims; see `verify_record_proof`.

    Raises:
        ParseError: E_FORMAT.
    """
    if len(data) > limits.PROOF_MAX_BYTES:
        raise ParseError(f"proof of {len(data)} bytes, at most {limits.PROOF_MAX_BYTES} allowed")
    head, blank, checkpoint = data.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise ParseError("proof is not ASCII before its checkpoint") from error
    if not blank or len(lines) < 3 or lines[0] != FIRST_LINE:
        raise ParseError(f"proof does not begin with {FIRST_LINE}, extra and index")
    extra, index = lines[1].removeprefix("extra "), lines[2].removeprefix("index ")
    if extra == lines[1] or index == lines[2] or len(lines) - 3 > limits.FRONTIER_MAX_HASHES:
        raise ParseError("proof lacks its extra or index line, or has too many hashes")
    parse_note(checkpoint)
    hashes = tuple([decode_base64(line, 32) for line in lines[3:]])
    return Proof(decode_base64(extra), parse_num(index), hashes, checkpoint)


def verify_record_proof(data: bytes, payload: bytes, *, roster: Roster) -> ProvenRecord:
    """Return what a record proof shows, or raise.

    Checks, in order (PROTOCOL 12): form, that the roster names the log, the log line by its key, the publisher's time
    line and the hub's cosignature, inclusion, that the entry is a publish, length and SHA-256 of the payload.
    Does not check: that the record is still current, or that the roster is the newest.

    Raises:
        ParseError: E_FORMAT.  SignatureError: E_SIG.  InclusionError: E_ROOT.
        VerificationError: E_ORIGIN, E_PAYLOAD.
    """
    proof = parse_proof(data)
    note = parse_note(proof.checkpoint)
    checkpoint = parse_checkpoint_text(note.text)
    log_keys, witness_keys = _keys_for(roster, checkpoint.origin)
    _verify_log_lines(note, log_keys)
    _newest_time(note, witness_keys, "the publisher")
    time = _newest_time(note, (roster.hub.witness_key,), "the hub")
    if proof.index >= checkpoint.size:
        raise InclusionError(f"index {proof.index} is not in a log of size {checkpoint.size}")
    verify_inclusion(
        leaf=leaf_hash(proof.entry),
        index=proof.index,
        size=checkpoint.size,
        proof=proof.hashes,
        root=checkpoint.root,
    )
    entry = parse_entry(proof.entry)
    if not isinstance(entry, Publish):
        raise ParseError(f"entry {proof.index} publishes nothing")
    verify_payload(payload, commitment=entry.commitment, length=entry.length)
    return ProvenRecord(entry, proof.index, checkpoint, time)


def _keys_for(roster: Roster, origin: str) -> tuple[list[VerifyingKey], list[VerifyingKey]]:
    if origin == roster.hub.origin:
        return [roster.hub.log_key], [roster.hub.witness_key]
    rows = rows_for_origin(roster, origin)
    if not rows:
        raise VerificationError(f"the roster names no log {origin}", code=Code.E_ORIGIN)
    return [row.log_key for row in rows], [row.witness_key for row in rows]


def _verify_log_lines(note: Note, keys: Sequence[VerifyingKey]) -> None:
    lines = [(key, line) for key in keys for line in note.signatures if is_line_by(key, line)]
    if not lines:
        raise SignatureError("the checkpoint carries no line by a log key of this member")
    for key, line in lines:
        verify_line(key, note.text, line)


def _newest_time(note: Note, keys: Sequence[VerifyingKey], whose: str) -> int:
    times = [
        verify_time_line(key, note.text, line) for key in keys for line in note.signatures if is_line_by(key, line)
    ]
    if not times:
        raise SignatureError(f"the checkpoint carries no time line by {whose}")
    return max(times)
