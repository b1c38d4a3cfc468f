"""Who is wrong when entries do not hash to the signed root: told by a few tiles, whatever size is claimed (6.9)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shared.errors import EquivocationError, FetchError, InclusionError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.checkpoint import Checkpoint
from shared.feed.evidence import split_proof
from shared.feed.merkle import HashReader, frontier_from, leaf_hash, node_hash, reader_of
from shared.feed.tiles import TilePath, hash_tile, tile_reader
from shared.feed.trusted_log import diagnose_root

LEAVES = [leaf_hash(b"%d" % number) for number in range(70_000)]
SIZES = [
    (1, 2), (5, 6), (255, 256), (256, 257), (256, 512), (257, 300), (3_000, 5_000), (65_535, 65_536), (65_536, 65_537),
    (1, 70_000), (32_768, 65_536), (40_001, 69_999), (69_999, 70_000),
]  # fmt: skip


class Tiles:
    """A publisher's tiles, and which of them were asked for."""

    def __init__(self, tree: HashReader) -> None:
        self._tree = tree
        self.asked: list[TilePath] = []

    def load(self, path: TilePath) -> bytes:
        self.asked.append(path)
        return hash_tile(path.level, path.n, path.width, self._tree) if isinstance(path.level, int) else b""


def memoised(tree: HashReader) -> HashReader:
    """The same reader over subtrees of 256 leaves that are hashed once."""
    held: dict[tuple[int, int], bytes] = {}

    def read(level: int, index: int) -> bytes:
        if level < 8:
            return tree(level, index)
        if (level, index) not in held:
            halves = (read(level - 1, 2 * index), read(level - 1, 2 * index + 1)) if level > 8 else ()
            held[level, index] = node_hash(*halves) if halves else tree(level, index)
        return held[level, index]

    return read


TREE = memoised(reader_of(LEAVES))


def diagnose(held: int, size: int, load: Callable[[TilePath], bytes], *, root: bytes = b"") -> VerificationError:
    """Diagnose with the true root of `size`, or another, and the root held for `held`: the true one unless forked."""
    return diagnose_root(
        signed=Checkpoint("herten.example/feed/g1", size, frontier_from(size, TREE).root()), held_size=held,
        held_root=root or frontier_from(held, TREE).root(), tree=tile_reader(size, load), evidence=(b"ours", b"theirs"),
    )  # fmt: skip


@pytest.mark.parametrize(("held", "size"), SIZES)
def test_fork_is_told_from_a_bad_bundle_by_two_tiles_a_row(held: int, size: int) -> None:
    tiles = Tiles(TREE)

    bundle = diagnose(held, size, tiles.load)
    once = len(tiles.asked)
    fork = diagnose(held, size, tiles.load, root=leaf_hash(b"another history"))

    assert (type(bundle), bundle.evidence) == (InclusionError, ())
    assert "bundle does not match" in bundle.message
    assert (type(fork), fork.evidence[0]) == (EquivocationError, b"ours")
    assert split_proof(fork.evidence[1])[:2] == (b"theirs", frontier_from(held, TREE).root())
    assert once <= 2 * 3  # a tree of 70 000 leaves has three rows
    assert len(set(tiles.asked[:once])) == once
    assert all(path.n * 256 + path.width <= size >> (8 * int(path.level)) for path in tiles.asked)


@pytest.mark.parametrize(("held", "size"), SIZES)
def test_tiles_of_another_tree_accuse_nobody(held: int, size: int) -> None:
    other = Tiles(lambda level, index: leaf_hash(b"%d %d" % (level, index)))

    told = diagnose(held, size, other.load)

    assert type(told) is InclusionError
    assert "neither entries nor tiles" in told.message


@pytest.mark.parametrize("bend", [lambda data: data[:-32], lambda data: data + bytes(32), lambda _: b""])
def test_tile_of_a_wrong_length_accuses_nobody(bend: Callable[[bytes], bytes]) -> None:
    told = diagnose(300, 500, lambda path: bend(Tiles(TREE).load(path)))

    assert type(told) is InclusionError


def test_tile_that_does_not_come_is_said_so() -> None:
    def fail(path: TilePath) -> bytes:
        raise FetchError(f"tile {path.level}/{path.n} answered 404", kind="status")

    with pytest.raises(FetchError):
        diagnose(300, 500, fail)


@pytest.mark.parametrize("held", [1, 5, 2**40 - 1, (limits.TREE_SIZE_MAX * 2) // 3, limits.TREE_SIZE_MAX - 1])
def test_claim_of_the_largest_size_costs_no_more_tiles_than_the_limit(held: int) -> None:
    asked: list[TilePath] = []

    def zeros(path: TilePath) -> bytes:
        asked.append(path)
        return bytes(32 * path.width)

    told = diagnose_root(
        signed=Checkpoint("herten.example/feed/g1", limits.TREE_SIZE_MAX, bytes(32)), held_size=held,
        held_root=bytes(32), tree=tile_reader(limits.TREE_SIZE_MAX, zeros), evidence=(b"", b""),
    )  # fmt: skip

    assert type(told) is InclusionError
    assert 0 < len(asked) <= limits.DIAGNOSIS_TILES_MAX
    assert sum(32 * path.width for path in asked) <= limits.DIAGNOSIS_TILES_MAX * limits.HASH_TILE_MAX_BYTES


def test_reader_refuses_more_tiles_than_a_proof_can_need() -> None:
    read = tile_reader(limits.TREE_SIZE_MAX, lambda path: bytes(32 * path.width))
    for number in range(limits.DIAGNOSIS_TILES_MAX):
        read(8, 256 * number)

    with pytest.raises(ParseError, match="hash tiles"):
        read(8, 256 * limits.DIAGNOSIS_TILES_MAX)
