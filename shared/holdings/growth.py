"""A log grows: entries, heads, erasures and guards in the caller's transaction (PROTOCOL 6.10 to 6.12).

One way for every log: the own one at seal, the own one at recovery, a member's at the hub, a mirror at a node.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import sqlalchemy as sa

from shared.database import Database
from shared.feed import limits
from shared.feed.entry import Publish
from shared.feed.fold import Head, Oddity, fold_entries, fold_whole, parse_entries, touched_ids
from shared.feed.outcomes import Code
from shared.holdings import logs, payloads
from shared.holdings.tables import frozen, payload, record

ODDITIES_MAX = 100
"""Oddities of one read that are kept."""


class Growth(msgspec.Struct):
    """What new entries did to the holdings."""

    entries: int = 0
    erasures: int = 0
    destroyed: int = 0
    held_at: int | None = None
    replaced: set[bytes] = msgspec.field(default_factory=set)
    oddities: list[Oddity] = msgspec.field(default_factory=list)

    def add_oddities(self, found: Sequence[Oddity]) -> None:
        """Keep the first of them: enough for a person to see what is odd, whatever a publisher writes."""
        self.oddities += found[: max(0, ODDITIES_MAX - len(self.oddities))]


class Rules(msgspec.Struct, frozen=True):
    """How new entries take effect in one log.

    `kinds` have effect there.  `guard_erasures` keeps the bytes of a mass erasure apart instead of deleting them, and
    `guard_withdrawals` freezes the fold when too many offers leave at once: both are the hub's (PROTOCOL 6.11, 6.12).
    """

    kinds: frozenset[str]
    guard_erasures: bool = False
    guard_withdrawals: bool = False


def grow_log(
    db: Database,
    conn: sa.Connection,
    log_id: int,
    batches: Iterable[tuple[int, Sequence[bytes], Sequence[bytes]]],
    rules: Rules,
    *,
    signed_at: int,
    size_before: int,
    now: int,
) -> Growth:
    """Append verified entries and apply what they mean.

    Args:
        batches: (index of the first, entries, their leaf hashes) in order, already verified against the signed root.
        size_before: where the fold is frozen if it must be.
    """
    growth = Growth()
    dead: list[tuple[bytes, int, int]] = []
    withdrawn: set[bytes] = set()
    revived: set[bytes] = set()
    for start, entries, leaves in batches:
        parsed = parse_entries(entries)
        before = logs.load_heads(conn, log_id, touched_ids(parsed))
        changes = fold_entries(start, parsed, before, kinds=rules.kinds, signed_at=signed_at)
        logs.append_entries(db, conn, log_id, start, entries, leaves)
        growth.replaced |= _replace_heads(db, conn, log_id, before, changes.heads, now)
        dead += _resolve_targets(conn, log_id, changes.targets, growth)
        _track(withdrawn, revived, changes.withdrawn, changes.revived)
        growth.entries += len(entries)
        growth.add_oddities(changes.oddities)
    growth.erasures = len(dead)
    _apply_erasures(conn, log_id, dead, growth, guard=rules.guard_erasures, now=now)
    if rules.guard_withdrawals:
        _guard_withdrawals(conn, log_id, withdrawn, len(revived), size_before, growth, rules.kinds)
    return growth


def _track(withdrawn: set[bytes], revived: set[bytes], leaving: set[bytes], coming: set[bytes]) -> None:
    """Keep what left and what came over the whole read: a record that leaves and returns did neither."""
    for rid in leaving:
        withdrawn.add(rid) if rid not in revived else revived.discard(rid)
    for rid in coming:
        revived.add(rid) if rid not in withdrawn else withdrawn.discard(rid)


def _replace_heads(
    db: Database, conn: sa.Connection, log_id: int, before: dict[bytes, Head], after: dict[bytes, Head], now: int
) -> set[bytes]:
    """Store new heads; the version that was shown stays the fallback until its successor is held.

    Returns:
        Commitments of held payloads that were newest before.
    """
    changed = [rid for rid in after if rid in before]
    fallbacks: dict[bytes, bytes | None] = {}
    held: set[bytes] = set()
    if changed:
        old = {rid: head.commitment for rid in changed if (head := before[rid]).live and head.commitment}
        held = payloads.held_among(conn, log_id, list(old.values()))
        earlier = logs.load_fallbacks(conn, log_id, changed)
        fallbacks = {rid: old[rid] if old.get(rid) in held else earlier.get(rid) for rid in changed}
        payloads.supersede(conn, log_id, list(old.values()), now=now)
        payloads.forget_wants(conn, log_id, changed)
    logs.save_heads(db, conn, log_id, before, after, fallbacks)
    return held


def _resolve_targets(
    conn: sa.Connection, log_id: int, targets: Sequence[tuple[int, int, int]], growth: Growth
) -> list[tuple[bytes, int, int]]:
    """Turn erase targets into commitments; a target that is no publish is W_ERASE and ignored."""
    dead: list[tuple[bytes, int, int]] = []
    number, entries = -1, list[bytes]()
    # By target, so that each bundle is read once however the erasures name them.
    for target, position, time in sorted((target, position, time) for position, target, time in targets):
        if target // logs.WIDTH != number:
            number = target // logs.WIDTH
            entries = logs.load_entries(conn, log_id, number)
        entry = parse_entries(entries[target % logs.WIDTH :][:1])
        if entry and isinstance(entry[0], Publish):
            dead.append((entry[0].commitment, position, time))
        else:
            growth.add_oddities([Oddity(Code.W_ERASE, position, f"target {target} is no publish")])
    return sorted(dead, key=lambda found: found[1])


def _apply_erasures(
    conn: sa.Connection, log_id: int, dead: Sequence[tuple[bytes, int, int]], growth: Growth, *, guard: bool, now: int
) -> None:
    """Destroy what erase entries name; a hub keeps a mass erasure's bytes apart for up to 72 hours."""
    if not dead:
        return
    commitments = {commitment for commitment, _, _ in dead}
    doomed = payloads.held_live_among(conn, log_id, commitments, growth.replaced)
    if guard and len(doomed) > limits.ERASE_GUARD_MIN:
        live_before = payloads.count_held_live(conn, log_id) + len(growth.replaced)
        if len(doomed) > limits.GUARD_SHARE * live_before:
            held = payloads.held_among(conn, log_id, commitments)
            payloads.set_apart(conn, log_id, held, until=now + limits.APART_SECONDS)
            commitments -= held
    payloads.mark_erased(conn, log_id, dead)
    growth.destroyed = payloads.destroy_payloads(conn, log_id, commitments)


def _guard_withdrawals(
    conn: sa.Connection,
    log_id: int,
    withdrawn: set[bytes],
    revived: int,
    size_before: int,
    growth: Growth,
    kinds: frozenset[str],
) -> None:
    if len(withdrawn) <= limits.HOLD_GUARD_MIN:
        return
    offers_before = logs.count_live(conn, log_id) + len(withdrawn) - revived
    row_fold = logs.load_fold(conn, log_id)
    if row_fold is None and len(withdrawn) > limits.GUARD_SHARE * offers_before:
        growth.held_at = size_before
        freeze_log(conn, log_id, size_before, kinds=kinds)


def freeze_log(conn: sa.Connection, log_id: int, fold: int, *, kinds: frozenset[str]) -> None:
    """Show a log as its first `fold` entries say, minus everything erased anywhere in it."""
    heads = fold_whole(bundle_reader(conn, log_id), fold, kinds=kinds)
    logs.freeze_fold(conn, log_id, fold, heads.items())
    payloads.want_frozen(conn, log_id, heads)


def thaw_log(conn: sa.Connection, log_id: int) -> None:
    """Show the whole log again; what only the frozen fold wanted is wanted no more."""
    logs.thaw_fold(conn, log_id)
    payloads.forget_stale_wants(conn, log_id)


def bundle_reader(conn: sa.Connection, log_id: int) -> Callable[[int], Sequence[bytes]]:
    """Return a function from bundle number to its entries."""
    return lambda number: logs.load_entries(conn, log_id, number)


class Vanishing(msgspec.Struct, frozen=True):
    """A record that the frozen fold shows and the log no longer does."""

    rid: bytes
    title: str


def vanishing_since_freeze(conn: sa.Connection, log_id: int) -> list[Vanishing]:
    """Return what would leave the catalogue at thaw, by title; the title is empty where no payload is held."""
    query = (
        sa.select(frozen.c.rid, payload.c.title)
        .join(record, sa.and_(record.c.log_id == frozen.c.log_id, record.c.rid == frozen.c.rid))
        .outerjoin(payload, sa.and_(payload.c.log_id == frozen.c.log_id, payload.c.commitment == frozen.c.commitment))
        .where(frozen.c.log_id == log_id, ~record.c.live)
        .order_by(payload.c.sort_key, frozen.c.rid)
    )
    return [Vanishing(bytes(row.rid), row.title or "") for row in conn.execute(query)]


def count_withdrawn_since_freeze(conn: sa.Connection, log_id: int) -> tuple[int, int]:
    """Return (records that the frozen fold shows and the log no longer does, records the frozen fold shows)."""
    gone = sa.select(sa.func.count()).select_from(
        frozen.join(record, sa.and_(record.c.log_id == frozen.c.log_id, record.c.rid == frozen.c.rid))
    )
    gone_count = conn.execute(gone.where(frozen.c.log_id == log_id, ~record.c.live)).scalar_one()
    shown = conn.execute(sa.select(sa.func.count()).select_from(frozen).where(frozen.c.log_id == log_id)).scalar_one()
    return int(gone_count), int(shown)
