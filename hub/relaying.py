"""Answers to mail links of nodes that people cannot reach: taken on a page here, handed to the node when it asks.

The hub cannot tell a right token from a wrong one; the node can.  So what may wait is bounded by offer, by member and
by network.  No address of a visitor is stored: the pace is kept under a keyed hash of their network, for a day.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

import msgspec
import sqlalchemy as sa

from hub.party import Hub
from hub.store import inbox
from hub.store.inbox import Waiting
from shared.accounts.guessing import HOUR_SECONDS, Pace, network_of, wait_seconds
from shared.errors import AccessError, RuleError, SignatureError, VerificationError
from shared.feed import limits
from shared.feed.inbox import ANSWER, CHANGED, CONFIRMED, PATH, Hint, format_hints, parse_acks
from shared.feed.keys import VerifyingKey
from shared.feed.outcomes import Code
from shared.feed.request import Signed, parse_header, verify_request
from shared.holdings import facts
from shared.model.text import running_text

TEXT_MIN, TEXT_MAX = 5, 1000
PACE = Pace(free=10, first_wait_seconds=60, longest_wait_seconds=3600, most_per_hour=30)
"""A provider with many offers answers for all of them on one morning."""
OPEN_PER_OFFER, OPEN_PER_MEMBER = 20, 5000
KEPT_SECONDS = 30 * 86_400
"""A node that has not asked for a month will not ask (PROTOCOL 14)."""
_FULL_SECONDS = 600
_VISIT_SECONDS = 86_400
_MAY_ASK = frozenset({"active", "paused"})
_KEY_FACT = "visit-key"


class Answer(msgspec.Struct, frozen=True):
    """What somebody answered about an offer; `token` is that of the link, as text."""

    rid: str
    token: str
    answer: str
    text: str = ""


# --- from people -----------------------------------------------------------------------------------------------------


def take_answer(hub: Hub, member: str, answer: Answer, *, address: str) -> int:
    """Keep an answer until the member asks for it; returns how many seconds to wait first, 0 when it is kept.

    The same answer sent twice is kept once.

    Raises:
        RuleError: the text is missing or too long.
    """
    text = running_text(answer.text) if answer.answer == CHANGED else ""
    if answer.answer not in (CONFIRMED, CHANGED):
        raise RuleError("Die Antwort fehlt", {"": ["Wählen Sie eine der beiden Antworten."]})
    if answer.answer == CHANGED and (problem := _problem_of(text)):
        raise RuleError("Die Nachricht ist so nicht vollständig", {"text": [problem]})
    rid, now = bytes.fromhex(answer.rid), hub.clock.now()
    body = msgspec.json.encode(msgspec.structs.replace(answer, text=text)).decode()
    with hub.db.write() as conn:
        known = inbox.load_bodies(conn, member, rid)
        if body in known:
            return 0
        if len(known) >= OPEN_PER_OFFER or inbox.count_waiting(conn, member) >= OPEN_PER_MEMBER:
            return _FULL_SECONDS
        if wait := _begin_visit(hub, conn, address, now):
            return wait
        inbox.add_waiting(conn, Waiting(hub.dice.token(16), member, ANSWER, rid, body, now))
    return 0


def _problem_of(text: str) -> str:
    if len(text) < TEXT_MIN:
        return "Bitte schreiben Sie kurz, was sich geändert hat."
    return f"Höchstens {TEXT_MAX} Zeichen; es sind {len(text)}." if len(text) > TEXT_MAX else ""


def _begin_visit(hub: Hub, conn: sa.Connection, address: str, now: int) -> int:
    """Count what a network sends; returns how long it has to wait first."""
    key = facts.load_fact(conn, _KEY_FACT)
    if not key:
        key = hub.dice.token(32).hex()
        facts.save_fact(conn, _KEY_FACT, key)
    network = hmac.new(bytes.fromhex(key), network_of(address).encode(), hashlib.sha256).digest()[:16]
    wait = wait_seconds(inbox.visit_times(conn, network, since=now - HOUR_SECONDS), PACE, now=now)
    if not wait:
        inbox.add_visit(conn, network, now)
    return wait


# --- to members ------------------------------------------------------------------------------------------------------


def receive_inbox(hub: Hub, header: str, body: bytes) -> bytes:
    """Answer `POST /federation/inbox`: delete what the member has dealt with, return what waits for it.

    Raises:
        ParseError: no signed request of this form.
        AccessError: the roster names no such log, or its member may not ask.
        VerificationError: another key, a time too far from ours, or a request that came before.
    """
    signed, acks = parse_header(header), parse_acks(body)
    with hub.db.write() as conn:
        member = _identify(hub, conn, signed, body)
        if inbox.drop_waiting(conn, member, acks):
            facts.save_fact(conn, "scrub-due", 1)
        waiting = inbox.load_waiting(conn, member, most=limits.INBOX_HINTS_MAX)
    return format_hints([_hint(row) for row in waiting])


def _identify(hub: Hub, conn: sa.Connection, signed: Signed, body: bytes) -> str:
    """Return the member whose log key signed a request that is new; what it says counts only after that."""
    keys = hub.book.keys_for(signed.origin, as_mirror=False, conn=conn)
    if keys is None or signed.origin == hub.settings.origin:
        raise AccessError("no member has this log")
    _verify_any(keys.log_keys, signed, body)
    if hub.book.status_of(signed.origin, conn) not in _MAY_ASK:
        raise AccessError("this member is suspended or retired")
    if abs(hub.clock.now() - signed.time) > limits.SKEW_SECONDS:
        raise VerificationError("the time of the request is too far from the hub's", code=Code.E_CLOCK)
    fact = f"inbox-asked:{signed.origin}"
    if signed.time <= facts.load_number(conn, fact):
        raise VerificationError("this request, or a later one, came before", code=Code.E_REPLAY)
    facts.save_fact(conn, fact, signed.time)
    return keys.member


def _verify_any(keys: Sequence[VerifyingKey], signed: Signed, body: bytes) -> None:
    for key in keys:
        try:
            verify_request(key, PATH, signed.time, body, signed.signature)
        except SignatureError:
            continue
        return
    raise SignatureError("no key of this log signed the request")


def _hint(row: Waiting) -> Hint:
    said = msgspec.json.decode(row.body, type=Answer)
    return Hint(row.id.hex(), row.kind, said.rid, said.token, said.answer, said.text, row.created)


def forget_old(conn: sa.Connection, *, now: int) -> int:
    """Delete what no member has asked for in time; returns how many rows went."""
    inbox.drop_visits(conn, before=now - _VISIT_SECONDS, now=now)
    return inbox.drop_old(conn, until=now - KEPT_SECONDS)
