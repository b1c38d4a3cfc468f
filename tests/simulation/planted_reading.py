"""Bugs of those who read: what is verified, what is folded, who is believed."""

from __future__ import annotations

from typing import Any

import msgspec

from node import exchange
from shared import follow
from shared.feed import fold
from shared.feed.entry import Publish
from shared.holdings import facts, lease
from tests.simulation.network import CRASH
from tests.simulation.planting import Patches, Planted, replace
from tests.simulation.scenario import LIAR, RESTORE_NODE


def _owner_is_not_compared() -> Patches:
    original = follow.Reader._check

    def of_anybody(reader: Any, keys: Any, want: Any, body: bytes) -> str:
        return original(reader, msgspec.structs.replace(keys, ags=""), want, body)

    return [replace(follow.Reader, "_check", of_anybody)]


def _first_version_wins() -> Patches:
    original = fold._fold_version

    def only_first(position: int, entry: Any, heads: Any, changes: Any, kinds: Any) -> None:
        before = changes.heads.get(entry.id) or heads.get(entry.id)
        if before is None or not before.live or not isinstance(entry, Publish):
            original(position, entry, heads, changes, kinds)

    return [replace(fold, "_fold_version", only_first)]


def _a_restored_node_does_not_notice() -> Patches:
    return [replace(exchange, "is_behind", lambda *_: False), replace(exchange, "_verify_same_root", lambda *_: None)]


def _a_recovery_is_over_before_it_has_read() -> Patches:
    return [replace(exchange, "recover", lambda _node: None)]


def _recovering_parties_show_persons() -> Patches:
    original = lease.masks_persons

    def unless_recovering(conn: Any, **options: Any) -> bool:
        return not facts.load_number(conn, "recovering-since") and original(conn, **options)

    return [replace(lease, "masks_persons", unless_recovering)]


def _lease_is_ignored() -> Patches:
    def only_recovering(conn: Any, **_: Any) -> bool:
        return bool(facts.load_number(conn, "recovering-since"))

    return [replace(lease, "masks_persons", only_recovering)]


READING = (
    Planted("the owner is not compared", _owner_is_not_compared, (LIAR,), first=8, steps=150),
    Planted("the first version wins", _first_version_wins, ()),
    Planted("a restored node does not notice", _a_restored_node_does_not_notice, (RESTORE_NODE,), steps=120),
    Planted(
        "a recovery is over before it has read", _a_recovery_is_over_before_it_has_read, (RESTORE_NODE,), steps=120
    ),
    Planted("recovering parties show persons", _recovering_parties_show_persons, (RESTORE_NODE, CRASH)),
    Planted("the lease is ignored", _lease_is_ignored, (), steps=30),
)  # fmt: skip
