"""What the guards of the hub will hold back of an import (PROTOCOL 6.7, 6.12): said before it is done."""

from __future__ import annotations

from node.importing import ImportResult
from node.party import Node
from shared.feed import limits
from shared.holdings import edits, logs


def expected_holds(node: Node, result: ImportResult) -> list[str]:
    """Say what the guards of the hub will hold back (PROTOCOL 6.7, 6.12), counting what waits for the seal already."""
    with node.db.read() as conn:
        log = logs.find_log(conn, node.settings.origin)
        live = 0 if log is None else logs.count_live(conn, log.id)
        waiting = [edit.op for edit in edits.load_edits(conn)]
    leaving = result.withdrawn + waiting.count("withdraw")
    warnings = []
    if leaving > limits.HOLD_GUARD_MIN and leaving > limits.GUARD_SHARE * live:
        warnings.append(
            f"{leaving} von {live} Angeboten würden auf einmal verschwinden. Der Kreis zeigt zunächst den früheren "
            "Stand; die Änderung wartet dann auf Freigabe durch den Kreis."
        )
    if len(waiting) + result.created + result.changed + result.withdrawn > limits.GROWTH_PER_DAY:
        warnings.append(
            "Das sind mehr Änderungen, als der Kreis an einem Tag annimmt. Die Einspielung wartet dann auf Freigabe "
            "durch den Kreis."
        )
    return warnings
