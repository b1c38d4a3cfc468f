"""What the hub does by itself, each second anew: due times stand in the database, the scheduler only wakes."""

from __future__ import annotations

from hub import (
    alarm_book,
    calendar,
    deciding,
    erasure_duty,
    erasure_watch,
    mailing,
    member_history,
    needs,
    notes,
    pulling,
    pushing,
    recovery,
    relaying,
    reporting,
    roster_keeping,
    telling_refusals,
    webhooks,
    year_figures,
)
from hub.derived import derived_of
from hub.party import Hub
from shared.accounts.registry import forget_old
from shared.errors import LogStateError
from shared.holdings import edits, facts, payloads

_LEASE_SECONDS = 10.0
_TIDY_SECONDS = 60


def start(hub: Hub) -> None:
    """A long-running process starts (PROTOCOL 4 W6): recovering until the members have spoken."""
    recovery.begin_recovery(hub)


def tick(hub: Hub, owner: str) -> None:
    """Do everything that is due; whoever holds the lease does it, others return at once."""
    with hub.db.write() as conn:
        if not facts.take_lease(conn, "jobs", owner, now=hub.clock.now(), seconds=_LEASE_SECONDS):
            return
    if hub.is_recovering():
        recovery.try_finish(hub, owner)
    pulling.pull_due(hub, owner)
    seal_own(hub)
    notes.publish_note(hub)
    pushing.push_due(hub)
    webhooks.tell_due(hub)
    erasure_watch.watch(hub)
    erasure_duty.care(hub)
    alarm_book.care(hub)
    member_history.care(hub)
    mailing.care(hub)
    tidy(hub)
    calendar.care(hub)
    year_figures.note_year(hub)


def seal_own(hub: Hub) -> bool:
    """Seal the hub's own records when the last checkpoint is widely held; keep its time line fresh."""
    now = hub.clock.now()
    with hub.db.read() as conn:
        if facts.load_number(conn, "recovering-since"):
            return False
        pending = edits.count_edits(conn) > 0
        ready = recovery.is_receipted(hub, conn)
        waited = facts.has_passed(conn, "sealed-at", now=now, seconds=hub.settings.seal_interval_seconds)
        refused = facts.load_fact(conn, "seal-refused")
    try:
        is_new = hub.sealer.seal(now=now).entries > 0 if pending and ready and waited else hub.sealer.resign(now=now)
    except LogStateError as error:
        with hub.db.write() as conn:
            facts.save_fact(conn, "seal-refused", f"{error.code} {error.message}")
        return False
    if refused:
        with hub.db.write() as conn:
            facts.delete_fact(conn, "seal-refused")
    return is_new


def tidy(hub: Hub) -> None:
    """Delete superseded payloads and what was kept apart long enough; make deleted rows unreadable in the files."""
    now = hub.clock.now()
    with hub.db.write() as conn:
        if facts.has_passed(conn, "tidied-at", now=now, seconds=_TIDY_SECONDS):
            facts.save_fact(conn, "tidied-at", now)
            if hub.book.newest(conn) is not None:
                roster_keeping.destroy_ended(hub, conn)
            gone = payloads.purge_superseded(conn, now=now) + payloads.purge_apart(conn, now=now)
            reporting.forget_old(hub, conn)
            forget_old(conn, now=now)
            webhooks.forget_old(conn, now=now)
            telling_refusals.forget_old(conn, now=now)
            deciding.forget_old(conn, now=now)
            if gone + relaying.forget_old(conn, now=now) + needs.forget_old(conn, now=now):
                facts.save_fact(conn, "scrub-due", 1)
        due = facts.load_number(conn, "scrub-due")
    if due and derived_of(hub).purge() and hub.db.scrub():
        with hub.db.write() as conn:
            facts.save_fact(conn, "scrub-due", 0)
