"""Proof of one record in one file: what a city published, shown offline from the pinned root keys alone (PROTOCOL 12).

A bundle is JSON with four members: `payload` (the line as signed), `proof` (c2sp.org/tlog-proof@v1), `rosters` (as many
as are needed to follow the chain from the pinned keys, whenever they were pinned) and `kreisweit` (its format).  It
proves that the owner of a log published exactly this by a time that the hub witnessed; that it is still current says
only the whole log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from shared.errors import ParseError, VerificationError
from shared.feed import limits
from shared.feed.note import parse_note
from shared.feed.outcomes import Code
from shared.feed.payload import parse_payload
from shared.feed.proof import ProvenRecord, verify_record_proof
from shared.feed.roster import Pins, Roster, parse_roster, rows_for_origin, verify_chain

FORMAT = "kreisweit.record/v1"
BUNDLE_MAX_BYTES = 4 * 1024 * 1024
_ROSTERS_MAX = 1000
_ROSTERS_MAX_BYTES = 3 * 1024 * 1024


class Bundle(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is needed to check one record."""

    kreisweit: str
    payload: str
    proof: str
    rosters: Annotated[tuple[str, ...], Meta(min_length=1, max_length=_ROSTERS_MAX)]


class Verified(msgspec.Struct, frozen=True):
    """What a bundle shows."""

    member: str
    ags: str
    origin: str
    index: int
    size: int
    id: str
    published: int  # as the city says
    witnessed: int  # as the hub saw it, Unix seconds
    commitment: str
    doc: dict[str, Any]


def needed_rosters(notes: Sequence[bytes]) -> list[bytes]:
    """Return the end of a chain that leads from any root keys it ever had to its newest roster.

    Where the root keys never changed, the newest alone: a chain may begin at any version that names the pinned keys
    (PROTOCOL 11).  Else from the last version under the oldest keys on; the oldest are left out where the bundle would
    grow too large, and whoever pinned those needs the whole log.
    """
    rosters = [parse_roster(parse_note(note, max_bytes=limits.LARGE_NOTE_MAX_BYTES).text) for note in notes]
    pins = [(roster.threshold, frozenset(roster.roots)) for roster in rosters]
    changes = [at for at in range(1, len(notes)) if pins[at] != pins[at - 1]]
    needed = list(notes[changes[0] - 1 if changes else -1 :])
    while len(needed) > _ROSTERS_MAX or sum(map(len, needed)) > _ROSTERS_MAX_BYTES:
        needed.pop(0)
    return needed


def format_bundle(payload: bytes, proof: bytes, rosters: Sequence[bytes]) -> bytes:
    """Write a bundle."""
    texts = tuple(roster.decode() for roster in rosters)
    return msgspec.json.format(msgspec.json.encode(Bundle(FORMAT, payload.decode(), proof.decode(), texts)), indent=1)


def parse_bundle(data: bytes) -> Bundle:
    """Read a bundle; ParseError for anything else."""
    if len(data) > BUNDLE_MAX_BYTES:
        raise ParseError(f"bundle of {len(data)} bytes, at most {BUNDLE_MAX_BYTES} allowed")
    try:
        bundle = msgspec.json.decode(data, type=Bundle)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ParseError(f"not a bundle of a record: {error}") from error
    if bundle.kreisweit != FORMAT:
        raise ParseError(f"format {bundle.kreisweit[:40]!r} is not {FORMAT}")
    return bundle


def verify_bundle(data: bytes, pins: Pins) -> Verified:
    """Return what a bundle shows, or raise.

    Checks, in order: form; the chain of rosters from the pinned roots; the proof (`feed.proof.verify_record_proof`);
    that the document's id is the entry's and its owner the one of the roster.
    Does not check: that the record is still current.

    Raises:
        ParseError: E_FORMAT.
        VerificationError: E_ROSTER, E_ORIGIN, E_SIG, E_ROOT, E_PAYLOAD, E_SCHEMA, E_OWNER.
    """
    bundle = parse_bundle(data)
    roster = verify_chain([text.encode() for text in bundle.rosters], pins)
    payload = bundle.payload.encode()
    proven = verify_record_proof(bundle.proof.encode(), payload, roster=roster)
    doc = parse_payload(payload).doc
    member, ags = _owner(roster, proven)
    if doc.get("id") != proven.entry.id.hex():
        raise VerificationError("the document has another id than its entry", code=Code.E_SCHEMA)
    if doc.get("owner") != ags:
        raise VerificationError(f"the document names {doc.get('owner')!r} as its owner, not {ags}", code=Code.E_OWNER)
    checkpoint = proven.checkpoint
    return Verified(
        member, ags, checkpoint.origin, proven.index, checkpoint.size, proven.entry.id.hex(), proven.entry.time,
        proven.time, proven.entry.commitment.hex(), dict(doc),
    )  # fmt: skip


def _owner(roster: Roster, proven: ProvenRecord) -> tuple[str, str]:
    rows = rows_for_origin(roster, proven.checkpoint.origin)
    if not rows:
        raise VerificationError("only records of cities have an owner", code=Code.E_ORIGIN)
    return rows[0].name, rows[0].ags
