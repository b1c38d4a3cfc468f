"""Charts as plain SVG: lines over time and bars side by side, drawn here and readable without their colours.

Decided here: how a chart looks and what a screen reader says of it (its title and a sentence).  Each chart shows one
series with its numbers written beside it; the same numbers stand in a table below, see `desk/charts.html`.  No script
and no inline style, so the pages' security policy holds; colours come from the style sheet, in light, dark and print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import pairwise

from babel.numbers import format_decimal
from markupsafe import Markup, escape

from shared.web.messages import LANGUAGE, locale_of

Point = tuple[str, float | None]
"""What stands below (or before) a value, and the value; None where nothing is known."""

_WIDTH = 480
_HEIGHT = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 16, 30, 34
_LABEL_CHARACTERS = 9
_LABEL_WIDTH = _LABEL_CHARACTERS * 9
_BAR_ROW, _BAR_THICK, _BAR_LABEL = 46, 16, 17
_BAR_VALUE = 90
_TICKS = 5


def say_number(value: float) -> str:
    """Write a number with the separators of the page's language and at most one decimal."""
    return format_decimal(round(value, 1), locale=locale_of(LANGUAGE.get()))


def line_chart(
    title: str, points: Sequence[Point], unit: str, *, description: str, say: Callable[[float], str] = say_number
) -> Markup:
    """Draw a course over time; where a value is missing the line has a gap.

    Args:
        points: in the order of time.
        unit: what is counted, written over the axis.
        description: the course in a sentence, for those who do not see it.
        say: writes a value.
    """
    top = _ceiling(points)
    places = [_place(number, value, len(points), top) for number, (_, value) in enumerate(points)]
    parts = [_grid(top, unit, say), _days(points)]
    for (one, first), (other, second) in pairwise(zip(places, points, strict=True)):
        if one is not None and other is not None and first[1] is not None and second[1] is not None:
            parts.append(_line(one, other, "kw-plot__line"))
    dots = Markup('<circle class="kw-plot__dot" cx="{}" cy="{}" r="4"><title>{}: {}</title></circle>')
    parts += [
        dots.format(*place, label, say(value))
        for place, (label, value) in zip(places, points, strict=True)
        if place is not None and value is not None
    ]
    return _drawing(title, description, _HEIGHT, parts)


def bar_chart(
    title: str, bars: Sequence[Point], unit: str, *, description: str, say: Callable[[float], str] = say_number
) -> Markup:
    """Draw one bar for each value, one below the other, each with its name above and its number behind it.

    Args:
        unit: what is counted, written behind the numbers where it is short, such as "%"; may be empty.
        description: what the bars show in a sentence, for those who do not see them.
        say: writes a value.
    """
    most = max([value for _, value in bars if value is not None] or [0]) or 1
    parts = []
    for number, (label, value) in enumerate(bars):
        upper = number * _BAR_ROW + _BAR_LABEL
        width = 0 if value is None else round((_WIDTH - _BAR_VALUE) * max(value, 0) / most, 1)
        text = "–" if value is None else f"{say(value)} {unit}".strip()
        parts.append(_text(0, upper, label, "kw-plot__name"))
        if value is not None:
            bar = Markup('<rect class="kw-plot__bar" x="0" y="{}" width="{}" height="{}"></rect>')
            parts.append(bar.format(upper + 6, max(width, 1), _BAR_THICK))
        parts.append(_text(max(width, 1) + 6, upper + 6 + _BAR_THICK - 3, text, "kw-plot__value"))
    return _drawing(title, description, max(len(bars), 1) * _BAR_ROW, parts)


def _drawing(title: str, description: str, height: int, parts: Sequence[Markup]) -> Markup:
    name = "kw-plot-" + sha256(f"{title}\n{description}".encode()).hexdigest()[:10]
    head = Markup(
        '<svg class="kw-plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{n}-t {n}-d" focusable="false">'
        '<title id="{n}-t">{}</title><desc id="{n}-d">{}</desc>'
    ).format(_WIDTH, height, title, description, n=name)
    return head + Markup("").join(parts) + Markup("</svg>")


def _ceiling(points: Sequence[Point]) -> float:
    """Return the upper end of the axis: a round number at or above the largest value, never 0."""
    most = max([value for _, value in points if value is not None] or [0])
    step = 1.0
    while step * _TICKS < most:
        step = _next_step(step)
    return step * _TICKS


def _next_step(step: float) -> float:
    """Return the next one of the steps 1, 2, 5, 10, 20, 50 and so on."""
    return step * 2.5 if str(step).startswith("2") else step * 2


def _place(number: int, value: float | None, count: int, top: float) -> tuple[float, float] | None:
    if value is None:
        return None
    return _across(number, count), round(_TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - max(value, 0) / top), 1)


def _across(number: int, count: int) -> float:
    room = _WIDTH - _LEFT - _RIGHT - _LABEL_WIDTH / 2
    return round(_LEFT + _LABEL_WIDTH / 4 + (room * number / (count - 1) if count > 1 else room / 2), 1)


def _grid(top: float, unit: str, say: Callable[[float], str]) -> Markup:
    lines = [_text(0, 14, unit, "kw-plot__name")]
    for tick in range(_TICKS + 1):
        y = round(_HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * tick / _TICKS, 1)
        lines.append(_line((_LEFT, y), (_WIDTH - _RIGHT, y), "kw-plot__grid"))
        lines.append(_text(_LEFT - 8, y + 5, say(top * tick / _TICKS), "kw-plot__tick kw-plot__tick--end"))
    return Markup("").join(lines)


def _days(points: Sequence[Point]) -> Markup:
    """Write what stands below the axis: as many as have room, the last one always."""
    most = (_WIDTH - _LEFT - _RIGHT) // _LABEL_WIDTH
    each = max(1, -(-len(points) // most))
    last = len(points) - 1
    return Markup("").join(
        _text(_across(number, len(points)), _HEIGHT - 10, label, "kw-plot__tick kw-plot__tick--middle")
        for number, (label, _) in enumerate(points)
        if (last - number) % each == 0
    )


def _line(one: tuple[float, float], other: tuple[float, float], kind: str) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"></line>').format(kind, *one, *other)


def _text(x: float, y: float, text: str, kind: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(kind, x, y, escape(text))
