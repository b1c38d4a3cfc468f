"""What waits here for a member until it asks: answers to its mail links, and hints about its offers (PROTOCOL 14).

Answers come from a page here for nodes that people cannot reach, hints from a page here or from another member's node.
The hub cannot tell a right token from a wrong one; the node can.  So what may wait is bounded by offer, by member and
by network.  No address of a visitor is stored: the pace is kept under a keyed hash of their network, for a day
(`shared.accounts.guessing`).  What waits is deleted when its member has dealt with it, and after 30 days.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from hub.notes import newest_note
from hub.party import Hub
from hub.signed import MAY_ASK, identify
from hub.store import inbox
from hub.store.inbox import Waiting
from shared.accounts.guessing import Pace, begin_submission, forget_submissions
from shared.consume import shown_origins
from shared.errors import ConflictError, NotFoundError, RuleError
from shared.feed import limits
from shared.feed.inbox import (
    ANSWER,
    CHANGED,
    CONFIRMED,
    FROM_DISTRICT,
    FROM_HUB,
    FROM_NODE,
    HINT,
    Hint,
    format_hints,
    parse_acks,
)  # fmt: skip
from shared.feed.inbox import PATH as INBOX
from shared.feed.passed_hints import PATH as HINTS
from shared.feed.passed_hints import PassedHint, format_taken, parse_passed
from shared.feed.request import parse_header
from shared.holdings import catalogue, facts
from shared.model.hints import Taken, find_problems
from shared.model.text import one_line, running_text

TEXT_MIN, TEXT_MAX = 5, 1000
PACE = Pace(free=10, first_wait_seconds=60, longest_wait_seconds=3600, most_per_hour=30)
"""A provider with many offers answers for all of them on one morning."""
OPEN_PER_OFFER, OPEN_PER_MEMBER = 20, 5000
HINT_PACE = Pace(free=5, first_wait_seconds=60, longest_wait_seconds=3600, most_per_hour=12)
"""As at a node: nobody finds more mistakes than this in an hour."""
KEPT_SECONDS = limits.HINT_KEPT_SECONDS
"""A node that has not asked for a month will not ask (PROTOCOL 14)."""
_FULL_SECONDS = 600


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
        if wait := begin_submission(conn, hub.dice, kind="answer", address=address, pace=PACE, now=now):
            return wait
        inbox.add_waiting(conn, Waiting(hub.dice.token(16), member, ANSWER, rid, body, now))
    return 0


def _problem_of(text: str) -> str:
    if len(text) < TEXT_MIN:
        return "Bitte schreiben Sie kurz, was sich geändert hat."
    return f"Höchstens {TEXT_MAX} Zeichen; es sind {len(text)}." if len(text) > TEXT_MAX else ""


def take_hint(hub: Hub, rid: bytes, text: str, contact: str, *, address: str) -> Taken:
    """Keep a hint about a shown offer until its owner asks, or say how long to wait first.

    Raises:
        RuleError: the text is missing or too long.
        NotFoundError: no such offer is shown.
    """
    text, contact = running_text(text), one_line(contact)
    if problems := find_problems(text, contact):
        raise RuleError("Der Hinweis ist so nicht vollständig", {name: [word] for name, word in problems.items()})
    now = hub.clock.now()
    with hub.db.write() as conn:
        owner = _owner_of(hub, conn, rid)
        if owner is None:
            raise NotFoundError(f"Ein Angebot {rid.hex()} wird nicht gezeigt")
        if _is_full(conn, owner, rid):
            return Taken(_FULL_SECONDS)
        if wait := begin_submission(conn, hub.dice, kind="hint", address=address, pace=HINT_PACE, now=now):
            return Taken(wait)
        _keep(conn, hub.dice.token(16), owner, _Written(rid.hex(), text, contact, FROM_HUB), now)
    return Taken()


def tell_owner(hub: Hub, conn: sa.Connection, rid: bytes, text: str) -> bool:
    """Keep what the district noticed about a shown offer until its owner asks; False where it cannot be told now.

    The owner may not ask, or too much about this offer waits for it already.
    """
    owner = _owner_of(hub, conn, rid)
    if owner is None:
        return False
    try:
        tell_member(hub, conn, owner, rid, text)
    except (RuleError, ConflictError):
        return False
    return True


class _Written(msgspec.Struct, frozen=True):
    """What somebody wrote about an offer, as it is kept."""

    rid: str
    text: str
    contact: str
    source: str


def _owner_of(hub: Hub, conn: sa.Connection, rid: bytes) -> str | None:
    """Return the member whose shown offer this is, if it may ask for what waits."""
    said = newest_note(conn)
    if said is None:
        return None
    shown = catalogue.find_shown(conn, shown_origins(said), rid)
    if shown is None or shown.kind != "offer":
        return None
    row = next((one for one in hub.members(conn) if one.name == shown.member), None)
    return shown.member if row is not None and row.status in MAY_ASK else None


def _is_full(conn: sa.Connection, member: str, rid: bytes) -> bool:
    known = inbox.load_bodies(conn, member, rid)
    return len(known) >= OPEN_PER_OFFER or inbox.count_waiting(conn, member) >= OPEN_PER_MEMBER


# --- from the district -----------------------------------------------------------------------------------------------


def tell_member(hub: Hub, conn: sa.Connection, owner: str, rid: bytes, text: str, *, contact: str = "") -> bytes:
    """Put a hint of the district's own about one of its offers into a member's inbox; returns the id it waits under.

    Its node shows it at the desk as one of the district.  The pace for visitors does not count here.

    Args:
        contact: a function mailbox to which the city can answer; empty for none.
    Raises:
        RuleError: the text is missing or too long.
        ConflictError: the member may not ask, or too much waits for it already.
    """
    text, contact = running_text(text), one_line(contact)
    if problems := find_problems(text, contact):
        raise RuleError("Der Hinweis ist so nicht vollständig", {name: [word] for name, word in problems.items()})
    row = next((one for one in hub.members(conn) if one.name == owner), None)
    if row is None or row.status not in MAY_ASK:
        raise ConflictError("Diese Stadt fragt zurzeit keine Hinweise ab", advice="Rufen Sie dort an.")
    if _is_full(conn, owner, rid):
        raise ConflictError("Für diese Stadt warten schon zu viele Hinweise", advice="Rufen Sie dort an.")
    number = hub.dice.token(16)
    _keep(conn, number, owner, _Written(rid.hex(), text, contact, FROM_DISTRICT), hub.clock.now())
    return number


def _keep(conn: sa.Connection, number: bytes, owner: str, written: _Written, now: int) -> None:
    body = msgspec.json.encode(written).decode()
    inbox.add_waiting(conn, Waiting(number, owner, HINT, bytes.fromhex(written.rid), body, now))


# --- to members ------------------------------------------------------------------------------------------------------


def receive_inbox(hub: Hub, header: str, body: bytes) -> bytes:
    """Answer `POST /federation/inbox`: delete what the member has dealt with, return what waits for it.

    Raises:
        ParseError: no signed request of this form.
        AccessError, VerificationError: see `signed.identify`.
    """
    signed, acks = parse_header(header), parse_acks(body)
    with hub.db.write() as conn:
        member = identify(hub, conn, INBOX, signed, body)
        if inbox.drop_waiting(conn, member, acks):
            facts.save_fact(conn, "scrub-due", 1)
        waiting = inbox.load_waiting(conn, member, most=limits.INBOX_HINTS_MAX)
    return format_hints([_hint(row) for row in waiting])


def receive_hints(hub: Hub, header: str, body: bytes) -> bytes:
    """Answer `POST /federation/hints`: keep hints that were given on the sender's pages for those whom they concern.

    The answer names what was taken, and what was taken before; the rest may come again: its offer is not shown now, too
    much waits for its owner, or the sender sent too much today.

    Raises:
        ParseError: no signed request of this form.
        AccessError, VerificationError: see `signed.identify`.
    """
    signed, passed = parse_header(header), parse_passed(body)
    with hub.db.write() as conn:
        sender = identify(hub, conn, HINTS, signed, body)
        taken = [one.id for one in passed if _take_passed(hub, conn, sender, one)]
    return format_taken(taken)


def _take_passed(hub: Hub, conn: sa.Connection, sender: str, passed: PassedHint) -> bool:
    """Keep one hint of a member, once; one that the owner has fetched already is known to it by its id."""
    if inbox.is_waiting(conn, passed.id):
        return True
    text, contact = running_text(passed.text), one_line(passed.contact)
    owner = _owner_of(hub, conn, passed.rid)
    if owner is None or find_problems(text, contact) or _is_full(conn, owner, passed.rid):
        return False
    if not _may_send(hub, conn, sender):
        return False
    _keep(conn, passed.id, owner, _Written(passed.rid.hex(), text, contact, FROM_NODE), hub.clock.now())
    return True


def _may_send(hub: Hub, conn: sa.Connection, sender: str) -> bool:
    """Count one more hint of a member today; False when it sent enough."""
    today, fact = datetime.fromtimestamp(hub.clock.now(), UTC).date().isoformat(), f"hints-from:{sender}"
    day, _, number = facts.load_fact(conn, fact).partition(" ")
    sent = int(number) if day == today else 0
    if sent >= limits.HINTS_PER_DAY:
        return False
    facts.save_fact(conn, fact, f"{today} {sent + 1}")
    return True


def _hint(row: Waiting) -> Hint:
    if row.kind == HINT:
        wrote = msgspec.json.decode(row.body, type=_Written)
        return Hint(
            row.id.hex(), row.kind, wrote.rid, text=wrote.text, created=row.created, contact=wrote.contact,
            source=wrote.source,
        )  # fmt: skip
    said = msgspec.json.decode(row.body, type=Answer)
    return Hint(row.id.hex(), row.kind, said.rid, said.token, said.answer, said.text, row.created)


def forget_old(conn: sa.Connection, *, now: int) -> int:
    """Delete what no member has asked for in time; returns how many rows went."""
    forget_submissions(conn, now=now)
    return inbox.drop_old(conn, until=now - KEPT_SECONDS)
