"""The second factor: the vectors of RFC 6238, tolerance, and no code twice."""

from __future__ import annotations

import base64

import pyotp
import pytest

from shared.accounts import second_factor
from shared.accounts.second_factor import used_step
from tests.support.world import SeededDice

SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = 1_700_000_010


@pytest.mark.parametrize(
    ("time", "code"), [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (20_000_000_000, "353130")]
)
def test_vectors_of_the_standard_are_right(time: int, code: str) -> None:
    assert used_step(SECRET, code, last_step=0, now=time) == time // 30


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_code_of_a_neighbouring_step_counts(steps: int, counts: bool) -> None:
    code = pyotp.TOTP(SECRET).at(NOW + 30 * steps)

    assert (used_step(SECRET, code, last_step=0, now=NOW) is not None) is counts


def test_code_works_once_and_no_earlier_one_after_it() -> None:
    code, before = pyotp.TOTP(SECRET).at(NOW), pyotp.TOTP(SECRET).at(NOW - 30)
    step = used_step(SECRET, code, last_step=0, now=NOW)
    assert step is not None

    assert used_step(SECRET, code, last_step=step, now=NOW) is None
    assert used_step(SECRET, before, last_step=step, now=NOW) is None
    assert used_step(SECRET, pyotp.TOTP(SECRET).at(NOW + 30), last_step=step, now=NOW + 30) == step + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "１２３４５６", "abcdef", "-12345", "12 34 5"])
def test_what_is_no_code_is_wrong(typed: str) -> None:
    assert used_step(SECRET, typed, last_step=0, now=NOW) is None


def test_code_may_be_typed_with_a_space() -> None:
    code = pyotp.TOTP(SECRET).at(NOW)

    assert used_step(SECRET, f" {code[:3]} {code[3:]} ", last_step=0, now=NOW) is not None


def test_nobody_passes_without_a_secret() -> None:
    assert used_step("", "000000", last_step=0, now=NOW) is None


def test_address_names_party_and_account_and_the_picture_needs_no_style() -> None:
    secret = second_factor.make_secret(SeededDice("x"))

    address = second_factor.setup_address(secret, name="e.mustermann", issuer="Stadt Herten")
    picture = second_factor.picture(address, title="QR-Code")

    assert address.startswith("otpauth://totp/Stadt%20Herten:e.mustermann?secret=")
    assert pyotp.parse_uri(address).secret == secret
    assert picture.startswith("<svg")
    assert "style" not in picture
    assert second_factor.in_groups("ABCDEFGHIJ") == "ABCD EFGH IJ"
