"""What the district reads about a member in trouble: every state is explained, every link leads to a step."""

from __future__ import annotations

import pytest

from hub.guidance import GUIDANCE, NEW_KEYS
from hub.roster_steps import STEPS
from shared.feed.outcomes import State


def test_every_state_but_the_good_one_is_explained() -> None:
    assert set(GUIDANCE) == set(State) - {State.ACTIVE}


@pytest.mark.parametrize("state", GUIDANCE, ids=str)
def test_explanation_says_what_happened_and_what_to_do(state: State) -> None:
    guidance = GUIDANCE[state]

    assert guidance.happened.endswith(".")
    assert guidance.todo
    assert [todo.text for todo in guidance.todo if not todo.text.endswith(".")] == []


@pytest.mark.parametrize("state", GUIDANCE, ids=str)
def test_links_lead_to_steps_that_exist(state: State) -> None:
    parts = {todo.part for todo in GUIDANCE[state].todo if todo.part}

    assert parts <= {NEW_KEYS, *(f"schritt/{word}" for word in STEPS)}
    assert [todo for todo in GUIDANCE[state].todo if bool(todo.part) != bool(todo.label)] == []
