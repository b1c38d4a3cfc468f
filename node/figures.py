"""What the public pages of this node were asked in the last days, for the desk: counts, never persons."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec
import sqlalchemy as sa

from node.offer_list import today_of
from node.party import Node
from shared.consume import shown_origins
from shared.holdings import catalogue, tally
from shared.model.formulas import guarded

DAYS = 30
_MOST = 20

Ranked = tuple[tuple[str, int], ...]


class Day(msgspec.Struct, frozen=True):
    """One day: questions asked, and offers looked at."""

    day: date
    searches: int
    views: int


class Figures(msgspec.Struct, frozen=True):
    """The last days, today first; what is ranked is summed over them, the largest first.

    `terms` found nothing, and were typed at least five times on one day.  `views` are of (record id, title, number);
    the title is empty where the offer is shown no more.
    """

    days: tuple[Day, ...]
    terms: Ranked
    views: tuple[tuple[str, str, int], ...]
    languages: Ranked
    filters: Ranked

    @property
    def most(self) -> int:
        """The largest number of a day, at least 1: the height of a chart."""
        return max(1, *(max(day.searches, day.views) for day in self.days))


def show_figures(node: Node) -> Figures:
    """Return the counts of the last 30 days, today among them."""
    since, until = _span(node)
    with node.db.read() as conn:
        searches = tally.by_day(conn, tally.SEARCH, since=since, until=until)
        views = tally.by_day(conn, tally.VIEW, since=since, until=until)
        terms, seen, languages, filters = (
            tuple(tally.by_key(conn, kind, since=since, until=until, most=_MOST))
            for kind in (tally.NOTHING, tally.VIEW, tally.LANGUAGE, tally.FILTER)
        )
        titles = _titles(node, conn, [rid for rid, _ in seen])
    days = [today_of(node) - timedelta(days=back) for back in range(DAYS)]
    return Figures(
        tuple(Day(day, searches.get(day.isoformat(), 0), views.get(day.isoformat(), 0)) for day in days),
        terms, tuple((rid, titles.get(rid, ""), number) for rid, number in seen), languages, filters,
    )  # fmt: skip


def _span(node: Node) -> tuple[str, str]:
    today = today_of(node)
    return (today - timedelta(days=DAYS - 1)).isoformat(), today.isoformat()


def _titles(node: Node, conn: sa.Connection, rids: Sequence[str]) -> dict[str, str]:
    said = node.consumer.shown()
    origins = [] if said is None else shown_origins(said)
    shown = [catalogue.find_shown(conn, origins, bytes.fromhex(rid)) for rid in rids]
    return {one.rid.hex(): one.title for one in shown if one is not None}


KINDS = {
    tally.SEARCH: "Suchen",
    tally.NOTHING: "Gesucht und nicht gefunden",
    tally.VIEW: "Aufrufe eines Angebots",
    tally.LANGUAGE: "Sprache der Seite",
    tally.FILTER: "Filter",
    tally.SHARE: "Aufrufe über weitergegebene Links",
}
"""What each kind of count is called in the file."""


def write_figures(node: Node) -> bytes:
    """Return all counts of the last 30 days as CSV for a spreadsheet."""
    since, until = _span(node)
    with node.db.read() as conn:
        rows = tally.rows_of(conn, since=since, until=until)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(["Tag", "Was", "Genauer", "Anzahl"])
    writer.writerows([day, KINDS.get(kind, kind), guarded(key), number] for day, kind, key, number in rows)
    return out.getvalue().encode("utf-8-sig")
