"""A secret locked with a passphrase in the age format: read by others' tools, and theirs by us."""

from __future__ import annotations

import pyrage
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.clock import SystemDice
from shared.errors import KreisweitError, ParseError, VerificationError
from shared.passphrase import SECRET_MAX_BYTES, lock_secret, open_secret
from tests.support.world import SeededDice

WORD = "drei graue Katzen singen"
LOCKED = lock_secret(b"AGE-SECRET-KEY-1", WORD, SeededDice("passphrase"))


def test_the_usual_tool_opens_what_we_locked() -> None:
    assert pyrage.passphrase.decrypt(LOCKED, WORD) == b"AGE-SECRET-KEY-1"


def test_we_open_what_the_usual_tool_locked() -> None:
    assert open_secret(pyrage.passphrase.encrypt(b"secret", "päß"), "päß") == b"secret"


@settings(max_examples=5, deadline=None)
@given(st.binary(min_size=1, max_size=2000), st.text(max_size=40))
def test_what_was_locked_is_opened(secret: bytes, passphrase: str) -> None:
    assert open_secret(lock_secret(secret, passphrase, SystemDice()), passphrase) == secret


def test_another_passphrase_opens_nothing() -> None:
    with pytest.raises(VerificationError, match="another passphrase"):
        open_secret(LOCKED, WORD + " ")


@pytest.mark.parametrize("at", [0, 30, 56, 70, 105, 125, 170, 175, 190, len(LOCKED) - 1])
def test_changed_file_is_refused(at: int) -> None:
    changed = bytearray(LOCKED)
    changed[at] ^= 1

    with pytest.raises(KreisweitError):
        open_secret(bytes(changed), WORD)


@pytest.mark.parametrize("end", [0, 21, 100, 180, len(LOCKED) - 1])
def test_file_cut_short_is_refused(end: int) -> None:
    with pytest.raises(KreisweitError):
        open_secret(LOCKED[:end], WORD)


def test_file_that_asks_for_too_much_work_is_not_opened() -> None:
    with pytest.raises(ParseError, match="work factor 21, at most 20"):
        open_secret(LOCKED.replace(b" 16\n", b" 21\n"), WORD)


@pytest.mark.parametrize("size", [0, SECRET_MAX_BYTES + 1])
def test_nothing_and_too_much_is_not_locked(size: int) -> None:
    with pytest.raises(ParseError, match=f"secret of {size} bytes"):
        lock_secret(bytes(size), WORD, SystemDice())
