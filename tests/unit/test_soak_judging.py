"""A soak run is judged rightly: what grows is found, what is only noise is not, and nothing bad goes unmentioned."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench.soak_judging import Answer, Bounds, Observed, Sample, broken, drift, report, rss_slope, slope, windows
from tests.bench.soak_staff import FormReader

MIB = 1024 * 1024
LEVEL = {"hub": "ab", "herten": "ab"}


def samples(
    minutes: int,
    *,
    rss: Callable[[float], float] = lambda at: 100,
    descriptors: Callable[[float], int] = lambda at: 30,
    wal: int = 0,
) -> list[Sample]:
    """One party, looked at every ten seconds; the arguments are functions of the seconds."""
    times = range(0, 60 * minutes + 1, 10)
    return [Sample(at, "herten", rss(at), descriptors(at), 7, {"node.db": MIB, "node.db-wal": wal}) for at in times]


def answers(*pairs: tuple[float, float]) -> list[Answer]:
    return [Answer(at, "herten", "search", taken, 200) for at, taken in pairs]


@pytest.mark.parametrize(
    ("points", "rise"),
    [
        ([(0, 1), (1, 3), (2, 5)], 2),
        ([(0, 1), (1, 0), (2, 1), (3, 0)], -0.2),
        ([(5, 5)], 0),
        ([(3, 1), (3, 9)], 0),
        ([], 0),
    ],
)
def test_slope_is_that_of_the_line_with_the_least_squares(points: list[tuple[float, float]], rise: float) -> None:
    assert slope(points) == pytest.approx(rise)


def test_growth_during_warm_up_is_left_out() -> None:
    warming = samples(120, rss=lambda at: min(150, 100 + at / 20))

    assert rss_slope(warming) == pytest.approx(0)
    assert broken(Observed(warming, [], digests=LEVEL), Bounds()) == []


def test_leak_breaks_the_bound_once_the_run_is_long_enough_to_tell() -> None:
    leaking = Observed(samples(120, rss=lambda at: 100 + 2 * at / 3600), [], digests=LEVEL)

    assert broken(leaking, Bounds()) == ["herten: memory grows by 2.0 MiB/h, allowed 1"]
    assert broken(leaking, Bounds(rss_mib_per_hour=3)) == []


def test_short_run_says_that_memory_was_not_judged() -> None:
    short = Observed(samples(10, rss=lambda at: 100 + 20 * at / 3600), [], digests=LEVEL)

    assert broken(short, Bounds()) == []
    assert any(line.startswith("memory not judged: 8 minutes") for line in report(short, Bounds()))
    assert broken(short, Bounds(tell_minutes=5)) == ["herten: memory grows by 20.0 MiB/h, allowed 1"]


def test_descriptors_that_pile_up_break_the_bound_and_those_that_come_and_go_do_not() -> None:
    piling = Observed(samples(10, descriptors=lambda at: 30 + int(at) // 30), [], digests=LEVEL)
    swinging = Observed(samples(10, descriptors=lambda at: 30 + int(at) % 60), [], digests=LEVEL)

    assert [text.split(": ")[1].split(" ", 1)[1] for text in broken(piling, Bounds())] == [
        "more descriptors at the end, allowed 8"
    ]
    assert broken(swinging, Bounds()) == []


def test_large_write_ahead_log_breaks_the_bound() -> None:
    assert broken(Observed(samples(1, wal=65 * MIB), [], digests=LEVEL), Bounds()) == [
        "herten: write-ahead log of 65.0 MiB, allowed 64"
    ]


def test_every_wrong_answer_is_told_and_an_offer_that_has_gone_is_none() -> None:
    given = [
        Answer(1, "hub", "search", 5, 503, "/angebote?q=a"),
        Answer(2, "marl", "page", 5, 0, "/verbund (TimeoutError)"),
        Answer(3, "marl", "page", 5, 404, "/nirgends"),
        Answer(4, "marl", "offer", 5, 410, "/angebote/x"),
        Answer(5, "marl", "offer", 5, 500, "/angebote/y"),
    ]

    assert broken(Observed(samples(1), given, digests=LEVEL), Bounds()) == [
        "wrong answer: 503 after 1 s from hub /angebote?q=a",
        "wrong answer: none after 2 s from marl /verbund (TimeoutError)",
        "wrong answer: 404 after 3 s from marl /nirgends",
        "wrong answer: 500 after 5 s from marl /angebote/y",
    ]


@pytest.mark.parametrize("digests", [{}, {"hub": "ab", "herten": "cd"}, {"hub": "", "herten": ""}])
def test_catalogues_that_are_not_equal_at_the_end_break_the_bound(digests: dict[str, str]) -> None:
    found = broken(Observed(samples(1), [], digests=digests), Bounds())

    assert len(found) == 1
    assert "digests are not equal" in found[0]


def test_mismatch_and_failed_edit_break_the_bound() -> None:
    seen = Observed(samples(1), [], digests=LEVEL, mismatches=["E_ROOT of marl"], errors=["import at herten: 1"])

    assert broken(seen, Bounds()) == ["failed: import at herten: 1", "mismatch: E_ROOT of marl"]
    assert report(seen, Bounds())[-1] == "2 broken"


def test_drift_compares_the_last_third_with_the_first() -> None:
    slower = answers(*((at, 10 if at < 30 else 15) for at in range(90)))

    assert drift(slower, "search", 0.5) == pytest.approx(0.5)
    assert drift(slower, "page", 0.5) == 0


def test_windows_hold_the_answers_of_their_time() -> None:
    found = windows(answers((1, 10), (59, 30), (61, 50)), 60)

    assert [(window["from"], window["answers"], window["p99_ms"]) for window in found] == [(0, 2, 30), (60, 1, 50)]


def test_form_is_read_as_a_browser_would_send_it() -> None:
    reader = FormReader("angebot")
    reader.feed(
        '<form id="suche"><input name="q" value="x"></form>'
        '<form id="angebot"><input name="name" value="Kurs &amp; Tee">'
        '<input type="checkbox" name="topics" value="a" checked><input type="checkbox" name="topics" value="b">'
        '<input type="radio" name="free" value="ja"><input type="radio" name="free" value="nein" checked>'
        '<textarea name="body">\nZwei\nZeilen &amp; mehr</textarea><textarea name="leer"></textarea>'
        '<select name="kind"><option value="x">X</option><option value="y" selected>Y</option></select></form>'
    )

    assert reader.fields == [
        ("name", "Kurs & Tee"), ("topics", "a"), ("free", "nein"), ("body", "Zwei\nZeilen & mehr"), ("leer", ""),
        ("kind", "y"),
    ]  # fmt: skip
