"""Bugs of those who write: what editors save, what is signed, what an erasure destroys."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import sqlalchemy as sa

from node import editing, sealing
from node import upkeep as node_upkeep
from shared import seal
from shared.errors import LogStateError
from shared.feed.checkpoint import Checkpoint
from shared.feed.entry import Publish, format_entry
from shared.feed.payload import commitment_of
from shared.feed.trusted_log import LogState
from shared.holdings import edits, facts, growth, logs, payloads
from shared.holdings.tables import outbox
from tests.simulation.network import CRASH, INTERLEAVE, LOST_ANSWER
from tests.simulation.planting import Patches, Planted, replace
from tests.simulation.scenario import RESTORE_HUB, RESTORE_NODE, SKEW


def _sent_before_it_is_kept() -> Patches:
    """The log is delivered, the disk forgets it, and the same size is signed a second time."""
    original = sealing._ask_and_seal

    def send_first(node: Any) -> sealing.SealOutcome:
        before = node.db.image()
        outcome = original(node)
        if outcome.sealed is not None and outcome.sealed.entries:
            node.db.load(before)
            node.sealer.seal(now=node.clock.now() + 1)
        return outcome

    return [replace(sealing, "_ask_and_seal", send_first)]


def _signed_with_a_clock_behind() -> Patches:
    def only_others(conn: sa.Connection, row: Any, *, now: int) -> None:
        if facts.load_number(conn, "recovering-since"):
            raise LogStateError("", code="E_RECOVERING")

    return [replace(seal, "check_writable", only_others)]


def _signed_while_recovering() -> Patches:
    return [
        replace(seal, "check_writable", lambda *_, **__: None),
        replace(sealing, "converse", lambda _node: None),
        replace(sealing, "has_receipt", lambda _node: True),
        replace(sealing, "hand_over", lambda *_: None),
    ]


def _import_loses_its_last_row() -> Patches:
    original = edits.add_edits
    return [replace(edits, "add_edits", lambda db, conn, new: original(db, conn, new[:-1]))]


def _saved_whatever_others_did() -> Patches:
    """Nobody looks whether the editor has seen the newest version."""
    original = editing.save_offer

    def save_over(node: Any, doc: Any, rid: Any = None, base: Any = None, **options: Any) -> bytes:
        options.pop("pending", None)
        return original(node, doc, rid, None, **options)

    return [replace(editing, "save_offer", save_over)]


def _base_of_an_edit_is_set_late() -> Patches:
    original = seal.Sealer.seal

    def rebased(sealer: seal.Sealer, *, now: int, most: int = 2000) -> seal.Seal:
        with sealer._db.write() as conn:
            row = logs.load_own_log(conn)
            assert row is not None
            for edit in edits.load_edits(conn):
                head = None if edit.rid is None else logs.load_heads(conn, row.id, [edit.rid]).get(edit.rid)
                if head is not None and head.position != edit.base and edit.op == "publish":
                    conn.execute(sa.update(outbox).where(outbox.c.id == edit.id).values(base=head.position))
        return original(sealer, now=now, most=most)

    return [replace(seal.Sealer, "seal", rebased)]


def _half_of_the_outbox_is_sealed_and_all_of_it_dropped() -> Patches:
    original = seal._Batch.add

    def every_other(batch: Any, edit: edits.Edit) -> None:
        if edit.id % 4:
            original(batch, edit)

    return [replace(seal._Batch, "add", every_other)]


def _erasure_is_never_sealed() -> Patches:
    return [replace(seal._Batch, "_erase", lambda *_: None)]


def _erased_bytes_are_only_marked() -> Patches:
    return [replace(payloads, "destroy_payloads", lambda *_: 0)]


def _erasure_takes_the_next_version_instead() -> Patches:
    original = growth._resolve_targets

    def off_by_one(conn: Any, log_id: int, targets: Any, found: Any) -> Any:
        return original(
            conn, log_id, [(position, max(target - 1, 1), time) for position, target, time in targets], found
        )

    return [replace(growth, "_resolve_targets", off_by_one)]


def _time_of_a_signature_is_not_kept() -> Patches:
    original = LogState

    def without_time(**values: Any) -> Any:
        return original(**(values | {"time": values["time"] - 400}))

    return [replace(seal, "LogState", without_time)]


def _salted_anew_when_it_is_sealed() -> Patches:
    original = seal._Batch._version

    def with_another_salt(batch: Any, edit: edits.Edit, rid: bytes) -> None:
        if edit.body is not None:
            body = edit.body.replace(b"Ein Angebot", b"Das Angebot")
            edit = msgspec.structs.replace(edit, body=body, commitment=commitment_of(body))
        original(batch, edit, rid)

    return [replace(seal._Batch, "_version", with_another_salt)]


def _withdrawal_takes_a_neighbour_along() -> Patches:
    original = editing.withdraw

    def take_another(node: Any, rid: bytes, *arguments: Any, **options: Any) -> None:
        original(node, rid, *arguments, **options)
        with node.db.write() as conn:
            edits.drop_edits(conn, [edit.id for edit in edits.load_edits(conn) if edit.rid != rid][:1])

    return [replace(editing, "withdraw", take_another)]


def _start_empties_the_outbox() -> Patches:
    original = node_upkeep.start

    def clean_start(node: Any) -> None:
        with node.db.write() as conn:
            edits.drop_edits(conn, [edit.id for edit in edits.load_edits(conn)])
        original(node)

    return [replace(node_upkeep, "start", clean_start)]


def _another_root_is_signed() -> Patches:
    """The root that is signed is not that of the entries."""

    def of_other_entries(origin: str, size: int, root: bytes) -> Checkpoint:
        return Checkpoint(origin, size, hashlib.sha256(root).digest())

    return [replace(seal, "Checkpoint", of_other_entries)]


def _entries_are_kept_in_another_order() -> Patches:
    original = logs.append_entries

    def reversed_order(db: Any, conn: Any, log_id: int, start: int, entries: Any, leaves: Any) -> None:
        original(db, conn, log_id, start, list(reversed(entries)) if start else entries, leaves)

    return [replace(logs, "append_entries", reversed_order)]


def _heads_point_beyond_the_log() -> Patches:
    original = logs.save_heads

    def one_further(db: Any, conn: Any, log_id: int, before: Any, after: Any, fallbacks: Any) -> None:
        moved = {rid: msgspec.structs.replace(head, position=head.position + 1) for rid, head in after.items()}
        original(db, conn, log_id, before, moved, fallbacks)

    return [replace(logs, "save_heads", one_further)]


def _failed_delivery_takes_the_seal_back() -> Patches:
    """What was signed and sent is forgotten when nobody answered."""
    original = sealing._ask_and_seal

    def take_back(node: Any) -> sealing.SealOutcome:
        before = node.db.image()
        outcome = original(node)
        if outcome.sealed is not None and not outcome.delivered:
            node.db.load(before)
        return outcome

    return [replace(sealing, "_ask_and_seal", take_back)]


def _version_before_is_not_named() -> Patches:
    original = format_entry

    def without_prev(entry: Any) -> bytes:
        return original(msgspec.structs.replace(entry, prev=None) if isinstance(entry, Publish) else entry)

    return [replace(seal, "format_entry", without_prev)]


def _conflict_forgets_its_text() -> Patches:
    original = edits.add_conflict

    def empty(conn: sa.Connection, edit: edits.Edit, cause: str) -> None:
        original(conn, msgspec.structs.replace(edit, body=None), cause)

    return [replace(edits, "add_conflict", empty)]


WRITING = (
    Planted("a log is sent before it is kept", _sent_before_it_is_kept, ()),
    Planted("a clock that is behind signs", _signed_with_a_clock_behind, (SKEW,)),
    Planted("a recovering party signs", _signed_while_recovering, (RESTORE_NODE, RESTORE_HUB)),
    Planted("an import loses its last row", _import_loses_its_last_row, ()),
    Planted("an edit is saved over another", _saved_whatever_others_did, (), first=1),
    Planted("an edit gets its base when it is sealed", _base_of_an_edit_is_set_late, (RESTORE_NODE, INTERLEAVE)),
    Planted("a part is sealed and all is dropped", _half_of_the_outbox_is_sealed_and_all_of_it_dropped, ()),
    Planted("a payload is salted anew when it is sealed", _salted_anew_when_it_is_sealed, ()),
    Planted("a withdrawal takes a neighbour along", _withdrawal_takes_a_neighbour_along, ()),
    Planted("a start empties the outbox", _start_empties_the_outbox, (CRASH,)),
    Planted("another root is signed", _another_root_is_signed, ()),
    Planted("entries are kept in another order", _entries_are_kept_in_another_order, ()),
    Planted("heads point beyond the log", _heads_point_beyond_the_log, ()),
    Planted("a failed delivery takes the seal back", _failed_delivery_takes_the_seal_back, (LOST_ANSWER,)),
    Planted("the version before is not named", _version_before_is_not_named, ()),
    Planted("a conflict forgets its text", _conflict_forgets_its_text, (RESTORE_NODE, INTERLEAVE)),
    Planted("an erasure is never sealed", _erasure_is_never_sealed, (), first=5, steps=40),
    Planted("erased bytes are only marked", _erased_bytes_are_only_marked, (), first=5, steps=40),
    Planted("an erasure takes the wrong version", _erasure_takes_the_next_version_instead, (), first=5, steps=40),
    Planted("the time of a signature is kept wrong", _time_of_a_signature_is_not_kept, (SKEW,)),
)  # fmt: skip
