"""What waits for this node at the hub: answers to its mail links and hints about its offers (PROTOCOL 14).

Hints may come at any time, so the hub is asked in the rhythm of the other talk with it, every 10 minutes; every 5 while
a link that leads to its page is open, or while it must still hear what was dealt with.  Order: an answer is applied,
then it is noted as dealt with, then the hub hears of it with the next request.  A crash in between brings the answer
again, and then its link is used up already; a hint is kept and noted at once, and known by its id.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import sqlalchemy as sa

from node import hints, reviewing
from node.asking import ask_hub, may_ask, wait_after
from node.party import Node
from node.reviewing import CHANGE, CONFIRM, relayed_token
from node.status import in_german
from node.store import reviews
from shared.accounts.links import format_token, parse_token
from shared.errors import FetchError, KreisweitError, ParseError, RuleError
from shared.feed import limits
from shared.feed.inbox import (
    ANSWER,
    CHANGED,
    CONFIRMED,
    FROM_DISTRICT,
    FROM_HUB,
    FROM_NODE,
    HINT,
    PATH,
    Hint,
    format_acks,
    parse_hints,
)  # fmt: skip
from shared.holdings import facts
from shared.ids import parse_record_id

FAILURE = "relay-failure"
_ACKS, _DUE, _FAILURES, _FAILED_AT = "relay-acks", "relay-due", "relay-failures", "relay-failed-at"
_ASKED_AT = "relay-asked-at"
_ASK_SECONDS = 300
_KIND = re.compile(r"[a-z]{1,20}")
_LONGEST_SECONDS = 3600


def fetch_answers(node: Node) -> int:
    """Ask the hub for what waits when that is due, and take it; returns how much came.

    A failure is noted, and the next request waits longer.
    """
    now = node.clock.now()
    with node.db.read() as conn:
        acks = _load_acks(conn)
        is_due = facts.is_due(conn, _DUE, now=now, within=_LONGEST_SECONDS)
        is_eager = bool(acks) or reviews.has_open_relayed(conn, now=now)
        is_due = is_due or (is_eager and facts.has_passed(conn, _ASKED_AT, now=now, seconds=_wait(node, conn)))
    if not is_due or not may_ask(node):
        return 0
    with node.db.write() as conn:
        facts.save_fact(conn, _ASKED_AT, now)
        facts.save_fact(conn, _DUE, now + min(max(node.settings.poll_minutes * 60, _ASK_SECONDS), _LONGEST_SECONDS))
    try:
        answer = ask_hub(
            node, PATH, format_acks(acks[: limits.INBOX_HINTS_MAX]), max_bytes=limits.INBOX_ANSWER_MAX_BYTES
        )
        found = parse_hints(answer)
    except (FetchError, ParseError) as error:
        _note_failure(node, f"{error.code} {error.message}" if isinstance(error, FetchError) else error.message)
        return 0
    with node.db.write() as conn:
        _save_acks(conn, acks[limits.INBOX_HINTS_MAX :])
        facts.delete_fact(conn, FAILURE)
        facts.save_fact(conn, _FAILURES, 0)
    for hint in found:
        _take(node, hint)
    return len(found)


def _take(node: Node, hint: Hint) -> None:
    """Take what came and note that it was dealt with; what cannot be taken now comes again.

    A kind of a later version is noted in the log and not asked for again: this program could do nothing with it.
    """
    if hint.kind == HINT:
        with node.db.write() as conn:
            if _keep_hint(node, conn, hint):
                _save_acks(conn, [*_load_acks(conn), hint.id])
        return
    if hint.kind != ANSWER and node.log is not None:
        node.log.warning("hint_of_unknown_kind", kind=hint.kind if _KIND.fullmatch(hint.kind) else "?")
    try:
        if hint.kind == ANSWER:
            apply_answer(node, hint)
    except KreisweitError as error:
        with node.db.write() as conn:
            _save_failure(node, conn, error.message)
        return
    with node.db.write() as conn:
        _save_acks(conn, [*_load_acks(conn), hint.id])


def _keep_hint(node: Node, conn: sa.Connection, hint: Hint) -> bool:
    """Keep a hint for the desk; one without the id of an offer is dealt with by that."""
    try:
        rid = parse_record_id(hint.rid)
    except ParseError:
        return True
    source = hint.source if hint.source in (FROM_HUB, FROM_NODE, FROM_DISTRICT) else FROM_HUB
    return hints.take_passed(node, conn, bytes.fromhex(hint.id), rid, (hint.text, hint.contact), source)


def apply_answer(node: Node, hint: Hint) -> None:
    """Do what the link's own page would do; an unknown, used or ended link changes nothing."""
    token = parse_token(hint.token)
    if token is None:
        return
    if hint.answer == CONFIRMED:
        reviewing.confirm(node, format_token(relayed_token(token, CONFIRM)))
    elif hint.answer == CHANGED:
        try:
            reviewing.report_change(node, format_token(relayed_token(token, CHANGE)), hint.text)
        except RuleError:
            return  # too long or empty: the hub's page lets nobody send that


def _load_acks(conn: sa.Connection) -> list[str]:
    return facts.load_fact(conn, _ACKS).split()


def _save_acks(conn: sa.Connection, acks: list[str]) -> None:
    if acks:
        facts.save_fact(conn, _ACKS, " ".join(dict.fromkeys(acks)))
    else:
        facts.delete_fact(conn, _ACKS)


def _wait(node: Node, conn: sa.Connection) -> int:
    """Return how long after a request the next one may go while somebody is expected to answer."""
    return _ASK_SECONDS if not facts.load_number(conn, _FAILURES) else _LONGEST_SECONDS


def _note_failure(node: Node, text: str) -> None:
    with node.db.write() as conn:
        failures = facts.bump_fact(conn, _FAILURES)
        wait = wait_after(node, failures, base=_ASK_SECONDS, cap=_LONGEST_SECONDS)
        facts.save_fact(conn, _DUE, node.clock.now() + wait)
        _save_failure(node, conn, text)


def _save_failure(node: Node, conn: sa.Connection, text: str) -> None:
    facts.save_fact(conn, FAILURE, text[:300])
    facts.save_fact(conn, _FAILED_AT, node.clock.now())


def describe_failure(node: Node) -> str:
    """Say in German why the last request failed; empty when it did not."""
    with node.db.read() as conn:
        text, at = facts.load_fact(conn, FAILURE), facts.load_number(conn, _FAILED_AT)
    if not text:
        return ""
    when = datetime.fromtimestamp(at, UTC).strftime("%d.%m.%Y")
    return f"{when}: {in_german(text.partition(' ')[0], text)}"
