"""Passwords: which are refused, and that a check takes the same work whether or not there is an account."""

from __future__ import annotations

import threading

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

from shared.accounts import passwords
from shared.accounts.passwords import BusyError, Passwords, check_password

CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NAMES = ("e.mustermann", "Erika Mustermann", "Stadt Herten")


@pytest.mark.parametrize(
    "password",
    [
        "", "elf zeichen", "aaaaaaaaaaaaaaaa", "abababababab", "passwort1234", "Passwort!2026", "123456789012",
        "qwertzuiopas", "Mustermann2026", "erika.mustermann", "Herten2026!!!", "RECKLINGHAUSEN1", "x" * 201,
    ],
)  # fmt: skip
def test_weak_password_is_refused_with_a_reason(password: str) -> None:
    assert len(check_password(password, names=NAMES)) == 1


@pytest.mark.parametrize(
    "password",
    [
        "drei graue Katzen singen",
        "Ölöfen über Äckern",
        "correct-but-ordinary-words",
        "kT9#fLq2vXz8",
        "鳥が木の上で歌っている朝",
    ],
)
def test_long_password_without_rules_of_composition_is_taken(password: str) -> None:
    assert check_password(password, names=NAMES) == []


def test_one_spelling_of_umlauts_counts() -> None:
    checks = Passwords(CHEAP)

    assert checks.is_right("Zu\u0308rich ist scho\u0308n", checks.hash("Zürich ist schön"))


def test_missing_account_costs_a_check_and_never_fits() -> None:
    class Counting(PasswordHasher):
        seen: list[str | bytes] = []  # noqa: RUF012 - of this test alone

        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            self.seen.append(hash)
            raise VerifyMismatchError

    assert not Passwords(Counting()).is_right("whatever it is", "")
    assert Counting.seen == [passwords._DUMMY_HASH]


def test_hash_for_nobody_costs_what_a_real_one_costs() -> None:
    assert extract_parameters(passwords._DUMMY_HASH) == extract_parameters(PasswordHasher().hash("x"))
    assert not Passwords().is_right("", "")


def test_hash_with_weaker_settings_is_outdated() -> None:
    weak = Passwords(CHEAP).hash("drei graue Katzen singen")

    assert Passwords().is_outdated(weak)
    assert not Passwords(CHEAP).is_outdated(weak)


def test_broken_hash_fits_nothing() -> None:
    assert not Passwords(CHEAP).is_right("drei graue Katzen singen", "not a hash")


def test_more_checks_than_may_wait_are_refused_at_once() -> None:
    may_go_on, begun = threading.Event(), threading.Semaphore(0)

    class Slow(PasswordHasher):
        def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]
            begun.release()
            may_go_on.wait(10)
            return True

    checks = Passwords(Slow())
    threads = [threading.Thread(target=checks.is_right, args=("x", "y"), daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(passwords.PARALLEL):
        assert begun.acquire(timeout=10)
    deadline = threading.Event()
    while checks._admitted._value and not deadline.wait(0.01):  # until all wait for their turn
        pass

    with pytest.raises(BusyError):
        checks.is_right("x", "y")
    assert not begun.acquire(blocking=False)  # no more than two at once
    may_go_on.set()
    for thread in threads:
        thread.join(10)
    assert checks.is_right("x", "y")
