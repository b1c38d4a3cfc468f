"""The tree: every size to 130 and around 256, every proof, one bit flipped."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import EquivocationError, InclusionError, ParseError
from shared.feed.merkle import (
    Frontier,
    consistency_proof,
    empty_root,
    frontier_from,
    inclusion_proof,
    leaf_hash,
    node_hash,
    reader_of,
    subtree_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(b"leaf %d\n" % number) for number in range(260)]
SIZES = [*range(1, 131), 255, 256, 257, 258]
FEW_SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 100, 127, 128, 129, 255, 256, 257]


def slow_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + slow_root(leaves[:half]) + slow_root(leaves[half:])).digest()


ROOTS = {size: slow_root(LEAVES[:size]) for size in range(259)}


def flip(value: bytes, bit: int) -> bytes:
    return (int.from_bytes(value, "big") ^ 1 << bit % (8 * len(value))).to_bytes(len(value), "big")


def assert_refused(call: Callable[[], None]) -> None:
    with pytest.raises((InclusionError, EquivocationError)):
        call()


def test_hashes_are_separated_by_domain() -> None:
    assert leaf_hash(b"") == sha256(b"\x00").digest()
    assert node_hash(b"a" * 32, b"b" * 32) == sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()
    assert empty_root() == sha256(b"").digest() == Frontier().root()


@pytest.mark.parametrize("size", [0, *SIZES])
def test_roots_of_frontier_and_subtree_are_those_of_the_rfc(size: int) -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:size])

    assert frontier.root() == subtree_root(LEAVES[:size]) == ROOTS[size]
    assert (frontier.size, len(frontier.hashes)) == (size, size.bit_count())
    assert frontier_from(size, reader_of(LEAVES)) == frontier


def test_appending_one_by_one_is_extending_at_once() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES[:258], 1):
        frontier.append(leaf)
        assert frontier.root() == ROOTS[size]


@given(st.integers(0, 130), st.integers(0, 100))
def test_a_packed_frontier_goes_on_where_it_ended(first: int, more: int) -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:first])
    again = Frontier.unpack(first, frontier.pack())
    again.extend(LEAVES[first : first + more])

    assert again.root() == ROOTS[first + more]
    assert frontier.root() == ROOTS[first]


def test_a_copy_grows_alone() -> None:
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    twin = frontier.copy()
    twin.append(LEAVES[5])

    assert (frontier.size, frontier.root(), twin.root()) == (5, ROOTS[5], ROOTS[6])
    assert frontier != twin
    assert frontier == Frontier(5, frontier.hashes)


@pytest.mark.parametrize(
    ("size", "packed"), [(5, b"x" * 32), (0, b"x" * 32), (5, b"x" * 65), (4, b""), (-1, b""), (3, b"x" * 96)]
)
def test_a_frontier_of_the_wrong_length_is_refused(size: int, packed: bytes) -> None:
    with pytest.raises(ParseError):
        Frontier.unpack(size, packed)


@pytest.mark.parametrize("size", SIZES)
def test_every_inclusion_proof_verifies_and_no_changed_one(size: int) -> None:
    reader, root = reader_of(LEAVES), ROOTS[size]
    for index in range(size):
        proof = inclusion_proof(index, size, reader)
        verify_inclusion(leaf=LEAVES[index], index=index, size=size, proof=proof, root=root)
        assert_changed_inclusion_is_refused(index, size, proof, root)


def assert_changed_inclusion_is_refused(index: int, size: int, proof: list[bytes], root: bytes) -> None:
    leaf, bit = LEAVES[index], 37 * index + size

    def refused(leaf: bytes = leaf, index: int = index, proof: list[bytes] = proof, root: bytes = root) -> None:
        assert_refused(lambda: verify_inclusion(leaf=leaf, index=index, size=size, proof=proof, root=root))

    refused(leaf=flip(leaf, bit))
    refused(root=flip(root, bit))
    refused(index=(index + 1) % size if size > 1 else 1)
    refused(proof=[*proof, LEAVES[0]])
    if proof:
        place = index % len(proof)
        refused(proof=[*proof[:place], flip(proof[place], bit), *proof[place + 1 :]])
        refused(proof=proof[:-1])
        refused(proof=proof[1:])


@pytest.mark.parametrize("second", SIZES)
def test_every_consistency_proof_verifies_and_no_changed_one(second: int) -> None:
    reader = reader_of(LEAVES)
    for first in range(1, second + 1):
        proof = consistency_proof(first, second, reader)
        verify_consistency(first=first, second=second, first_root=ROOTS[first], second_root=ROOTS[second], proof=proof)
        assert_changed_consistency_is_refused(first, second, proof)


def assert_changed_consistency_is_refused(first: int, second: int, proof: list[bytes]) -> None:
    bit = 37 * first + second
    old, new = ROOTS[first], ROOTS[second]

    def refused(old: bytes = old, new: bytes = new, proof: list[bytes] = proof) -> None:
        assert_refused(
            lambda: verify_consistency(first=first, second=second, first_root=old, second_root=new, proof=proof)
        )

    refused(old=flip(old, bit))
    refused(new=flip(new, bit))
    refused(proof=[*proof, LEAVES[0]])
    if proof:
        place = first % len(proof)
        refused(proof=[*proof[:place], flip(proof[place], bit), *proof[place + 1 :]])
        refused(proof=proof[:-1])


def test_two_roots_of_one_size_are_a_fork() -> None:
    with pytest.raises(EquivocationError) as caught:
        verify_consistency(first=5, second=5, first_root=ROOTS[5], second_root=ROOTS[6], proof=[])

    assert caught.value.code == "E_FORK"


@pytest.mark.parametrize(("first", "second"), [(0, 5), (6, 5), (-1, 5), (0, 0)])
def test_no_consistency_between_impossible_sizes(first: int, second: int) -> None:
    with pytest.raises(InclusionError):
        consistency_proof(first, second, reader_of(LEAVES))
    with pytest.raises(InclusionError):
        verify_consistency(first=first, second=second, first_root=ROOTS[5], second_root=ROOTS[5], proof=[])


@pytest.mark.parametrize(("index", "size"), [(5, 5), (-1, 5), (0, 0)])
def test_no_inclusion_of_what_is_not_there(index: int, size: int) -> None:
    with pytest.raises(InclusionError):
        inclusion_proof(index, size, reader_of(LEAVES))
    with pytest.raises(InclusionError):
        verify_inclusion(leaf=LEAVES[0], index=index, size=size, proof=[], root=ROOTS[1])


def test_a_proof_holds_only_hashes() -> None:
    proof = inclusion_proof(2, 5, reader_of(LEAVES))

    with pytest.raises(InclusionError, match="not a hash"):
        verify_inclusion(leaf=LEAVES[2], index=2, size=5, proof=[proof[0] + proof[1], *proof[2:]], root=ROOTS[5])


def test_a_reader_gives_only_complete_subtrees() -> None:
    read = reader_of(LEAVES[:5])

    assert read(2, 0) == ROOTS[4]
    with pytest.raises(InclusionError):
        read(1, 2)


@pytest.mark.parametrize("size", FEW_SIZES)
def test_an_entry_is_never_taken_for_a_node(size: int) -> None:
    """The second preimage of RFC 6962: two leaves written as one."""
    if size < 2:
        return
    forged = leaf_hash(LEAVES[0] + LEAVES[1])

    assert subtree_root([forged, *LEAVES[2:size]]) != ROOTS[size]
