"""Signed requests of the back channel: node to hub, by the node's log key (PROTOCOL 14).

Origin of the log, time and signature travel in one header, `Kreisweit-Request: ORIGIN TIME SIGNATURE`.  Whether the
time is near enough to now, and whether this request came before, is for the receiver to decide.
"""

from __future__ import annotations

import hashlib
import re

import msgspec

from shared.errors import ParseError
from shared.feed.base64s import decode_base64, encode_base64
from shared.feed.keys import LOG, SigningKey, VerifyingKey
from shared.ids import parse_num, parse_origin

FIRST_LINE = "kreisweit.request/v1"
HEADER = "Kreisweit-Request"
_SIGNATURE_BYTES = 64
_PATH = re.compile(r"/[A-Za-z0-9._~/-]{1,200}")


def request_text(path: str, time: int, body: bytes) -> str:
    """Return the text a request signs: path, unix time, and SHA-256 of the body."""
    if not _PATH.fullmatch(path) or time < 0:
        raise ParseError(f"request to {path[:60]!r} at {time} cannot be signed")
    return f"{FIRST_LINE}\n{path}\n{time}\n{hashlib.sha256(body).hexdigest()}\n"


def sign_request(key: SigningKey, path: str, time: int, body: bytes) -> bytes:
    """Return the 64-byte signature of a request by a log key."""
    if key.verifying.kind != LOG:
        raise ParseError(f"{key.verifying.name} is not a log key")
    return key.sign(request_text(path, time, body).encode())


def verify_request(key: VerifyingKey, path: str, time: int, body: bytes, signature: bytes) -> bytes:
    """Return the body when `key` signed this request; SignatureError otherwise."""
    if key.kind != LOG:
        raise ParseError(f"{key.name} is not a log key")
    key.verify(request_text(path, time, body).encode(), signature)
    return body


class Signed(msgspec.Struct, frozen=True):
    """Who says to have signed a request, and when; nothing of it is verified yet."""

    origin: str
    time: int
    signature: bytes


def format_header(origin: str, time: int, signature: bytes) -> str:
    """Return the value of the header that goes with a signed request."""
    return f"{origin} {time} {encode_base64(signature)}"


def parse_header(text: str) -> Signed:
    """Read the header of a signed request; ParseError for anything else, and where it is missing."""
    words = text.split(" ")
    if len(words) != 3:
        raise ParseError(f"the header {HEADER} is missing or is not: origin, time, signature")
    origin, time, signature = words
    return Signed(parse_origin(origin), parse_num(time), decode_base64(signature, _SIGNATURE_BYTES))
