"""Signed requests of the back channel: node to hub, by the node's log key (PROTOCOL 14).

Whether the time is near enough to now, and whether this request came before, is for the receiver to decide.
"""

from __future__ import annotations

import hashlib
import re

from shared.errors import ParseError
from shared.feed.keys import LOG, SigningKey, VerifyingKey

FIRST_LINE = "kreisweit.request/v1"
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
