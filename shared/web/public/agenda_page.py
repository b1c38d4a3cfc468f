"""The page of what takes place by date, and of one day in full."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler

from shared.model.text import sort_key
from shared.search.asking import DAY_NAMES, KEYS, Asked, format_asked
from shared.web import time_words
from shared.web.languages import CHOSEN
from shared.web.messages import LANGUAGE
from shared.web.public import agenda
from shared.web.public.agenda import Calendar, Day, Happening
from shared.web.public.cards import Said
from shared.web.public.doors import Doors, title_of
from shared.web.public.gathered import Gathered
from shared.web.public.question import QuestionWords, address, day_name

DATES = "/termine"
_START, _ONLY, _PAGE = "ab", "nur", "seite"


@dataclass(frozen=True)
class Row:
    """One date as the page shows it."""

    hours: str
    by_phone: bool
    id: str
    title: Said
    town: str
    provider: str


@dataclass(frozen=True)
class DayView:
    """One day as the page shows it; `all_url` where more takes place than is shown."""

    day: date
    heading: str
    feast: str
    rows: Sequence[Row]
    total: int
    all_url: str


@dataclass(frozen=True)
class Choice:
    """One value of a filter in the form."""

    value: str
    text: str
    is_on: bool


def agenda_routes(doors: Doors) -> Sequence[HTTPRouteHandler]:
    """Return the route of the dates."""
    page = AgendaPage(doors, Calendar())

    @get(DATES, sync_to_thread=True, include_in_schema=False)
    def dates(request: Request[Any, Any, Any]) -> Response[str]:
        given = dict(request.query_params.items())
        asked, today = agenda.only_dated(doors.asked(request)), doors.face.today()
        if only := given.get(_ONLY):
            return page.show_day(asked, agenda.read_start(only, today, shown_days=1), given.get(_PAGE, ""))
        return page.show_weeks(asked, agenda.read_start(given.get(_START, ""), today))

    return [dates]


@dataclass(frozen=True)
class AgendaPage:
    """Answers both forms of the page."""

    doors: Doors
    calendar: Calendar

    def show_weeks(self, asked: Asked, start: date) -> Response[str]:
        """Return two weeks; days on which nothing takes place are left out, unless they are holidays."""
        gathered, wanted = self._gather(asked)
        today = self.doors.face.today()
        days = [self._day(gathered, wanted, day) for day in agenda.days_from(start, asked)]
        views = [self._view(gathered, asked, one, agenda.PER_DAY) for one in days]
        earlier, later = max(today, start - agenda.WEEK), start + agenda.WEEK
        return self.doors.respond(
            "public/agenda.html",
            path=DATES,
            days=[view for view in views if view.total or view.feast],
            total=sum(view.total for view in views),
            **self._form(asked, start),
            period=time_words.span(start, start + (agenda.WINDOW_DAYS - 1) * (agenda.WEEK / 7)),
            earlier=self._url(asked, **{_START: earlier}) if start > today else "",
            later=self._url(asked, **{_START: later}) if agenda.read_start(later.isoformat(), today) == later else "",
            text_only=self._text_only(gathered, wanted),
            text_url=address(self.doors.face.pages, asked),
        )

    def show_day(self, asked: Asked, day: date, page: str) -> Response[str]:
        """Return one day in full, in pages where it is very full."""
        gathered, wanted = self._gather(asked)
        whole = self._day(gathered, wanted, day)
        pages = max(1, -(-whole.total // agenda.PER_PAGE))
        number = min(int(page), pages) if page.isascii() and page.isdigit() and 0 < len(page) <= 6 else 1
        start = (max(1, number) - 1) * agenda.PER_PAGE
        part = Day(day, whole.happenings[start : start + agenda.PER_PAGE], whole.total)
        return self.doors.respond(
            "public/agenda_day.html",
            path=DATES,
            view=self._view(gathered, asked, part, agenda.PER_PAGE),
            page=max(1, number),
            pages=pages,
            turn=lambda other: self._url(asked, **{_ONLY: day, _PAGE: other}),
            weeks_url=self._url(asked, **{_START: day}),
        )

    def _gather(self, asked: Asked) -> tuple[Gathered, Collection[bytes] | None]:
        """Return all offers, and which of them are asked for; None for all."""
        face, wider = self.doors.face, agenda.candidates(asked)
        gathered = self.doors.gathered()
        if wider.is_empty:
            return gathered, None
        return gathered, {hit.rid for hit in face.finder.matching(wider, today=face.today())}

    def _day(self, gathered: Gathered, wanted: Collection[bytes] | None, day: date) -> Day:
        everything = self.calendar.on(gathered, day)
        chosen = agenda.choose(everything, wanted, gathered.offers, self.doors.face.own_city)
        return Day(day, chosen, len(chosen))

    def _view(self, gathered: Gathered, asked: Asked, one: Day, most: int) -> DayView:
        feast = self.doors.gatherer.holidays(one.day.year).get(one.day, "")
        return DayView(
            day=one.day,
            heading=time_words.long_day(one.day),
            feast=time_words.holiday(feast) if feast else "",
            rows=[self._row(gathered, happening) for happening in one.happenings[:most]],
            total=one.total,
            all_url=self._url(asked, **{_ONLY: one.day}) if one.total > len(one.happenings[:most]) else "",
        )

    def _row(self, gathered: Gathered, one: Happening) -> Row:
        short = gathered.offers[one.rid]
        member = self.doors.face.words.district.member(short.member)
        town = short.town or (member.town or member.title if member is not None else short.member)
        hours = time_words.hours(one.opens_at, one.closes_at)
        return Row(hours, one.by_phone, one.rid.hex(), title_of(short), town, short.provider)

    def _text_only(self, gathered: Gathered, wanted: Collection[bytes] | None) -> int:
        return sum(short.has_text_hours for rid, short in gathered.offers.items() if wanted is None or rid in wanted)

    def _url(self, asked: Asked, **more: object) -> str:
        query: dict[str, object] = {}
        for key, value in format_asked(asked):
            query[key] = [*query.get(key, ()), value]  # type: ignore[misc]
        return self.doors.face.pages.url(DATES, **query, **more)

    def _form(self, asked: Asked, start: date) -> dict[str, object]:
        words, names = self.doors.face.words, QuestionWords(self.doors.face.words)
        cities = [
            Choice(member.name, names.city(member.name), member.name in asked.cities)
            for member in sorted(words.district.members, key=lambda member: (not member.town, sort_key(member.town)))
        ]
        topics = [
            Choice(term.code, names.value("topics", term.code), term.code in asked.topics)
            for term in words.vocabularies["topic"].terms
            if (term.parent is None and not term.retired) or term.code in asked.topics
        ]
        days = [Choice(short, day_name(code), code in asked.days) for short, code in DAY_NAMES.items()]
        return {
            "keys": KEYS, "start": start, "first": self.doors.face.today(), "cities": cities, "topics": topics,
            "weekdays": days, "is_free": asked.is_free, "is_filtered": not asked.is_empty,
            "kept_language": LANGUAGE.get() if CHOSEN.get().is_explicit else "",
        }  # fmt: skip
