"""Every state that a program names has a German word, and the pages use the same table."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from node.viewing import STATES
from shared.feed.outcomes import State
from shared.state_words import STATE_WORDS, state_in_german

_OF_OFFERS = {
    "draft", "pending", "published", "pending-withdrawal", "withdrawn", "conflict", "erased", "lost", "outdated",
}  # fmt: skip


def test_every_state_of_member_node_and_offer_has_a_word() -> None:
    assert {*State, *STATES, *_OF_OFFERS, "live"} - STATE_WORDS.keys() == set()


def test_badges_of_the_pages_are_states_of_the_table() -> None:
    macros = (files("shared.web") / "templates" / "macros.html").read_text("utf-8")
    badges = re.findall(r'^  "([a-z-]+)": "(?:success|info|warning|danger)"', macros, re.MULTILINE)

    assert len(badges) > 15
    assert set(badges) - STATE_WORDS.keys() == set()


@pytest.mark.parametrize(
    ("word", "german"),
    [("active", "aktiv"), ("held@40", "angehalten"), ("quarantined(E_SIG)", "in Quarantäne"), ("unheard", "unheard")],
)
def test_word_as_it_stands_in_the_catalogue_note(word: str, german: str) -> None:
    assert state_in_german(word) == german
