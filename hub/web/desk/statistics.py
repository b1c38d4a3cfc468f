"""How much the public pages are used: charts with their tables, by month, party and language; the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery
from markupsafe import Markup

from hub.figure_tables import Table, format_csv
from hub.months import month_in_short, month_name
from hub.reporting import OWN
from hub.statistics import ALL, COLUMNS, FEW, KINDS, Use, is_few, load_use, parties_of, table_rows
from hub.web.desk.room import CSV, STATISTICS, Room, attachment
from shared.accounts.rights import Right
from shared.feed.report import SEEN_AT_LEAST
from shared.holdings import tally
from shared.web.charts import bar_chart, line_chart, say_number
from shared.web.desk.guard import DeskRequest, desk_get
from shared.web.offer_words import Words
from shared.web.own_languages import EASY_GERMAN, SIMPLE

_OWN_TITLE = "Gemeinsames Verzeichnis beim Kreis"
_COURSES = (tally.SEARCH, tally.VIEW, tally.SHARE)


def statistics_routes(room: Room) -> Sequence[HTTPRouteHandler]:
    """Return the routes of the statistics."""
    hub, desk = room.hub, room.desk

    @desk_get("/statistik", right=Right.READ)
    def statistics_page(request: DeskRequest, stelle: FromQuery[str] = "") -> Response[str]:
        titles = _titles(parties_of(hub), room.words)
        party = stelle if stelle in titles else ALL
        use = load_use(hub)
        return desk.respond(
            request, "desk/statistics.html", path=STATISTICS, party=party, titles=titles, use=use, kinds=KINDS,
            courses=[(kind, _draw_course(use, kind, party)) for kind in _COURSES],
            languages=use.languages(party=party), language_chart=_draw_languages(use, party, room.words),
            language_name=_language_name(room.words), month_name=month_name, told=_told, few=SEEN_AT_LEAST,
            kept=hub.settings.counts_months,
        )  # fmt: skip

    @desk_get("/statistik/ausgabe", right=Right.READ)
    def statistics_file() -> Response[bytes]:
        use = load_use(hub)
        name = _language_name(room.words)
        languages = {tag: name(tag) for tag, _ in use.languages()}
        rows = table_rows(use, _titles(parties_of(hub), room.words), languages)
        table = Table("statistik", "Statistik", COLUMNS, tuple(rows))
        return attachment(format_csv(table), CSV, f"statistik-{hub.today().isoformat()}.csv")

    return [statistics_page, statistics_file]


def _titles(parties: Sequence[str], words: Words) -> Mapping[str, str]:
    return {name: _OWN_TITLE if name == OWN else words.publisher(name) for name in parties}


def _language_name(words: Words) -> Callable[[str], str]:
    return lambda tag: EASY_GERMAN if tag == SIMPLE else words.label("language", tag)


def _told(number: int) -> object:
    """Return a number as a table shows it; a small one is not told."""
    return FEW if is_few(number) else number


def _drawn(number: int) -> float:
    """Return the height at which a number stands: small ones all stand at the same."""
    return SEEN_AT_LEAST - 1 if is_few(number) else number


def _say(value: float) -> str:
    return FEW if value == SEEN_AT_LEAST - 1 else say_number(value)


def _draw_course(use: Use, kind: str, party: str) -> Markup:
    known = [month for month in use.months if use.is_known(month, party=party)]
    numbers = {month: use.number(kind, month, party=party) for month in known}
    points = [(month_in_short(month), _drawn(numbers[month]) if month in numbers else None) for month in use.months]
    said = "Es gibt noch keine Zahlen."
    if known:
        most = max(known, key=numbers.__getitem__)
        said = f"Am meisten im {month_name(most)}: {_say(_drawn(numbers[most]))}. "
        said += f"Zuletzt im {month_name(known[-1])}: {_say(_drawn(numbers[known[-1]]))}."
    return line_chart(f"{KINDS[kind]} je Monat", points, "Anzahl", description=said, say=_say)


def _draw_languages(use: Use, party: str, words: Words) -> Markup:
    name = _language_name(words)
    bars = [(name(tag), _drawn(number)) for tag, number in use.languages(party=party)]
    said = f"Am häufigsten: {bars[0][0]}." if bars else "Es gibt noch keine Zahlen."
    return bar_chart("Gezeigte Seiten nach Sprache", bars, "", description=said, say=_say)
