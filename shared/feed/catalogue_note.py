"""The hub's catalogue note and the catalogue digest (PROTOCOL 7).

The note says which logs, to which size and fold, make the catalogue; the digest follows from their entries alone.
Whether a note is newer than the last, and whether its roster is held, is for the consumer to decide.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from itertools import pairwise

import msgspec

from shared.errors import ParseError, SignatureError
from shared.feed import limits
from shared.feed.base64s import decode_base64, encode_base64
from shared.feed.keys import SigningKey, VerifyingKey
from shared.feed.note import Note, format_note, parse_note, sign_line, verify_by_log_key
from shared.feed.outcomes import parse_state_word
from shared.ids import parse_commitment, parse_member_name, parse_num, parse_origin

FIRST_LINE = "kreisweit.catalogue/v1"
_HOST = re.compile(r"[a-z0-9.-]{1,200}")
_DIGEST_LINE = re.compile(rb"[a-z0-9-]{2,32} [0-9a-f]{32} [0-9a-f]{64}\n")


class Source(msgspec.Struct, frozen=True):
    """One log that counts: its size and root at the hub, whose it is, and the state word (`held@12`)."""

    origin: str
    size: int
    root: bytes
    member: str
    state: str

    @property
    def word(self) -> str:
        """The state without the fold."""
        return parse_state_word(self.state)[0]

    @property
    def fold(self) -> int | None:
        """Number of entries at which the fold is frozen, or None."""
        return parse_state_word(self.state)[1]


class CatalogueNote(msgspec.Struct, frozen=True):
    """What one catalogue note says."""

    hub: str
    time: int
    roster_version: int
    roster_sha256: bytes
    sources: tuple[Source, ...]
    digest: bytes

    def source(self, origin: str) -> Source | None:
        """Return the line of one log, or None."""
        return next((source for source in self.sources if source.origin == origin), None)


def hub_host(origin: str) -> str:
    """Return the part of an origin before its first slash."""
    return origin.partition("/")[0]


def parse_catalogue_text(text: str) -> CatalogueNote:
    """Read the text of a catalogue note; one spelling per note, sources sorted by origin and each once.

    Raises:
        ParseError: E_FORMAT.
    """
    lines = text.split("\n")
    if len(lines) < 6 or lines.pop() or lines[0] != FIRST_LINE:
        raise ParseError(f"catalogue note does not begin with {FIRST_LINE} or has too few lines")
    hub, time, roster, *source_lines, digest = lines[1:]
    version, _, roster_hex = _field(roster, "roster").partition(" ")
    note = CatalogueNote(
        hub=_parse_host(_field(hub, "hub")),
        time=parse_num(_field(time, "time")),
        roster_version=parse_num(version),
        roster_sha256=parse_commitment(roster_hex),
        sources=tuple([_parse_source(_field(line, "source")) for line in source_lines]),
        digest=parse_commitment(_field(digest, "digest")),
    )
    _check_sources(note)
    return note


def _field(line: str, name: str) -> str:
    word, space, rest = line.partition(" ")
    if word != name or not space:
        raise ParseError(f"catalogue note line {line[:60]!r}, '{name} …' expected")
    return rest


def _parse_host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ParseError(f"hub host {text[:60]!r} is not a host name")
    return text


def _parse_source(text: str) -> Source:
    words = text.split(" ")
    if len(words) != 5:
        raise ParseError(f"source line of {len(words)} fields, 5 expected")
    origin, size, root, member, state = words
    parse_state_word(state)
    return Source(parse_origin(origin), parse_num(size), decode_base64(root, 32), parse_member_name(member), state)


def _check_sources(note: CatalogueNote) -> None:
    origins = [source.origin for source in note.sources]
    if any(later <= earlier for earlier, later in pairwise(origins)):
        raise ParseError("sources are not sorted by origin, or one stands twice")
    if any(source.size < 1 or (source.fold or 0) > source.size for source in note.sources):
        raise ParseError("a source is empty, or its fold is beyond its size")
    if note.roster_version < 1:
        raise ParseError("roster version 0")


def format_catalogue_text(note: CatalogueNote) -> str:
    """Write the text to be signed, sources sorted by origin; refuses what `parse_catalogue_text` would refuse."""
    sources = sorted(note.sources, key=lambda source: source.origin)
    text = "".join(
        [
            f"{FIRST_LINE}\nhub {note.hub}\ntime {note.time}\n",
            f"roster {note.roster_version} {note.roster_sha256.hex()}\n",
            *(f"source {s.origin} {s.size} {encode_base64(s.root)} {s.member} {s.state}\n" for s in sources),
            f"digest {note.digest.hex()}\n",
        ]
    )
    parse_catalogue_text(text)
    return text


def sign_catalogue_note(key: SigningKey, note: CatalogueNote) -> bytes:
    """Return the signed note; `key` is the hub's log key."""
    if hub_host(key.verifying.name) != note.hub:
        raise SignatureError(f"catalogue of {note.hub} cannot be signed by {key.verifying.name}")
    text = format_catalogue_text(note)
    data = format_note(Note(text, (sign_line(key, text),)))
    if len(data) > limits.LARGE_NOTE_MAX_BYTES:
        raise ParseError(f"catalogue note of {len(data)} bytes, at most {limits.LARGE_NOTE_MAX_BYTES} allowed")
    return data


def verify_catalogue_note(data: bytes, key: VerifyingKey) -> CatalogueNote:
    """Return what a catalogue note says when the hub's log key signed it.

    Checks, in order: form of the note, signature, form of the text, that the hub named is the key's.
    Does not check: time, roster version.

    Raises:
        ParseError: E_FORMAT.  SignatureError: E_SIG.
    """
    text = verify_by_log_key(key, parse_note(data, max_bytes=limits.LARGE_NOTE_MAX_BYTES))
    note = parse_catalogue_text(text)
    if note.hub != hub_host(key.name):
        raise SignatureError(f"catalogue of {note.hub} is signed by {key.name}")
    return note


def digest_line(member: str, rid: bytes, commitment: bytes) -> bytes:
    """Return the line of one record that is in the catalogue."""
    return f"{member} {rid.hex()} {commitment.hex()}\n".encode()


def catalogue_digest(lines: Iterable[bytes]) -> bytes:
    """Return the digest over digest lines, which the caller gives sorted bytewise.

    Lines may be many, so they are hashed as they come; an order mistake of the caller raises ParseError instead of
    giving a digest that nobody else computes.
    """
    digest, before = hashlib.sha256(), b""
    for line in lines:
        if line <= before:
            raise ParseError(f"digest line {line[:70]!r} comes after {before[:70]!r}")
        digest.update(line)
        before = line
    return digest.digest()


def check_digest_line(line: bytes) -> None:
    """Return when `line` has the form that `digest_line` writes."""
    if not _DIGEST_LINE.fullmatch(line):
        raise ParseError(f"digest line {line[:70]!r} is not 'member id commitment'")
