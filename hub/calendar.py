"""What the hub does by itself when a day or a month begins: looked after once a minute, due by the database."""

from __future__ import annotations

from hub import digests, letter_sending, reporting, trend
from hub.freshness import Checks
from hub.party import Hub
from shared.holdings import facts

_EVERY_SECONDS = 60


def care(hub: Hub) -> None:
    """Note the figures of the day and the one before, write the monthly letters and copies of the newsletter.

    Nothing while recovering: what we hold may be old.
    """
    if hub.is_recovering():
        return
    now = hub.clock.now()
    with hub.db.read() as conn:
        if not facts.has_passed(conn, "calendar-cared-at", now=now, seconds=_EVERY_SECONDS):
            return
    with hub.db.write() as conn:
        facts.save_fact(conn, "calendar-cared-at", now)
    hub.kept(Checks).offers()
    reporting.note_own(hub, hub.moment())
    trend.note_day(hub)
    digests.send_due(hub)
    letter_sending.send_due(hub)
