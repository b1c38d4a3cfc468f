"""The course of a member as a chart and as the table below it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from hub.store.member_days import MemberDay
from shared.state_words import state_in_german
from shared.web.charts import Point, line_chart


@dataclass(frozen=True)
class Course:
    """Charts of size and lag, a row for each known day, and how many days each state was the most urgent one.

    A row holds day, entries, offers, lag, state.
    """

    size: Markup
    lag: Markup
    states: Sequence[tuple[str, int]]
    rows: Sequence[tuple[str, int, int, int, str]]


def draw_course(days: Sequence[MemberDay | date]) -> Course | None:
    """Draw how a member stood; None while nothing is known of it."""
    known = [day for day in days if isinstance(day, MemberDay)]
    if not known:
        return None
    first, last = known[0], known[-1]
    sizes = f"Einträge am {_short(first.day)}: {first.size}; am {_short(last.day)}: {last.size}."
    most = max(known, key=lambda day: day.lag)
    lags = (
        f"Am größten war der Rückstand am {_short(most.day)} mit {most.lag} Einträgen."
        if most.lag
        else "In dieser Zeit gab es keinen Rückstand."
    )
    return Course(
        size=line_chart("Einträge im Log", _points(days, "size"), "Einträge", description=sizes),
        lag=line_chart("Rückstand", _points(days, "lag"), "Einträge", description=lags),
        states=Counter(day.state for day in known).most_common(),
        rows=[
            (_long(day.day), day.size, day.offers, day.lag, state_in_german(day.state)) for day in reversed(known)
        ],
    )  # fmt: skip


def _points(days: Sequence[MemberDay | date], column: str) -> list[Point]:
    return [
        (_short(day.day), getattr(day, column)) if isinstance(day, MemberDay) else (_short(day.isoformat()), None)
        for day in days
    ]


def _short(day: str) -> str:
    return f"{day[8:]}.{day[5:7]}."


def _long(day: str) -> str:
    return f"{day[8:]}.{day[5:7]}.{day[:4]}"
