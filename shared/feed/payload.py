"""Salted payloads: the record beside the log, and the commitment that binds it (PROTOCOL 3 and 6.13).

The received bytes are what is hashed, stored and passed on; nothing here re-serialises them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Protocol

import msgspec

from shared.errors import ParseError, VerificationError
from shared.feed import limits
from shared.feed.base64s import decode_base64url, encode_base64url
from shared.feed.outcomes import Code
from shared.feed.strict_json import decode_strict, encode_canonical, read_object
from shared.ids import parse_ags, parse_record_id

SALT_BYTES = 32
_SALT = re.compile(r"[A-Za-z0-9_-]{43}")
_KEYS = frozenset({"doc", "salt"})


class Payload(msgspec.Struct, frozen=True):
    """A record and the salt that hides it behind its commitment."""

    doc: Mapping[str, object]
    salt: bytes


class Doc(msgspec.Struct, frozen=True, gc=False):
    """What the feed itself needs to know of a checked record: id (32 hex digits), owner (AGS), title."""

    id: str
    owner: str
    title: str


class SchemaCheck(Protocol):
    """Checks the raw line of one payload of a kind and says whose it is.

    It must refuse what `decode_strict` refuses.  Raises ParseError or VerificationError with code E_SCHEMA.
    """

    def __call__(self, kind: str, data: bytes) -> Doc:
        """Return id, owner and title of the record in `data`."""


def seal_payload(doc: Mapping[str, object], salt: bytes) -> bytes:
    """Write the canonical line of a record, without line feed.

    Args:
        salt: 32 fresh random bytes for every version; destroyed together with the payload.
    """
    if len(salt) != SALT_BYTES:
        raise ParseError(f"salt of {len(salt)} bytes, {SALT_BYTES} expected")
    data = encode_canonical({"doc": doc, "salt": encode_base64url(salt)})
    if len(data) > limits.PAYLOAD_MAX_BYTES:
        raise ParseError(
            f"payload of {len(data)} bytes, at most {limits.PAYLOAD_MAX_BYTES} allowed", code=Code.E_PAYLOAD
        )
    return data


def parse_payload(data: bytes) -> Payload:
    """Read a payload line strictly.

    Checks, in order: length, no line feed, strict JSON, exactly `doc` and `salt`, the salt's one spelling.
    Does not check: commitment (`verify_payload`), schema and owner (`check_doc`).

    Raises:
        ParseError: E_PAYLOAD for the length, else E_SCHEMA.
    """
    if len(data) > limits.PAYLOAD_MAX_BYTES:
        raise ParseError(
            f"payload of {len(data)} bytes, at most {limits.PAYLOAD_MAX_BYTES} allowed", code=Code.E_PAYLOAD
        )
    if b"\n" in data:
        raise ParseError("payload is not one line", code=Code.E_SCHEMA)
    try:
        members = read_object(decode_strict(data), "payload", required=_KEYS)
        doc, salt = members["doc"], members["salt"]
        if not isinstance(doc, dict):
            raise ParseError("payload doc is not an object")
        if not isinstance(salt, str) or not _SALT.fullmatch(salt):
            raise ParseError("payload salt is not 43 characters of url-safe base64")
        return Payload(doc, decode_base64url(salt, SALT_BYTES))
    except ParseError as error:
        raise ParseError(error.message, code=Code.E_SCHEMA) from error


def commitment_of(data: bytes) -> bytes:
    """Return the commitment of a payload: SHA-256 of exactly these bytes."""
    return hashlib.sha256(data).digest()


def verify_payload(data: bytes, *, commitment: bytes, length: int) -> bytes:
    """Return the payload bytes when they are what the entry committed to; VerificationError E_PAYLOAD otherwise."""
    if length > limits.PAYLOAD_MAX_BYTES:
        raise VerificationError(
            f"entry promises {length} bytes, at most {limits.PAYLOAD_MAX_BYTES} allowed", code=Code.E_PAYLOAD
        )
    if len(data) != length:
        raise VerificationError(f"payload of {len(data)} bytes, {length} promised", code=Code.E_PAYLOAD)
    if commitment_of(data) != commitment:
        raise VerificationError(f"payload is not the one committed to as {commitment.hex()}", code=Code.E_PAYLOAD)
    return data


def check_doc(data: bytes, *, kind: str, rid: bytes, ags: str, schema: SchemaCheck) -> Doc:
    """Return what a verified payload is about when schema, id and owner are right (PROTOCOL 6.13).

    Args:
        rid: the entry's record id.
        ags: the owner by the roster; empty where the roster names none (the hub's own log).
    Raises:
        ParseError: E_SCHEMA, from the schema check.
        VerificationError: E_SCHEMA for another id, E_OWNER for another owner.
    """
    doc = schema(kind, data)
    if doc.id != rid.hex():
        raise VerificationError(f"doc.id {doc.id[:40]!r}, entry says {rid.hex()}", code=Code.E_SCHEMA)
    if ags and doc.owner != ags:
        raise VerificationError(f"doc.owner {doc.owner[:20]!r}, roster says {ags}", code=Code.E_OWNER)
    return doc


def minimal_schema(kind: str, data: bytes) -> Doc:
    """Check only what the feed itself needs: a strict payload whose doc has an `id` and an `owner`."""
    doc = parse_payload(data).doc
    rid, owner, title = doc.get("id"), doc.get("owner"), doc.get("title", "")
    try:
        if not isinstance(rid, str) or not isinstance(owner, str):
            raise ParseError(f"{kind} record lacks id or owner")
        parse_record_id(rid)
        parse_ags(owner)
    except ParseError as error:
        raise ParseError(error.message, code=Code.E_SCHEMA) from error
    return Doc(rid, owner, title if isinstance(title, str) else "")
