"""Take back from the hub's mirror what our own log lacks (PROTOCOL 4 W3 and W6).

The entries carry our own signature, so the same reader verifies them.  Entries and erasures come first, payloads
follow. Pending edits are rebased: what already stands in the log is dropped here, what was made on an old version goes
to the conflict list at the next seal.  Texts kept for editors are forgotten where an erasure came back.
"""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from node.history import forget_erased
from node.party import Node
from shared.consume import mirror_path
from shared.errors import FetchError, LogStateError, VerificationError
from shared.feed.entry import Publish
from shared.feed.fold import parse_entries
from shared.feed.trusted_log import Keys, LogState, TrustedLog
from shared.follow import Guards
from shared.holdings import edits, facts, logs, payloads
from shared.holdings.edits import Edit
from shared.net.fetcher import PrefixFetcher
from shared.sources import FetchedSource, NotModified


class Recovered(msgspec.Struct):
    """What came back from the mirror in the last recovery."""

    entries: int = 0
    payloads: int = 0
    at: int = 0


def hub_source(node: Node, origin: str) -> FetchedSource:
    """Return the hub's mirror of a log."""
    prefix = f"{node.hub_url}/{mirror_path(origin)}"
    return FetchedSource(PrefixFetcher(node.web, prefix), prefix)


def _mirror_keys(node: Node) -> Keys:
    keys = node.book.keys_for(node.settings.origin, as_mirror=True)
    if keys is None:
        raise LogStateError("Die Mitgliederliste nennt das Log dieses Knotens nicht", code="E_ROSTER")
    return keys


def recover(node: Node) -> None:
    """Read our own log from the mirror and rebase the outbox.

    Raises:
        FetchError: the mirror could not be read; try again.
        VerificationError: the mirror shows something else than our log.
    """
    origin = node.settings.origin
    with node.db.write() as conn:
        before = logs.load_log(conn, origin).size
        facts.save_fact(conn, "recovering-since", facts.load_number(conn, "recovering-since") or node.clock.now())
    report = node.reader.read(_mirror_keys(node), hub_source(node, origin), Guards())
    if report.size <= before and not report.is_good:
        if report.code in ("E_FETCH", "E_OVERSIZE"):
            raise FetchError(report.message, kind="status")
        raise VerificationError(report.message, code=report.code)
    with node.db.write() as conn:
        row = logs.load_log(conn, origin)
        _drop_sealed(conn, row.id, before, row.size)
        forget_erased(conn, row.id)
        known = load_recovered(conn)
        known.entries += row.size - before
        known.payloads += report.stored
        known.at = node.clock.now()
        facts.save_fact(conn, "recovered", msgspec.json.encode(known).decode())


def fetch_lost_payloads(node: Node) -> None:
    """Ask the mirror again for own payloads that are not held; what nobody has goes to the conflict list."""
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
        missing = payloads.count_missing(conn, row.id)
        # Until it is sealed, what an erasure destroyed here still stands in the mirror: it must not come back from
        # there.
        is_erasing = any(edit.op == "erase" for edit in edits.load_edits(conn))
    if not missing or is_erasing or not node.is_member:
        return
    report = node.reader.read(_mirror_keys(node), hub_source(node, node.settings.origin), Guards())
    with node.db.write() as conn:
        if report.stored:
            known = load_recovered(conn)
            known.payloads += report.stored
            known.at = node.clock.now()
            facts.save_fact(conn, "recovered", msgspec.json.encode(known).decode())
        _list_lost(conn, row.id, node.clock.now())


def load_recovered(conn: sa.Connection) -> Recovered:
    """Return what the last recovery brought back; zeros when there was none."""
    text = facts.load_fact(conn, "recovered")
    return msgspec.json.decode(text, type=Recovered) if text else Recovered()


def _drop_sealed(conn: sa.Connection, log_id: int, start: int, end: int) -> None:
    """Drop outbox items whose commitment now stands in the log."""
    sealed: set[bytes] = set()
    for number in range(start // logs.WIDTH, (end + logs.WIDTH - 1) // logs.WIDTH):
        parsed = parse_entries(logs.load_entries(conn, log_id, number))
        sealed |= {entry.commitment for entry in parsed if isinstance(entry, Publish)}
    pending = edits.load_edits(conn)
    edits.drop_edits(conn, [edit.id for edit in pending if edit.commitment in sealed])


def _list_lost(conn: sa.Connection, log_id: int, now: int) -> None:
    """An own live version whose payload the mirror says it does not have is put before a person ("Inhalt verloren")."""
    listed = {bytes(row.rid) for row in edits.load_conflicts(conn) if row.cause == "lost"}
    for want in payloads.refused_wants(conn, log_id, code="E_PAYLOAD_MISSING"):
        if want.rid not in listed:
            edits.add_conflict(conn, Edit("publish", want.kind, want.rid, want.position, now), "lost")


def has_receipt(node: Node) -> bool:
    """Tell whether the hub's cosignature of our newest checkpoint is here; ask the mirror for it if not (W3).

    Raises:
        FetchError: the mirror could not be read.
        VerificationError: the mirror's checkpoint does not verify.
    """
    with node.db.read() as conn:
        row = logs.load_log(conn, node.settings.origin)
    if row.receipt_size == row.size:
        return True
    answer = hub_source(node, row.origin).checkpoint("")
    if isinstance(answer, NotModified):
        return False
    admission = TrustedLog(LogState(row.origin), _mirror_keys(node)).admit(answer.body, now=node.clock.now())
    if admission.checkpoint.size != row.size or admission.checkpoint.root != bytes(row.root):
        return False
    with node.db.write() as conn:
        logs.save_columns(conn, row.id, receipt=admission.note, receipt_size=row.size)
    return True
