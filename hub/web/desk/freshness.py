"""How current the offers of each city are: numbers with who acts, the course of a year, lists to work through."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, FromQuery
from markupsafe import Markup

from hub import digests, trend
from hub.figure_tables import Table, format_csv
from hub.freshness import (
    ACTIONS,
    ACTORS,
    COLUMNS,
    STEP_TEXTS,
    Checked,
    Checks,
    Standing,
    Step,
    late_offers,
    never_checked,
    standing_of,
    table_rows,
)
from hub.months import month_in_short, month_name
from hub.trend import MonthOfChecks
from hub.web.desk.room import CSV, FRESHNESS, Room, attachment, digest_path, freshness_path
from shared.accounts.rights import Right
from shared.errors import NotFoundError
from shared.web.charts import bar_chart, line_chart, say_number
from shared.web.desk.guard import DeskRequest, desk_get

PER_PAGE = 50


def freshness_routes(room: Room, checks: Checks) -> Sequence[HTTPRouteHandler]:
    """Return the routes about freshness.

    Args:
        checks: keeps what was read of the offers between requests.
    """
    hub, desk, words = room.hub, room.desk, room.words

    @desk_get("/aktualitaet", right=Right.READ)
    def freshness_page(request: DeskRequest) -> Response[str]:
        cities, whole = checks.standings()
        months = trend.by_month(trend.load_trend(hub), hub.today())
        return desk.respond(
            request, "desk/freshness.html", path=FRESHNESS, cities=cities, whole=whole,
            steps=list(Step), step_texts=STEP_TEXTS, actors=ACTORS, actions=ACTIONS, words=words,
            city_path=freshness_path, bars=_draw_cities(cities, words.publisher), course=_draw_course(months),
            months=months, month_name=month_name, percent=_percent,
        )  # fmt: skip

    @desk_get("/aktualitaet/{name:str}", right=Right.READ)
    def city_page(
        request: DeskRequest, name: FromPath[str], liste: FromQuery[str] = "", seite: FromQuery[str] = ""
    ) -> Response[str]:
        today, own = hub.today(), _own(room, checks, name)
        is_never = liste == "nie"
        listed = never_checked(own) if is_never else late_offers(own, today)
        page, pages = _page_of(seite, len(listed))
        months = trend.by_month(trend.load_trend(hub), today, member=name)
        return desk.respond(
            request, "desk/freshness_city.html", path=FRESHNESS, name=name, today=today,
            whole=standing_of(name, own, today), listed=listed[(page - 1) * PER_PAGE : page * PER_PAGE],
            total=len(listed), page=page, pages=pages,
            is_never=is_never, step_texts=STEP_TEXTS, actors=ACTORS, actions=ACTIONS, words=words,
            here=freshness_path(name), course=_draw_course(months, words.publisher(name)), months=months,
            month_name=month_name, percent=_percent, digest=digests.load_digest(hub, name),
            digest_path=digest_path(name),
        )  # fmt: skip

    @desk_get("/aktualitaet/{name:str}/ausgabe", right=Right.READ)
    def city_file(name: FromPath[str]) -> Response[bytes]:
        own, today = _own(room, checks, name), hub.today()
        rows = table_rows(
            own, today, publisher=words.publisher(name), url_of=lambda rid: f"{hub.public_url}/angebote/{rid.hex()}"
        )
        table = Table("aktualitaet", "Aktualität", COLUMNS, tuple(rows))
        return attachment(format_csv(table), CSV, f"aktualitaet-{name}-{today.isoformat()}.csv")

    return [freshness_page, city_page, city_file]


def _own(room: Room, checks: Checks, name: str) -> list[Checked]:
    """Return the offers of a member; NotFoundError where nobody is called so."""
    if all(row.name != name for row in room.hub.members()):
        raise NotFoundError("Ein Mitglied mit diesem Namen gibt es nicht", advice="Alle stehen unter „Aktualität“.")
    return [one for one in checks.offers() if one.member == name]


def _page_of(text: str, count: int) -> tuple[int, int]:
    """Return the page that is asked for, and how many there are."""
    pages = max(1, -(-count // PER_PAGE))
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else 1
    return min(max(1, wanted), pages), pages


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{say_number(value)} %"


def _draw_cities(cities: Sequence[Standing], publisher: Callable[[str], str]) -> Markup:
    bars = [(publisher(one.member), one.share) for one in cities]
    known = [(name, share) for name, share in bars if share is not None]
    most = max(known, key=lambda bar: bar[1], default=None)
    said = "Noch keine Angebote." if most is None else f"Am meisten ist es bei {most[0]}: {_percent(most[1])}."
    return bar_chart("Anteil der Angebote, die eine Prüfung brauchen", bars, "%", description=said)


def _draw_course(months: Sequence[MonthOfChecks], of: str = "allen Städten") -> Markup:
    points = [(month_in_short(one.month), one.share) for one in months]
    known = [one for one in months if one.share is not None]
    said = "Es gibt noch keine Zahlen."
    if known:
        first, last = known[0], known[-1]
        said = f"{month_name(first.month)}: {_percent(first.share)}, {month_name(last.month)}: {_percent(last.share)}."
    title = f"Anteil der Angebote von {of}, die eine Prüfung brauchen, Monat für Monat"
    return line_chart(title, points, "Prozent", description=said)
