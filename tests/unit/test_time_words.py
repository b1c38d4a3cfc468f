"""How days, hours and the standing of an offer read, in German and on pages of other languages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest

from shared.model.dates import Slot, Standing
from shared.model.parts import Cost, Phone, Place, Schedule, ScheduleException
from shared.web import offer_words as w
from shared.web import time_words as t
from shared.web.messages import LANGUAGE

TUESDAY = date(2026, 11, 24)


@contextmanager
def page_in(language: str) -> Iterator[None]:
    token = LANGUAGE.set(language)
    try:
        yield
    finally:
        LANGUAGE.reset(token)


def slot(ahead: int, opens: str = "09:00", closes: str = "14:00") -> Slot:
    return Slot(TUESDAY + timedelta(days=ahead), opens, closes, 0)


@pytest.mark.parametrize(
    ("standing", "said"),
    [
        (Standing("open", slot(0)), "Heute geöffnet bis 14:00 Uhr"),
        (Standing("later", slot(0)), "Heute geöffnet von 9:00 bis 14:00 Uhr"),
        (Standing("closed", None, slot(1)), "Heute geschlossen|Öffnet morgen um 9:00 Uhr"),
        (Standing("closed", None, slot(3)), "Heute geschlossen|Öffnet Freitag um 9:00 Uhr"),
        (Standing("over", None, slot(7)), "Jetzt geschlossen|Öffnet am Dienstag, 1. Dezember 2026 um 9:00 Uhr"),
        (Standing("closed", is_holiday=True), "Heute geschlossen (Allerheiligen)"),
        (Standing("open", slot(0), by_phone=True), "Heute telefonisch erreichbar bis 14:00 Uhr"),
        (Standing("other", cause=ScheduleException(date_from=TUESDAY, hours="9–10 Uhr")),
         "Heute gelten andere Zeiten: 9–10 Uhr"),
        (Standing("other"), "Heute gelten andere Zeiten; bitte fragen Sie nach."),
    ],
)  # fmt: skip
def test_standing(standing: Standing, said: str) -> None:
    assert t.standing_lines(standing, TUESDAY, "Allerheiligen") == said.split("|")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (Schedule(byday=("MO", "WE"), opens_at="09:00", closes_at="12:00"), "Mo, Mi 09:00–12:00 Uhr"),
        (Schedule(byday=("1WE", "-1FR"), opens_at="16:00"), "1. Mi im Monat, letzter Fr im Monat ab 16:00 Uhr"),
        (Schedule(byday=("TU",), opens_at="09:00", interval=2, freq="WEEKLY", dtstart=TUESDAY),
         "Di ab 09:00 Uhr, alle 2 Wochen, ab 24.11.2026"),
        (Schedule(bymonthday=(15,), freq="MONTHLY", interval=3, dtstart=TUESDAY, until=TUESDAY),
         "am 15. im Monat, alle 3 Monate, 24.11.2026"),
        (Schedule(kind="telefonzeit", byday=("FR",), by_appointment=True), "Telefonzeit: Fr, nach Vereinbarung"),
        (Schedule(kind="sprechzeit", description="nach Bedarf"), "Sprechzeit, nach Bedarf"),
    ],
)  # fmt: skip
def test_schedules_in_german(rule: Schedule, said: str) -> None:
    assert t.times([rule]) == [said]


def test_german_pages_have_no_marks_in_texts() -> None:
    assert t.times([Schedule(byday=("MO",), opens_at="09:00", closes_at="12:00", description="<b>")]) == [
        "Mo 09:00–12:00 Uhr, &lt;b&gt;"
    ]
    assert w.phone(Phone(number="+49 2361 531")) == '<a href="tel:+492361531">+49 2361 531</a>'


def test_numbers_keep_their_order_on_a_page_from_right_to_left() -> None:
    with page_in("ar"):
        hours = t.times([Schedule(byday=("MO",), opens_at="09:00", closes_at="12:00", description="im Hof")])[0]
        phone = w.phone(Phone(number="+49 2361 531", description="Zentrale"))

    assert '<bdi dir="ltr">09:00–12:00</bdi>' in hours
    assert "الاثنين" in hours
    assert '<span lang="de" dir="ltr">im Hof</span>' in hours
    assert '<bdi dir="ltr">+49 2361 531</bdi>' in phone
    assert '<span lang="de" dir="ltr">Zentrale</span>' in phone


def test_prices_follow_the_language() -> None:
    entry = Cost(amount=3.5, option="Heft", amount_description="im Monat")

    assert w.cost(entry) == "Heft 3,50\xa0€ (im Monat)"
    with page_in("en"):
        assert "€3.50" in w.cost(entry)
    with page_in("ar"):
        assert w.cost(entry).count("<bdi>") == 1


def test_days_follow_the_language() -> None:
    assert t.day(TUESDAY) == "24.11.2026"
    with page_in("en"):
        assert t.long_day(TUESDAY) == "Tuesday, 24 November 2026"


@pytest.mark.parametrize("hostile", ["<script>", '"><img src=x>'])
def test_a_place_is_text_and_its_map_an_ordinary_link(hostile: str) -> None:
    said = w.place(Place(name=hostile, address_1="Weg 1", city="Marl", postal_code="45768"), is_confidential=False)

    assert "<script" not in said
    assert "<img" not in said
    assert 'href="https://www.openstreetmap.org/search?query=Weg%201%2C%2045768%20Marl"' in said


def test_a_confidential_place_has_neither_street_nor_map() -> None:
    entry = Place(name="Haus", address_1="Weg 1", city="Marl", latitude=51.6, longitude=7.1)

    assert w.place(entry, is_confidential=True) == "Marl (Anschrift auf Anfrage)"
