"""Base64 with one spelling per value: standard with padding for notes, url-safe without padding for salts and tokens.

Python's decoder takes `AB==` for `AA==` even with validation; so everything is encoded again and compared.
"""

from __future__ import annotations

import base64
import binascii

from shared.errors import ParseError


def decode_base64(text: str, length: int | None = None) -> bytes:
    """Read canonical standard base64 with padding.

    Args:
        length: the number of bytes it must hold, None for any.
    Raises:
        ParseError: another alphabet, missing padding, set trailing bits, or another length.
    """
    try:
        raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeEncodeError) as error:
        raise ParseError(f"{text[:24]!r} is not base64") from error
    return _checked(raw, encode_base64(raw) == text, text, length)


def encode_base64(raw: bytes) -> str:
    """Write standard base64 with padding."""
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


def decode_base64url(text: str, length: int | None = None) -> bytes:
    """Read canonical url-safe base64 without padding; same refusals as `decode_base64`."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), b"-_", validate=True)
    except (ValueError, UnicodeEncodeError) as error:
        raise ParseError(f"{text[:24]!r} is not url-safe base64") from error
    return _checked(raw, encode_base64url(raw) == text, text, length)


def encode_base64url(raw: bytes) -> str:
    """Write url-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _checked(raw: bytes, is_canonical: bool, text: str, length: int | None) -> bytes:
    if not is_canonical:
        raise ParseError(f"base64 {text[:24]!r} is not canonical")
    if length is not None and len(raw) != length:
        raise ParseError(f"base64 {text[:24]!r} holds {len(raw)} bytes, {length} expected")
    return raw
