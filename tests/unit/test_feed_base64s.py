"""Base64: one spelling per value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.feed.base64s import decode_base64, decode_base64url, encode_base64, encode_base64url


@given(st.binary(max_size=100))
def test_both_alphabets_round_trip(raw: bytes) -> None:
    assert decode_base64(encode_base64(raw), len(raw)) == raw
    assert decode_base64url(encode_base64url(raw), len(raw)) == raw


@given(st.text("AB+/-_= \nQ", max_size=12))
def test_what_is_accepted_is_spelled_as_we_spell_it(text: str) -> None:
    for decode, encode in ((decode_base64, encode_base64), (decode_base64url, encode_base64url)):
        try:
            raw = decode(text)
        except ParseError:
            continue
        assert encode(raw) == text


@pytest.mark.parametrize(
    "text", ["AB==", "AA=", "AA", "A", "AA==\n", " AA==", "AA==AA==", "A-==", "AÄ==", "AA===", "=", "AA==x"]
)
def test_standard_refuses(text: str) -> None:
    with pytest.raises(ParseError):
        decode_base64(text)


@pytest.mark.parametrize("text", ["AB", "AA==", "A", "A+", "A/", " AA", "AÄ", "AA\n", "AA="])
def test_url_safe_refuses(text: str) -> None:
    with pytest.raises(ParseError):
        decode_base64url(text)


def test_another_length_is_refused() -> None:
    with pytest.raises(ParseError, match="holds 1 bytes, 2 expected"):
        decode_base64("AA==", 2)
    with pytest.raises(ParseError, match="holds 1 bytes, 2 expected"):
        decode_base64url("AA", 2)
