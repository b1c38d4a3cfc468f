"""The city's look: no accent colour makes text unreadable, no file that is no picture becomes a logo."""

from __future__ import annotations

import pytest

from node.city import (
    City,
    accent_contrasts,
    accent_problems,
    picture_type,
    stylesheet,
)
from shared.model.colours import DARK, LEAST_CONTRAST, accent_for_dark
from shared.model.district import contrast
from shared.model.text import gaps_in, is_finished


@pytest.mark.parametrize("colour", ["#00567a", "#000000", "#7a0000", "#1a6b1a"])
def test_dark_colour_is_taken_and_lightened_for_dark_ground(colour: str) -> None:
    assert accent_problems(colour) == []
    assert contrast(accent_for_dark(colour), DARK) >= LEAST_CONTRAST


@pytest.mark.parametrize(
    ("colour", "word"), [("#ffcc00", "Zu hell"), ("#00567A", "sechs Ziffern"), ("red", "sechs"), ("#fff", "sechs")]
)
def test_colour_that_cannot_carry_text_is_refused_with_the_reason(colour: str, word: str) -> None:
    assert word in accent_problems(colour)[0]


def test_contrasts_are_told_in_words() -> None:
    told = accent_contrasts("#00567a")

    assert told["auf Weiß"].endswith(" zu 1")
    assert "aufgehellt" in told["auf dunklem Grund"]


def test_stylesheet_holds_a_checked_colour_and_nothing_else() -> None:
    assert "#00567a" in stylesheet(City(accent="#00567a"))
    assert stylesheet(City(accent="red}*{display:none")) == ""


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n0", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"<svg onload=x>", ""),
        (b"GIF89a", ""),
    ],
)
def test_picture_is_known_by_its_first_bytes(picture: bytes, kind: str) -> None:
    assert picture_type(picture) == kind


def test_text_with_gaps_is_not_finished() -> None:
    text = "Telefon: [Telefon …], siehe [Amt](https://example.org), [Telefon …]"

    assert gaps_in(text) == ["[Telefon …]"]
    assert (is_finished(text), is_finished("Telefon: 1"), is_finished("")) == (False, True, False)
