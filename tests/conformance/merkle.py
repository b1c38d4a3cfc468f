"""RFC 6962 trees written a second time, so that the project's own tree is never its own witness.

Slow and short on purpose.  Used by the static tree and the runner; anchored by the vectors and by Go's packages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

TILE_WIDTH = 256


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _split(size: int) -> int:
    """The largest power of two below size (size ≥ 2)."""
    return 1 << ((size - 1).bit_length() - 1)


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes; the empty tree has the hash of nothing."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    middle = _split(len(leaves))
    return node_hash(tree_root(leaves[:middle]), tree_root(leaves[middle:]))


def inclusion_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Hashes beside the way from a leaf to the root, lowest first."""
    if len(leaves) == 1:
        return []
    middle = _split(len(leaves))
    if index < middle:
        return [*inclusion_path(leaves[:middle], index), tree_root(leaves[middle:])]
    return [*inclusion_path(leaves[middle:], index - middle), tree_root(leaves[:middle])]


def root_by_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Root that a leaf and an inclusion path give; ValueError where the path has another length than the tree asks."""
    if size == 1:
        if path:
            raise ValueError(f"{len(path)} hashes too many in the inclusion path")
        return leaf
    if not path:
        raise ValueError("inclusion path is too short")
    middle = _split(size)
    if index < middle:
        return node_hash(root_by_inclusion(leaf, index, middle, path[:-1]), path[-1])
    return node_hash(path[-1], root_by_inclusion(leaf, index - middle, size - middle, path[:-1]))


def tile_number(number: int) -> str:
    """Spell a tile number as its path: 1234 is `x001/234`."""
    groups = [f"{number % 1000:03d}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03d}")
    return "/".join(groups)


def tile_path(level: int | str, number: int, width: int) -> str:
    """Path of a tile below the log's prefix; level `entries` names a bundle."""
    return f"tile/{level}/{tile_number(number)}" + ("" if width == TILE_WIDTH else f".p/{width}")


def tile_rows(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Hashes of the tree at tile levels 0, 1, 2, …: each one the root of 256 complete ones below."""
    rows = [list(leaves)]
    while len(rows[-1]) >= TILE_WIDTH:
        below = rows[-1]
        complete = len(below) // TILE_WIDTH
        rows.append([tree_root(below[i * TILE_WIDTH : (i + 1) * TILE_WIDTH]) for i in range(complete)])
    return rows


def hash_tiles(leaves: Sequence[bytes]) -> dict[str, bytes]:
    """All hash tiles of a tree by path, partial ones as this size has them."""
    tiles: dict[str, bytes] = {}
    for level, row in enumerate(tile_rows(leaves)):
        for number in range((len(row) + TILE_WIDTH - 1) // TILE_WIDTH):
            hashes = row[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
            tiles[tile_path(level, number, len(hashes))] = b"".join(hashes)
    return tiles


def entry_bundles(entries: Sequence[bytes]) -> dict[str, bytes]:
    """All entry bundles of a log by path."""
    bundles: dict[str, bytes] = {}
    for number in range((len(entries) + TILE_WIDTH - 1) // TILE_WIDTH):
        part = entries[number * TILE_WIDTH : (number + 1) * TILE_WIDTH]
        framed = b"".join(len(entry).to_bytes(2, "big") + entry for entry in part)
        bundles[tile_path("entries", number, len(part))] = framed
    return bundles


def cut_bundle(bundle: bytes) -> list[bytes]:
    """Entries of a bundle; ValueError where a length prefix does not fit."""
    entries: list[bytes] = []
    position = 0
    while position < len(bundle):
        end = position + 2 + int.from_bytes(bundle[position : position + 2], "big")
        if end > len(bundle):
            raise ValueError(f"entry {len(entries)} of the bundle is cut off")
        entries.append(bundle[position + 2 : end])
        position = end
    return entries
