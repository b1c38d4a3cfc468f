"""What a node does by itself, each second anew: due times stand in the database, the scheduler only wakes."""

from __future__ import annotations

import sqlalchemy as sa

from node import receiving
from node.ballast import renew_ballast
from node.caring import care
from node.derived import derived_of
from node.joining import poll_membership
from node.party import Node
from node.persons import keep_secret
from node.rotating import notice_keys
from node.sealing import SealOutcome, seal_pending
from node.settings import load_membership
from node.store import uploads
from node.uploads import KEPT_SECONDS
from shared.accounts.registry import forget_old
from shared.errors import FetchError, KreisweitError, LogStateError, ParseError, VerificationError
from shared.feed import limits
from shared.holdings import edits, facts, logs, papers, payloads
from shared.net.retry import backoff_seconds

_LEASE_SECONDS = 10.0
_MEMBERSHIP_SECONDS = 5
_TIDY_SECONDS = 60
_WANTED_SECONDS = 60
_FAILING_CAP_SECONDS = 60


def start(node: Node) -> None:
    """A long-running process starts: recovering until the hub has said what it holds of our log (PROTOCOL 4 W6)."""
    node.ensure_own_log()
    with node.db.write() as conn:
        facts.save_fact(conn, "recovering-since", node.clock.now())
        for due in ("talk-due", "read-due", "membership-due"):
            facts.save_fact(conn, due, 0)
    # Made now, so that looking at a form later never has to write.
    keep_secret(node)


def tick(node: Node, owner: str) -> None:
    """Do everything that is due; whoever holds the lease does it, others return at once."""
    with node.db.write() as conn:
        if not facts.take_lease(conn, "jobs", owner, now=node.clock.now(), seconds=_LEASE_SECONDS):
            return
    if node.membership is not None or _notice_membership(node):
        notice_keys(node)
        if not node.is_member:
            _ask_for_membership(node)
        if node.is_member:
            _talk(node, owner)
            _read(node)
            _refresh_time(node)
    tidy(node)
    care(node)


def _notice_membership(node: Node) -> bool:
    """`join` ran in another process while this one was serving."""
    membership = load_membership(node.home) if node.settings.home else None
    if membership is None:
        return False
    node.membership = membership
    node.book.pin(membership.pins)
    return True


def _ask_for_membership(node: Node) -> None:
    now = node.clock.now()
    with node.db.write() as conn:
        if not facts.is_due(conn, "membership-due", now=now, within=_MEMBERSHIP_SECONDS):
            return
        facts.save_fact(conn, "membership-due", now + _MEMBERSHIP_SECONDS)
    try:
        poll_membership(node)
    except KreisweitError as error:
        _save(node, "membership-failure", error.message)


def _talk(node: Node, owner: str) -> None:
    """Converse with the hub when there is something to say or to hear, and every 10 minutes; seal what is pending."""
    now = node.clock.now()
    with node.db.read() as conn:
        due = facts.is_due(conn, "talk-due", now=now, within=_longest_wait(node))
        recovering = facts.load_number(conn, "recovering-since") > 0
        eager = recovering or edits.count_edits(conn) > 0 or _is_undelivered(node, conn) or _must_ask(node, conn)
        rested = facts.has_passed(conn, "sealed-at", now=now, seconds=node.settings.seal_interval_seconds)
        retry = facts.is_due(conn, "talk-retry", now=now, within=_FAILING_CAP_SECONDS)
    if due or (eager and rested and retry):
        _note_talk(node, seal_pending(node, owner))


def _is_undelivered(node: Node, conn: sa.Connection) -> bool:
    """The hub has not said yet that it holds all of our log: a delivery failed, or another process sealed."""
    held = papers.load_holder(conn, "hub").get(node.settings.origin)
    return held is None or held.size < logs.load_log(conn, node.settings.origin).size


def _must_ask(node: Node, conn: sa.Connection) -> bool:
    """The time line is due to be signed anew, which waits for an answer of the last 10 minutes (W8)."""
    now, seconds = node.clock.now(), limits.RESIGN_AFTER_SECONDS
    return now - logs.load_log(conn, node.settings.origin).time >= seconds and not _has_compared(conn, now)


def _has_compared(conn: sa.Connection, now: int) -> bool:
    """The hub said within the last 10 minutes that it holds exactly our log."""
    seconds = limits.RESIGN_AFTER_SECONDS
    return not all(facts.has_passed(conn, name, now=now, seconds=seconds) for name in ("asked-at", "compared-at"))


def _note_talk(node: Node, outcome: SealOutcome) -> None:
    now = node.clock.now()
    with node.db.write() as conn:
        if outcome.delivered:
            facts.save_fact(conn, "talk-failures", 0)
            facts.save_fact(conn, "talk-due", now + _spread(node, node.settings.poll_minutes * 60))
            facts.delete_fact(conn, "talk-failure")
            return
        failures = facts.bump_fact(conn, "talk-failures")
        wait = backoff_seconds(failures, base=1, cap=_FAILING_CAP_SECONDS, jitter=node.dice.token(1)[0] / 255)
        facts.save_fact(conn, "talk-retry", now + wait)
        facts.save_fact(conn, "talk-due", now + wait)
        facts.save_fact(conn, "talk-failure", f"{outcome.code} {outcome.waits_for}".strip())


def _read(node: Node) -> None:
    """Read the hub's note every 10 minutes, sooner for what is missing; so pushes may fail for ever without harm."""
    now = node.clock.now()
    with node.db.read() as conn:
        due = facts.is_due(conn, "read-due", now=now, within=_longest_wait(node))
        rested = facts.has_passed(conn, "read-at", now=now, seconds=_WANTED_SECONDS)
        due = due or (rested and payloads.has_due_wants(conn, now=now))
    if not due:
        return
    with node.db.write() as conn:
        facts.save_fact(conn, "read-at", now)
        facts.save_fact(conn, "read-due", now + _spread(node, node.settings.poll_minutes * 60))
    try:
        receiving.refresh(node)
    except (FetchError, VerificationError, ParseError) as error:
        with node.db.write() as conn:
            facts.save_fact(conn, "pull-failure", f"{error.code} {error.message}")
            failures = facts.bump_fact(conn, "read-failures")
            wait = backoff_seconds(failures, base=2, cap=node.settings.poll_minutes * 60, jitter=0.5)
            facts.save_fact(conn, "read-due", now + wait)
    else:
        _save(node, "read-failures", "0")


def _refresh_time(node: Node) -> None:
    """Renew the time line every 10 minutes, unless the hub could be asked and has not been (W8)."""
    now = node.clock.now()
    with node.db.read() as conn:
        waits = not _has_compared(conn, now)
        refused = facts.load_fact(conn, "seal-refused")
        reachable = not facts.load_fact(conn, "talk-failure").startswith("E_FETCH")
        silent = facts.load_number(conn, "recovering-since") or facts.load_number(conn, "forked")
    if silent or (reachable and waits):
        return
    try:
        node.sealer.resign(now=now)
    except LogStateError as error:
        _save(node, "seal-refused", f"{error.code} {error.message}")
    else:
        if refused:
            with node.db.write() as conn:
                facts.delete_fact(conn, "seal-refused")


def tidy(node: Node) -> None:
    """Delete superseded payloads of others and ended sessions; make deleted rows unreadable in the files."""
    now = node.clock.now()
    with node.db.write() as conn:
        is_due = facts.has_passed(conn, "tidied-at", now=now, seconds=_TIDY_SECONDS)
        if is_due:
            facts.save_fact(conn, "tidied-at", now)
            forget_old(conn, now=now)
            uploads.drop_uploads(conn, until=now - KEPT_SECONDS)
            if payloads.purge_superseded(conn, now=now):
                facts.save_fact(conn, "scrub-due", 1)
        due = facts.load_number(conn, "scrub-due")
    if is_due and node.settings.home:
        renew_ballast(node.home)
    if due and derived_of(node).purge() and node.db.scrub():
        with node.db.write() as conn:
            facts.save_fact(conn, "scrub-due", 0)


def _longest_wait(node: Node) -> int:
    """Seconds beyond which no due time of this node is ever set."""
    return node.settings.poll_minutes * 60 * 6 // 5


def _spread(node: Node, seconds: int) -> int:
    """Return about `seconds`, 20 % more or less, so that eleven nodes do not ask at once."""
    return int(seconds * (0.8 + 0.4 * node.dice.token(1)[0] / 255))


def _save(node: Node, fact: str, text: str) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, fact, text)
