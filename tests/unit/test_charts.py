"""Charts: what is drawn, what is said of it, and that nothing in it can break out of the drawing."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

from shared.web.charts import bar_chart, line_chart


def _tree(drawn: str) -> ElementTree.Element:
    return ElementTree.fromstring(drawn)  # noqa: S314 - our own text


def _texts(drawn: str) -> list[str]:
    return [one.text or "" for one in _tree(drawn).iter("text")]


def test_a_chart_says_its_title_and_description() -> None:
    for drawn in (
        line_chart("Prüfungen", [("Jan", 3), ("Feb", 5)], "Tage", description="Es werden mehr."),
        bar_chart("Prüfungen", [("Herten", 3)], "", description="Es werden mehr."),
    ):
        tree = _tree(drawn)

        said = [next(one for one in tree if one.get("id") == name) for name in tree.get("aria-labelledby", "").split()]

        assert tree.get("role") == "img"
        assert [one.text for one in said] == ["Prüfungen", "Es werden mehr."]


def test_a_missing_value_leaves_a_gap_and_no_dot() -> None:
    drawn = line_chart("T", [("a", 1), ("b", None), ("c", 2), ("d", 4)], "", description="D")

    assert drawn.count("<circle") == 3
    assert drawn.count('class="kw-plot__line"') == 1


def test_higher_values_stand_higher_and_the_axis_ends_above_them() -> None:
    drawn = line_chart("T", [("a", 0), ("b", 130), ("c", 70)], "", description="D")

    heights = [float(one.get("cy", "")) for one in _tree(drawn).iter("circle")]
    assert heights[1] < heights[2] < heights[0]
    assert "250" in _texts(drawn)


def test_bars_are_as_long_as_their_values_and_carry_them_in_words() -> None:
    drawn = bar_chart("T", [("Herten", 20), ("Marl", 10), ("Waltrop", None)], "%", description="D")

    lengths = [float(one.get("width", "")) for one in _tree(drawn).iter("rect")]
    assert lengths[0] == 2 * lengths[1]
    assert _texts(drawn) == ["Herten", "20 %", "Marl", "10 %", "Waltrop", "–"]


def test_numbers_can_be_said_otherwise() -> None:
    drawn = bar_chart("T", [("Herten", 3)], "", description="D", say=lambda value: "unter 5")

    assert "unter 5" in _texts(drawn)


def test_many_points_are_named_so_that_no_names_touch_and_the_last_one_always() -> None:
    points = [(f"{day}.11.2026", float(day)) for day in range(1, 61)]

    drawn = line_chart("T", points, "", description="D")

    ticks = [one for one in _tree(drawn).iter("text") if "middle" in one.get("class", "")]
    places = [float(one.get("x", "")) for one in ticks]
    assert ticks[-1].text == "60.11.2026"
    assert min(b - a for a, b in pairwise(places)) >= 70


def test_nothing_to_show_is_drawn_too() -> None:
    assert "<circle" not in line_chart("T", [], "", description="D")
    assert "<rect" not in bar_chart("T", [], "", description="D")
    assert line_chart("T", [("a", 0)], "", description="D").count("<circle") == 1


def test_texts_cannot_leave_the_drawing() -> None:
    bad = '"><script>alert(1)</script>'

    for drawn in (
        line_chart(bad, [(bad, 1)], bad, description=bad),
        bar_chart(bad, [(bad, 1)], bad, description=bad, say=lambda value: bad),
    ):
        _tree(drawn)
        assert "<script" not in drawn
        assert not re.search(r"style=|on\w+=", drawn)
