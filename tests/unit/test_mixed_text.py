"""Days, times and numbers in every language, and texts that keep their own direction on a page of another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

import pytest
from jinja2 import DictLoader
from markupsafe import escape

from shared.model.parts import Cost, Phone, Place, Schedule
from shared.model.shipped import shipped_district
from shared.web import dates_in_words, offer_words, time_words
from shared.web.messages import LANGUAGE
from shared.web.mixed_text import shown_address
from shared.web.pages import Pages, Shell

LANGUAGES = shipped_district().languages
MOMENT = datetime(2026, 11, 24, 17, 20)  # noqa: DTZ001 - already in the district's zone
NOW = 1_795_494_000  # 24 November 2026, 05:20 in Berlin


class FixedClock:
    """A clock that stands still."""

    def now(self) -> int:
        return NOW

    def monotonic(self) -> float:
        return 0.0


@contextmanager
def in_language(language: str) -> Iterator[None]:
    token = LANGUAGE.set(language)
    try:
        yield
    finally:
        LANGUAGE.reset(token)


def render(language: str, text: str) -> str:
    pages = Pages(Shell("Stadt Herten", "Kreis"), FixedClock())
    loader = pages._environment.loader
    assert loader is not None
    pages._environment.loader = type(loader)([DictLoader({"page.html": text}), loader])  # type: ignore[call-arg]
    with in_language(language):
        return pages.render("page.html").strip()


@pytest.mark.parametrize(
    ("language", "day", "moment"),
    [
        ("de", "24.11.2026", "24.11.2026, 17:20 Uhr"),
        ("de-simple", "24.11.2026", "24.11.2026, 17:20 Uhr"),
        ("en", "24 Nov 2026", "24 Nov 2026, 17:20"),
        ("tr", "24 Kas 2026", "24 Kas 2026 17:20"),
        ("uk", "24 лист. 2026\u202fр.", "24 лист. 2026\u202fр., 17:20"),
        ("ru", "24 нояб. 2026\u202fг.", "24 нояб. 2026\u202fг., 17:20"),
        ("pl", "24 lis 2026", "24 lis 2026, 17:20"),
        ("ro", "24 nov. 2026", "24 nov. 2026, 17:20"),
        ("bg", "24.11.2026\u202fг.", "24.11.2026\u202fг., 17:20"),
        ("kmr", "24.11.2026", "24.11.2026 17:20"),
        ("fa", "24 نوامبر 2026", "24 نوامبر 2026،\u200f 17:20"),
        ("prs", "24 نومبر 2026", "24 نومبر 2026،\u200f 17:20"),
        ("ar", "24\u200f/11\u200f/2026", "24\u200f/11\u200f/2026، 17:20"),
    ],
)
def test_day_and_moment_are_written_as_the_language_does(language: str, day: str, moment: str) -> None:
    with in_language(language):
        assert dates_in_words.day(MOMENT.date()) == day
        assert dates_in_words.moment(MOMENT) == moment


@pytest.mark.parametrize("language", LANGUAGES)
def test_digits_are_those_of_telephone_and_house_numbers(language: str) -> None:
    filters = "{{ t|date }} {{ t|moment }} {{ (t - 180)|ago }} {{ (t + 200000)|ago }} {{ 12345.5|number }}"
    page = render(language, f"{{% set t = {NOW} %}}" + filters)

    assert re.search(r"[٠-٩۰-۹]", page) is None
    assert "2026" in page
    assert "05:20" in page


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("seconds", [-5_000_000, -180, -1, 1, 180, 172_800, 90_000_000])
def test_time_that_passed_or_comes_is_said_in_words(language: str, seconds: int) -> None:
    with in_language(language):
        text = dates_in_words.ago(seconds)

    # Babel lacks words for some times in Kurmancî; pages write the day there.
    assert not text.startswith(("+", "-"))
    assert text or language == "kmr"


@pytest.mark.parametrize(
    ("language", "monday"), [("de", "Mo"), ("en", "Mon"), ("ar", "الاثنين"), ("kmr", "dşm"), ("pl", "pon.")]
)
def test_weekday_is_named_in_short(language: str, monday: str) -> None:
    with in_language(language):
        assert dates_in_words.weekday("MO") == monday
        assert len({dates_in_words.weekday(code) for code in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")}) == 7


SLOTS = [
    Schedule(freq="WEEKLY", byday=("MO", "WE"), opens_at="09:00", closes_at="12:00", kind="sprechzeit"),
    Schedule(freq="WEEKLY", byday=("TU",), interval=2, opens_at="14:00"),
    Schedule(freq="MONTHLY", byday=("-1FR",), closes_at="18:00", by_appointment=True),
    Schedule(freq="MONTHLY", bymonthday=(15,), valid_from=date(2026, 9, 1), valid_to=date(2026, 12, 31)),
]


def test_hours_are_said_in_the_language_of_the_page() -> None:
    assert time_words.times(SLOTS) == [
        "Sprechzeit: Mo, Mi 09:00–12:00 Uhr",
        "Di ab 14:00 Uhr, alle 2 Wochen",
        "letzter Fr im Monat bis 18:00 Uhr, nach Vereinbarung",
        "am 15. im Monat, 01.09.2026 bis 31.12.2026",
    ]
    with in_language("en"):
        assert time_words.times(SLOTS) == [
            "Consultation hours: Mon, Wed 09:00–12:00",
            "Tue from 14:00, every 2 weeks",
            "last Fri of the month until 18:00, by arrangement",
            "on day 15 of the month, 1 Sept 2026 to 31 Dec 2026",
        ]
    with in_language("ar"):
        assert '<bdi dir="ltr">09:00–12:00</bdi>' in time_words.times(SLOTS)[0]
        assert "كل أسبوعين" in time_words.times(SLOTS)[1]


def test_prices_and_places_are_said_in_the_language_of_the_page() -> None:
    cost = Cost(option="Einzelkarte", amount=3.5)
    assert offer_words.cost(cost) == "Einzelkarte 3,50\u00a0€"
    assert offer_words.place(Place(city="Marl"), is_confidential=True) == "Marl (Anschrift auf Anfrage)"
    with in_language("en"):
        assert offer_words.cost(cost) == '<span lang="de" dir="ltr">Einzelkarte</span> €3.50'
        assert offer_words.place(Place(), is_confidential=True) == "Address on request"


def test_telephone_number_keeps_its_order_on_any_page() -> None:
    number = Phone(number="+49 2361 532717", type="fax")

    assert offer_words.phone(number) == '<a href="tel:+492361532717">+49 2361 532717</a> (Fax)'
    with in_language("ar"):
        assert '<a href="tel:+492361532717"><bdi dir="ltr">+49 2361 532717</bdi></a>' in offer_words.phone(number)


@pytest.mark.parametrize(
    ("page_language", "text", "expected"),
    [
        ("ar", '{{ "Deutsch <1>"|german }}', '<span lang="de" dir="ltr">Deutsch &lt;1&gt;</span>'),
        ("de", '{{ "عربي"|said_in("ar") }}', '<span lang="ar" dir="rtl">عربي</span>'),
        ("ar", '{{ "عربي"|said_in("ar") }}', "عربي"),
        ("ar", '{{ "02361 53-2717"|ltr }}', '<bdi dir="ltr">02361 53-2717</bdi>'),
        ("de", '{{ "02361 53-2717"|ltr }}', "02361 53-2717"),
    ],
)
def test_mixed_text_carries_its_language_and_direction(page_language: str, text: str, expected: str) -> None:
    assert render(page_language, text) == expected


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.marl.de/kurse?x=1", "https://www.marl.de/kurse?x=1"),
        ("https://träger-köln.example/ä", "https://träger-köln.example/ä"),
        ("https://m\u0430rl.de/kurse", "https://xn--mrl-6cd.de/kurse"),  # a Cyrillic a
        ("https://\u0430\u0440\u0440\u04cf\u0435.example", "https://xn--80ak6aa92e.example"),
        ("https://\u03bfffice.example/ö", "https://xn--ffice-qce.example/ö"),  # a Greek o
        ("https://marl.de\u2024evil.example", "https://marl.de.evil.example"),
        ("https://marl.de\uff0fx.evil.example", "https://marl.de\\uff0fx.evil.example"),
        ("https://\u0430..example", "https://\\u0430..example"),
        ("kein Link", "kein Link"),
    ],
)
def test_address_in_letters_that_deceive_is_shown_as_it_is_registered(url: str, shown: str) -> None:
    assert shown_address(url) == shown
    with in_language("de"):
        assert f">{escape(shown)}</a>" in offer_words.link(url)
        assert f'href="{escape(url)}"' in offer_words.link(url)
