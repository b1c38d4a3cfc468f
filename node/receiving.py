"""What the hub pushes to a node, and what the node reads at the hub when no push came (PROTOCOL 7 and 9)."""

from __future__ import annotations

from collections.abc import Callable

from node.exchange import fetch_roster
from node.party import Node
from node.recovery import hub_source
from shared import deliver
from shared.errors import FetchError, ParseError, VerificationError
from shared.feed import limits
from shared.feed.catalogue_note import CatalogueNote
from shared.feed.push import PushAnswer, PushBody
from shared.follow import Guards, Report
from shared.holdings import facts, logs
from shared.sources import FetchedSource

READING = "reading:"
"""Prefix of the facts that say why a log could not be read on, by origin."""


def receive_push(node: Node, body: PushBody) -> PushAnswer:
    """Take what the hub sent: rosters, entries and payloads, then its note; answer with what is held after that.

    Every well-formed body is answered, even if its note is old or refused.  Without a note it is a mere question: from
    a hub that has lost its own.
    """
    try:
        with node.db.write() as conn:
            deliver.extend_chain(node.book, conn, body.rosters)
        if not body.note:
            with node.db.read() as conn:
                return deliver.answer_push(conn, node.book.version(conn))
        with node.db.read() as conn:
            stored = {row.origin: bytes(row.note) for row in logs.load_logs(conn) if row.size}
        said = node.consumer.accept(body.note, lambda version: fetch_roster(node, version))
        intake = deliver.Intake(
            node.reader,
            keys_for=lambda origin: (
                None if origin == node.settings.origin else node.book.keys_for(origin, as_mirror=True)
            ),
            guards_for=lambda _: Guards(),
            fallback_for=lambda origin: hub_source(node, origin),
            may_cosign=lambda _: False,
        )
        intake.take(stored, body, sender="hub")
        after_note(node, said, lambda origin: hub_source(node, origin))
        _note_success(node)
    except (VerificationError, ParseError, FetchError) as error:
        _note_failure(node, error.code, error.message)
    with node.db.read() as conn:
        return deliver.answer_push(conn, node.book.version(conn))


def refresh(node: Node, *, etag: str = "", wait_seconds: int = 0) -> str:
    """Read the hub's catalogue note and what it names; returns the tag to ask again by.

    Raises:
        FetchError: not reached.
        VerificationError: the note is refused; the last good state stays.
    """
    answer = node.web.get(
        f"{node.hub_url}/catalogue", max_bytes=limits.LARGE_NOTE_MAX_BYTES,
        deadline_seconds=limits.CHECKPOINT_TIMEOUT_SECONDS, etag=etag, wait_seconds=wait_seconds,
    )  # fmt: skip
    if answer.status == 200:
        said: CatalogueNote | None = node.consumer.accept(answer.body, lambda version: fetch_roster(node, version))
    elif answer.status == 304:
        said = node.consumer.newest()
    else:
        raise FetchError(
            f"Der Kreis antwortet auf die Frage nach dem Katalog mit {answer.status}",
            kind="status",
            status=answer.status,
        )
    reports = [] if said is None else after_note(node, said, lambda origin: hub_source(node, origin))
    _note_success(node)
    if any(report.size > report.start for report in reports):
        # What came by reading is acknowledged by the next push; so that the hub does not count it as lag, push soon.
        with node.db.write() as conn:
            facts.save_fact(conn, "talk-due", 0)
    return answer.etag or etag


def after_note(node: Node, said: CatalogueNote, source_for: Callable[[str], FetchedSource]) -> list[Report]:
    """Compare our own line (W8), then read what differs."""
    _compare_own_line(node, said)
    reports = node.consumer.follow(said, source_for)
    _note_reports(node, reports)
    return reports


def _note_reports(node: Node, reports: list[Report]) -> None:
    """Keep why a log could not be read on; what is held of it stays as it is, and stays shown."""
    failed = {r.origin: f"{r.code} {r.message}" for r in reports if not r.is_good}
    with node.db.read() as conn:
        known = facts.load_facts(conn, READING)
    if failed == known:
        return
    with node.db.write() as conn:
        for origin in known.keys() - failed.keys():
            facts.delete_fact(conn, READING + origin)
        for origin, text in failed.items():
            facts.save_fact(conn, READING + origin, text)


def _compare_own_line(node: Node, said: CatalogueNote) -> None:
    """Larger than our log: recovering.  Equal size, other root: E_FORK.

    Missing or smaller for 1 h: E_HUB_MISREPRESENTS.
    """
    ours = next((source for source in said.sources if source.origin == node.settings.origin), None)
    now, is_member = node.clock.now(), node.is_member
    with node.db.write() as conn:
        row = logs.load_log(conn, node.settings.origin)
        if ours is not None and ours.size == row.size and ours.root != bytes(row.root):
            facts.save_fact(conn, "forked", now)
        elif ours is not None and ours.size > row.size and not facts.load_number(conn, "recovering-since"):
            facts.save_fact(conn, "recovering-since", now)
        if is_member and (ours is None or ours.size < row.size):
            if not facts.load_number(conn, "misrepresented-since"):
                facts.save_fact(conn, "misrepresented-since", now)
        else:
            facts.delete_fact(conn, "misrepresented-since")


def _note_success(node: Node) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, "last-pull", node.clock.now())
        facts.delete_fact(conn, "pull-failure")


def _note_failure(node: Node, code: str, message: str) -> None:
    with node.db.write() as conn:
        facts.save_fact(conn, "pull-failure", f"{code} {message}")
