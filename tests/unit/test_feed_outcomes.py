"""Codes and states: each has words, and precedence is that of the protocol."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import errors
from shared.errors import KreisweitError, ParseError
from shared.feed.outcomes import ABOUT, PRECEDENCE, Code, State, format_state, parse_state_word, shown_state


def test_every_code_has_a_sentence_and_somebody_who_acts() -> None:
    assert set(ABOUT) == set(Code)
    for about in ABOUT.values():
        assert about.text.endswith(".")
        assert about.text[0].isupper()
        assert about.acts
    assert len({about.text for about in ABOUT.values()}) == len(Code)


def test_every_error_of_the_tree_carries_a_known_code() -> None:
    codes = {
        found.code for found in vars(errors).values() if isinstance(found, type) and issubclass(found, KreisweitError)
    }

    assert codes - {""} <= set(Code)


def test_precedence_is_that_of_the_protocol() -> None:
    shown = [state for state in PRECEDENCE if state is not State.INVITED]

    assert " ".join(shown) == (
        "retired suspended paused forked rolled-back quarantined held throttled dormant stale active"
    )


@given(st.lists(st.sampled_from(State)))
def test_the_first_state_that_holds_is_shown(conditions: list[State]) -> None:
    shown = shown_state(conditions)

    assert shown in conditions or (shown is State.ACTIVE and not conditions)
    assert all(PRECEDENCE.index(shown) <= PRECEDENCE.index(state) for state in conditions)


@given(st.sampled_from(State), st.none() | st.integers(0, 10**16 - 1))
def test_state_words_round_trip(state: State, fold: int | None) -> None:
    assert parse_state_word(format_state(state, fold)) == (state, fold)


def test_a_held_fold_is_written_behind_the_word() -> None:
    assert format_state(State.HELD, 12) == "held@12"
    assert parse_state_word("some-later-word") == ("some-later-word", None)


@pytest.mark.parametrize("text", ["", "Held", "held@", "held@01", "held@-1", "held@1@2", "held 1", "held\n", "a" * 65])
def test_other_words_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_state_word(text)


@pytest.mark.parametrize(("state", "fold"), [("held", -1), ("", None), ("held@1", None), ("held", 10**16)])
def test_what_would_not_read_back_is_not_written(state: str, fold: int | None) -> None:
    with pytest.raises(ParseError):
        format_state(state, fold)
