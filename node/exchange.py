"""The conversation with the hub: ask what it holds, then level both sides (PROTOCOL 4 W3 and 9).

The push answer says what the hub holds of our log.  Larger than ours: we were restored from an older copy and take back
what is missing.  Smaller: we deliver.  What the hub holds less of than we do travels back the same way, whoever wrote
it.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from node.party import Node
from node.recovery import recover
from shared import deliver
from shared.errors import EquivocationError, FetchError, KreisweitError, ParseError
from shared.feed import limits
from shared.feed.push import Holding, PushAnswer, format_push, parse_answer
from shared.holdings import facts, logs, papers
from shared.holdings.carrying import ERASURES_UNKNOWN

_ROUNDS = 40
"""Pushes in one conversation at most; 8 MiB each is more than any member's log."""


class NotAnsweredError(KreisweitError):
    """The hub was reached but cannot say yet what it holds (it is recovering), or does not know us yet."""


def push(
    node: Node,
    known: dict[str, Holding] | None,
    resume: tuple[deliver.Cursor, ...] = (),
    *,
    rosters_after: int | None = None,
) -> tuple[PushAnswer, tuple[deliver.Cursor, ...]]:
    """Send one push and take its answer.

    Args:
        known: what the hub holds, so that the rest can be delivered; None only asks.
        rosters_after: send every roster newer than this version.
    Raises:
        FetchError: the hub was not reached, or did not answer as PROTOCOL 9 says.
    """
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        rosters = [] if rosters_after is None else [n for _, n in papers.load_roster_notes(conn, rosters_after)]
        parcel = deliver.pack(
            conn, note=bytes(row.note), roster_version=node.book.version(conn), rosters=rosters, known=known,
            resume=resume,
        )  # fmt: skip
    posted = node.web.post(
        f"{node.hub_url}/federation/push", format_push(parcel.body), content_type="application/x-ndjson",
        max_bytes=limits.LARGE_NOTE_MAX_BYTES, deadline_seconds=limits.TILE_TIMEOUT_SECONDS,
    )  # fmt: skip
    if posted.status != 200:
        raise FetchError(
            f"Der Kreis antwortet auf die Lieferung mit {posted.status}", kind="status", status=posted.status
        )
    try:
        answer = parse_answer(posted.body)
    except ParseError as error:
        raise FetchError(
            f"Die Antwort des Kreises auf die Lieferung ist nicht lesbar ({error.message})", kind="type"
        ) from error
    with node.db.write() as conn:
        papers.save_holder(conn, "hub", answer.sources, now=node.clock.now())
        facts.save_fact(conn, "last-push", node.clock.now())
    if answer.roster > node.book.version():
        fetch_rosters(node, answer.roster)
    return answer, parcel.rest


def fetch_rosters(node: Node, version: int) -> None:
    """Get the roster versions up to `version` that we lack; E_ROSTER when one does not verify."""
    while (held := node.book.version()) < version:
        found = fetch_roster(node, held + 1 if held else version)
        if found is None:
            return
        with node.db.write() as conn:
            if not node.book.extend(conn, found):
                return


def fetch_roster(node: Node, version: int) -> bytes | None:
    """Return one roster version as the hub serves it, or None."""
    answer = node.web.get(
        f"{node.hub_url}/roster/{version}", max_bytes=limits.LARGE_NOTE_MAX_BYTES,
        deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS,
    )  # fmt: skip
    return answer.body if answer.status == 200 else None


def converse(node: Node) -> PushAnswer:
    """Ask the hub what it holds and level both sides: recover what it has more of, deliver what it has less of.

    Returns:
        The last answer; the hub then holds exactly our log.
    Raises:
        FetchError: not reached.
        NotAnsweredError: the hub is recovering, or does not hold our log yet: nothing may be sealed, edits wait.
        EquivocationError: E_FORK, equal size and another root; nothing may be signed.
    """
    answer, _ = push(node, None)
    if answer.roster < node.book.version():
        answer, _ = push(node, None, rosters_after=answer.roster)
    if is_behind(node, answer):
        recover(node)
        answer, _ = push(node, None)
    return hand_over(node, answer)


def hand_over(node: Node, answer: PushAnswer) -> PushAnswer:
    """Deliver what the hub lacks according to its last answer; returns the newest answer, when both sides are level.

    Raises:
        FetchError, NotAnsweredError: as for `converse`.
    """
    before = dict(answer.wants)
    answer, resent = _deliver(node, answer)
    node.last_wants = dict(answer.wants)
    # What all our payloads did not still is not sent again until the hub wants another number of them.
    node.resent_in_vain = {
        origin: count
        for origin, count in answer.wants
        if (origin in resent and before.get(origin) == count) or node.resent_in_vain.get(origin) == count
    }
    if answer.state != "live":
        _note_compared(node, answer)
        raise NotAnsweredError("Der Kreis gleicht seinen Stand noch ab")
    _note_level(node, answer)
    return answer


def _deliver(node: Node, answer: PushAnswer) -> tuple[PushAnswer, set[str]]:
    """Send entries that the hub lacks, then payloads, until it wants none or nothing moves any more.

    Returns:
        The last answer, and the logs of which all payloads were sent once more.
    """
    was_sent: set[str] = set()
    cursors: tuple[deliver.Cursor, ...] = ()
    for _ in range(_ROUNDS):
        known = {holding.origin: holding for holding in answer.sources}
        cursors += _wanted_again(node, answer, was_sent)
        if not cursors and not _has_more_than(node, known):
            break
        answer, cursors = push(node, known, cursors)
        if not cursors and {holding.origin: holding for holding in answer.sources} == known:
            break
    return answer, was_sent


def _theirs(node: Node, answer: PushAnswer) -> Holding | None:
    return next((holding for holding in answer.sources if holding.origin == node.settings.origin), None)


def is_behind(node: Node, answer: PushAnswer) -> bool:
    """Tell whether the hub holds more of our own log than we do.

    Raises:
        EquivocationError: equal size, another root.
    """
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
    theirs = _theirs(node, answer)
    _verify_same_root(node, row, theirs)
    return theirs is not None and theirs.size > row.size


def _verify_same_root(node: Node, row: sa.Row[Any], theirs: Holding | None) -> None:
    """Return unless the hub holds another log of our size; that is kept, and nothing is signed any more."""
    if theirs is not None and theirs.size == row.size and theirs.root != bytes(row.root):
        with node.db.write() as conn:
            facts.save_fact(conn, "forked", node.clock.now())
        raise EquivocationError(
            f"Der Kreis hat ein anderes Log mit {row.size} Einträgen",
            advice="Den Kreis anrufen: Es braucht eine neue Generation.",
        )


def _has_more_than(node: Node, known: dict[str, Holding]) -> bool:
    """We hold more than the hub of a log that the roster names."""
    with node.db.read() as conn:
        return any(
            holding.size > (known[holding.origin].size if holding.origin in known else 0)
            and node.book.keys_for(holding.origin, as_mirror=False, conn=conn) is not None
            for holding in papers.load_holdings(conn)
        )


def _wanted_again(node: Node, answer: PushAnswer, was_sent: set[str]) -> tuple[deliver.Cursor, ...]:
    """Payloads the hub still wants: ours at once, those of others when it wanted as many at our last conversation."""
    again = []
    for origin, count in answer.wants:
        is_own = origin == node.settings.origin
        if node.resent_in_vain.get(origin) == count:
            continue
        if count and origin not in was_sent and (is_own or node.last_wants.get(origin) == count):
            was_sent.add(origin)
            again.append(deliver.Cursor(origin, 0))
    return tuple(again)


def _note_compared(node: Node, answer: PushAnswer) -> None:
    """A hub that is recovering holds exactly our log: nothing is sealed yet, but the time line may be signed anew (W8).

    Otherwise each would wait for the other: it for a fresh signature, we for its recovery.
    """
    theirs = _theirs(node, answer)
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        if theirs is not None and (theirs.size, theirs.root) == (row.size, bytes(row.root)):
            facts.save_fact(conn, "compared-at", node.clock.now())


def _note_level(node: Node, answer: PushAnswer) -> None:
    """Both sides hold the same: the question of W3 is answered, a recovery is over."""
    theirs = _theirs(node, answer)
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
    _verify_same_root(node, row, theirs)
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        if theirs is None or theirs.size != row.size:
            raise NotAnsweredError(f"Der Kreis hat {0 if theirs is None else theirs.size} von {row.size} Einträgen")
        if facts.load_fact(conn, ERASURES_UNKNOWN):
            raise NotAnsweredError("Nach der Wiederherstellung werden erst die Löschungen aller Städte gelesen")
        facts.save_fact(conn, "asked-at", node.clock.now())
        facts.save_fact(conn, "recovering-since", 0)
        facts.delete_fact(conn, "forked")
