"""Opening hours: right slots, or none."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.model.hours import DAYS, read_hours

SAMPLE = Path(__file__).parents[2] / "deploy" / "data" / "offers-recklinghausen.csv"


def slots(text: str) -> list[str]:
    return [f"{slot.byday[0]} {slot.opens_at}-{slot.closes_at}" for slot in read_hours(text).slots]


@pytest.mark.parametrize("between", ["\n", " / ", "; ", ", ", "\r\n"])
def test_two_lines_of_weekdays_give_three_slots(between: str) -> None:
    text = f"Montag, Dienstag 09:00 - 14:00 Uhr{between}Mittwoch 09:00 bis 14:30"

    assert slots(text) == ["MO 09:00-14:00", "TU 09:00-14:00", "WE 09:00-14:30"]


EXPECTED = {
    "Mo, Di 09:00–14:00 Uhr; Mi 09:00–14:30 Uhr": ["MO 09:00-14:00", "TU 09:00-14:00", "WE 09:00-14:30"],
    "Mo 09.30–12.00 Uhr; Do 14.00–16.00 Uhr": ["MO 09:30-12:00", "TH 14:00-16:00"],
    "Mi 16–18 Uhr; Fr 11–13 Uhr": ["WE 16:00-18:00", "FR 11:00-13:00"],
    "Mo–Fr 9–11 Uhr": [f"{day} 09:00-11:00" for day in DAYS[:5]],
    "Mo–Mi 14–16.30 Uhr; Do 16–19 Uhr; Fr geschlossen": [
        "MO 14:00-16:30",
        "TU 14:00-16:30",
        "WE 14:00-16:30",
        "TH 16:00-19:00",
    ],
    "donnerstags 17:00–19:00 Uhr": ["TH 17:00-19:00"],
    "1. und 3. Mittwoch im Monat 16.30–18.00 Uhr": ["1WE 16:30-18:00", "3WE 16:30-18:00"],
    "dienstags 10.30–12 Uhr": ["TU 10:30-12:00"],
    "Mo, Mi, Fr 8:00–13:00 Uhr; Di nach Vereinbarung; Do 8:00–18:00 Uhr": [
        "MO 08:00-13:00",
        "WE 08:00-13:00",
        "FR 08:00-13:00",
        "TH 08:00-18:00",
    ],
    "Mo und Do 10–12 Uhr und 15–17 Uhr": ["MO 10:00-12:00", "TH 10:00-12:00", "MO 15:00-17:00", "TH 15:00-17:00"],
}


def test_every_time_of_the_sample_gives_the_right_slots_or_none() -> None:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        times = {row["zeiten"] for row in csv.DictReader(file, delimiter=";") if row["zeiten"]}
    assert set(EXPECTED) <= times

    found = {text: slots(text) for text in times if read_hours(text).is_read}

    assert found == EXPECTED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mo-Do 9-12 und 14-16, Fr 9-12", 9),
        ("Mo. bis Fr. 08:00 bis 16:00 Uhr", 5),
        ("Mo–Fr 9–12; Mi geschlossen", 4),
        ("letzter Freitag im Monat 18-20 Uhr", 1),
        ("jeden 2. Dienstag im Monat von 9 bis 11 Uhr", 1),
        ("Mo 9-12 und nach Vereinbarung", 1),
        ("Sa: 10.00 Uhr - 12.30 Uhr", 1),
    ],
)
def test_other_forms_are_read(text: str, expected: int) -> None:
    assert len(slots(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nach Bedarf",
        "jeden zweiten Sonntag 15–18 Uhr",
        "jeden 2. Mittwoch 9-12 Uhr",
        "2. und 4. Mittwoch im Monat ab 16 Uhr",
        "mittwochs etwa 17–18.30 Uhr",
        "sonntags 15.30–17 Uhr (10.09. und 15.10.2017)",
        "Mo 10.11-12.12",
        "Mo 1-3 Uhr",
        "Mo 22-2 Uhr",
        "Mo 9-25 Uhr",
        "Mo 9:61-12",
        "Mo-Fr 9-12 nach Vereinbarung",
        "Mo-Fr außer Mi 9-12",
        "Mo 9-12 (nicht in den Ferien)",
        "Mo 9-14, Mo 10-16",
        "Mo, Mo 9-12",
        "Fr-Mo 9-12",
        "Mo 9-12 und Di",
        "Mo",
        "9-12 Uhr",
        "Mo geschlossen",
        "täglich 9-17 Uhr",
        "18–19.30 Uhr, mehrere Termine im Oktober 2022",
    ],
)
def test_unclear_hours_are_not_read(text: str) -> None:
    hours = read_hours(text)

    assert (hours.slots, hours.remarks, hours.is_read) == ((), (), False)


def test_remarks_say_what_is_no_slot() -> None:
    hours = read_hours("Mo 9-12; Di nach Vereinbarung; Fr geschlossen")

    assert hours.remarks == ("Di: nach Vereinbarung", "Fr: geschlossen")


def test_monthly_slots_are_monthly() -> None:
    assert [slot.freq for slot in read_hours("1. Mi im Monat 9-10 Uhr, Do 9-12").slots] == ["MONTHLY", "WEEKLY"]


@given(st.text(alphabet="Modi 0129:.-–,;/\nUhrbsund()", max_size=40))
def test_any_text_gives_slots_that_end_after_they_begin(text: str) -> None:
    for slot in read_hours(text).slots:
        assert "06:00" <= slot.opens_at < slot.closes_at <= "23:59"
