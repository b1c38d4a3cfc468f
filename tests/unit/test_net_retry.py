"""Back-off: doubles, stays below its cap, spreads, and never is zero after a failure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.net.retry import backoff_seconds


def test_backoff_doubles_up_to_the_cap() -> None:
    waits = [backoff_seconds(failures, base=10, cap=100, jitter=1.0) for failures in range(7)]

    assert waits == [0, 10, 20, 40, 80, 100, 100]


def test_jitter_spreads_over_the_upper_half() -> None:
    waits = [backoff_seconds(4, base=10, cap=1000, jitter=jitter) for jitter in (0.0, 0.5, 1.0)]

    assert waits == [40, 60, 80]


@given(failures=st.integers(1, 10**9), jitter=st.floats(0, 1), cap=st.integers(1, 86_400))
def test_backoff_is_at_least_a_second_and_at_most_the_cap(failures: int, jitter: float, cap: int) -> None:
    assert 1 <= backoff_seconds(failures, base=0.1, cap=cap, jitter=jitter) <= cap


@pytest.mark.parametrize("jitter", [-0.1, 1.1, float("nan")])
def test_jitter_out_of_range_is_refused(jitter: float) -> None:
    with pytest.raises(ValueError, match="jitter"):
        backoff_seconds(1, base=1, cap=1, jitter=jitter)
