"""Sets of small whole numbers as Python's own integers: bit n is set when n is in the set.

`&`, `|`, `& ~` and `int.bit_count()` are then set operations at memory speed, with no other library.  Stored pieces
hold the numbers of one chunk, as a list while they are few and as a bitmap when they are many.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable, Iterator
from typing import Final

CHUNK: Final = 4096
"""Numbers that one stored piece covers: what a change of one number rewrites."""
_CHUNK_BYTES: Final = CHUNK // 8
_FEW: Final = 48


def from_numbers(numbers: Collection[int]) -> int:
    """Return the set of these numbers."""
    if len(numbers) < _FEW:
        bits = 0
        for number in numbers:
            bits |= 1 << number
        return bits
    flags = bytearray(b"0") * (max(numbers) + 1)
    for number in numbers:
        flags[~number] = 49  # "1"
    return int(flags, 2)


def numbers_of(bits: int) -> Iterator[int]:
    """Yield the numbers of a set, smallest first."""
    digits = bin(bits)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def pack_chunk(numbers: Iterable[int]) -> bytes:
    """Return the stored form of a set of numbers below `CHUNK`."""
    ordered = array("H", sorted(numbers))
    if len(ordered) * 2 >= _CHUNK_BYTES:
        return from_numbers(ordered).to_bytes(_CHUNK_BYTES, "little")
    if sys.byteorder == "big":
        ordered.byteswap()
    return ordered.tobytes()


def unpack_chunk(data: bytes) -> int:
    """Return the set that `pack_chunk` stored."""
    if len(data) == _CHUNK_BYTES:
        return int.from_bytes(data, "little")
    ordered = array("H", data)
    if sys.byteorder == "big":
        ordered.byteswap()
    bits = 0
    for number in ordered:
        bits |= 1 << number
    return bits
