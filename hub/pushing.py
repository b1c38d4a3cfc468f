"""The hub pushes its catalogue note, and what each node lacks, to all nodes in parallel (PROTOCOL 9)."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

import sqlalchemy as sa

from hub.party import UNREACHABLE, Hub
from hub.recovery import doubts, has_spoken, wait_for_members
from hub.roster_keeping import take_roster
from hub.states import standings_of
from hub.store.standings import update_standing
from shared import deliver
from shared.consume import mirror_path
from shared.errors import FetchError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.outcomes import Code
from shared.feed.push import PushAnswer, format_push, parse_answer
from shared.feed.roster import MemberRow
from shared.feed.trusted_log import LogState, TrustedLog
from shared.holdings import facts, logs, papers
from shared.net.fetcher import PrefixFetcher
from shared.sources import FetchedSource, Served

_RETRY_SECONDS = (1, 5, 30, 120, 600)


def push_due(hub: Hub) -> int:
    """Begin to push to every node that has not acknowledged the newest changed note, or whose word is needed.

    Returns:
        To how many.
    """
    now = hub.clock.now()
    with hub.db.read() as conn:
        target = facts.load_number(conn, "note-to-push")
        rows = [row for row in hub.members(conn) if _is_due(hub, conn, row, target, now)]
    return hub.launch({f"push {row.name}": partial(_push, hub, row) for row in rows})


def _push(hub: Hub, row: MemberRow) -> None:
    push_member(hub, row)


def _is_due(hub: Hub, conn: sa.Connection, row: MemberRow, target: int, now: int) -> bool:
    if row.url == UNREACHABLE:
        return False
    # A member that is active no more is told so once: until it has acknowledged the roster that says it.
    if row.status != "active" and facts.load_number(conn, f"roster-of:{row.name}") >= hub.book.version(conn):
        return False
    noted, failures, next_try = hub.push_attempts.get(row.name, (-1, 0, 0))
    asks = _asks(hub, conn, row)
    if noted != target:
        return bool(target) or asks
    is_rested = not now < next_try <= now + _RETRY_SECONDS[-1]
    return is_rested and (asks or 0 < failures <= len(_RETRY_SECONDS))


def _asks(hub: Hub, conn: sa.Connection, row: MemberRow) -> bool:
    """Its word is needed: after a start (W6), or because it claimed to hold more of our own log than we do."""
    if facts.load_number(conn, f"ask:{row.name}"):
        return True
    return hub.is_recovering(conn) and not has_spoken(conn, row)


def push_member(hub: Hub, row: MemberRow) -> PushAnswer | None:
    """Push to one node; None when it was not reached.  The answer is its acknowledgement."""
    with hub.db.read() as conn:
        target = facts.load_number(conn, "note-to-push")
        note = papers.load_catalogue_note(conn)
        known = papers.load_holder(conn, row.name)
        roster_known = facts.load_number(conn, f"roster-of:{row.name}")
        rosters = [data for _, data in papers.load_roster_notes(conn, roster_known)] if roster_known else []
        # Without a note (its database was wiped) the hub only asks.
        parcel = deliver.pack(
            conn, note=b"" if note is None else note[1], roster_version=hub.book.version(conn), rosters=rosters,
            known=known or None, skip=_undelivered(hub, conn, row),
        )  # fmt: skip
    try:
        answer = _send(hub, row, format_push(parcel.body))
    except (FetchError, ParseError) as error:
        _record_failure(hub, row, target, error.message)
        return None
    hear(hub, row, answer)
    with hub.db.write() as conn:
        pushed = 0 if note is None else note[0]
        update_standing(conn, row.log_key.name, row.name, pushed_note=pushed, push_failures=0)
    # Last: an acknowledgement that could not be kept is asked for again.
    hub.push_attempts[row.name] = (target, 0, 0)
    return answer


def _undelivered(hub: Hub, conn: sa.Connection, row: MemberRow) -> frozenset[str]:
    """Logs not sent to a node: its own (it has it), and those of members that are not shown."""
    now = hub.clock.now()
    members = standings_of(conn, hub.members(conn), now=now)
    hidden = {member.row.log_key.name for member in members if member.state in ("invited", "retired")}
    return frozenset(hidden | {row.log_key.name})


def _send(hub: Hub, row: MemberRow, body: bytes) -> PushAnswer:
    posted = hub.web.post(
        f"{row.url}/federation/push", body, content_type="application/x-ndjson",
        max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=limits.PUSH_TIMEOUT_SECONDS,
    )  # fmt: skip
    if posted.status != 200:
        raise FetchError(
            f"{row.name} antwortet auf die Lieferung mit {posted.status}", kind="status", status=posted.status
        )
    return parse_answer(posted.body)


def hear(hub: Hub, row: MemberRow, answer: PushAnswer) -> None:
    """Keep what a node says it holds: acknowledgement, lag, and what a restored hub must get back.

    More of our own log than we hold means that we were restored (W6); another history of it, that two were signed.
    """
    now = hub.clock.now()
    with hub.db.write() as conn:
        papers.save_holder(conn, row.name, answer.sources, now=now)
        facts.save_fact(conn, f"roster-of:{row.name}", answer.roster)
        facts.delete_fact(conn, f"ask:{row.name}")
        own = logs.load_log(conn, hub.settings.origin)
        theirs = answer.holding(own.origin)
        is_larger = theirs is not None and theirs.size > own.size
        is_other = theirs is not None and theirs.size == own.size and theirs.root != bytes(own.root)
        if is_larger and not facts.load_number(conn, "recovering-since") and not doubts(conn, row.name):
            wait_for_members(conn, now)
        update_standing(conn, row.log_key.name, row.name, heard_at=now)
    if is_other:
        _look_for_fork(hub, row)
    _take_newer_rosters(hub, row, answer.roster)


def _take_newer_rosters(hub: Hub, row: MemberRow, version: int) -> None:
    """Get back the rosters that a node holds and a restored hub lacks; the chain verifies itself."""
    while (held := hub.book.version()) < version:
        try:
            answer = hub.web.get(
                f"{row.url}/roster/{held + 1 if held else version}", max_bytes=limits.LARGE_NOTE_MAX_BYTES,
                deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
            )  # fmt: skip
            if answer.status != HTTPStatus.OK:
                return
            with hub.db.write() as conn:
                if not take_roster(hub, conn, answer.body):
                    return
        except (FetchError, ParseError, VerificationError):
            return


def _look_for_fork(hub: Hub, row: MemberRow) -> None:
    """A node says that it holds another history of our own log: believed only when our signature is under it."""
    prefix = f"{row.url}/{mirror_path(hub.settings.origin)}"
    try:
        answer = FetchedSource(PrefixFetcher(hub.web, prefix), prefix).checkpoint("")
        if not isinstance(answer, Served):
            return
        admission = TrustedLog(LogState(hub.settings.origin), hub.own_keys).admit(answer.body, now=hub.clock.now())
    except (FetchError, ParseError, VerificationError):
        return
    with hub.db.write() as conn:
        own = logs.load_log(conn, hub.settings.origin)
        said = admission.checkpoint
        if said.size == own.size and said.root != bytes(own.root):
            papers.save_evidence(conn, own.origin, Code.E_FORK, bytes(own.note), answer.body, now=hub.clock.now())
            facts.save_fact(conn, "forked", hub.clock.now())


def _record_failure(hub: Hub, row: MemberRow, target: int, message: str) -> None:
    noted, failures, _ = hub.push_attempts.get(row.name, (0, 0, 0))
    failures = failures + 1 if noted == target else 1
    wait = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1]
    hub.push_attempts[row.name] = (target, failures, hub.clock.now() + wait)
    with hub.db.write() as conn:
        update_standing(conn, row.log_key.name, row.name, push_failures=failures)
        facts.save_fact(conn, f"push-failure:{row.name}", message)
