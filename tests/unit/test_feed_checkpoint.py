"""Checkpoint text: three lines, one spelling."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ParseError
from shared.feed.checkpoint import Checkpoint, format_checkpoint_text, parse_checkpoint_text

ORIGIN = "herten.kreisweit.example/feed/g1"
ROOT = "E9W3jm/N2Oh0gnl7BLad8UAXyj8aSjW49aWy0dAWHHU="


@given(st.integers(1, 10**16 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoints_round_trip(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)

    assert parse_checkpoint_text(format_checkpoint_text(checkpoint)) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        f"{ORIGIN}\n5\n{ROOT}",
        f"{ORIGIN}\n5\n{ROOT}\nextension\n",
        f"{ORIGIN}\n5\n{ROOT}\n\n",
        f"{ORIGIN}\n5\n",
        f"{ORIGIN}\n0\n{ROOT}\n",
        f"{ORIGIN}\n05\n{ROOT}\n",
        f"{ORIGIN}\n+5\n{ROOT}\n",
        f"{ORIGIN}\n-5\n{ROOT}\n",
        f"{ORIGIN}\n5 \n{ROOT}\n",
        f"{ORIGIN}\n1_0\n{ROOT}\n",
        f"{ORIGIN}\n٥\n{ROOT}\n",
        f"{ORIGIN}\n{10**16}\n{ROOT}\n",
        f"{ORIGIN}\n5\n{ROOT[:-2]}V=\n",
        f"{ORIGIN}\n5\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n5\nAAAA\n",
        f"https://{ORIGIN}\n5\n{ROOT}\n",
        f"Herten.example/feed/g1\n5\n{ROOT}\n",
        f"kreisweit.catalogue/v1\n5\n{ROOT}\n",
        f"{'a' * 201}\n5\n{ROOT}\n",
        "",
    ],
)
def test_other_spellings_are_refused(text: str) -> None:
    with pytest.raises(ParseError):
        parse_checkpoint_text(text)


@pytest.mark.parametrize(
    "checkpoint", [Checkpoint(ORIGIN, 0, bytes(32)), Checkpoint(ORIGIN, 1, b""), Checkpoint("a b", 1, bytes(32))]
)
def test_what_would_not_read_back_is_not_written(checkpoint: Checkpoint) -> None:
    with pytest.raises(ParseError):
        format_checkpoint_text(checkpoint)
