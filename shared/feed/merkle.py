"""The tree of RFC 6962 / 9162: hashes, frontier, inclusion and consistency (PROTOCOL 2, 6.9, 12).

The reader of a log needs only `Frontier`: old frontier + new leaves = signed root is its consistency proof.  Proofs for
others are built through a `HashReader`, so that they can be served from tiles, a table, or a list of leaves alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

from shared.errors import EquivocationError, InclusionError, ParseError

HASH_BYTES = 32

HashReader = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree of 2**level leaves that begins at leaf index * 2**level."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees together."""
    return sha256(b"\x01" + left + right).digest()


def empty_root() -> bytes:
    """Return the root of the tree without leaves."""
    return sha256(b"").digest()


class Frontier:
    """The complete subtrees at the right edge of a tree, largest first: enough to append and to give the root.

    Not safe to share while it grows: `copy` before appending to one that others hold.
    """

    __slots__ = ("_hashes", "_size")

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        if size < 0 or len(hashes) != size.bit_count() or any(len(value) != HASH_BYTES for value in hashes):
            raise ParseError(f"frontier of size {size} with {len(hashes)} hashes, {max(size, 0).bit_count()} expected")
        self._size = size
        self._hashes = list(hashes)

    @property
    def size(self) -> int:
        """Number of leaves."""
        return self._size

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """Roots of the complete subtrees, largest first."""
        return tuple(self._hashes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Frontier) and self._size == other._size and self._hashes == other._hashes

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"Frontier(size={self._size})"

    def copy(self) -> Frontier:
        """Return an independent frontier of the same tree."""
        twin = Frontier()
        twin._size, twin._hashes = self._size, self._hashes.copy()
        return twin

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes in order."""
        hashes, size = self._hashes, self._size
        push, pop, digest = hashes.append, hashes.pop, sha256
        for leaf in leaves:
            subtree, carry = leaf, size
            while carry & 1:
                subtree = digest(b"\x01" + pop() + subtree).digest()
                carry >>= 1
            push(subtree)
            size += 1
        self._size = size

    def root(self) -> bytes:
        """Return the root of the tree."""
        return _fold_right(self._hashes)

    def pack(self) -> bytes:
        """Write the hashes, concatenated; the size is kept beside them."""
        return b"".join(self._hashes)

    @classmethod
    def unpack(cls, size: int, packed: bytes) -> Frontier:
        """Read what `pack` wrote for a tree of `size` leaves; ParseError when it cannot be that."""
        return cls(size, _split_hashes(packed))


def _split_hashes(packed: bytes) -> list[bytes]:
    if len(packed) % HASH_BYTES:
        raise ParseError(f"{len(packed)} bytes are not a whole number of hashes")
    return [packed[start : start + HASH_BYTES] for start in range(0, len(packed), HASH_BYTES)]


def _fold_right(subtrees: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees of falling size."""
    if not subtrees:
        return empty_root()
    value = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        value = node_hash(left, value)
    return value


def subtree_root(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes."""
    level = list(leaves)
    if not level:
        return empty_root()
    while len(level) > 1:
        last = level[-1:] if len(level) % 2 else []
        level = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)] + last
    return level[0]


def reader_of(leaves: Sequence[bytes]) -> HashReader:
    """Return a HashReader over leaf hashes in memory."""

    def read(level: int, index: int) -> bytes:
        start, width = index << level, 1 << level
        if start + width > len(leaves):
            raise InclusionError(f"no complete subtree of level {level} at {index} in {len(leaves)} leaves")
        return subtree_root(leaves[start : start + width])

    return read


def frontier_from(size: int, reader: HashReader) -> Frontier:
    """Return the frontier of the first `size` leaves."""
    return Frontier(size, _complete_subtrees(0, size, reader))


def _complete_subtrees(start: int, end: int, reader: HashReader) -> list[bytes]:
    """Return the complete subtrees of leaves start..end, largest first; `start` is a multiple of the largest."""
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(reader(level, start >> level))
        start += 1 << level
    return found


def _split_point(size: int) -> int:
    """Return the largest power of two smaller than `size` (RFC 9162, 2.1.1)."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, reader: HashReader) -> list[bytes]:
    """Return the proof that leaf `index` stands in the tree of `size` leaves (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < size:
        raise InclusionError(f"leaf {index} is not in a tree of size {size}")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _split_point(end - start)
        if index < middle:
            path.append(_fold_right(_complete_subtrees(middle, end, reader)))
            end = middle
        else:
            path.append(_fold_right(_complete_subtrees(start, middle, reader)))
            start = middle
    return path[::-1]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Return when the proof shows that `leaf` is leaf `index` under `root` (RFC 9162, 2.1.3.2).

    Args:
        leaf: the leaf hash.
        proof: hashes from the leaf upwards; untrusted.
    Raises:
        InclusionError: wrong length, or it leads to another root.
    """
    if not 0 <= index < size:
        raise InclusionError(f"leaf {index} is not in a tree of size {size}")
    node, last, value = index, size - 1, leaf
    for sibling in _hashes_only(proof):
        if last == 0:
            raise InclusionError(f"inclusion proof of {len(proof)} hashes is too long for leaf {index} of {size}")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            value = node_hash(value, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or value != root:
        raise InclusionError(f"inclusion proof of leaf {index} does not lead to the root of size {size}")


def consistency_proof(first: int, second: int, reader: HashReader) -> list[bytes]:
    """Return the proof that the tree of `first` leaves begins the tree of `second` (RFC 9162, 2.1.4.1)."""
    if not 0 < first <= second:
        raise InclusionError(f"no consistency proof from size {first} to {second}")
    start, end, is_whole = 0, second, True
    path: list[bytes] = []
    while first != end:
        middle = start + _split_point(end - start)
        if first <= middle:
            path.append(_fold_right(_complete_subtrees(middle, end, reader)))
            end = middle
        else:
            path.append(_fold_right(_complete_subtrees(start, middle, reader)))
            start, is_whole = middle, False
    if not is_whole:
        path.append(_fold_right(_complete_subtrees(start, end, reader)))
    return path[::-1]


def verify_consistency(
    *, first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> None:
    """Return when the proof shows that the first tree begins the second (RFC 9162, 2.1.4.2).

    Raises:
        EquivocationError: equal sizes, other roots; needs no proof.
        InclusionError: the proof does not lead to both roots.  No evidence of a fork: anybody can send a bad proof.
    """
    if not 0 < first <= second:
        raise InclusionError(f"no consistency proof from size {first} to {second}")
    if first == second:
        if first_root != second_root:
            raise EquivocationError(f"two roots of size {first}")
        if proof:
            raise InclusionError("consistency proof between equal sizes is not empty")
        return
    path = list(_hashes_only(proof))
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        raise InclusionError(f"consistency proof from {first} to {second} is empty")
    old, new = _climb(first, second, path)
    if old != first_root or new != second_root:
        raise InclusionError(f"consistency proof from {first} to {second} does not lead to both roots")


def _climb(first: int, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the two roots that a consistency path leads to."""
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise InclusionError(f"consistency proof from {first} to {second} is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise InclusionError(f"consistency proof from {first} to {second} is too short")
    return old, new


def _hashes_only(proof: Sequence[bytes]) -> Sequence[bytes]:
    if any(len(value) != HASH_BYTES for value in proof):
        raise InclusionError("proof holds something that is not a hash")
    return proof
