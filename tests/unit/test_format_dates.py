"""The dates of all offers as one calendar: read by icalendar, expanded by dateutil, they are the dates of the model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rruleset, rrulestr
from icalendar import Calendar

from shared.model.dates import HORIZON_DAYS, Timetable
from shared.model.offer import OfferDoc
from shared.model.public_holidays import holiday_on
from shared.outputs.formats.dates import DATES
from tests.support.offered import RID, SomeOffers, make_doc, make_offered, offers_of, real_docs, written

TODAY = date(2026, 3, 2)  # a Monday, the day of the state
BERLIN = ZoneInfo("Europe/Berlin")
HOURS = {"opens_at": "09:00", "closes_at": "12:00"}
RULES: dict[str, dict[str, Any]] = {
    "weekly": {"schedules": [{**HOURS, "freq": "WEEKLY", "byday": ["MO", "TH"]}]},
    "every third week": {
        "schedules": [{**HOURS, "freq": "WEEKLY", "byday": ["TU", "SU"], "interval": 3, "dtstart": "2026-02-10"}]
    },
    "second and last of the month": {"schedules": [{**HOURS, "freq": "MONTHLY", "byday": ["2WE", "-1FR"]}]},
    "days of the month": {"schedules": [{**HOURS, "freq": "MONTHLY", "bymonthday": [1, 15, -1]}]},
    "ten times": {
        "schedules": [{**HOURS, "freq": "WEEKLY", "byday": ["WE"], "dtstart": "2026-02-25", "count": 10}]
    },
    "one day, on a holiday": {"schedules": [{**HOURS, "dtstart": "2026-05-01", "until": "2026-05-01"}]},
    "one day without hours": {"schedules": [{"dtstart": "2026-06-13", "until": "2026-06-13"}]},
    "until summer": {
        "schedules": [{**HOURS, "freq": "WEEKLY", "byday": ["FR"], "valid_from": "2026-03-20", "until": "2026-07-03"}],
        "valid_to": "2026-06-19",
    },
    "with days off": {
        "schedules": [{**HOURS, "freq": "WEEKLY", "byday": ["MO", "TH"]}],
        "exceptions": [
            {"date_from": "2026-03-02", "closed": True},
            {"date_from": "2026-07-20", "date_to": "2026-09-01", "hours": "nach Vereinbarung"},
        ],
    },
    "open on holidays": {
        "schedules": [{**HOURS, "freq": "WEEKLY", "byday": ["MO", "TH"]}], "closed_on_holidays": False
    },
    "with closed hours": {
        "schedules": [
            {"opens_at": "09:00", "closes_at": "17:00", "freq": "WEEKLY", "byday": ["MO", "TH"]},
            {"opens_at": "12:00", "closes_at": "13:00", "freq": "MONTHLY", "byday": ["1MO"], "kind": "geschlossen"},
        ]
    },
}  # fmt: skip


def calendar_of(offers: SomeOffers) -> Any:
    body = written(DATES, offers)
    assert body.startswith(b"BEGIN:VCALENDAR\r\n")
    assert body.endswith(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    return Calendar.from_ical(body)


def dates_of(calendar: Any) -> set[tuple[str, str]]:
    """Beginning and end of every date within a year, by the wall clock."""
    return {one for event in calendar.walk("VEVENT") for one in _expanded(event)}


def _expanded(event: Any) -> Iterator[tuple[str, str]]:
    start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
    if not isinstance(start, datetime):
        yield start.isoformat(), ""
        return
    assert str(start.tzinfo) == "Europe/Berlin"
    length = end - start if end is not None else timedelta(0)
    found = rruleset()
    if "RRULE" in event:
        found.rrule(rrulestr(event["RRULE"].to_ical().decode(), dtstart=start))
    else:
        found.rdate(start)
    left_out = event.get("EXDATE", [])
    for entry in left_out if isinstance(left_out, list) else [left_out]:
        for one in entry.dts:
            found.exdate(one.dt)
    horizon = datetime.combine(TODAY + timedelta(days=HORIZON_DAYS + 1), datetime.min.time(), BERLIN)
    for begin in found.between(start, horizon, inc=True):
        yield f"{begin:%Y-%m-%dT%H:%M}", f"{begin + length:%H:%M}" if end is not None else ""


def dates_in_model(doc: OfferDoc) -> set[tuple[str, str]]:
    timetable = Timetable(doc, lambda day: bool(holiday_on(day, "NW")))
    slots = [slot for ahead in range(HORIZON_DAYS + 1) for slot in timetable.slots_on(TODAY + timedelta(days=ahead))]
    return {
        (f"{slot.day}T{slot.opens_at}" if slot.opens_at else f"{slot.day}", slot.closes_at)
        for slot in slots
    }  # fmt: skip


@pytest.mark.parametrize("rules", RULES.values(), ids=RULES.keys())
def test_expanded_calendar_has_the_dates_of_the_model(rules: dict[str, Any]) -> None:
    doc = make_doc(**rules)

    found = dates_of(calendar_of(offers_of(doc)))

    assert found == dates_in_model(doc)
    assert found


def test_closed_holidays_and_clock_changes_are_kept() -> None:
    doc = make_doc(**RULES["weekly"])

    calendar = calendar_of(offers_of(doc))
    days = {begin[:10] for begin, _ in dates_of(calendar)}

    assert not days & {"2026-04-06", "2026-05-25", "2026-06-04"}  # Ostermontag, Pfingstmontag, Fronleichnam
    assert {"2026-03-26", "2026-03-30", "2026-10-22", "2026-10-26"} <= days
    (zone,) = calendar.walk("VTIMEZONE")
    assert str(zone["TZID"]) == "Europe/Berlin"
    assert {str(part["TZNAME"]) for part in zone.subcomponents} == {"CET", "CEST"}


def test_entry_says_what_where_and_since_when() -> None:
    doc = make_doc(
        **RULES["weekly"], locations=[{"name": "Haus, am Park; links", "address_1": "Weg 1", "city": "Herten"}]
    )

    (event,) = calendar_of(offers_of(doc)).walk("VEVENT")

    assert str(event["SUMMARY"]) == "Sprachcafé"
    assert str(event["LOCATION"]) == "Haus, am Park; links, Weg 1, Herten"
    assert str(event["URL"]) == f"https://katalog.example/angebote/{RID}"
    changed = datetime.fromisoformat("2026-02-01T08:00:00+00:00")
    assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == changed


def test_names_of_entries_stay_and_are_all_different() -> None:
    docs = [make_doc(**rules, id=f"{number:032x}") for number, rules in enumerate(RULES.values())]

    one, other = (calendar_of(offers_of(*order)) for order in (docs, docs[::-1]))

    uids = [str(event["UID"]) for event in one.walk("VEVENT")]
    assert len(uids) == len(set(uids)) > len(docs)
    assert sorted(uids) == sorted(str(event["UID"]) for event in other.walk("VEVENT"))


def test_confidential_address_person_and_offers_without_dates_are_not_in_it() -> None:
    secret = make_doc(
        **RULES["weekly"], address_confidential=True, locations=[{"address_1": "Geheim 1", "city": "Herten"}],
        contacts=[{"name": "Erika Mustermann"}],
    )  # fmt: skip
    ended = make_doc(**RULES["weekly"], id="0" * 31 + "1", name="Vorbei", valid_to="2026-01-01")
    paused = make_doc(**RULES["weekly"], id="0" * 31 + "2", name="Pause", status="inactive")
    as_text = make_doc(id="0" * 31 + "3", name="Textzeit", schedule_text="montags ab neun")

    body = written(DATES, offers_of(secret, ended, paused, as_text)).decode()

    assert body.count("BEGIN:VEVENT") == 1
    assert not [word for word in ("Geheim", "Mustermann", "Vorbei", "Pause", "Textzeit") if word in body]


def test_dates_of_real_offers_are_those_of_the_model() -> None:
    docs = [doc for doc in real_docs() if doc.schedules][:12]

    found = dates_of(calendar_of(offers_of(*docs)))

    assert found == set().union(*(dates_in_model(doc) for doc in docs))
    assert len(docs) > 5


@pytest.mark.parametrize(
    "title", ["ä" * 200, "Kurs 👩👧 " * 20, "a" * 66 + "ü", "b" * 67 + "ü", "c" * 68 + "ü", "d" * 67]
)
def test_long_lines_are_folded_and_no_letter_is_torn(title: str) -> None:
    title = title[:160].strip()

    body = written(DATES, offers_of(make_doc(**RULES["weekly"], name=title)))

    assert max(len(line) for line in body.split(b"\r\n")) <= 75
    assert [line.decode() for line in body.split(b"\r\n")]
    (event,) = Calendar.from_ical(body).walk("VEVENT")
    assert str(event["SUMMARY"]) == title


def test_text_cannot_begin_a_line_of_its_own() -> None:
    hostile = "Ort;\\,\r\nATTENDEE:mailto:a@b.example\nEND:VEVENT\x0b"
    doc = make_doc(**RULES["weekly"])
    offered = make_offered(doc)
    named = dataclasses.replace(offered, service={**offered.service, "name": hostile})

    (event,) = calendar_of(SomeOffers([named])).walk("VEVENT")

    assert str(event["SUMMARY"]) == "Ort;\\,\nATTENDEE:mailto:a@b.example\nEND:VEVENT"
    assert "ATTENDEE" not in event
