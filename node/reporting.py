"""What the district is told of each day: counts of the public pages, and what the city's offers lack (PROTOCOL 14).

A day is reported when it is over, once; days on which the hub could not be reached follow, a week of them at most.
Repeating a report changes nothing.  Overdue reviews and gaps are those of the moment of reporting.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta

from node.asking import ask_hub, may_ask, wait_after
from node.offer_list import OfferList
from node.party import Node
from node.workflow import Editor
from shared.errors import FetchError, ParseError
from shared.feed import limits
from shared.feed.report import PATH, Report, format_report
from shared.holdings import facts, tally

_DONE, _DUE, _FAILURES = "reported-day", "report-due", "report-failures"
_FIRST_MINUTES, _SPREAD_MINUTES = 10, 50
"""A few minutes after midnight every process has written down what it counted; eleven nodes do not come at once."""
_DAYS_LATER = 7
_AGAIN_SECONDS, _LONGEST_SECONDS = 600, 3600
_SHOWN = frozenset({"published", "changed"})


def report_due(node: Node, local: datetime) -> bool:
    """Report the oldest day that is over and not reported, when that is due; returns whether the hub took one.

    Args:
        local: now, on the district's clocks.
    """
    now, today = node.clock.now(), local.date()
    if local.hour * 60 + local.minute < _FIRST_MINUTES + _own_minutes(node) or not may_ask(node):
        return False
    with node.db.read() as conn:
        day = _next_day(facts.load_fact(conn, _DONE), today)
        is_due = facts.is_due(conn, _DUE, now=now, within=_LONGEST_SECONDS)
    if day is None or not is_due:
        return False
    try:
        _tell(node, make_report(node, day))
    except (FetchError, ParseError):
        with node.db.write() as conn:
            wait = wait_after(node, facts.bump_fact(conn, _FAILURES), base=_AGAIN_SECONDS, cap=_LONGEST_SECONDS)
            facts.save_fact(conn, _DUE, now + wait)
        return False
    with node.db.write() as conn:
        facts.save_fact(conn, _DONE, day.isoformat())
        facts.save_fact(conn, _FAILURES, 0)
    return True


def _tell(node: Node, report: Report) -> None:
    """Send a report; a hub of an older version gets what it knows."""
    try:
        ask_hub(node, PATH, format_report(report), max_bytes=limits.NOTE_MAX_BYTES)
    except ParseError:
        ask_hub(node, PATH, format_report(report, is_first_form=True), max_bytes=limits.NOTE_MAX_BYTES)


def _own_minutes(node: Node) -> int:
    """Return a number of minutes that differs from node to node and stays."""
    return int(node.settings.ags) % _SPREAD_MINUTES


def _next_day(done: str, today: date) -> date | None:
    """Return the day to report next; the first one is the day before a node's first report."""
    yesterday = today - timedelta(days=1)
    if not done:
        return yesterday
    oldest = max(date.fromisoformat(done) + timedelta(days=1), today - timedelta(days=_DAYS_LATER))
    return oldest if oldest <= yesterday else None


def make_report(node: Node, day: date) -> Report:
    """Put together what is reported of a day."""
    text = day.isoformat()
    with node.db.read() as conn:
        searches = tally.by_day(conn, tally.SEARCH, since=text, until=text)
        views = tally.by_day(conn, tally.VIEW, since=text, until=text)
        shares = tally.by_day(conn, tally.SHARE, since=text, until=text)
        terms, languages = (
            tally.by_key(conn, kind, since=text, until=text, most=limits.REPORT_COUNTS_MAX)
            for kind in (tally.NOTHING, tally.LANGUAGE)
        )
    lines = [line for line in OfferList(node).lines(Editor("", may_publish=False)) if line.state in _SHOWN]
    gaps = Counter(field for line in lines for field in line.facts.gap_fields)
    return Report(
        day, searches.get(text, 0), views.get(text, 0), len(lines), sum(line.facts.is_overdue for line in lines),
        tuple(terms), tuple(sorted(gaps.items())), shares.get(text, 0), tuple(languages),
    )  # fmt: skip
