"""Sets of numbers as integers, and their stored pieces."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.search.bitmaps import CHUNK, from_numbers, numbers_of, pack_chunk, unpack_chunk

NUMBERS = st.sets(st.integers(min_value=0, max_value=CHUNK - 1), max_size=600)


@given(NUMBERS)
def test_set_gives_back_its_numbers(numbers: set[int]) -> None:
    assert list(numbers_of(from_numbers(list(numbers)))) == sorted(numbers)


@given(NUMBERS)
def test_stored_piece_is_the_same_set_and_never_larger_than_its_bitmap(numbers: set[int]) -> None:
    stored = pack_chunk(numbers)

    assert unpack_chunk(stored) == from_numbers(list(numbers))
    assert len(stored) <= CHUNK // 8
