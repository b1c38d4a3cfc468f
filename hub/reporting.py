"""Reports of the members: what their pages were asked in a day, and what their offers lack (PROTOCOL 14)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import sqlalchemy as sa

from hub.party import Hub
from hub.signed import identify
from hub.store import reports
from shared.errors import ParseError
from shared.feed.report import PATH, Report, format_report, parse_report
from shared.feed.request import parse_header
from shared.holdings import facts, tally
from shared.model.completeness import completeness
from shared.model.offer import OfferDoc

_GAPS = {
    gap.field: gap.label_de
    for gap in completeness(OfferDoc(id="", owner=""), date.min).gaps
    if gap.field != "assured_date"
}
"""What an offer of which nothing is known lacks, by the names in reports."""
DAYS_BACK = 40
"""A report of an older day is a mistake of a clock."""
OWN = "hub"
"""Who the hub's own pages are among the reports."""
_NOTED = "own-report-day"
_WRITTEN_MINUTES = 10
_DAYS_OF_MONTH = 31
_TERMS_MAX = 50


class MemberReport(msgspec.Struct, frozen=True):
    """One day of one member; `hub` names the hub's own pages, which have no offers."""

    member: str
    report: Report


def receive_report(hub: Hub, header: str, body: bytes) -> bytes:
    """Answer `POST /federation/report`: keep a member's counts of a day, in place of what it reported before.

    Raises:
        ParseError: no signed report, or of a day that is not over or long ago.
        AccessError, VerificationError: see `signed.identify`.
    """
    signed, report = parse_header(header), parse_report(body)
    now = hub.clock.now()
    with hub.db.write() as conn:
        member = identify(hub, conn, PATH, signed, body)
        # Our midnight is not the district's: a day of difference is no mistake.
        if not timedelta(0) <= _today(now) - report.day <= timedelta(days=DAYS_BACK):
            raise ParseError(f"a report of {report.day}; possible are the last {DAYS_BACK} days")
        reports.save_report(conn, member, report.day.isoformat(), format_report(report).decode(), now=now)
    return msgspec.json.encode({"taken": report.day})


def list_reports(hub: Hub, *, days: int = 30) -> list[MemberReport]:
    """Return the reports of the last days, the newest day first, the hub's own counts among them."""
    today = _today(hub.clock.now())
    since = (today - timedelta(days=days)).isoformat()
    with hub.db.read() as conn:
        found = [
            MemberReport(member, parse_report(body.encode()))
            for member, body in reports.load_reports(conn, since=since)
        ]  # fmt: skip
        noted = {one.report.day for one in found if one.member == OWN}
        found += [MemberReport(OWN, one) for one in _own(conn, since, today) if one.day not in noted]
    return sorted(found, key=lambda one: (-one.report.day.toordinal(), one.member))


def _own(conn: sa.Connection, since: str, today: date) -> list[Report]:
    """Return the days on which the hub's own pages were asked something, yesterday at the latest."""
    until = (today - timedelta(days=1)).isoformat()
    searches, views, shares = (
        tally.by_day(conn, kind, since=since, until=until) for kind in (tally.SEARCH, tally.VIEW, tally.SHARE)
    )
    return [
        Report(
            date.fromisoformat(day), searches.get(day, 0), views.get(day, 0),
            terms=tuple(tally.by_key(conn, tally.NOTHING, since=day, until=day, most=_TERMS_MAX)),
            shares=shares.get(day, 0),
            languages=tuple(tally.by_key(conn, tally.LANGUAGE, since=day, until=day, most=_TERMS_MAX)),
        )
        for day in {*searches, *views, *shares}
    ]  # fmt: skip


def note_own(hub: Hub, local: datetime) -> bool:
    """Put the hub's own days among the reports once they are over; returns whether that was done now.

    So a year of them is read like those of the members, without adding up every view again.

    Args:
        local: now, on the district's clocks; some minutes after midnight every process has written what it counted.
    """
    today = local.date()
    if local.hour * 60 + local.minute < _WRITTEN_MINUTES:
        return False
    with hub.db.read() as conn:
        done = facts.load_fact(conn, _NOTED)
    yesterday = (today - timedelta(days=1)).isoformat()
    if done >= yesterday:
        return False
    first = (today - timedelta(days=DAYS_BACK)).isoformat()
    since = max(first, (date.fromisoformat(done) + timedelta(days=1)).isoformat()) if done else first
    with hub.db.write() as conn:
        for one in _own(conn, since, today):
            reports.save_report(conn, OWN, one.day.isoformat(), format_report(one).decode(), now=hub.clock.now())
        facts.save_fact(conn, _NOTED, yesterday)
    return True


def newest_gaps(hub: Hub, member: str, *, most: int = 6) -> list[tuple[str, int]]:
    """Return what a member said last that its offers lack: in German, with the number of offers, the largest first.

    A check that is due is told elsewhere and left out.
    """
    with hub.db.read() as conn:
        body = reports.load_newest(conn, member)
    if body is None:
        return []
    gaps = msgspec.json.decode(body, type=Report).gaps
    named = [(_GAPS[field], count) for field, count in gaps if field in _GAPS and count]
    return sorted(named, key=lambda gap: (-gap[1], gap[0]))[:most]


def forget_old(hub: Hub, conn: sa.Connection) -> None:
    """Delete reports of days longer ago than the settings say."""
    days = hub.settings.counts_months * _DAYS_OF_MONTH
    reports.drop_reports(conn, before=(_today(hub.clock.now()) - timedelta(days=days)).isoformat())


def _today(now: int) -> date:
    return datetime.fromtimestamp(now, UTC).date()
