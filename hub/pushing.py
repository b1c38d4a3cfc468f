"""The hub pushes its catalogue note, and what each node lacks, to all nodes in parallel (PROTOCOL 9)."""

from __future__ import annotations

from functools import partial

import sqlalchemy as sa

from hub.party import UNREACHABLE, Hub
from hub.states import standing_of
from hub.store.standings import update_standing
from shared import deliver
from shared.errors import FetchError, ParseError
from shared.feed import limits
from shared.feed.push import PushAnswer, format_push, parse_answer
from shared.feed.roster import MemberRow
from shared.holdings import facts, papers

_RETRY_SECONDS = (1, 5, 30, 120, 600)


def push_due(hub: Hub) -> int:
    """Begin to push to every node that has not acknowledged the newest changed note; returns to how many."""
    now = hub.clock.now()
    with hub.db.read() as conn:
        target = facts.load_number(conn, "note-to-push")
        rows = [row for row in hub.members(conn) if _is_due(hub, conn, row, target, now)] if target else []
    return hub.launch({f"push {row.name}": partial(_push, hub, row) for row in rows})


def _push(hub: Hub, row: MemberRow) -> None:
    push_member(hub, row)


def _is_due(hub: Hub, conn: sa.Connection, row: MemberRow, target: int, now: int) -> bool:
    if row.url == UNREACHABLE:
        return False
    # A member that is active no more is told so once: until it has acknowledged the roster that says it.
    if row.status != "active" and facts.load_number(conn, f"roster-of:{row.name}") >= hub.book.version(conn):
        return False
    noted, failures, next_try = hub.push_attempts.get(row.name, (0, 0, 0))
    if noted != target:
        return True
    return 0 < failures <= len(_RETRY_SECONDS) and next_try <= now


def push_member(hub: Hub, row: MemberRow) -> PushAnswer | None:
    """Push to one node; None when it was not reached.  The answer is its acknowledgement."""
    with hub.db.read() as conn:
        target = facts.load_number(conn, "note-to-push")
        note = papers.load_catalogue_note(conn)
        known = papers.load_holder(conn, row.name)
        roster_known = facts.load_number(conn, f"roster-of:{row.name}")
        rosters = [data for _, data in papers.load_roster_notes(conn, roster_known)] if roster_known else []
        if note is None:
            return None
        parcel = deliver.pack(
            conn, note=note[1], roster_version=hub.book.version(conn), rosters=rosters, known=known or None,
            skip=_undelivered(hub, conn, row),
        )  # fmt: skip
    try:
        answer = _send(hub, row, format_push(parcel.body))
    except (FetchError, ParseError) as error:
        _record_failure(hub, row, target, error.message)
        return None
    hear(hub, row, answer)
    with hub.db.write() as conn:
        update_standing(conn, row.log_key.name, row.name, pushed_note=note[0], push_failures=0)
    # Last: an acknowledgement that could not be kept is asked for again.
    hub.push_attempts[row.name] = (target, 0, 0)
    return answer


def _undelivered(hub: Hub, conn: sa.Connection, row: MemberRow) -> frozenset[str]:
    """Logs not sent to a node: its own (it has it), and those of members that are not shown."""
    now = hub.clock.now()
    hidden = {
        member.log_key.name
        for member in hub.members(conn)
        if standing_of(conn, member, now=now).state in ("invited", "retired")
    }
    return frozenset(hidden | {row.log_key.name})


def _send(hub: Hub, row: MemberRow, body: bytes) -> PushAnswer:
    posted = hub.web.post(
        f"{row.url}/federation/push", body, content_type="application/x-ndjson",
        max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=limits.PUSH_TIMEOUT_SECONDS,
    )  # fmt: skip
    if posted.status != 200:
        raise FetchError(f"{row.name} answered {posted.status} to a push", kind="status", status=posted.status)
    return parse_answer(posted.body)


def hear(hub: Hub, row: MemberRow, answer: PushAnswer) -> None:
    """Keep what a node says it holds: acknowledgement, lag, and what a restored hub must get back."""
    with hub.db.write() as conn:
        papers.save_holder(conn, row.name, answer.sources, now=hub.clock.now())
        facts.save_fact(conn, f"roster-of:{row.name}", answer.roster)
        update_standing(conn, row.log_key.name, row.name, heard_at=hub.clock.now())


def _record_failure(hub: Hub, row: MemberRow, target: int, message: str) -> None:
    noted, failures, _ = hub.push_attempts.get(row.name, (0, 0, 0))
    failures = failures + 1 if noted == target else 1
    wait = _RETRY_SECONDS[min(failures, len(_RETRY_SECONDS)) - 1]
    hub.push_attempts[row.name] = (target, failures, hub.clock.now() + wait)
    with hub.db.write() as conn:
        update_standing(conn, row.log_key.name, row.name, push_failures=failures)
        facts.save_fact(conn, f"push-failure:{row.name}", message)
