"""C2SP tlog-tiles of height 8: paths, entry bundles, hash tiles (PROTOCOL 5 and 6.8)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import msgspec

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.merkle import HashReader, subtree_root

HEIGHT = 8
WIDTH = limits.BUNDLE_WIDTH

_NUMBER = re.compile(r"((?:x[0-9]{3}/){0,5})([0-9]{3})")
_PATH = re.compile(r"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


class TilePath(msgspec.Struct, frozen=True):
    """Names one tile: level 0 to 63 of hashes, or entries; `width` is 256 for a full one."""

    level: int | Literal["entries"]
    n: int
    width: int = WIDTH


def parse_tile_number(text: str) -> int:
    """Read the number of a tile in groups of three (`x001/234` is 1234); one spelling per number."""
    match = _NUMBER.fullmatch(text)
    if match is None or text.startswith("x000/"):
        raise ParseError(f"tile number {text[:40]!r} is not canonical")
    return int(match[1].replace("x", "").replace("/", "") + match[2])


def format_tile_number(n: int) -> str:
    """Write a tile number in groups of three."""
    if not 0 <= n < 10**18:
        raise ParseError(f"tile number {n} is outside 0 to 10^18")
    digits = f"{n:0{-(-len(str(n)) // 3) * 3}d}"
    groups = [digits[start : start + 3] for start in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def parse_tile_path(text: str) -> TilePath:
    """Read `tile/<L>/<N>[.p/<W>]`; ParseError for anything that is not exactly as `format_tile_path` writes it."""
    match = _PATH.fullmatch(text)
    if match is None:
        raise ParseError(f"{text[:60]!r} is not a tile path")
    width = WIDTH if match[3] is None else int(match[3])
    if match[3] is not None and width >= WIDTH:
        raise ParseError(f"partial tile of width {width}, at most {WIDTH - 1} allowed")
    return TilePath("entries" if match[1] == "entries" else int(match[1]), parse_tile_number(match[2]), width)


def format_tile_path(path: TilePath) -> str:
    """Write the path of a tile below its log's prefix."""
    if not 1 <= path.width <= WIDTH or (isinstance(path.level, int) and not 0 <= path.level <= 63):
        raise ParseError(f"no tile of level {path.level} and width {path.width}")
    partial = "" if path.width == WIDTH else f".p/{path.width}"
    return f"tile/{path.level}/{format_tile_number(path.n)}{partial}"


def bundles_for(start: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield (number, width) of the bundles that hold entries `start` to `size` - 1, in order."""
    if start >= size:
        return
    for n in range(start // WIDTH, (size - 1) // WIDTH + 1):
        yield n, min(WIDTH, size - n * WIDTH)


def tiles_of(size: int) -> Iterator[TilePath]:
    """Yield every hash tile and entry bundle of a tree of `size` leaves; the last of each row may be partial."""
    for n, width in bundles_for(0, size):
        yield TilePath("entries", n, width)
    level, width_of_row = 0, size
    while width_of_row:
        for n, width in bundles_for(0, width_of_row):
            yield TilePath(level, n, width)
        level, width_of_row = level + 1, width_of_row >> HEIGHT


def format_bundle(entries: Sequence[bytes]) -> bytes:
    """Write entries one after the other, each behind its length as two bytes big-endian."""
    return b"".join([len(entry).to_bytes(2, "big") + entry for entry in entries])


def split_bundle(data: bytes, count: int) -> list[bytes]:
    """Cut exactly `count` entries out of a bundle; ParseError when bytes are missing or left over.

    An entry longer than the entry limit is cut all the same: it counts in the tree, `parse_entry` refuses it.
    """
    entries: list[bytes] = []
    add, position, end = entries.append, 0, len(data)
    for _ in range(count):
        start = position + 2
        position = start + int.from_bytes(data[position:start], "big")
        if start > end or position > end:
            raise ParseError(f"bundle of {end} bytes ends within entry {len(entries)} of {count}")
        add(data[start:position])
    if position != end:
        raise ParseError(f"bundle has {end - position} bytes left over after {count} entries")
    return entries


def hash_tile(level: int, n: int, width: int, reader: HashReader) -> bytes:
    """Return the bytes of a hash tile: `width` hashes of complete subtrees of 256**level leaves."""
    return b"".join([reader(HEIGHT * level, n * WIDTH + offset) for offset in range(width)])


def split_hash_tile(data: bytes, width: int) -> list[bytes]:
    """Cut a hash tile into its hashes; ParseError unless there are exactly `width`."""
    if len(data) != width * 32:
        raise ParseError(f"hash tile of {len(data)} bytes, {width * 32} expected")
    return [data[start : start + 32] for start in range(0, len(data), 32)]


def tile_reader(size: int, load: Callable[[TilePath], bytes]) -> HashReader:
    """Return a HashReader over the hash tiles of a tree of `size` leaves, each tile loaded once and only when needed.

    It is for proofs, which touch at most two tiles a row, whatever the size; more than that is refused.

    Args:
        load: gives the bytes of a tile; untrusted.
    Raises:
        ParseError: a tile is not as long as its width says, or too many are asked for.
    """
    held: dict[tuple[int, int], list[bytes]] = {}

    def read(level: int, index: int) -> bytes:
        row, inner = divmod(level, HEIGHT)
        n, start = divmod(index << inner, WIDTH)
        if (row, n) not in held:
            if len(held) >= limits.DIAGNOSIS_TILES_MAX:
                raise ParseError(f"more than {limits.DIAGNOSIS_TILES_MAX} hash tiles asked for")
            width = min(WIDTH, (size >> (HEIGHT * row)) - n * WIDTH)
            held[row, n] = split_hash_tile(load(TilePath(row, n, width)), width)
        return subtree_root(held[row, n][start : start + (1 << inner)])

    return read
