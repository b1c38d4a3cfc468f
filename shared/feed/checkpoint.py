"""The text of a checkpoint: origin, size, root (C2SP tlog-checkpoint without extension lines; PROTOCOL 4)."""

from __future__ import annotations

import msgspec

from shared.errors import ParseError
from shared.feed.base64s import decode_base64, encode_base64
from shared.ids import parse_num, parse_origin

HASH_BYTES = 32


class Checkpoint(msgspec.Struct, frozen=True):
    """What one checkpoint says: the log `origin` has `size` entries with this root."""

    origin: str
    size: int
    root: bytes


def parse_checkpoint_text(text: str) -> Checkpoint:
    """Read the three lines of a checkpoint; one spelling per checkpoint.

    Raises:
        ParseError: not exactly three lines, an origin outside its grammar, a size that is 0 or not canonical, or a root
            that is not canonical base64 of 32 bytes.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise ParseError(f"checkpoint text of {len(lines) - 1} lines, exactly 3 expected")
    size = parse_num(lines[1])
    if size < 1:
        raise ParseError("checkpoint of an empty log")
    return Checkpoint(parse_origin(lines[0]), size, decode_base64(lines[2], HASH_BYTES))


def format_checkpoint_text(checkpoint: Checkpoint) -> str:
    """Write the text to be signed; refuses what `parse_checkpoint_text` would refuse."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{encode_base64(checkpoint.root)}\n"
    parse_checkpoint_text(text)
    return text
