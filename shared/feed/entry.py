"""The four log entries, byte-exact (PROTOCOL 2).

An entry holds no free text, so no personal data can enter a log.  What entries mean is decided in `fold`.
"""

from __future__ import annotations

import re
from binascii import unhexlify
from itertools import pairwise

import msgspec

from shared.errors import ParseError
from shared.feed import limits

REASONS = ("ended", "paused", "duplicate", "mistake", "other")

_NUM = rb"(?:0|[1-9][0-9]{0,15})"
_HEAD = rb"kreisweit\.feed/v1 "
_HELLO = re.compile(
    _HEAD + rb"hello\nnode ([a-z0-9-]{2,32})\nags ([0-9]{8})\ngeneration (" + _NUM + rb")\ntime (" + _NUM + rb")\n"
)
_PUBLISH = re.compile(
    _HEAD
    + rb"publish\nkind ([a-z]+)\nid ([0-9a-f]{32})\nprev (-|"
    + _NUM
    + rb")\ntime ("
    + _NUM
    + rb")\npayload ([0-9a-f]{64}) ("
    + _NUM
    + rb")\n"
)
_WITHDRAW = re.compile(
    _HEAD
    + rb"withdraw\nkind ([a-z]+)\nid ([0-9a-f]{32})\nprev ("
    + _NUM
    + rb")\nreason ("
    + "|".join(REASONS).encode()
    + rb")\ntime ("
    + _NUM
    + rb")\n"
)
_ERASE = re.compile(_HEAD + rb"erase\ntime (" + _NUM + rb")\n((?:target " + _NUM + rb"\n){1,64})")


class Hello(msgspec.Struct, frozen=True, gc=False):
    """Index 0 of every log: whose it is."""

    node: str
    ags: str
    generation: int
    time: int


class Publish(msgspec.Struct, frozen=True, gc=False):
    """A new record or a newer version of one; `commitment` is the SHA-256 of its payload."""

    kind: str
    id: bytes
    prev: int | None
    time: int
    commitment: bytes
    length: int


class Withdraw(msgspec.Struct, frozen=True, gc=False):
    """A record leaves the catalogue; it may be published again."""

    kind: str
    id: bytes
    prev: int
    reason: str
    time: int


class Erase(msgspec.Struct, frozen=True, gc=False):
    """Payloads of these earlier entries must be destroyed by every holder."""

    time: int
    targets: tuple[int, ...]


Entry = Hello | Publish | Withdraw | Erase


def parse_entry(data: bytes) -> Entry:
    """Read one entry; what is accepted is spelled exactly as `format_entry` spells it.

    Does not check: whether `prev` and targets exist, the payload's length limit, whether the kind has effect.

    Raises:
        ParseError: longer than 2048 bytes, another version or op, or any deviation from the grammar.
    """
    if len(data) <= limits.ENTRY_MAX_BYTES:
        if match := _PUBLISH.fullmatch(data):
            kind, rid, prev, time, commitment, length = match.groups()
            newest = None if prev == b"-" else int(prev)
            return Publish(kind.decode(), unhexlify(rid), newest, int(time), unhexlify(commitment), int(length))
        if match := _WITHDRAW.fullmatch(data):
            kind, rid, prev, reason, time = match.groups()
            return Withdraw(kind.decode(), unhexlify(rid), int(prev), reason.decode(), int(time))
        if match := _ERASE.fullmatch(data):
            return Erase(int(match[1]), _parse_targets(match[2]))
        if match := _HELLO.fullmatch(data):
            return Hello(match[1].decode(), match[2].decode(), int(match[3]), int(match[4]))
    raise ParseError(f"entry of {len(data)} bytes beginning {data[:40]!r} does not follow the grammar")


def _parse_targets(lines: bytes) -> tuple[int, ...]:
    targets = tuple([int(word) for word in lines.split()[1::2]])
    if any(later <= earlier for earlier, later in pairwise(targets)):
        raise ParseError("erase targets do not increase")
    return targets


def format_entry(entry: Entry) -> bytes:
    """Write one entry; refuses values that `parse_entry` would not give back."""
    data = f"kreisweit.feed/v1 {_format_lines(entry)}".encode()
    if parse_entry(data) != entry:
        raise ParseError(f"{type(entry).__name__.lower()} entry cannot be written: its values do not read back")
    return data


def _format_lines(entry: Entry) -> str:
    if isinstance(entry, Publish):
        prev = "-" if entry.prev is None else entry.prev
        return (
            f"publish\nkind {entry.kind}\nid {entry.id.hex()}\nprev {prev}\ntime {entry.time}\n"
            f"payload {entry.commitment.hex()} {entry.length}\n"
        )
    if isinstance(entry, Withdraw):
        return (
            f"withdraw\nkind {entry.kind}\nid {entry.id.hex()}\nprev {entry.prev}\n"
            f"reason {entry.reason}\ntime {entry.time}\n"
        )
    if isinstance(entry, Erase):
        return f"erase\ntime {entry.time}\n" + "".join(f"target {target}\n" for target in entry.targets)
    return f"hello\nnode {entry.node}\nags {entry.ags}\ngeneration {entry.generation}\ntime {entry.time}\n"
