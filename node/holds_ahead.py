"""What the guards of the hub will hold back of an import (PROTOCOL 6.7, 6.12): said before it is done."""

from __future__ import annotations

import msgspec

from node.importing import ImportResult
from node.party import Node
from shared.feed import limits
from shared.holdings import edits, logs


class Waiting(msgspec.Struct, frozen=True):
    """How many offers the own log shows, and what waits for the seal already."""

    live: int
    withdrawals: int
    edits: int


def count_waiting(node: Node) -> Waiting:
    """Count before an import what its effect depends on."""
    with node.db.read() as conn:
        log = logs.find_log(conn, node.settings.origin)
        live = 0 if log is None else logs.count_live(conn, log.id)
        waiting = [edit.op for edit in edits.load_edits(conn)]
    return Waiting(live, waiting.count("withdraw"), len(waiting))


def expected_holds(before: Waiting, result: ImportResult) -> tuple[str, ...]:
    """Say in German what the hub will hold back."""
    leaving = result.withdrawn + before.withdrawals
    warnings = []
    if leaving > limits.HOLD_GUARD_MIN and leaving > limits.GUARD_SHARE * before.live:
        warnings.append(
            f"{leaving} von {before.live} Angeboten würden auf einmal verschwinden. Der Kreis zeigt zunächst den "
            "früheren Stand; die Änderung wartet dann auf Freigabe durch den Kreis."
        )
    if before.edits + result.created + result.changed + result.withdrawn > limits.GROWTH_PER_DAY:
        warnings.append(
            "Das sind mehr Änderungen, als der Kreis an einem Tag annimmt. Die Einspielung wartet dann auf Freigabe "
            "durch den Kreis."
        )
    return tuple(warnings)
