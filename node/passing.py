"""Hints about offers of others: taken on a page here, passed to the hub, which keeps them for the owner (PROTOCOL 14).

Order: a hint is kept, then sent under the id it was kept with, then deleted when the hub says that it has it.  A crash
in between sends it again, and hub and owner know it by its id.  What the hub does not take in 30 days is deleted.
"""

from __future__ import annotations

from node.asking import ask_hub, may_ask, wait_after
from node.hints import OPEN_MAX, PACE, check_hint
from node.party import Node
from node.store import hints_out
from shared.accounts.guessing import begin_submission
from shared.errors import FetchError, ParseError, RuleError
from shared.feed import limits
from shared.feed.passed_hints import PATH, PassedHint, format_passed, parse_taken
from shared.holdings import facts
from shared.model.hints import Taken
from shared.model.text import one_line, running_text

_DUE, _FAILURES = "hints-out-due", "hints-out-failures"
_AGAIN_SECONDS = 60
_LONGEST_SECONDS = 3600


def keep_hint(node: Node, rid: bytes, text: str, contact: str, *, address: str) -> Taken:
    """Keep a hint about an offer of another member until the hub has it, or say how long to wait.

    Args:
        rid: of an offer that is shown here; the caller has looked.
        address: of the visitor, for the pace alone.
    Raises:
        RuleError: the text is missing or too long; carries every problem by field.
    """
    text, contact = running_text(text), one_line(contact)
    if problems := check_hint(text, contact):
        raise RuleError("Der Hinweis ist so nicht vollständig", problems)
    now = node.clock.now()
    with node.db.write() as conn:
        wait = begin_submission(conn, node.dice, kind="hint", address=address, pace=PACE, now=now)
        if wait := max(wait, PACE.longest_wait_seconds if hints_out.count_out(conn) >= OPEN_MAX else 0):
            return Taken(wait)
        hints_out.add_out(conn, PassedHint(node.dice.token(16), rid, text, contact), now=now)
    return Taken()


def send_hints(node: Node) -> int:
    """Send what waits for the hub when that is due; returns how many hints it took.

    After a failure, and after an answer that took nothing, the next request waits longer.
    """
    now = node.clock.now()
    with node.db.read() as conn:
        is_due = facts.is_due(conn, _DUE, now=now, within=_LONGEST_SECONDS)
        waiting = hints_out.load_out(conn, most=limits.HINTS_PASSED_MAX) if is_due else []
    if not waiting or not may_ask(node):
        return 0
    try:
        answer = ask_hub(node, PATH, format_passed(waiting), max_bytes=limits.INBOX_ANSWER_MAX_BYTES)
        taken = parse_taken(answer) & {one.id for one in waiting}
    except (FetchError, ParseError):
        taken = frozenset()
    with node.db.write() as conn:
        hints_out.note_sent(conn, [one.id for one in waiting])
        if hints_out.drop_out(conn, taken):
            facts.save_fact(conn, "scrub-due", 1)
            facts.save_fact(conn, _FAILURES, 0)
            wait = _AGAIN_SECONDS
        else:
            failures = facts.bump_fact(conn, _FAILURES)
            wait = wait_after(node, failures, base=_AGAIN_SECONDS, cap=_LONGEST_SECONDS)
        facts.save_fact(conn, _DUE, now + wait)
    return len(taken)


def forget_unsent(node: Node) -> None:
    """Delete hints that the hub has not taken for 30 days."""
    with node.db.write() as conn:
        if hints_out.drop_old_out(conn, until=node.clock.now() - limits.HINT_KEPT_SECONDS):
            facts.save_fact(conn, "scrub-due", 1)
