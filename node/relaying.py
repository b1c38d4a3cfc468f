"""Answers that people gave on the hub's page, fetched from its inbox and applied as if given here (PROTOCOL 14).

The hub is asked only while a link that leads there is open, or while it must still hear what was dealt with.  Order: an
answer is applied, then it is noted as dealt with, then the hub hears of it with the next request.  A crash in between
brings the answer again, and then its link is used up already.
"""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa

from node import reviewing
from node.party import Node
from node.reviewing import CHANGE, CONFIRM, relayed_token
from node.status import in_german
from node.store import reviews
from shared.accounts.links import format_token, parse_token
from shared.errors import FetchError, KreisweitError, ParseError, RuleError
from shared.feed import limits
from shared.feed.inbox import ANSWER, CHANGED, CONFIRMED, PATH, Hint, format_acks, parse_hints
from shared.feed.keys import SigningKey
from shared.feed.request import HEADER, format_header, sign_request
from shared.holdings import facts
from shared.net.retry import backoff_seconds

FAILURE = "relay-failure"
_ACKS, _DUE, _FAILURES, _FAILED_AT = "relay-acks", "relay-due", "relay-failures", "relay-failed-at"
_ASK_SECONDS = 300
_LONGEST_SECONDS = 3600


def fetch_answers(node: Node) -> int:
    """Ask the hub for answers when that is due, and apply them; returns how many came.

    A failure is noted, and the next request waits longer.
    """
    now = node.clock.now()
    with node.db.read() as conn:
        acks = _load_acks(conn)
        is_due = facts.is_due(conn, _DUE, now=now, within=_LONGEST_SECONDS)
        is_open = bool(acks) or reviews.has_open_relayed(conn, now=now)
    if not is_due or not is_open or node.membership is None or not node.is_member:
        return 0
    with node.db.write() as conn:
        facts.save_fact(conn, _DUE, now + _ASK_SECONDS)
    try:
        found = _ask(node, acks[: limits.INBOX_HINTS_MAX], now)
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


def _ask(node: Node, acks: list[str], now: int) -> tuple[Hint, ...]:
    body = format_acks(acks)
    signature = sign_request(_known_key(node), PATH, now, body)
    posted = node.web.post(
        f"{node.hub_url.rstrip('/')}{PATH}", body, content_type="application/json",
        max_bytes=limits.INBOX_ANSWER_MAX_BYTES, deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
        headers={HEADER: format_header(node.settings.origin, now, signature)},
    )  # fmt: skip
    if posted.status != 200:
        raise ParseError(f"Der Kreis antwortet auf die Frage nach Antworten mit {posted.status}.")
    return parse_hints(posted.body)


def _known_key(node: Node) -> SigningKey:
    """Return the log key that the roster names: during a rotation there are two."""
    keys = node.book.keys_for(node.settings.origin, as_mirror=False)
    known = () if keys is None else keys.log_keys
    return next((key for key in node.signer.log_keys if key.verifying in known), node.signer.log_keys[0])


def _take(node: Node, hint: Hint) -> None:
    """Apply an answer and note that it was dealt with; what cannot be applied now comes again."""
    if hint.kind != ANSWER:
        return  # of a later version: it waits until this node understands it
    try:
        apply_answer(node, hint)
    except KreisweitError as error:
        with node.db.write() as conn:
            _save_failure(node, conn, error.message)
        return
    with node.db.write() as conn:
        _save_acks(conn, [*_load_acks(conn), hint.id])


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


def _note_failure(node: Node, text: str) -> None:
    with node.db.write() as conn:
        failures = facts.bump_fact(conn, _FAILURES)
        wait = backoff_seconds(failures, base=_ASK_SECONDS, cap=_LONGEST_SECONDS, jitter=node.dice.token(1)[0] / 255)
        facts.save_fact(conn, _DUE, node.clock.now() + max(wait, _ASK_SECONDS))
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
