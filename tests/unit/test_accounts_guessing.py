"""How long to wait after wrong guesses, and which network an address is counted with."""

from __future__ import annotations

import pytest

from shared.accounts.guessing import ACCOUNT_PACE, HOUR_SECONDS, NETWORK_PACE, Pace, network_of, wait_seconds

NOW = 1_800_000_000


def play(pace: Pace, *, seconds: int) -> int:
    """Guess as often as it is allowed for so long; returns how many guesses that were."""
    times: list[int] = []
    now = NOW
    while now < NOW + seconds:
        wait = wait_seconds(times, pace, now=now)
        if wait:
            now += wait
        else:
            times.append(now)
    return len(times)


@pytest.mark.parametrize("count", range(ACCOUNT_PACE.free))
def test_first_guesses_need_no_waiting(count: int) -> None:
    assert wait_seconds([NOW] * count, ACCOUNT_PACE, now=NOW) == 0


def test_wait_doubles_with_each_guess() -> None:
    waits = [wait_seconds([NOW] * count, ACCOUNT_PACE, now=NOW) for count in range(4, 10)]

    assert waits == [5, 10, 20, 40, 80, 160]


def test_no_more_than_ten_guesses_an_hour_at_one_account() -> None:
    assert play(ACCOUNT_PACE, seconds=HOUR_SECONDS) == 10
    assert play(ACCOUNT_PACE, seconds=24 * HOUR_SECONDS) <= 240


def test_no_more_than_a_hundred_guesses_an_hour_from_one_network() -> None:
    assert play(NETWORK_PACE, seconds=HOUR_SECONDS) <= 100


def test_wait_ends() -> None:
    times = [NOW - 3000 + n for n in range(10)]

    assert wait_seconds(times, ACCOUNT_PACE, now=NOW) == 600
    assert wait_seconds(times, ACCOUNT_PACE, now=NOW + 600) == 0


def test_guesses_of_a_clock_that_ran_ahead_do_not_count() -> None:
    assert wait_seconds([NOW + 90_000] * 10, ACCOUNT_PACE, now=NOW) == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2ff::1", "2001:db8:1:200::/56"),
        ("fe80::1%eth0", "fe80::/56"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_address_is_counted_with_its_network(address: str, network: str) -> None:
    assert network_of(address) == network
