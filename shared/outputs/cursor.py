"""Where a reader of the changes stands, as a word that outlives the hub that gave it.

A cursor names a place in one party's list of changes: the epoch (made anew with the list) and a number in it.  It also
carries how far each log had been taken up by then, so that another list, of a rebuilt hub or of another party, knows
what its holder has: everything that stands in a log below that size.  A cursor is opaque to its holder, and nothing
depends on it being honest: a wrong one yields too much or too little to the one who made it up.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import msgspec

from shared.errors import ParseError
from shared.feed.base64s import decode_base64url, encode_base64url

EPOCH_BYTES: Final = 6
ORIGIN_BYTES: Final = 6
CURSOR_MAX: Final = 2000
START: Final = "0"
"""The cursor of somebody who holds nothing."""


class Cursor(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A place in a list of changes.

    Args:
        epoch: of the list; empty for the very beginning.
        number: of the last change that the holder has.
        sizes: by `origin_key`: entries below this index are known to the holder, whatever list gave them.
        floor: while a walk through a list goes on that began with sizes of another one: those sizes.
        until: the number at which that walk ends.
    """

    epoch: bytes = b""
    number: int = 0
    sizes: Mapping[bytes, int] = {}
    floor: Mapping[bytes, int] | None = None
    until: int = 0


def origin_key(origin: str) -> bytes:
    """Return the short name of a log in cursors."""
    return hashlib.sha256(origin.encode()).digest()[:ORIGIN_BYTES]


def format_cursor(cursor: Cursor) -> str:
    """Write a cursor as a word that is safe in URLs."""
    if not cursor.epoch:
        return START
    return encode_base64url(msgspec.msgpack.encode(cursor))


def parse_cursor(text: str) -> Cursor:
    """Read a cursor.

    Raises:
        ParseError: it is none of ours.
    """
    if text in ("", START):
        return Cursor()
    if len(text) > CURSOR_MAX:
        raise ParseError("the cursor is not one of ours")
    try:
        cursor = msgspec.msgpack.decode(decode_base64url(text), type=Cursor)
    except (msgspec.MsgspecError, ParseError) as error:
        raise ParseError("the cursor is not one of ours") from error
    numbers = [cursor.number, cursor.until, *cursor.sizes.values(), *(cursor.floor or {}).values()]
    keys = [*cursor.sizes, *(cursor.floor or {})]
    if (
        len(cursor.epoch) != EPOCH_BYTES
        or any(number < 0 for number in numbers)
        or any(len(key) != ORIGIN_BYTES for key in keys)
    ):
        raise ParseError("the cursor is not one of ours")
    return cursor
