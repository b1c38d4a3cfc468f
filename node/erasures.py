"""Erasing a person at the desk, and who has confirmed it (PROTOCOL 9 and 10).

Decided here: what counts as a confirmation.  The hub confirms by its answer to a push, or by its cosignature under a
state of our log that holds the erasure.  Another city tells the hub, not us; what we know of it is what its mirror
shows when somebody asks.  That a party says so is not proof that no copy is left; nobody can prove that.

What is kept of an erasure names nobody: counts and times alone.  Sizes are those of the current generation of our log:
after a new one has begun, what others hold of the old one is not shown here any more.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
import sqlalchemy as sa

from node.erasing import Erased, erase, scrub
from node.party import Node
from node.sealing import seal_pending
from node.status import in_german
from node.store import erasures
from node.store.erasures import Erasure
from shared.consume import mirror_path
from shared.errors import FetchError, NotFoundError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.checkpoint import parse_checkpoint_text
from shared.feed.note import parse_note, verify_by_log_key
from shared.feed.push import Holding
from shared.feed.roster import MemberRow
from shared.holdings import edits, logs, papers

CONFIRMED, NOT_YET, UNKNOWN, NOTHING = "confirmed", "not-yet", "unknown", "nothing"
UNREACHABLE = "-"
"""The address of a member that nobody can ask."""
_ASKED_AT_ONCE = 6


class Party(msgspec.Struct, frozen=True):
    """How one party stands to an erasure; `name` is hub or a member's, `state` one of the four above."""

    name: str
    state: str


class Report(msgspec.Struct, frozen=True):
    """One erasure; `is_sealed` says that others can know of it."""

    erasure: Erasure
    is_sealed: bool
    is_member: bool
    parties: tuple[Party, ...]


def erase_person(node: Node, text: str, owner: str) -> tuple[Erased, str]:
    """Erase a person here and, where the hub answers, seal that at once; returns also what the seal waits for.

    Args:
        owner: names this process in the writer's lease.
    Raises:
        RuleError: the text is too short to search for.
    """
    done = erase(node, text)
    if not node.is_member:
        return done, ""
    outcome = seal_pending(node, owner)
    scrub(node)
    if outcome.sealed is not None and done.number:
        with node.db.write() as conn:
            erasures.save_size(conn, done.number, outcome.sealed.size)
    return done, in_german(outcome.code, outcome.waits_for) if outcome.waits_for else ""


def load_report(node: Node, number: int) -> Report:
    """Return what is known of one erasure; NotFoundError when there is none of this number."""
    with node.db.read() as conn:
        found = erasures.load_erasure(conn, number)
        if found is None:
            raise NotFoundError("Diesen Löschbericht gibt es nicht")
        return _report(node, conn, found)


def list_reports(node: Node) -> list[Report]:
    """Return the newest erasures, newest first."""
    with node.db.read() as conn:
        return [_report(node, conn, found) for found in erasures.load_erasures(conn)]


def _report(node: Node, conn: sa.Connection, found: Erasure) -> Report:
    waiting = any(edit.op == "erase" and edit.time <= found.time for edit in edits.load_edits(conn))
    is_member = node.book.keys_for(node.settings.origin, as_mirror=False, conn=conn) is not None
    needed = 0 if waiting else found.size or _covering_size(node, conn)
    names = ["hub", *(row.name for row in _others(node, conn))] if is_member else []
    sizes = _known_sizes(node, conn)
    is_nothing = not waiting and not needed
    parties = [
        Party(name, NOTHING if is_nothing else _state(sizes.get(name), needed, is_hub=name == "hub")) for name in names
    ]
    return Report(found, not waiting, is_member, tuple(parties))


def _state(size: int | None, needed: int, *, is_hub: bool) -> str:
    if not needed:
        return NOT_YET if is_hub else UNKNOWN
    if size is None:
        return UNKNOWN
    return CONFIRMED if size >= needed else NOT_YET


def _covering_size(node: Node, conn: sa.Connection) -> int:
    row = logs.load_log(conn, node.settings.origin)
    return erasures.covering_size(conn, row.id, row.size)


def _known_sizes(node: Node, conn: sa.Connection) -> dict[str, int]:
    """How much of our log each party is known to hold; the hub's cosignature counts like its answer."""
    row = logs.load_log(conn, node.settings.origin)
    sizes = {name: held.size for name, held in papers.load_holders_of(conn, node.settings.origin).items()}
    if row.receipt_size:
        sizes["hub"] = max(sizes.get("hub", 0), row.receipt_size)
    return sizes


def _others(node: Node, conn: sa.Connection) -> list[MemberRow]:
    return [row for row in node.book.members(conn) if row.name != node.settings.name and row.status == "active"]


def ask_others(node: Node) -> int:
    """Ask the mirrors of the other cities how much of our log they hold; returns how many answered."""
    with node.db.read() as conn:
        rows = [row for row in _others(node, conn) if row.url != UNREACHABLE]
    if not rows:
        return 0
    with ThreadPoolExecutor(min(_ASKED_AT_ONCE, len(rows))) as pool:
        answers = list(pool.map(partial(_ask, node), rows))
    with node.db.write() as conn:
        for row, held in zip(rows, answers, strict=True):
            if held is not None:
                papers.save_holder(conn, row.name, [held], now=node.clock.now())
    return sum(1 for held in answers if held is not None)


def _ask(node: Node, row: MemberRow) -> Holding | None:
    """Read one mirror's state of our log; None where there is no answer that our own key signed."""
    try:
        answer = node.web.get(
            f"{row.url}/{mirror_path(node.settings.origin)}checkpoint", max_bytes=limits.NOTE_MAX_BYTES,
            deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
        )  # fmt: skip
        if answer.status != 200:
            return None
        note = parse_note(answer.body)
        for key in node.own_keys.log_keys:
            verify_by_log_key(key, note)
        said = parse_checkpoint_text(note.text)
    except (FetchError, ParseError, VerificationError):
        return None
    return Holding(said.origin, said.size, said.root) if said.origin == node.settings.origin else None
