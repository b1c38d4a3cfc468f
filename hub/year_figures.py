"""The figures of a year: how many offers at its end, what came and went, what was searched, needs, freshness.

Decided here: the present year is counted once a day and written down, so that the last day of a year stays when it is
over: which offers there were then cannot be counted later, since replaced versions are deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from hub.figure_tables import Table, format_tables, parse_tables
from hub.gap_report import freshness_table, matrix_table, member_title
from hub.gaps import Gaps
from hub.misses import HUB, Misses, load_misses
from hub.needs import DONE, count_needs, list_needs
from hub.notes import newest_note
from hub.party import Hub
from hub.store import years as store
from shared.consume import shown_origins
from shared.holdings import facts
from shared.holdings.changes import Turnover, count_turnover

_NOTED: Final = "year-noted-at"
_DAY_SECONDS: Final = 86_400
MISSES_MAX: Final = 50


@dataclass(frozen=True)
class Year:
    """The figures of one year; `made` in Unix seconds."""

    year: int
    made: int
    tables: tuple[Table, ...]


def this_year(gaps: Gaps) -> int:
    """Return the year that it is in the district."""
    return gaps.today().year


def list_years(gaps: Gaps) -> list[int]:
    """Return the years that can be shown, the present one first."""
    with gaps.hub.db.read() as conn:
        kept = store.load_years(conn)
    return sorted({this_year(gaps), *kept}, reverse=True)


def show_year(gaps: Gaps, year: int) -> Year | None:
    """Return the figures of a year as they were written down; the present one is counted where that never was."""
    with gaps.hub.db.read() as conn:
        kept = store.load_year(conn, year)
    if kept is not None:
        return Year(year, kept[1], parse_tables(kept[0]))
    return count_year(gaps) if year == this_year(gaps) else None


def note_year(hub: Hub) -> bool:
    """Write the present year's figures down when that was not done for a day; True when it was.

    Nothing while recovering: what we hold may be old.
    """
    if hub.is_recovering() or hub.index_path is None or not hub.index_path.exists():
        return False
    with hub.db.read() as conn:
        if not facts.has_passed(conn, _NOTED, now=hub.clock.now(), seconds=_DAY_SECONDS):
            return False
    made = count_year(hub.kept(Gaps))
    with hub.db.write() as conn:
        store.save_year(conn, made.year, format_tables(made.tables), now=made.made)
        facts.save_fact(conn, _NOTED, made.made)
    return True


def count_year(gaps: Gaps) -> Year:
    """Count the present year up to now."""
    year, zone = this_year(gaps), ZoneInfo(gaps.district.timezone)
    since = int(datetime(year, 1, 1, tzinfo=zone).timestamp())
    with gaps.hub.db.read() as conn:
        said = newest_note(conn)
        turnover = count_turnover(
            conn, [] if said is None else shown_origins(said), since=since, until=gaps.hub.clock.now() + 1
        )  # fmt: skip
    misses = load_misses(gaps.hub, days=gaps.today().timetuple().tm_yday)
    tables = (
        _cities_table(gaps, turnover, misses),
        matrix_table(gaps.matrix("stadt-thema", count_needs(gaps)), "stadt-thema"),
        _needs_table(gaps, since),
        Table(
            "suchen", "Gesucht und nicht gefunden", ("Suchwort", "Wie oft"),
            tuple((miss.term, miss.number) for miss in misses.misses[:MISSES_MAX]),
            empty="Keine Suche ohne Treffer, die oft genug vorkam.",
        ),
        freshness_table(gaps),
    )  # fmt: skip
    return Year(year, gaps.hub.clock.now(), tables)


def _cities_table(gaps: Gaps, turnover: dict[str, Turnover], misses: Misses) -> Table:
    fresh = {one.member.name: one.offers for one in gaps.freshness()}
    rows: list[tuple[str, tuple[int, ...]]] = []
    for name in (*fresh, HUB):
        came = turnover.get(name, Turnover())
        asked = (misses.searches.get(name, 0), misses.views.get(name, 0))
        rows.append((member_title(gaps, name), (fresh.get(name, 0), came.new, came.ended, *asked)))
    rows.append(("zusammen", tuple(map(sum, zip(*(numbers for _, numbers in rows), strict=True)))))
    return Table(
        "staedte", "Angebote, Bewegung und Nachfrage",
        ("Wer veröffentlicht", "Angebote", "neu im Jahr", "beendet im Jahr", "Suchen", "aufgerufene Angebote"),
        tuple((title, *numbers) for title, numbers in rows),
        "Ein Angebot, das mehrere Städte eingetragen haben, steht bei der Stadt, deren Eintrag gezeigt wird. Neu und "
        "beendet zählen Einträge, wie sie die Städte veröffentlicht und zurückgezogen haben.",
    )  # fmt: skip


def _needs_table(gaps: Gaps, since: int) -> Table:
    shown = [one for one in list_needs(gaps) if one.row.created >= since]
    rows: dict[tuple[str, str], list[int]] = {}
    for one in shown:
        counts = rows.setdefault((one.town, one.topic), [0, 0, 0])
        counts[0] += 1
        counts[1] += one.row.number
        counts[2] += one.row.state == DONE
    return Table(
        "bedarf", "Gemeldeter Bedarf im Jahr", ("Stadt", "Thema", "Meldungen", "Fälle", "davon erledigt"),
        tuple((*key, *counts) for key, counts in sorted(rows.items())), empty="Kein Bedarf gemeldet.",
    )  # fmt: skip
