"""What entries mean: from the entries of one log to the newest version of each record (PROTOCOL 2 and 6.10).

Pure and incremental: give it the heads of the ids that a batch touches, get the changed heads back.  Guards (how much
may be withdrawn or erased at once) are counted here and judged by the reader.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from shared.errors import ParseError
from shared.feed import limits
from shared.feed.entry import Entry, Erase, Publish, Withdraw, parse_entry
from shared.feed.outcomes import Code

HUB_KINDS = frozenset({"vocabulary", "cluster", "notice", "text"})
NODE_KINDS = frozenset({"offer"})


def kinds_of(member: str) -> frozenset[str]:
    """Return the kinds of records that have effect in the log of this member; others are held and counted."""
    return HUB_KINDS if member == "hub" else NODE_KINDS


class Head(msgspec.Struct, frozen=True, gc=False):
    """The newest publish or withdraw of one record."""

    kind: str
    position: int
    live: bool
    commitment: bytes | None
    length: int
    time: int


class Oddity(msgspec.Struct, frozen=True, gc=False):
    """Something odd in one entry that does not stop the log."""

    code: Code
    position: int
    message: str


class Changes(msgspec.Struct):
    """What a batch of entries changes.

    `targets` are (index of the erase, index of an earlier publish whose payload dies, time); the caller resolves them
    to commitments.  `withdrawn` are records that were live before the batch and are not after it, `revived` the other
    way round.
    """

    heads: dict[bytes, Head]
    targets: list[tuple[int, int, int]]
    withdrawn: set[bytes]
    revived: set[bytes]
    oddities: list[Oddity]


def parse_entries(entries: Sequence[bytes]) -> list[Entry | None]:
    """Parse each entry; None where it breaks the grammar (it counts in the tree and is otherwise ignored)."""
    parsed: list[Entry | None] = []
    for data in entries:
        try:
            parsed.append(parse_entry(data))
        except ParseError:
            parsed.append(None)
    return parsed


def touched_ids(entries: Sequence[Entry | None]) -> list[bytes]:
    """Return the record ids that a batch names, each once, in order."""
    return list(dict.fromkeys(entry.id for entry in entries if isinstance(entry, Publish | Withdraw)))


def fold_entries(
    start: int, entries: Sequence[Entry | None], heads: Mapping[bytes, Head], *, kinds: frozenset[str], signed_at: int
) -> Changes:
    """Fold a batch of entries that begins at index `start` over the heads of the ids it touches.

    Args:
        heads: the heads before this batch, at least of the ids in `touched_ids`.
        kinds: the kinds that have effect in this log; others are held and counted (W_KIND).
        signed_at: time of the checkpoint that covers the batch; later entry times are W_TIME.
    """
    changes = Changes({}, [], set(), set(), [])
    for position, entry in enumerate(entries, start):
        if entry is None:
            changes.oddities.append(Oddity(Code.W_GRAMMAR, position, "entry does not follow the grammar"))
            continue
        if entry.time > signed_at + limits.SKEW_SECONDS:
            changes.oddities.append(Oddity(Code.W_TIME, position, f"entry time {entry.time} after {signed_at}"))
        if isinstance(entry, Publish | Withdraw):
            _fold_version(position, entry, heads, changes, kinds)
        elif isinstance(entry, Erase):
            _fold_erase(position, entry, changes)
        elif position:
            changes.oddities.append(Oddity(Code.W_GRAMMAR, position, "a second hello"))
    return changes


def _fold_version(
    position: int, entry: Publish | Withdraw, heads: Mapping[bytes, Head], changes: Changes, kinds: frozenset[str]
) -> None:
    before = changes.heads.get(entry.id) or heads.get(entry.id)
    expected = before.position if before else None
    if entry.prev != expected:
        changes.oddities.append(Oddity(Code.W_PREV, position, f"prev {entry.prev}, newest is {expected}"))
    kind = before.kind if before else entry.kind
    if kind != entry.kind or kind not in kinds:
        changes.oddities.append(Oddity(Code.W_KIND, position, f"kind {entry.kind} has no effect here"))
    was_live = entry.id in heads and heads[entry.id].live
    changes.withdrawn.discard(entry.id)
    changes.revived.discard(entry.id)
    if isinstance(entry, Publish):
        changes.heads[entry.id] = Head(kind, position, True, entry.commitment, entry.length, entry.time)
        if not was_live:
            changes.revived.add(entry.id)
    else:
        changes.heads[entry.id] = Head(kind, position, False, None, 0, entry.time)
        if was_live:
            changes.withdrawn.add(entry.id)


def _fold_erase(position: int, entry: Erase, changes: Changes) -> None:
    for target in entry.targets:
        if target >= position:
            changes.oddities.append(Oddity(Code.W_ERASE, position, f"target {target} is not earlier"))
        else:
            changes.targets.append((position, target, entry.time))


def fold_whole(bundles: Callable[[int], Sequence[bytes]], size: int, *, kinds: frozenset[str]) -> dict[bytes, Head]:
    """Fold the first `size` entries of a log from nothing; used for frozen folds (PROTOCOL 6.12) and for checks."""
    heads: dict[bytes, Head] = {}
    for number in range((size + limits.BUNDLE_WIDTH - 1) // limits.BUNDLE_WIDTH):
        start = number * limits.BUNDLE_WIDTH
        entries = parse_entries(bundles(number)[: size - start])
        heads.update(fold_entries(start, entries, heads, kinds=kinds, signed_at=2**53).heads)
    return heads
