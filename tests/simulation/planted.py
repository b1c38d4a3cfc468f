"""Bugs put into the product on purpose: a simulation that misses one of them is not to be trusted.

Each is a way in which such software really goes wrong.  It is put in place for the time of a run and taken out again;
the seeds named are where to look first.
"""

from __future__ import annotations

from typing import Any
from unittest import mock

import msgspec
import sqlalchemy as sa

from hub import notes as hub_notes
from hub import pushing as hub_pushing
from hub import recovery as hub_recovery
from node import editing, exchange, sealing
from node import recovery as node_recovery
from shared import follow, seal
from shared.feed import fold, limits
from shared.feed.catalogue_note import Source
from shared.feed.entry import Withdraw
from shared.feed.trusted_log import LogState, TrustedLog
from shared.holdings import edits, facts, growth, logs, payloads
from shared.holdings.edits import NEW
from shared.holdings.tables import outbox
from shared.sources import FetchedSource
from tests.simulation.network import CRASH, FLIP, INTERLEAVE, LATE, LOST_ANSWER, TRUNCATE
from tests.simulation.planted_reading import READING
from tests.simulation.planted_writing import WRITING
from tests.simulation.planting import Patches, Planted, replace
from tests.simulation.scenario import LIAR, RESTORE_HUB, RESTORE_NODE, WIPE_HUB

# --- the writer ------------------------------------------------------------------------------------------------------


def _seal_without_asking() -> Patches:
    def ask_nobody(node: Any) -> sealing.SealOutcome:
        with node.db.write() as conn:
            facts.save_fact(conn, "recovering-since", 0)
        return sealing.SealOutcome(node.sealer.seal(now=node.clock.now()), delivered=True)

    return [replace(sealing, "_ask_and_seal", ask_nobody)]


def _last_writer_wins() -> Patches:
    original = seal._Batch._version

    def overwrite(batch: Any, edit: edits.Edit, rid: bytes) -> None:
        head = batch._head(rid)
        original(batch, msgspec.structs.replace(edit, base=NEW if head is None else head.position), rid)

    return [replace(seal._Batch, "_version", overwrite)]


def _conflicts_vanish() -> Patches:
    return [mock.patch.object(edits, "add_conflict", return_value=None)]


def _outbox_is_emptied_before_the_seal() -> Patches:
    original = seal.Sealer.seal

    def in_two_transactions(sealer: seal.Sealer, *, now: int, most: int = limits.PUSH_ENTRIES_MAX) -> seal.Seal:
        with sealer._db.write() as conn:
            batch = edits.load_edits(conn, most=most)
            edits.drop_edits(conn, [edit.id for edit in batch])
        with mock.patch.object(edits, "load_edits", return_value=batch):
            return original(sealer, now=now, most=most)

    return [replace(seal.Sealer, "seal", in_two_transactions)]


def _recovery_forgets_what_is_pending() -> Patches:
    def drop_all(conn: Any, *_: object) -> None:
        edits.drop_edits(conn, [edit.id for edit in edits.load_edits(conn)])

    return [replace(node_recovery, "_drop_sealed", drop_all)]


def _new_edit_takes_the_newest_version_as_its_base() -> Patches:
    def load_again(conn: Any, edit: edits.Edit) -> int:
        if edit.rid is not None:
            conn.execute(sa.delete(outbox).where(outbox.c.rid == edit.rid))
        values = msgspec.structs.asdict(edit) | {"base": NEW}
        del values["id"]
        return int(conn.execute(sa.insert(outbox).values(values).returning(outbox.c.id)).scalar_one())

    return [replace(edits, "add_edit", load_again)]


# --- the reader ------------------------------------------------------------------------------------------------------


def _entries_are_not_compared_with_the_root() -> Patches:
    def believe(log: TrustedLog) -> LogState:
        said = log.admission
        return LogState(
            log.state.origin, said.checkpoint.size, said.checkpoint.root, log._frontier, said.time, said.note,
            log.keys.fingerprint,
        )  # fmt: skip

    return [replace(TrustedLog, "finish", believe)]


def _payload_is_taken_without_its_commitment() -> Patches:
    original = FetchedSource._single

    def altered(source: FetchedSource, want: Any) -> bytes | None:
        found = original(source, want)
        return None if found is None else found.replace(b"Ein Angebot", b"Kein Angebot")

    return [
        replace(FetchedSource, "_single", altered),
        replace(follow, "verify_payload", lambda body, **_: body),
    ]


def _cursor_is_saved_before_the_payloads() -> Patches:
    original = follow.Reader._commit

    def too_early(reader: follow.Reader, *arguments: Any) -> growth.Growth:
        grown = original(reader, *arguments)
        with reader._db.write() as conn:
            row = logs.load_log(conn, arguments[0].keys.origin)
            logs.save_columns(conn, row.id, payloads_from=row.size)
        return grown

    return [replace(follow.Reader, "_commit", too_early)]


def _missing_payloads_are_never_asked_for_again() -> Patches:
    return [
        replace(payloads, "due_wants", lambda *_, **__: []),
        replace(payloads, "wants_among", lambda *_, **__: []),
    ]


def _withdrawals_have_no_effect() -> Patches:
    original = fold._fold_version

    def ignore(position: int, entry: Any, *others: Any) -> None:
        if not isinstance(entry, Withdraw):
            original(position, entry, *others)

    return [replace(fold, "_fold_version", ignore)]


# --- erasure ---------------------------------------------------------------------------------------------------------


def _erasures_are_not_applied() -> Patches:
    return [replace(growth, "_apply_erasures", lambda *_, **__: None)]


# --- parties that start again ----------------------------------------------------------------------------------------


def _hub_trusts_its_own_disk() -> Patches:
    def go_on(hub: Any) -> None:
        hub.ensure_own_log()
        hub.push_attempts.clear()

    def is_receipted(*_: object) -> bool:
        return True

    return [
        replace(hub_recovery, "begin_recovery", go_on),
        replace(hub_recovery, "is_receipted", is_receipted),
        replace(hub_pushing, "wait_for_members", lambda *_: None),
    ]


def _hub_forgets_to_receipt_what_came_back() -> Patches:
    return [replace(follow.Reader, "cosign_held", lambda *_, **__: 0)]


def _node_gives_nothing_back() -> Patches:
    return [replace(exchange, "_has_more_than", lambda *_: False)]


def _note_names_more_than_the_hub_holds() -> Patches:
    original = hub_notes._sources

    def more(*arguments: Any) -> tuple[Source, ...]:
        return tuple(msgspec.structs.replace(source, size=source.size + 1) for source in original(*arguments))

    return [replace(hub_notes, "_sources", more)]


def _editor_is_told_before_it_is_durable() -> Patches:
    original = editing.save_offer

    def told_too_early(node: Any, *arguments: Any, **options: Any) -> bytes:
        rid = original(node, *arguments, **options)
        with node.db.write() as conn:
            edits.drop_edits(conn, [edit.id for edit in edits.load_edits(conn)][-1:])
        return rid

    return [replace(editing, "save_offer", told_too_early)]


BUGS = (
    Planted("an editor is told before it is durable", _editor_is_told_before_it_is_durable, ()),
    Planted("the note names more than the hub holds", _note_names_more_than_the_hub_holds, ()),
    Planted("a node seals without asking", _seal_without_asking, (RESTORE_NODE, RESTORE_HUB)),
    Planted("the last writer wins", _last_writer_wins, (RESTORE_NODE, INTERLEAVE)),
    Planted("conflicts vanish", _conflicts_vanish, (RESTORE_NODE, INTERLEAVE)),
    Planted("the outbox is emptied before the seal", _outbox_is_emptied_before_the_seal, (CRASH,), first=26),
    Planted("recovery forgets what is pending", _recovery_forgets_what_is_pending, (RESTORE_NODE, INTERLEAVE)),
    Planted(
        "a new edit loses its base", _new_edit_takes_the_newest_version_as_its_base, (INTERLEAVE,),
    ),
    Planted(
        "entries are not compared with the root", _entries_are_not_compared_with_the_root, (FLIP, TRUNCATE), first=5
    ),
    Planted("payloads are taken without their commitment", _payload_is_taken_without_its_commitment, ()),
    Planted("the cursor is saved before the payloads", _cursor_is_saved_before_the_payloads, (CRASH, LOST_ANSWER)),
    Planted(
        "missing payloads are never asked for again", _missing_payloads_are_never_asked_for_again,
        (LATE, TRUNCATE, FLIP),
    ),
    Planted("withdrawals have no effect", _withdrawals_have_no_effect, ()),
    Planted("erasures are not applied", _erasures_are_not_applied, ()),
    Planted("a restored hub trusts its own disk", _hub_trusts_its_own_disk, (RESTORE_HUB,), first=40),
    Planted("a restored hub forgets to receipt", _hub_forgets_to_receipt_what_came_back, (LIAR, RESTORE_HUB, WIPE_HUB)),
    Planted("a node gives nothing back", _node_gives_nothing_back, (WIPE_HUB, RESTORE_HUB)),
    *WRITING,
    *READING,
)  # fmt: skip
