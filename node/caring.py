"""What a node does by itself for its offers: letters and planned publications at any time, the rest each morning."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from node import following, hints, mailing, passing, planned, relaying, reporting, reviewing
from node.party import Node
from shared.holdings import facts

_MORNING = 7
_ZONE = ZoneInfo("Europe/Berlin")
_TIDY_SECONDS = 60


def care(node: Node) -> None:
    """Do what is due; whoever calls holds the lease.  While recovering nothing is: what we hold may be old."""
    now = node.clock.now()
    with node.db.read() as conn:
        is_recovering = facts.load_number(conn, "recovering-since") > 0
        is_untidy = facts.has_passed(conn, "cared-at", now=now, seconds=_TIDY_SECONDS)
        done = facts.load_fact(conn, "cared-day")
    if is_recovering:
        return
    planned.publish_planned(node)
    mailing.send_due(node)
    if not is_untidy:
        return
    with node.db.write() as conn:
        facts.save_fact(conn, "cared-at", now)
    mailing.tidy(node)
    following.follow(node)
    relaying.fetch_answers(node)
    passing.send_hints(node)
    local = datetime.fromtimestamp(now, UTC).astimezone(_ZONE)
    reporting.report_due(node, local)
    if local.hour >= _MORNING and done != local.date().isoformat():
        care_daily(node, local.date().isoformat())


def care_daily(node: Node, day: str) -> None:
    """Do each morning's work, once a day.

    The day is noted first: what fails is tried again the next morning, not each second.
    """
    with node.db.write() as conn:
        facts.save_fact(conn, "cared-day", day)
    planned.withdraw_ended(node)
    reviewing.remind(node)
    reviewing.forget_links(node)
    hints.forget_old(node)
    passing.forget_unsent(node)
