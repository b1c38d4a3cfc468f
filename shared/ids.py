"""Strict identifiers: one spelling each, refused otherwise (PROTOCOL 1 and 2)."""

from __future__ import annotations

import re
from hashlib import sha1

from shared.errors import ParseError

_MEMBER = re.compile(r"[a-z0-9-]{2,32}")
_AGS = re.compile(r"[0-9]{8}")
_ORIGIN = re.compile(r"[a-z0-9.-]+(?:/[a-z0-9.-]+)*")
_HEX16 = re.compile(r"[0-9a-f]{32}")
_HEX32 = re.compile(r"[0-9a-f]{64}")
_NUM = re.compile(r"0|[1-9][0-9]{0,15}")
_GENERATION = re.compile(r"g([1-9][0-9]{0,8})")

ORIGIN_MAX_BYTES = 200


def parse_member_name(text: str) -> str:
    """Return the member name, or raise ParseError."""
    if not _MEMBER.fullmatch(text):
        raise ParseError(f"Der Name {text[:40]!r} besteht nicht aus 2 bis 32 Zeichen von a-z, 0-9 und '-'")
    return text


def parse_ags(text: str) -> str:
    """Return the eight-digit municipality key, or raise ParseError."""
    if not _AGS.fullmatch(text):
        raise ParseError(f"Der AGS {text[:20]!r} hat nicht genau acht Ziffern")
    return text


def parse_origin(text: str) -> str:
    """Return the origin of a log, or raise ParseError; `kreisweit.` may not begin one (PROTOCOL 1)."""
    if len(text) > ORIGIN_MAX_BYTES or not _ORIGIN.fullmatch(text) or text.startswith("kreisweit."):
        raise ParseError(f"Der Ursprung {text[:60]!r} ist keine Adresse ohne https://, wie herten.example/feed/g1")
    return text


def parse_generation(origin: str) -> int:
    """Return the generation that ends an origin (`…/g3` is 3), or raise ParseError."""
    match = _GENERATION.fullmatch(origin.rpartition("/")[2])
    if match is None:
        raise ParseError(f"Der Ursprung {origin[:60]!r} endet nicht mit einer Generation wie g1")
    return int(match.group(1))


def parse_num(text: str) -> int:
    """Read a canonical number of at most 16 digits; one spelling per number."""
    if not _NUM.fullmatch(text):
        raise ParseError(f"number {text[:24]!r} is not canonical")
    return int(text)


def parse_record_id(text: str) -> bytes:
    """Read a record id written as 32 lower-case hex digits; returns its 16 bytes."""
    if not _HEX16.fullmatch(text):
        raise ParseError(f"Die Kennung {text[:40]!r} besteht nicht aus 32 Zeichen von 0-9 und a-f")
    return bytes.fromhex(text)


def parse_commitment(text: str) -> bytes:
    """Read a commitment written as 64 lower-case hex digits; returns its 32 bytes."""
    if not _HEX32.fullmatch(text):
        raise ParseError(f"commitment {text[:70]!r} is not 64 lower-case hex digits")
    return bytes.fromhex(text)


def child_id(parent: str, kind: str, key: str) -> str:
    """Derive the stable id of a child object, 32 hex digits: the same parent.

    Kind and key give the same id.
    """
    return named_id(bytes.fromhex(parent), f"{kind}:{key}")


def named_id(namespace: bytes, name: str) -> str:
    """Return the UUID of version 5 of a name (RFC 9562, 5.5), as 32 hex digits.

    Written out because a hundred of them are made for each offer, and `uuid` makes three objects for one.

    Args:
        namespace: the 16 bytes of a UUID.
    """
    own = bytearray(sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16])
    own[6] = own[6] & 0x0F | 0x50
    own[8] = own[8] & 0x3F | 0x80
    return own.hex()
