"""Texts that a spreadsheet would execute (threat T22)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.formulas import guarded, unguarded


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"])
def test_dangerous_beginning_gets_an_apostrophe(sign: str) -> None:
    assert guarded(f"{sign}1+1") == f"'{sign}1+1"


@pytest.mark.parametrize("text", ["", "Café", "1+1", "'s Heerenberg", "''"])
def test_harmless_text_stays(text: str) -> None:
    assert guarded(text) == unguarded(text) == text


@given(st.text(alphabet="'=+-@\t a＝") | st.text())
def test_way_out_and_back_changes_nothing(text: str) -> None:
    assert unguarded(guarded(text)) == text
